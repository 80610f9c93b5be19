"""Small saved records: read again, or an error that names the file and shows none of it."""

from pathlib import Path

import pytest

from monitoring.bounded_file import FileRefusedError
from monitoring.saved_record import DamagedRecordError, read_record
from monitoring.stack.credentials import Credentials, credentials_in
from monitoring.steps.run import Failure


@pytest.mark.parametrize(
    "content",
    [b"", b"{]", b"\xff", b"[1]", b"9" * 5000, b"[" * 99_999, b'{"step": "a"}', b'{"step": 1}'],
)
def test_a_damaged_record_is_named_with_what_to_do(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "failure.json"
    path.write_bytes(content)
    with pytest.raises(DamagedRecordError, match=r"failure\.json is damaged: .*; run it again"):
        read_record(path, Failure, "run it again")


def test_a_folder_in_the_place_of_a_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match=f"{tmp_path.name}.*a folder"):
        read_record(tmp_path, Failure, "run it again")


def test_damaged_credentials_are_neither_shown_nor_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text('{"jwt_secret": ["correct-horse"]}', encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(DamagedRecordError, match="put back a copy") as caught:
        credentials_in(path)
    assert "correct-horse" not in f"{caught.value} {caught.value.__cause__}"
    assert path.read_bytes() == before


def test_secrets_that_a_newer_version_wants_are_added_to_those_that_are_there(
    tmp_path: Path,
) -> None:
    path = tmp_path / "credentials.json"
    path.write_text('{"jwt_secret": "kept"}', encoding="utf-8")
    made = credentials_in(path)
    assert made.jwt_secret.get_secret_value() == "kept"
    assert credentials_in(path) == made
    assert Credentials.model_validate_json(path.read_text(encoding="utf-8")) == made
