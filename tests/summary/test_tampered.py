"""A saved reference or summary that was changed, by chance or by hand, is never compared with."""

import copy
import gzip
import hashlib
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitoring.summary.as_json import FormatError
from monitoring.summary.files import LARGEST, load, load_reference, load_summary, save
from monitoring.summary.packed_file import ALWAYS
from monitoring.summary.reference import fit_reference
from monitoring.use_case_columns import Features
from tests.summary.made import rows_of

Record = dict[str, Any]
SAVED = Path(__file__).parents[1] / "fixtures"


def made_reference() -> Record:
    """Return a small reference as its file holds it: numbers, a heavy one, words, scores."""
    rng = np.random.default_rng(0)

    def make(count: int) -> pd.DataFrame:
        size = np.where(rng.random(count) < 0.3, 4.0, rng.normal(size=count))
        town = pd.Series(rng.choice(["Ghent", "Namur", "Liege"], count), dtype="str")
        return pd.DataFrame({"size": size, "town": town})

    return contents(
        fit_reference(
            rows_of(make(600), spacing=timedelta(minutes=10)),
            rows_of(make(300), seed=1),
            features=Features(numeric=("size",), categorical=("town",)),
            threshold=0.3,
            chunk=timedelta(days=1),
            importance={"size": 1.0},
            model_version="4",
        )
    )


def contents(record: Any) -> Record:
    from monitoring.summary.files import _text

    whole: Record = json.loads(_text(record))
    return whole


@pytest.fixture(scope="module")
def whole() -> Record:
    return made_reference()


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def written(path: Path, whole: Record, *, hashed: bool) -> Path:
    """Write a file as someone would who knows the format: with the right hash, or as version 1."""
    if hashed:
        whole["sha256"] = hashlib.sha256(compact(whole["content"]).encode()).hexdigest()
    else:
        whole = {key: part for key, part in whole.items() if key != "sha256"} | {"version": 1}
    path.write_bytes(gzip.compress(json.dumps(whole).encode()))
    return path


def put(*place: str | int, value: Any) -> Callable[[Record], None]:
    def change(content: Record) -> None:
        *way, last = place
        part: Any = content
        for key in way:
            part = part[key]
        part[last] = value(part[last]) if callable(value) else value

    return change


def moved(*place: str | int) -> Callable[[Record], None]:
    """Move rows from one bin to the next: the sum stays, the bins don't hold so many."""
    return put(*place, value=lambda counts: [counts[0] + 5, counts[1] - 5, *counts[2:]])


def first(*place: str | int, value: Any) -> Callable[[Record], None]:
    return put(*place, value=lambda values: [value, *values[1:]])


COUNTS = ("training", "features", "size", "counts")
SCORES = ("validation", "scores")
TAMPERED: dict[str, Callable[[Record], None]] = {
    "a negative count": first(*COUNTS, value=-1),
    "a negative count that the next makes up for": moved(*COUNTS),
    "counts that don't add up": put(*COUNTS, value=lambda counts: [count + 1 for count in counts]),
    "counts of 0": put(*COUNTS, value=lambda counts: [0] * len(counts)),
    "a count of 2 ** 63": first(*COUNTS, value=2**63),
    "a count of 2 ** 62": first(*COUNTS, value=2**62),
    "a count of half a row": first(*COUNTS, value=0.5),
    "a true count": first(*COUNTS, value=True),
    "a count that is a text": first(*COUNTS, value="0"),
    "a count that is null": first(*COUNTS, value=None),
    "no counts": put(*COUNTS, value=[]),
    "a count too many": put(*COUNTS, value=lambda counts: [*counts, 0]),
    "counts that are a text": put(*COUNTS, value="12"),
    "rows below 0": put("training", "rows", value=-600),
    "rows that are no whole number": put("training", "rows", value=600.0),
    "true rows": put("training", "rows", value=True),
    "other rows": put("training", "rows", value=601),
    "more outliers than rows": put("training", "features", "size", "outside", value=[400, 400]),
    "negative outliers": put("training", "features", "size", "outside", value=[-1, 1]),
    "an unknown status": put("training", "features", "size", "status", value="fine"),
    "unseen categories that nobody counted": put(
        "training", "features", "town", "unseen", value={"Rome": 9}
    ),
    "a category of a megabyte": put(
        "training", "features", "town", "unseen", value={"R" * 10**6: 0}
    ),
    "a thousand unseen categories": put(
        "training", "features", "town", "unseen", value={str(n): 0 for n in range(1000)}
    ),
    "a feature that is not there": lambda content: content["training"]["features"].pop("size"),
    "a feature of another name": lambda content: content["training"]["features"].update(
        other=content["training"]["features"].pop("size")
    ),
    "23 hours": put("training", "hours", value=lambda hours: hours[1:]),
    "hours of more rows": first("training", "hours", value=10**6),
    "an end before the start": put("training", "end", value="2020-01-01T00:00:00+00:00"),
    "a start without an end": put("training", "end", value=None),
    "a start without a zone": put("training", "start", value="2020-01-01T00:00:00"),
    "a start in no year": put("training", "start", value="0000-01-01T00:00:00+00:00"),
    "reversed edges": put("bins", 0, "edges", value=lambda edges: edges[::-1]),
    "an edge twice": put("bins", 0, "edges", value=lambda edges: [edges[0], *edges[:-1]]),
    "an edge that was moved": put("bins", 0, "edges", value=lambda e: [e[0] - 1, *e[1:]]),
    "an edge fewer": put("bins", 0, "edges", value=lambda edges: edges[1:]),
    "an edge that is not a number": first("bins", 0, "edges", value=float("nan")),
    "an edge that is infinite": first("bins", 0, "edges", value=float("inf")),
    "an edge that is a text": first("bins", 0, "edges", value="nan"),
    "a true edge": first("bins", 0, "edges", value=True),
    "a heavy value that is no edge": put("bins", 0, "heavy", value=[99.0]),
    "a heavy value that is nan": put("bins", 0, "heavy", value=["nan"]),
    "a range reversed": put("bins", 0, "low", value=1e9),
    "a range that is nan": put("bins", 0, "low", value="nan"),
    "another kind": put("bins", 0, "kind", value="categorical"),
    "times that were none": put("bins", 0, "times", value=True),
    "times that are 1": put("bins", 0, "times", value=1),
    "a category twice": first("bins", 1, "categories", value="Namur"),
    "another category": first("bins", 1, "categories", value="Rome"),
    "a category that is a number": first("bins", 1, "categories", value=7),
    "a rare category that is frequent": put("bins", 1, "rare", value=["Ghent"]),
    "an unseen share above 1": put("bins", 1, "unseen_share", value=1.5),
    "an unseen shape of 0": put("bins", 1, "unseen_shape", value=0),
    "open bins": put("bins", 1, "open_ended", value=True),
    "a bin twice": lambda content: content["bins"].append(content["bins"][0]),
    "bins in another order": lambda content: content["bins"].reverse(),
    "no bins": put("bins", value=[]),
    "bins under another hash": put("training", "bins_hash", value="0123456789abcdef"),
    "a chunk under another hash": put("chunks", 0, "bins_hash", value="0123456789abcdef"),
    "a chunk of another model": put("chunks", 0, "model_version", value="5"),
    "a version that is a number": put("model_version", value=4),
    "a chunk with rows of its own": put(
        "chunks", 0, value=lambda chunk: copy.deepcopy(chunk) | {"rows": chunk["rows"] + 1}
    ),
    "a chunk over and over": lambda content: content["chunks"].extend(content["chunks"] * 9),
    "23 hours of the day": lambda content: content["by_hour"].pop(),
    "an importance below 0": put("importance", "size", value=-1.0),
    "importances of more than 1": put("importance", "town", value=0.5),
    "an importance of what is not there": put("importance", value={"other": 1.0}),
    "reversed score edges": put("score_edges", value=lambda edges: edges[::-1]),
    "another threshold": put("threshold", value=0.31415),
    "a threshold that is null": put("threshold", value=None),
    "a threshold that is infinite": put("threshold", value=float("inf")),
    "more scores than rows": put(*SCORES, "rows", 0, value=lambda rows: [n + 9 for n in rows]),
    "scores of two labels": put(*SCORES, "rows", value=lambda rows: rows[:2]),
    "rows of unlike lengths": put(*SCORES, "rows", 0, value=lambda rows: rows[1:]),
    "sums of unlike lengths": put(*SCORES, "score", 0, value=lambda sums: sums[1:]),
    "scores above 1": put(*SCORES, "score", 0, value=lambda sums: [s * 1000 for s in sums]),
    "scores below 0": put(*SCORES, "score", 0, value=lambda sums: [-s for s in sums]),
    "amounts beyond their squares": put(
        *SCORES, "amount", 0, value=lambda sums: [s * 10**6 for s in sums]
    ),
    "squares below 0": put(*SCORES, "amount_squared", 0, value=lambda s: [-x for x in s]),
    "amounts that are 1": put(*SCORES, "has_amounts", value=1),
    "a chunk of negative scores": put(
        "score_chunks", 0, "rows", 0, value=lambda rows: [-n for n in rows]
    ),
    "a sum of 1e308 twice": put(*SCORES, "score", 0, value=lambda sums: [1e308] * len(sums)),
}


@pytest.mark.parametrize("hashed", [True, False], ids=["hashed", "version 1"])
@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_what_no_rows_can_have_given_is_refused_whatever_hash_stands_beside_it(
    whole: Record, tmp_path: Path, change: Callable[[Record], None], hashed: bool
) -> None:
    changed = copy.deepcopy(whole)
    change(changed["content"])
    path = written(tmp_path / "r.json.gz", changed, hashed=hashed)
    with pytest.raises(FormatError, match=r"r\.json\.gz is (damaged|not JSON)"):
        load_reference(path)


def test_untouched_it_is_read_in_both_versions_and_spelled_anew(
    whole: Record, tmp_path: Path
) -> None:
    for hashed in (True, False):
        path = written(tmp_path / "r.json.gz", copy.deepcopy(whole), hashed=hashed)
        assert load_reference(path).training.rows == 600
    path.write_bytes(gzip.compress(json.dumps(whole, indent=3).encode()))
    assert load_reference(path).threshold == 0.3


@pytest.mark.parametrize(
    "change",
    [
        lambda whole: whole["content"].update(chunks=[]),
        lambda whole: whole["content"]["validation"]["scores"].update(has_amounts=False),
        lambda whole: whole["content"]["importance"].update(size=0.25, town=0.75),
        lambda whole: whole.pop("sha256"),
        lambda whole: whole.update(sha256=None),
        lambda whole: whole.update(sha256="0" * 64),
        lambda whole: whole["content"].update(more=1),
    ],
    ids=["chunks", "amounts", "importance", "no hash", "null", "zeros", "more"],
)
def test_a_change_that_could_be_true_is_known_by_the_hash(
    whole: Record, tmp_path: Path, change: Callable[[Record], None]
) -> None:
    changed = copy.deepcopy(whole)
    change(changed)
    path = tmp_path / "r.json.gz"
    path.write_bytes(gzip.compress(json.dumps(changed).encode()))
    with pytest.raises(FormatError, match=r"its content is not what was saved, by its SHA-256"):
        load_reference(path)


TEXTS = {
    "a version that is true": lambda text: text.replace('"version":3', '"version":true'),
    "a version that is 3.0": lambda text: text.replace('"version":3', '"version":3.0'),
    "version 0": lambda text: text.replace('"version":3', '"version":0'),
    "version 5": lambda text: text.replace('"version":3', '"version":5'),
    "a version of 5,000 digits": lambda text: text.replace(
        '"version":3', '"version":' + "9" * 5000
    ),
    "a version that is a text": lambda text: text.replace('"version":3', '"version":"3"'),
    "no version": lambda text: text.replace('"version":3,', ""),
    "the rows twice": lambda text: text.replace('"rows":600', '"rows":600,"rows":600'),
    "the version twice": lambda text: text.replace('"version":3', '"version":1,"version":3'),
    "NaN": lambda text: text.replace('"threshold":0.3', '"threshold":NaN'),
    "-Infinity": lambda text: text.replace('"threshold":0.3', '"threshold":-Infinity'),
    "1e999": lambda text: text.replace('"threshold":0.3', '"threshold":1e999'),
    "rows of 5,000 digits": lambda text: text.replace('"rows":600', '"rows":' + "6" * 5000),
    "another kind": lambda text: text.replace("tocsin reference", "tocsin bell"),
    "a kind of a megabyte": lambda text: text.replace("tocsin reference", "x" * 10**6),
    "a kind that is a list": lambda text: text.replace('"tocsin reference"', "[[[1]]]"),
    "brackets 100,000 deep": lambda _: "[" * 100_000 + "]" * 100_000,
    "records 100,000 deep": lambda _: '{"a":' * 100_000 + "1" + "}" * 100_000,
    "a text cut off": lambda text: text[:-1],
    "more behind it": lambda text: text + "{}",
    "a text alone": lambda _: '"tocsin reference"',
    "null": lambda _: "null",
    "UTF-16": lambda text: text.encode("utf-16"),
    "a lone surrogate": lambda text: text.replace("Ghent", r"\ud800"),
}


@pytest.mark.parametrize("change", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("read", [load, load_reference, load_summary])
def test_a_text_that_is_not_one_saved_is_a_short_error(
    whole: Record, tmp_path: Path, change: Callable[[str], str | bytes], read: Callable[..., Any]
) -> None:
    text = change(compact(whole))
    path = tmp_path / "r.json.gz"
    path.write_bytes(gzip.compress(text.encode() if isinstance(text, str) else text, 1))
    with pytest.raises(FormatError, match=r"r\.json\.gz") as error:
        read(path)
    assert len(str(error.value)) < 600 + len(str(path))


def read_or_refused(path: Path) -> Record | str:
    try:
        return contents(load(path))
    except FormatError as error:
        return str(error)


def test_wherever_a_bit_of_a_file_is_flipped_it_is_right_or_refused(
    whole: Record, tmp_path: Path
) -> None:
    path = written(tmp_path / "r.json.gz", copy.deepcopy(whole), hashed=True)
    packed = path.read_bytes()
    text = gzip.decompress(packed)
    for content, again in ((packed, bytes), (text, gzip.compress)):
        for place in range(10, len(content), len(content) // 60):
            flipped = bytearray(content)
            flipped[place] ^= 1
            path.write_bytes(again(bytes(flipped)))
            # A digit beyond a number's precision may change, and version 3 become 2.
            read = read_or_refused(path)
            assert read == whole or "r.json.gz" in read


def test_a_file_that_unpacks_to_gigabytes_is_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "r.json.gz"
    path.write_bytes(gzip.compress(b" " * (ALWAYS + 1), 1))
    with pytest.raises(FormatError, match="holds more than 67,108,864 bytes, unpacked"):
        load(path)
    assert ALWAYS < LARGEST


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json.gz")
    (tmp_path / "zero.json.gz").symlink_to("/dev/zero")
    for name, said in (("pipe", "a named pipe"), ("zero", "a device")):
        with pytest.raises(FormatError, match=f"{name}.json.gz: is {said}"):
            load(tmp_path / f"{name}.json.gz")


@pytest.mark.parametrize("name", ["reference", "summary"])
def test_a_file_of_version_1_is_saved_again_as_the_newest(tmp_path: Path, name: str) -> None:
    record = load(SAVED / "format_1" / f"{name}.json.gz")
    save(record, tmp_path / "again.json.gz")
    whole = json.loads(gzip.decompress((tmp_path / "again.json.gz").read_bytes()))
    assert (whole["version"], len(whole["sha256"])) == (3, 64)
    assert contents(load(tmp_path / "again.json.gz")) == whole
