"""Files of rows and saved references, damaged in ways that no reader may pass over."""

import gzip
import hashlib
import io
import json
import os
import random
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.inputs.case import Case, Make

REFERENCE = "reference.json.gz"

Place = tuple[str | int, ...]
"""The way to a value in a record."""


def frame(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(size=400), "word": rng.choice(list("abc"), 400)})


@cache
def csv() -> bytes:
    return frame(0).to_csv(index=False).encode()


@cache
def packed() -> bytes:
    return gzip.compress(csv(), mtime=0)


@cache
def parquet() -> bytes:
    content = io.BytesIO()
    frame(0).to_parquet(content)
    return content.getvalue()


@cache
def reference() -> bytes:
    import tempfile

    from monitoring import fit, save

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / REFERENCE
        save(fit(frame(0), window=40), path)
        return path.read_bytes()


def written(name: str, content: bytes) -> Make:
    """Return what writes a damaged file beside a good one."""

    def make(folder: Path) -> None:
        (folder / "good.csv").write_bytes(frame(1).to_csv(index=False).encode())
        (folder / name).write_bytes(content)

    return make


def beside_good(name: str, special: Make) -> Make:
    """Return what makes something that is no regular file beside a good one."""

    def make(folder: Path) -> None:
        (folder / "good.csv").write_bytes(frame(1).to_csv(index=False).encode())
        special(folder / name)

    return make


def bomb(path: Path) -> None:
    """Write a gzip file of a megabyte that unpacks to a gigabyte."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(64):
            file.write(bytes(2**24))


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def damaged(content: bytes, flips: Iterable[int], seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield a content cut short and with bytes flipped, each with its name."""
    yield "empty", b""
    for share in (1, 2, 5, 10, 20, 35, 50, 65, 80, 90, 97, 99):
        yield f"cut at {share}%", content[: len(content) * share // 100]
    yield "cut by a byte", content[:-1]
    yield "zeros", bytes(len(content))
    yield "all ones", b"\xff" * len(content)
    yield "noise", random.Random(seed).randbytes(len(content))  # noqa: S311
    yield "text", b"this is no such file\n" * 10
    for number, place in enumerate(flips, start=1):
        yield f"a byte flipped, {number}", flipped(content, place)


def special(name: str) -> Iterator[tuple[str, Make]]:
    """Yield what may lie in the place of a file, each with its name."""
    yield "missing", lambda _: None
    yield "a folder with nothing in it", lambda path: path.mkdir()
    yield "a named pipe", os.mkfifo
    yield "/dev/zero by a link", lambda path: path.symlink_to("/dev/zero")
    yield "a link to nowhere", lambda path: path.symlink_to("nowhere")
    yield "a link to itself", lambda path: path.symlink_to(name)


def rows() -> Iterator[Case]:
    """Yield files of rows, as window and as reference."""
    made: list[tuple[str, str, Make]] = []
    last = len(packed()) - 1
    for damage, content in damaged(packed(), range(last - 7, last + 1), 1):
        made.append(("csv.gz", damage, written("odd.csv.gz", content)))
    size = len(parquet())
    for damage, content in damaged(parquet(), range(size - 8, size), 2):
        made.append(("parquet", damage, written("odd.parquet", content)))
    for damage, content in {
        "empty": b"",
        "a column twice": b"x,x\n1,2\n",
        "a row too wide": csv() + b"1,2,3\n",
        "a row too narrow": csv() + b"1\n",
        "no UTF-8": csv() + b"1,\xff\xfe\n",
        "UTF-16 without a mark": csv().decode().encode("utf-16-le"),
        "an open quote": csv() + b'1,"a\n' * 5,
        "a header of 5 MB": b"x" * 5_000_000 + b"\n1\n",
    }.items():
        made.append(("csv", damage, written("odd.csv", content)))
    for ending in ("csv", "csv.gz", "parquet"):
        for damage, make in special(f"odd.{ending}"):
            made.append((ending, damage, beside_good(f"odd.{ending}", make)))
    for ending, damage, make in made:
        odd = f"odd.{ending}"
        for what, call in (
            ("window", ("drift", "good.csv", odd)),
            ("reference", ("drift", odd, "good.csv")),
        ):
            yield Case("rows", f"{ending} as {what}: {damage}", call, odd, make)


TAMPERED: tuple[tuple[Place, object], ...] = (
    (("format",), "tocsin window"),
    (("version",), 99),
    (("version",), "1"),
    (("version",), None),
    (("content",), None),
    (("content",), []),
    (("content", "bins"), None),
    (("content", "bins"), {}),
    (("content", "bins", 0, "kind"), "colour"),
    (("content", "bins", 0, "edges"), ["a"]),
    (("content", "bins", 0, "edges"), [2, 1, 0]),
    (("content", "bins", 0, "edges"), ["nan"]),
    (("content", "bins", 0, "name"), ["x"]),
    (("content", "bins", 0, "low"), "high"),
    (("content", "training"), None),
    (("content", "training", "rows"), -1),
    (("content", "training", "rows"), "many"),
    (("content", "training", "bins_hash"), "0" * 64),
    (("content", "training", "features"), {}),
    (("content", "training", "features", "x", "counts"), [1, 2]),
    (("content", "training", "features", "x", "counts", 1), -5),
    (("content", "training", "features", "x", "counts", 1), 10**30),
    (("content", "training", "features", "x", "counts", 1), 1.5),
    (("content", "training", "features", "word", "status"), "fine"),
    (("content", "chunks"), None),
    (("content", "chunks"), [{}]),
    (("content", "importance"), {"x": "much"}),
)


def changed(record: Any, place: Place, value: object) -> Any:
    """Return a record with one value changed, and the hash of its content as it should be then."""
    whole = json.loads(json.dumps(record))
    *way, last = place
    part = whole
    for key in way:
        part = part[key]
    part[last] = value
    if place[0] == "content":
        compact = json.dumps(whole["content"], separators=(",", ":"))
        whole["sha256"] = hashlib.sha256(compact.encode()).hexdigest()
    return whole


def references() -> Iterator[Case]:
    """Yield saved references."""
    call = ("drift", REFERENCE, "good.csv")
    places = np.linspace(10, len(reference()) - 1, 12).astype(int).tolist()
    for damage, content in damaged(reference(), places, 3):
        yield Case("saved reference", damage, call, REFERENCE, written(REFERENCE, content))
    record = json.loads(gzip.decompress(reference()))
    for place, value in TAMPERED:
        damage = f"{'.'.join(map(str, place))} is {value!r}"
        content = gzip.compress(json.dumps(changed(record, place, value)).encode())
        make = written(REFERENCE, content)
        yield Case("saved reference", damage, call, REFERENCE, make)
    texts = {
        "not JSON": b"{]",
        "a list": b"[1]",
        "deep": b"[" * 100_000,
        "a number of 5,000 digits": b'{"version": ' + b"9" * 5000 + b"}",
        "no UTF-8": b"\xff\xfe",
    }
    for damage, text in texts.items():
        make = written(REFERENCE, gzip.compress(text))
        yield Case("saved reference", damage, call, REFERENCE, make)
    yield Case("saved reference", "a GB of zeros", call, REFERENCE, beside_good(REFERENCE, bomb))
    for damage, make in special(REFERENCE):
        yield Case("saved reference", damage, call, REFERENCE, beside_good(REFERENCE, make))
