"""What is missing is known, said, and installed where that is possible."""

from pathlib import Path

import pytest

from monitoring.stack import programs
from monitoring.stack.programs import (
    Program,
    ProgramsMissingError,
    Use,
    install_missing,
    missing,
    require,
)

NOWHERE = Program("no-such-program", "no-such-package", Use.STACK)


@pytest.fixture
def one_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", (*programs.PROGRAMS, NOWHERE))


@pytest.mark.usefixtures("one_missing")
def test_what_is_missing_is_found_by_use() -> None:
    assert NOWHERE in missing(Use.STACK)
    assert NOWHERE not in missing(Use.TESTS, Use.TRAINING)


def test_a_library_is_looked_for_where_the_linker_looks() -> None:
    assert Program("libc.so.6", "libc6", Use.TRAINING).is_there()
    assert not Program("libnothing.so.9", "libnothing9", Use.TRAINING).is_there()


@pytest.mark.usefixtures("one_missing")
def test_what_is_missing_is_said_with_what_needs_it_and_how_to_get_it() -> None:
    with pytest.raises(ProgramsMissingError) as raised:
        require(Use.STACK)
    message = str(raised.value)
    assert "no-such-program is missing; the local stack needs it" in message
    assert "apt-get install --no-install-recommends" in message
    assert "no-such-package" in message


@pytest.mark.usefixtures("one_missing")
def test_without_apt_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramsMissingError, match="no-such-package"):
        install_missing()


def test_nothing_is_run_where_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", (Program("sh", "dash", Use.STACK),))
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    assert install_missing() == ()
