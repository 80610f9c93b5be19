"""NOTICE: every package of the lock with its licence, none of which may come in unnoticed."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script, with a lock and a NOTICE of the test's own."""
    spec = importlib.util.spec_from_file_location("notice", ROOT / ".ci" / "notice.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name, content in (("LOCK", "numpy==2 \\\npytest==9\n"), ("NOTICE", "")):
        (tmp_path / name).write_text(content, encoding="utf-8")
        monkeypatch.setattr(script, name, tmp_path / name)
    monkeypatch.setattr("sys.argv", ["notice.py"])
    return script


def test_what_was_written_is_fresh_until_a_package_comes_in(notice: ModuleType) -> None:
    assert notice.main() == 0
    assert notice.listed()["pytest"] == "MIT"
    notice.check()
    with notice.LOCK.open("a", encoding="utf-8") as lock:
        lock.write("pydantic==2\n")
    with pytest.raises(notice.LicenceError, match=r"stale .*pydantic.*make notice"):
        notice.check()


def test_the_second_version_that_the_lock_has_may_word_its_licence_otherwise(
    notice: ModuleType,
) -> None:
    notice.LOCK.write_text("numpy==2 ; a\nnumpy==3 ; b\n", encoding="utf-8")
    notice.NOTICE.write_text("numpy: BSD-3-Clause\n", encoding="utf-8")
    notice.check()


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("(MIT AND BSD-3-Clause)", True),
        ("AGPL-3.0", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_where_one_alternative_is(
    notice: ModuleType, licence: str, allowed: bool
) -> None:
    assert notice.allowed(licence) is allowed


def test_a_package_whose_licence_is_not_allowed_is_named_with_what_to_do(
    notice: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice, "ALLOWED", {"BSD-3-Clause"})
    with pytest.raises(notice.LicenceError, match=r"pytest: MIT is not among .*EXCEPTIONS"):
        notice.licence("pytest")


def test_a_package_of_which_nothing_is_known_is_named(notice: ModuleType) -> None:
    with pytest.raises(notice.LicenceError, match=r"no-such-package: no known licence"):
        notice.licence("no-such-package")
