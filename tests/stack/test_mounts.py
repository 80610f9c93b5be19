"""What containers can't read of the checkout is named, with its owner and the cure."""

import os
from pathlib import Path

import pytest

from monitoring.stack.mounts import Mount, files_in, mounts
from tests.fixtures.unprivileged import as_a_user

PROBLEM = """
import sys
from pathlib import Path
from monitoring.stack.mounts import Mount
print(Mount("data", Path(sys.argv[1])).problem())
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "data" / "use_cases").mkdir(parents=True)
    (tmp_path / "prometheus.yml").touch(mode=0o644)
    return tmp_path


def problems(checkout: Path) -> list[str]:
    data = checkout / "data"
    found = (mount.problem() for mount in mounts(data, data / "use_cases", checkout))
    return [problem for problem in found if problem is not None]


def test_what_can_be_read_is_no_problem(checkout: Path) -> None:
    assert problems(checkout) == []


def test_a_file_of_servers_with_users_of_their_own_must_be_anybodys_to_read(
    checkout: Path,
) -> None:
    (checkout / "prometheus.yml").chmod(0o600)
    (problem,) = problems(checkout)
    assert problem == (
        f"prometheus.yml can't be read by every container: it belongs to user {os.geteuid()} and "
        "has mode 600; on the host: chmod -R a+rX prometheus.yml"
    )


def test_a_folder_that_is_missing_is_named(checkout: Path) -> None:
    (checkout / "data" / "use_cases").rmdir()
    (problem,) = problems(checkout)
    assert problem.startswith("data/use_cases can't be read: No such file or directory")


@pytest.mark.parametrize("mode", [0o700, 0o711, 0o744])
def test_a_data_folder_of_somebody_else_is_named_with_its_owner_and_the_cure(
    tmp_path: Path, mode: int
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 1234, 1234)
    folder.chmod(mode)
    said = as_a_user(PROBLEM, str(folder)).strip()
    assert said == (
        f"data can't be read by user {os.geteuid()} of the containers: it belongs to user 1234 and "
        f"has mode {mode:o}; on the host: chmod -R a+rX data"
    )


def test_files_of_the_data_folder_are_looked_at_one_by_one(checkout: Path) -> None:
    (checkout / "data" / "cards.csv").touch()
    assert [mount.outside for mount in files_in(checkout / "data")] == [
        "data/cards.csv",
        "data/use_cases",
    ]
    assert Mount("data/none.csv", checkout / "none.csv").problem() is not None
