"""Texts are fit to be read: counts are English, never `1 rows`, and nothing is left undecided."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import monitoring
from monitoring.steps.retrain.training_set import Merged
from monitoring.wording import several

ROOT = Path(__file__).parents[1]
SOURCES = sorted(Path(monitoring.__file__).parent.rglob("*.py"))
PLURALS = {
    "categories", "columns", "days", "errors", "features", "files", "labels",
    "negatives", "positives", "probabilities", "processes", "rows", "values", "versions",
    "were", "windows",
}  # fmt: skip


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (2000, "2,000 rows")]
)
def test_a_count_of_one_is_singular(number: int, words: str) -> None:
    assert several(number, "row") == words


def test_one_duplicate_of_a_source_reads_as_one() -> None:
    merged = Merged(
        rows=1,
        positives=1,
        from_production=1,
        data_hash="",
        synthetic=False,
        quarantined={"missing time": 1},
        equal_content=1,
        out_of_order=1,
    )
    assert merged.words == (
        "1 labelled row (1 positive), 1 of them from production; in the source, 1 row was "
        "quarantined (missing time), 1 was a duplicate by content and 1 out of order"
    )


def test_no_text_writes_a_plural_after_a_count_that_may_be_one() -> None:
    wrong = [line for path in SOURCES for line in counts_before_plurals(path)]
    assert not wrong, "write these with wording.several:\n" + "\n".join(wrong)


def counts_before_plurals(path: Path) -> Iterator[str]:
    """Yield the places of f-strings in which a plural follows a count right away."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.JoinedStr):
            continue
        for number, after in zip(node.values, node.values[1:], strict=False):
            if not isinstance(number, ast.FormattedValue) or not isinstance(after, ast.Constant):
                continue
            written = ast.unparse(number.value)
            words = str(after.value).replace(",", "").split(" ")
            plural = words[0] == "" and PLURALS.intersection(words[1:3])
            if plural and is_count(written, number.format_spec):
                yield f"{path.name}:{number.lineno}: {{{written}}}{after.value}"


def is_count(written: str, spec: ast.expr | None) -> bool:
    """Whether a value is a count that is not fixed, such as `MOST_ROWS`."""
    if written.rsplit(".", maxsplit=1)[-1].isupper():
        return False
    grouped = spec is not None and ast.unparse(spec) == "f','"
    return grouped or written.startswith(("len(", "count(", "wording.count("))


def test_no_file_holds_what_a_merge_left_undecided() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode != 0:
        pytest.skip("not a git checkout")
    marker = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)
    files = (ROOT / name for name in tracked.stdout.split("\0") if name)
    left = [path for path in files if path.is_file() and marker.search(path.read_bytes())]
    assert left == []
