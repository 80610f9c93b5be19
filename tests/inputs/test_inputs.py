"""Damaged inputs of every entry: a clear error that names the place, in bounded time and memory.

All of them run by `make test-inputs`; `make test` runs a share of them.
"""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.inputs.case import Case
from tests.inputs.files import REFERENCE, references, rows, written
from tests.inputs.records import SUMMARY, entry, models, reports, summaries
from tests.inputs.table import DOCUMENT, with_table
from tests.inputs.texts import environment, state, use_cases

CASES = [
    *rows(),
    *references(),
    *summaries(),
    *models(),
    *reports(),
    *use_cases(),
    *environment(),
    *state(),
]

SHARE = 25
"""Of so many cases, `make test` runs one."""

MEMORY = 1_500_000_000
"""Bytes that a command may take at most."""

Run = Callable[[Case, Path], dict[str, Any]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run cases in forks of one process, which imports once."""
    folder = tmp_path_factory.mktemp("worker")
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.inputs.worker", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**variables, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        text=True,
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None

        def asked(case: Case, folder: Path) -> dict[str, Any]:
            assert worker.stdin is not None
            assert worker.stdout is not None
            where = {
                f"TOCSIN_{name.upper()}": str(folder / name)
                for name in ("state", "reports", "data")
            }
            question = {
                "folder": str(folder),
                "call": case.call,
                "environment": {**where, **case.environment},
            }
            worker.stdin.write(json.dumps(question) + "\n")
            worker.stdin.flush()
            answer: dict[str, Any] = json.loads(worker.stdout.readline())
            return answer

        yield asked
        worker.stdin.close()


def contents(folder: Path) -> dict[str, str]:
    """Return a hash of every regular file by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def share() -> list[Any]:
    """Return every case, all but a share of them marked."""
    return [
        pytest.param(case, id=case.name, marks=() if number % SHARE == 0 else pytest.mark.inputs)
        for number, case in enumerate(CASES)
    ]


@pytest.mark.parametrize("case", share())
def test_a_damaged_input_is_refused_by_name_and_changes_nothing(
    case: Case, run: Run, tmp_path: Path
) -> None:
    refused(case, run, tmp_path)


def refused(case: Case, run: Run, folder: Path) -> None:
    """Run a case, and see that it is refused by name and changes nothing."""
    case.make(folder)
    before = contents(folder)
    ended = run(case, folder)
    assert ended["raised"] == ""
    assert ended["code"] == 2, ended["said"][-2000:]
    assert "Traceback" not in ended["said"]
    assert case.place in ended["said"]
    assert len(ended["said"]) < 20_000
    assert ended["peak"] < MEMORY
    after = contents(folder)
    assert {name: after.get(name) for name in before} == before


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["format", "version", "content", "bins", "rows", "name", "title", "kind"]
            )
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)

READ = {
    "reference": (REFERENCE, ("drift", REFERENCE, "good.csv")),
    "summary": (SUMMARY, ("drift", SUMMARY, SUMMARY)),
    "report": (entry()[0], ("read-report", entry()[0])),
    "use case": ("student_depression.yml", ("use-case", "check", "student_depression.yml")),
    "ports": ("state/stack/ports.json", ("report", "fraud")),
}


@pytest.mark.inputs
@pytest.mark.parametrize("what", READ)
def test_whatever_json_stands_in_the_place_of_a_record_is_refused(
    what: str, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name, call = READ[what]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(record=ANY_JSON)
    def holds(record: object) -> None:
        text = json.dumps(record).encode()
        content = gzip.compress(text) if name.endswith(".gz") else text
        folder = tmp_path_factory.mktemp("any")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        case = Case(what, "any JSON", call, Path(name).name, written(name, content))
        if what != "ports" or record != {}:
            refused(case, run, folder)

    holds()


def test_there_are_three_hundred_of_them_and_no_two_alike() -> None:
    assert len(CASES) >= 300
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_table_of_the_documentation_is_fresh() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document == with_table(document, CASES), "run `python -m tests.inputs.table`"
