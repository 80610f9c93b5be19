"""Records that Tocsin wrote itself, damaged: summaries, reports' entries, models."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from monitoring.reports.entry import Entry
from monitoring.reports.report import ReportKind
from tests.inputs.case import Case, Make
from tests.inputs.files import REFERENCE, Place, bomb, changed, damaged, frame, reference, special

SUMMARY = "summary.json.gz"

Write = Callable[[Path], object]
"""Writes a file, or what is no regular file, to a path."""

BUNDLE = Path(__file__).parents[1] / "fixtures" / "format_1" / "trained" / "bundle"


def holding(content: bytes) -> Write:
    """Return what writes a file of this content."""
    return lambda path: path.write_bytes(content)


@cache
def summary() -> bytes:
    from monitoring import save, summarise

    with TemporaryDirectory() as folder:
        (Path(folder) / REFERENCE).write_bytes(reference())
        save(summarise(frame(1), Path(folder) / REFERENCE), Path(folder) / SUMMARY)
        return (Path(folder) / SUMMARY).read_bytes()


SUMMARY_CHANGES: tuple[tuple[Place, object], ...] = (
    (("format",), "tocsin reference"),
    (("version",), 99),
    (("sha256",), "0" * 64),
    (("content",), None),
    (("content", "bins_hash"), "0" * 16),
    (("content", "bins_hash"), 5),
    (("content", "rows"), -1),
    (("content", "rows"), True),
    (("content", "rows"), 10**40),
    (("content", "rows"), 399),
    (("content", "start"), "yesterday"),
    (("content", "hours"), [1]),
    (("content", "features"), {}),
    (("content", "features"), []),
    (("content", "features", "x"), None),
    (("content", "features", "x", "counts"), []),
    (("content", "features", "x", "counts", 1), -26),
    (("content", "features", "x", "counts", 1), 2**70),
    (("content", "features", "x", "counts", 1), "26"),
    (("content", "features", "word", "counts", 1), 138),
    (("content", "scores"), {}),
)


def _beside_its_reference(write: Write) -> Make:
    def make(folder: Path) -> None:
        (folder / REFERENCE).write_bytes(reference())
        write(folder / SUMMARY)

    return make


def summaries() -> Iterator[Case]:
    """Yield saved summaries, read beside the reference that they lie on."""
    made: dict[str, Write] = {}
    record = json.loads(gzip.decompress(summary()))
    last = len(summary()) - 1
    for damage, content in damaged(summary(), range(last - 7, last + 1), 4):
        made[damage] = holding(content)
    for place, value in SUMMARY_CHANGES:
        content = gzip.compress(json.dumps(changed(record, place, value)).encode())
        name = f"{'.'.join(map(str, place))} is {value!r}"
        made[name] = holding(content)
    made |= dict(special(SUMMARY)) | {"a GB of zeros": bomb}
    for damage, write in made.items():
        call = ("drift", REFERENCE, SUMMARY)
        yield Case("saved summary", damage, call, SUMMARY, _beside_its_reference(write))


END = datetime(2026, 3, 1, tzinfo=UTC)


@cache
def entry() -> tuple[str, Any]:
    """Return the name of the file of a report's entry, and what stands in it."""
    day = {"start": END - timedelta(days=1), "end": END}
    made = Entry.model_validate(
        {
            "use_case": "fraud",
            "use_case_title": "Card fraud",
            "kind": next(iter(ReportKind)),
            **{f"{of}_{what}": moment for of in ("window", "rows") for what, moment in day.items()},
            "as_of": END,
            **dict.fromkeys(
                (
                    "rows",
                    "rows_reference",
                    "rows_current",
                    "sampled_reference",
                    "sampled_current",
                ),
                100,
            ),
            "set_aside": {},
            "sentence": "nothing moved",
            "drifted": False,
            "verdict_id": "v1",
            "model_version": "1",
            "synthetic": False,
        }
    )
    return f"{made.name}.json", json.loads(made.model_dump_json())


ENTRY_CHANGES: tuple[tuple[Place, object], ...] = (
    (("kind",), "weather"),
    (("window_end",), "tomorrow"),
    (("window_end",), "2026-03-02T00:00:00Z"),
    (("window_start",), "2026-02-28T00:00:00"),
    (("as_of",), None),
    (("rows",), "many"),
    (("rows",), 1.5),
    (("set_aside",), ["a"]),
    (("sentence",), None),
    (("synthetic",), "perhaps"),
)


def reports() -> Iterator[Case]:
    """Yield entries of reports."""
    name, record = entry()
    text = json.dumps(record).encode()
    made: dict[str, Write] = {}
    for damage, content in damaged(text, [], 5):
        made[damage] = holding(content)
    for place, value in ENTRY_CHANGES:
        content = json.dumps(changed(record, place, value)).encode()
        made[f"{place[0]} is {value!r}"] = holding(content)
    for damage, content in {
        "deep": b"[" * 100_000,
        "20 MB": b" " * 20_000_000,
        "5,000 digits": b"9" * 5000,
    }.items():
        made[damage] = holding(content)
    made |= dict(special(name))
    for damage, write in made.items():
        yield Case(
            "report", damage, ("read-report", name), name, lambda folder, w=write: w(folder / name)
        )


def _bundle(write: Write, name: str) -> Make:
    def make(folder: Path) -> None:
        copytree(BUNDLE, folder / "bundle")
        (folder / "bundle" / name).unlink()
        write(folder / "bundle" / name)

    return make


MANIFEST_CHANGES: tuple[tuple[Place, object], ...] = (
    (("format",), 99),
    (("threshold",), "half"),
    (("candidate",), None),
    (("features",), []),
    (("trained_as_of",), "once"),
    (("test",), {}),
    (("libraries",), ["sklearn"]),
)


def models() -> Iterator[Case]:
    """Yield models' files. A single changed byte is found by the registry's SHA-256 alone."""
    made: list[tuple[str, str, Write]] = []
    for file in sorted(BUNDLE.iterdir()):
        whole = file.read_bytes()
        for damage, content in damaged(whole, [], 6):
            made.append((file.name, damage, holding(content)))
        made.extend((file.name, damage, write) for damage, write in special(file.name))
    record = json.loads((BUNDLE / "manifest.json").read_bytes())
    for place, value in MANIFEST_CHANGES:
        content = json.dumps(changed(record, place, value)).encode()
        damage = f"{place[0]} is {value!r}"
        made.append(("manifest.json", damage, holding(content)))
    for name, damage, write in made:
        yield Case(
            "model", f"{name}: {damage}", ("load-model", "bundle"), name, _bundle(write, name)
        )
