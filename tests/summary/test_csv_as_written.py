"""CSV as people write it: each case with what was said of it before, and what is said now.

The same amounts are written in many ways; whatever the way, their reference has the bins of the
plain file, and a window in any of them is compared with it as the plain one is.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from monitoring import InputError, Reference, TableError, compare, fit, load, save, summarise
from monitoring.cli import app
from monitoring.drift.verdict import DriftStatus
from monitoring.summary.csv_format import few
from monitoring.summary.data_file import find_files

ROWS = 300
RNG = np.random.default_rng(12)
AMOUNTS = np.round(RNG.lognormal(6, 1.5, ROWS), 2)
HIGHER = np.round(RNG.lognormal(8, 1.5, ROWS), 2)
ENGINES = ("memory", "duckdb")


def american(amount: float) -> str:
    return f"{amount:,.2f}"


def german(amount: float) -> str:
    return american(amount).translate(str.maketrans(",.", ".,"))


def spaced(space: str) -> Callable[[float], str]:
    return lambda amount: american(amount).replace(",", space).replace(".", ",")


def lines(
    amounts: np.ndarray,
    spell: Callable[[float], str] = "{:.2f}".format,
    delimiter: str = ",",
    ends: tuple[str, str] = ("\n", "\n"),
) -> str:
    """Return amounts and towns as CSV; `ends` are those of the first lines, and of the others."""
    rows = [f"amount{delimiter}town"]
    for row, amount in enumerate(amounts):
        word = spell(amount)
        quoted = f'"{word}"' if delimiter in word else word
        rows.append(f"{quoted}{delimiter}{'ABC'[row % 3]}")
    half = len(rows) // 2
    return "".join(f"{row}{ends[number >= half]}" for number, row in enumerate(rows))


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / f"{name}.csv"
    path.write_bytes(text.encode(encoding))
    return path


WAYS = {
    # name: (spelling, delimiter, line ends, before the header, encoding, what is said)
    "semicolon": ("{:.2f}".format, ";", "\n\n", "", "utf-8", "delimiter semicolon"),
    "tab": ("{:.2f}".format, "\t", "\n\n", "", "utf-8", "delimiter tab"),
    "bar": ("{:.2f}".format, "|", "\n\n", "", "utf-8", "delimiter bar"),
    "sep line": ("{:.2f}".format, ",", "\n\n", "sep=,\n", "utf-8", "a first line `sep=`"),
    "sep line, semicolon": (german, ";", "\n\n", '"sep=;"\n', "utf-8", "delimiter semicolon"),
    "byte-order mark": ("{:.2f}".format, ",", "\n\n", "", "utf-8-sig", None),
    "UTF-16": (german, ";", "\n\n", "", "utf-16", "UTF-16"),
    "decimal comma": (german, ",", "\n\n", "", "utf-8", "amount: decimal comma"),
    "excel in Germany": (german, ";", ("\r\n", "\r\n"), "", "utf-8-sig", "amount: decimal comma"),
    "thousands": (american, ",", "\n\n", "", "utf-8", None),
    "narrow spaces": (spaced("\N{NARROW NO-BREAK SPACE}"), ";", "\n\n", "", "utf-8", "comma"),
    "no-break spaces": (spaced("\N{NO-BREAK SPACE}"), ";", "\n\n", "", "utf-8", "comma"),
    "spaces": (spaced(" "), ";", "\n\n", "", "utf-8", "comma"),
    "Swiss": (lambda x: american(x).replace(",", "'"), ";", "\n\n", "", "utf-8", "delimiter"),
    "percent": ("{:.2f}%".format, ",", "\n\n", "", "utf-8", "amount: percentages, 51% is 51"),
    "dollars": (lambda x: f"${american(x)}", ",", "\n\n", "", "utf-8", "amount: in $"),
    "euros": (lambda x: f"{german(x)} €", ",", "\n\n", "", "utf-8", "decimal comma, in €"),
    "code before": ("EUR {:.2f}".format, ",", "\n\n", "", "utf-8", "amount: in EUR"),
    "code after": ("{:.2f}CHF".format, ",", "\n\n", "", "utf-8", "amount: in CHF"),
    "pounds": ("£{:.2f}".format, ",", "\n\n", "", "utf-8", "amount: in £"),
    "plus signs": ("+{:.2f}".format, ",", "\n\n", "", "utf-8", None),
    "CRLF, later LF": ("{:.2f}".format, ",", ("\r\n", "\n"), "", "utf-8", "several ways"),
    "LF, later CRLF": ("{:.2f}".format, ",", ("\n", "\r\n"), "", "utf-8", "several ways"),
    "CR": ("{:.2f}".format, ",", "\r\r", "", "utf-8", None),
    "CR, later LF": ("{:.2f}".format, ",", "\r\n", "", "utf-8", "several ways"),
}


def in_this_way(folder: Path, way: str, amounts: np.ndarray) -> Path:
    spell, delimiter, ends, before, encoding, _ = WAYS[way]
    text = before + lines(amounts, spell, delimiter, (ends[0], ends[1]))
    return written(folder, f"{way} {amounts[0]}", text, encoding)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv")


@pytest.fixture(scope="module")
def plain(folder: Path) -> Reference:
    return fit(written(folder, "plain", lines(AMOUNTS)), window=ROWS)


@pytest.fixture(scope="module")
def elsewhere(folder: Path) -> dict[tuple[str, str], Reference]:
    """References of the same amounts, by the way they are written and the engine."""
    return {
        (way, engine): fit(in_this_way(folder, way, AMOUNTS), window=ROWS, engine=engine)
        for way in ("decimal comma", "bar")
        for engine in ENGINES
    }


@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_read_as_the_plain_one_however_it_is_written(
    folder: Path, plain: Reference, way: str
) -> None:
    """Said before, by way.

    ==================================  ==========================================================
    semicolon, tab, bar                 one column ``amount;town`` of too many categories, no hint
    sep line                            a parser error: another number of columns
    decimal comma, thousands, percent,  too many categories, left out with exit code 0
    currencies, plus signs
    UTF-16                              can't be read: save as UTF-8
    CRLF, later LF, and others          a parser error: the state machine is in an invalid state
    ==================================  ==========================================================
    """
    before, now = (in_this_way(folder, way, amounts) for amounts in (AMOUNTS, HIGHER))
    for engine in ENGINES:
        assert fit(before, window=ROWS, engine=engine).bins == plain.bins
        verdict = compare(before, now, engine=engine)
        assert [part.name for part in verdict.drifted_features] == ["amount"]
        said = WAYS[way][-1]
        assert verdict.reading == () if said is None else said in "; ".join(verdict.reading)
        assert all(f"Read: {words}" in str(verdict) for words in verdict.reading)
        assert verdict.to_dict()["reading"] == list(verdict.reading)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_last_line_without_an_end_is_read_and_said(
    folder: Path, plain: Reference, encoding: str
) -> None:
    """A file cut short looks so, and one that is whole may."""
    now = written(folder, f"unended-{encoding}", lines(HIGHER)[:-1], encoding)
    for engine in ENGINES:
        verdict = compare(plain, now, engine=engine)
        assert [part.name for part in verdict.drifted_features] == ["amount"]
        assert "a last line without an end, which may have been cut" in "; ".join(verdict.reading)


@pytest.mark.parametrize("way", WAYS)
def test_a_window_written_in_another_way_than_its_reference_is_read_and_that_is_said(
    folder: Path,
    plain: Reference,
    elsewhere: dict[tuple[str, str], Reference],
    way: str,
) -> None:
    """Said before: no column ``amount``, or another type of values."""
    window = in_this_way(folder, way, AMOUNTS)
    unlike = "decimal comma" if way != "decimal comma" else "bar"
    for engine in ENGINES:
        verdict = compare(plain, window, engine=engine)
        assert (verdict.share, len(verdict.tested)) == (0, 2)
        back = compare(elsewhere[unlike, engine], window, engine=engine)
        assert (back.share, len(back.tested)) == (0, 2)
    notation = "in " in str(WAYS[way][-1]) or "comma" in str(WAYS[way][-1])
    assert any("of the reference: plain" in words for words in verdict.reading) == (
        notation or way in {"sep line, semicolon", "UTF-16", "percent"}
    )


def test_the_notation_of_a_reference_is_kept_with_it(folder: Path, tmp_path: Path) -> None:
    """A thousand in German is 1.000, and one in English, if nothing is known of the reference."""
    save(fit(in_this_way(folder, "excel in Germany", AMOUNTS), window=ROWS), tmp_path / "r.json.gz")
    kept = load(tmp_path / "r.json.gz")
    assert isinstance(kept, Reference)
    thousands = np.full(ROWS, 4000.0)
    window = written(folder, "thousands", lines(thousands, lambda x: f"{x / 1000:.3f}"))
    counted = summarise(window, kept).features["amount"].counts
    plain_window = written(folder, "plain thousands", lines(thousands))
    assert (counted == summarise(plain_window, kept).features["amount"].counts).all()


def test_the_whole_file_decides_not_its_first_rows(tmp_path: Path) -> None:
    """Said before: too many categories. Plain numbers for many portions, and then a comma."""
    rows = 200_000
    text = "n;m\n" + "7;1.500\n" * (rows - 1) + "7,25;1.500\n"
    path = written(tmp_path, "late", text)
    for engine in ENGINES:
        n, m = fit(path, window=1000, engine=engine).bins
        # What was one and a half is one thousand five hundred, for the file has decimal commas.
        assert (n.heavy, m.heavy) == ((7.0,), (1500.0,))


@pytest.mark.parametrize(
    ("other", "expected"),
    [("2.5", 1234.0), ('"2,5"', 1.234), ('"1,234,567"', 1234.0), ("7", None), ("1.234", None)],
)
def test_what_is_undecidable_is_decided_by_other_columns_or_is_an_error(
    tmp_path: Path, other: str, expected: float | None
) -> None:
    """Said before: too many categories, or a constant."""
    path = written(tmp_path, "open", "a,b\n" + f'"1,234",{other}\n' * 50)
    if expected is None:
        with pytest.raises(InputError, match=r"'a': a value such as 9,999.*decimal=',' or"):
            compare(path, path)
        assert fit(path, window=10, decimal=",").bins[0].heavy == (1.234,)
        assert fit(path, window=10, decimal=".").bins[0].heavy == (1234.0,)
        with pytest.raises(InputError, match="decimal is 'comma'"):
            compare(path, path, decimal="comma")
        result = CliRunner().invoke(app, ["drift", str(path), str(path)])
        assert result.exit_code == 2
        assert "--decimal" in result.output
        result = CliRunner().invoke(app, ["drift", str(path), str(path), "--decimal", ","])
        assert result.exit_code == 0
    else:
        assert fit(path, window=10).bins[0].heavy == (expected,)


@pytest.mark.parametrize(
    "word",
    ["?", "n/a", "N/A", "-", "--", "NULL", "null", "None", "NaN", "NA", "#N/A", ".", " ", "<NA>"],
)
@pytest.mark.parametrize("share", [2, 3])
def test_what_stands_for_missing_is_missing_among_numbers_and_a_word_among_words(
    tmp_path: Path, word: str, share: int
) -> None:
    """Said before of most of them: too many categories, exit code 0."""
    spelled = [word if row % share == 0 else f"{x}" for row, x in enumerate(AMOUNTS)]
    text = "".join(f"{one},{word if row % 2 else 'x'}\n" for row, one in enumerate(spelled))
    path = written(tmp_path, "missing", "a,b\n" + text)
    for engine in ENGINES:
        reference = fit(path, window=100, engine=engine)
        assert int(reference.training.features["a"].counts[0]) == -(-ROWS // share)
        assert reference.bins[0].kind == "numeric"
        assert set(reference.bins[1].categories) == {word, "x"}


def test_a_column_of_numbers_with_few_words_is_judged_and_the_words_are_named(
    tmp_path: Path,
) -> None:
    """Said before: too many categories, and a verdict on the other columns alone."""

    def with_words(every: int, amounts: np.ndarray, name: str) -> Path:
        spelled = [
            f"bad {row % 2}" if every and row % every == 0 else f"{x}"
            for row, x in enumerate(amounts)
        ]
        return written(tmp_path, name, "a,b\n" + "".join(f"{one},{one}\n" for one in spelled))

    before, now = with_words(11, AMOUNTS, "before"), with_words(13, HIGHER, "now")
    many = with_words(7, HIGHER, "many")
    for engine in ENGINES:
        verdict = compare(before, now, columns=["a"], engine=engine)
        assert [part.name for part in verdict.drifted_features] == ["a"]
        said = 'a of the reference holds 28 words among its numbers, taken as missing: "bad 0", '
        assert said in str(verdict)
        assert "a of current holds 24 words" in str(verdict)
        (part,) = compare(before, many, columns=["a"], engine=engine).features
        assert part.status is DriftStatus.TYPE_CHANGED
        # A column with more words than that is one of words.
        assert fit(many, window=100, engine=engine).bins[0].kind == "categorical"


@pytest.mark.parametrize(
    "stray", ["true", "2026-01-01"], ids=["true among numbers", "a time among numbers"]
)
def test_values_of_another_kind_are_no_stray_words(tmp_path: Path, stray: str) -> None:
    mixed = [stray if row == 5 else f"{x}" for row, x in enumerate(AMOUNTS)]
    path = written(tmp_path, "mixed", "a\n" + "\n".join(mixed))
    plain = written(tmp_path, "plain", "a\n" + "\n".join(map(str, AMOUNTS)))
    (part,) = compare(plain, path).features
    assert part.status is DriftStatus.TYPE_CHANGED


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("näme,b\n1,2\n", "cp1252", r"byte 0xE4 at place 1.*Windows-1252 \(cp1252\)"),
        ("a,b\n" + "1,2\n" * 100_000 + "ä,2\n", "cp1252", r"Windows-1252 \(cp1252\)"),
        ("a,b\n1,2\n", "utf-16-le", "UTF-16 without a byte-order mark: save the file as UTF-8"),
        ("a,b\n1,2\n", "utf-32", "UTF-32, by its byte-order mark"),
        ("a;b\n1;2\n3;4;5\n", "utf-8", "CSV Error on Line: 3"),
    ],
)
def test_what_can_not_be_read_is_an_error_that_names_what_was_seen(
    tmp_path: Path, text: str, encoding: str, said: str
) -> None:
    path = written(tmp_path, "bad", text, encoding)
    for engine in ENGINES:
        with pytest.raises(TableError, match=said):
            compare(path, path, engine=engine)


@pytest.mark.parametrize(
    "values",
    [
        ["192.168.10.1", "10.0.0.7"],
        ["01.02.2026", "28.02.2026"],
        ["12:30", "07:15"],
        ["1-2", "3-4"],
        ["A1", "B2"],
        ["4111 1111 1111 1111", "5500 0000 0000 0004"],
        ["€ 5", "$ 6"],
        ["1.2.3", "1.10.0"],
    ],
)
def test_words_with_digits_stay_words(tmp_path: Path, values: list[str]) -> None:
    path = written(tmp_path, "words", "a\n" + "\n".join(values * 50))
    assert fit(path, window=10).bins[0].categories == tuple(sorted(values))


def test_a_tenth_is_too_much() -> None:
    assert few(9, 100)
    assert not few(10, 100)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a;b,c\n1,2\n3,4\n", ("a;b", "c")),
        ('"a;b"\n1\n2\n', ("a;b",)),
        ("a; b; c\nx\ny\n", ("a; b; c",)),
        ("in EUR, net;town\n1,5;A\n2,5;B\n", ("in EUR, net", "town")),
        ("a;b\n", ("a", "b")),
        ("a\n", ("a",)),
        ("a|b\tc\n1|2\t3\n1|2\t3\n", ("a|b", "c")),
        ('a;b\n"x\ny";2\n', ("a", "b")),
    ],
)
def test_rows_decide_where_the_header_leaves_the_delimiter_open(
    tmp_path: Path, text: str, columns: tuple[str, ...]
) -> None:
    (file,) = find_files(written(tmp_path, "open", text))
    assert file.columns == columns
