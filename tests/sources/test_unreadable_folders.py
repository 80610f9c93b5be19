"""What may not be read is an error; its rows are not missing, or synthetic in their place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.unprivileged import as_a_user

READ = """
import sys
from pathlib import Path
from monitoring.sources.location import source_files
from monitoring.errors import TocsinError
try:
    print([file.inside for file in source_files(sys.argv[2], Path(sys.argv[1]))])
except TocsinError as error:
    print(error)
"""
COMPARE = """
import sys
from monitoring.summary.data_file import find_files
from monitoring.errors import TocsinError
try:
    print([file.path.name for file in find_files(f"{sys.argv[1]}/{sys.argv[2]}")])
except TocsinError as error:
    print(error)
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder with two days of rows."""
    for day in ("day=1", "day=2"):
        (tmp_path / "data" / "rows" / day).mkdir(parents=True)
        (tmp_path / "data" / "rows" / day / "a.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    yield tmp_path / "data"
    for folder in (tmp_path / "data", tmp_path / "data" / "rows", *tmp_path.rglob("day=*")):
        folder.chmod(0o700)


@pytest.mark.parametrize("code", [READ, COMPARE])
@pytest.mark.parametrize("path", ["rows", "rows/", "rows/day=*/*.csv", "rows/**/*.csv"])
def test_a_day_that_may_not_be_read_is_an_error(data: Path, code: str, path: str) -> None:
    assert as_a_user(code, str(data), path).count("a.csv") == 2
    (data / "rows" / "day=2").chmod(0o000)
    said = as_a_user(code, str(data), path)
    assert "can't be read" in said
    assert "Permission denied" in said
    assert "day=2" in said


@pytest.mark.parametrize("path", ["cards.csv", "cards.csv.gz", "*.csv", "rows"])
def test_a_data_folder_that_may_not_be_read_is_not_one_without_the_file(
    data: Path, path: str
) -> None:
    (data / "cards.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    assert "csv" in as_a_user(READ, str(data), path)
    data.chmod(0o000)
    said = as_a_user(READ, str(data), path)
    assert "can't be read: Permission denied" in said
    assert str(data) in said


def test_auto_finds_no_file_in_a_folder_that_may_not_be_read_and_says_so(data: Path) -> None:
    code = """
import sys
from pathlib import Path
from monitoring.errors import TocsinError
from monitoring.sources.auto import resolve
from tests.rows.made import use_case
auto = {"source": {"path": "auto", "synthetic": "card"}, "target": "last", "features": "auto"}
try:
    print(resolve(use_case(**auto, amount=None, id=None), Path(sys.argv[1])).source.path)
except TocsinError as error:
    print(error)
"""
    assert as_a_user(code, str(data)) == "auto.csv\n"
    data.chmod(0o000)
    assert as_a_user(code, str(data)) == f"{data}: can't be read: Permission denied\n"


@pytest.mark.parametrize("path", ["nothing.csv", "no/such/folder", "nothing-*.csv"])
def test_what_is_not_there_is_still_not_there(data: Path, path: str) -> None:
    assert as_a_user(READ, str(data), path) == "[]\n"
