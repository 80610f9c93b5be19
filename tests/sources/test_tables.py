"""A query over named tables of files: joined and cleaned in SQL, closed to everything else."""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from monitoring.field_types import wrong_fields
from monitoring.sources import closed_sql, query_rows
from monitoring.sources.location import SourceError
from monitoring.sources.query_rows import check_query
from monitoring.sources.schema_check import CheckedRows
from monitoring.sources.source import read_source
from monitoring.use_case import UseCase
from monitoring.use_case_file import UseCaseError, load_use_case
from tests.rows.made import START, raw, use_case

JOIN = """
-- one row a parcel
SELECT p.*, t.kind
FROM parcels p JOIN kinds t USING (parcel)
"""
ORDERED = f"SELECT * FROM ({JOIN} ORDER BY weight)"  # noqa: S608
TWICE = f"SELECT * FROM ({JOIN}) CROSS JOIN range(2)"  # noqa: S608
TABLES = {"parcels": "parcels/", "kinds": "kinds.csv"}
ORDER = {"origin": START, "spacing": "1s"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Parcels by day and their kinds in a table of their own, in no order."""
    rows = raw(20)
    for day in (1, 2):
        folder = tmp_path / f"parcels/day=2026-03-0{day}"
        folder.mkdir(parents=True)
        part = rows.iloc[10 * day - 10 : 10 * day].drop(columns="kind")
        part.sample(frac=1, random_state=day).to_parquet(folder / "a.parquet", index=False)
    rows[["parcel", "kind"]].sample(frac=1, random_state=3).to_csv(
        tmp_path / "kinds.csv", index=False
    )
    return tmp_path


def case_of(sql: str, tables: Mapping[str, str] = TABLES, **columns: object) -> UseCase:
    return use_case(source={"tables": tables, "sql": sql}, **columns)


def read(data: Path, sql: str = JOIN, **columns: object) -> CheckedRows:
    return read_source(case_of(sql, **columns), data)


def test_a_join_of_files_gives_the_rows_of_one_file(data: Path) -> None:
    checked = read(data)
    raw(20).to_csv(data / "parcels.csv", index=False)
    plain = read_source(use_case(), data)
    pd.testing.assert_frame_equal(checked.rows.features, plain.rows.features)
    assert checked.rows.row_id.tolist() == plain.rows.row_id.tolist()
    assert (checked.out_of_order, checked.quarantined) == (0, ())


def test_the_query_lies_in_a_file_beside_the_yaml(data: Path) -> None:
    folder = data / "cases"
    folder.mkdir()
    content = case_of(JOIN).model_dump(mode="json", exclude_none=True)
    content["source"] = {"tables": TABLES, "sql_file": "parcels.sql"}
    path = folder / "parcels.yml"
    content["columns"]["event_time"] = {"name": "at", "unit": "s", "origin": "2026-03-01T00:00:00Z"}
    content |= {"labels": {"delay": "1h", "mature_after": "6h"}, "drift": {"window": "1d"}}
    content.pop("retrain")
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(
        UseCaseError, match=rf"source\.sql_file: no file {folder}/parcels\.sql: put it"
    ):
        load_use_case(path)
    (folder / "parcels.sql").write_text("\ufeff" + JOIN + ";\n", encoding="utf-8")
    assert len(read_source(load_use_case(path), data).rows) == 20
    (folder / "parcels.sql").write_text(" \n", encoding="utf-8")
    with pytest.raises(UseCaseError, match=r"source\.sql_file: a query is a SELECT"):
        load_use_case(path)


def test_partitions_dates_and_types_are_those_of_sql(data: Path) -> None:
    sql = JOIN + " WHERE day >= DATE '2026-03-02' AND weight > 12 AND kind IN ('box', 'bag')"
    assert read(data, sql).rows.row_id.tolist() == [f"p{n}" for n in range(11, 20)]


def test_rows_have_one_order_whatever_the_query_gives(data: Path) -> None:
    orders = ("", " ORDER BY random()", " ORDER BY weight DESC")
    first, *others = (read(data, JOIN + order, id=None) for order in orders)
    for other in others:
        assert other.rows.row_id.tolist() == first.rows.row_id.tolist()
        pd.testing.assert_frame_equal(other.rows.features, first.rows.features)
    assert len(set(first.rows.row_id)) == 20


def test_without_event_time_the_query_has_to_order_its_rows(data: Path) -> None:
    with pytest.raises(SourceError, match=r"source\.sql: .*end the query with an ORDER BY"):
        read(data, JOIN, event_time=ORDER)
    with pytest.raises(SourceError, match="end the query with an ORDER BY"):
        read(data, ORDERED, event_time=ORDER)
    checked = read(data, JOIN + " ORDER BY weight DESC", event_time=ORDER)
    assert checked.rows.row_id.tolist() == [f"p{n}" for n in reversed(range(20))]


def test_ids_are_of_what_a_row_holds_and_stay_when_labels_and_rows_come(data: Path) -> None:
    late = JOIN.replace("p.*", "p.* REPLACE (CASE WHEN weight > 5 THEN lost END AS lost)")
    before = read(data, late + " WHERE weight < 15", id=None).rows
    after = read(data, id=None).rows
    assert np.isin(before.row_id, after.row_id).all()
    twice = read(data, TWICE, id=None).rows
    assert len(set(twice.row_id)) == 40
    same = read(data, TWICE.replace("*", "* EXCLUDE range", 1), id=None)
    assert set(after.row_id) < set(same.rows.row_id)
    assert (len(set(same.rows.row_id)), same.equal_content) == (40, 20)


def test_rows_of_a_table_that_are_of_another_width_are_set_aside(data: Path) -> None:
    with (data / "kinds.csv").open("a", encoding="utf-8") as file:
        file.write("p99,box,more\n")
    (aside,) = read(data).quarantined
    assert (aside.row_number, aside.payload) == (20, "p99,box,more")
    assert aside.detail == f"{data}/kinds.csv: 3 columns where the header has 2"


def test_codes_that_the_use_case_takes_as_words_are_words_in_sql(data: Path) -> None:
    pd.DataFrame({"parcel": [f"p{n}" for n in range(20)], "kind": ["01", "2"] * 10}).to_csv(
        data / "kinds.csv", index=False
    )
    assert set(read(data).rows.features["kind"]) == {"01", "2"}
    assert set(read(data, JOIN + " WHERE kind = 1").rows.features["kind"]) == {"01"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "FROM '{secret}'",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM read_json('{secret}')",
        "SELECT * FROM read_parquet('{folder}/parcels/*/*.parquet')",
        "SELECT * FROM parquet_metadata('{folder}/parcels/day=2026-03-01/a.parquet')",
        "SELECT * FROM sniff_csv('{secret}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT (SELECT content FROM read_text('{secret}')) AS a FROM kinds",
        "WITH a AS (SELECT * FROM read_csv('{secret}')) SELECT * FROM kinds, a",
        "SELECT * FROM kinds WHERE EXISTS (FROM glob('/etc/*'))",
        "SELECT * FROM read_csv('http://127.0.0.1:9/a.csv')",
        "SELECT * FROM read_parquet('s3://bucket/a.parquet')",
        "SELECT getenv('HOME') FROM kinds",
        "ATTACH '{folder}/other.db' AS other",
        "COPY kinds TO '{folder}/out.csv'",
        "COPY (SELECT * FROM kinds) TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{folder}/a.duckdb_extension'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "PRAGMA enable_external_access = true",
        "PRAGMA database_list",
        "RESET temp_directory",
        "CALL pragma_version()",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW kinds",
        "SELECT 1; SELECT 2",
        "SELECT * FROM kinds; COPY kinds TO '{folder}/out.csv'",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM json_execute_serialized_sql('{{}}')",
        "SELECT * FROM arrow_scan(1, 2, 3)",
        "SELECT * FROM secret_frame",
        "SELECT * FROM data",
        "EXPLAIN SELECT 1",
        "PREPARE a AS SELECT 1",
    ],
)
def test_a_query_reads_nothing_that_was_not_named(data: Path, sql: str) -> None:
    secret = data / "secret.csv"
    secret.write_text("parcel,at\nhidden,1\n", encoding="utf-8")
    secret_frame = pd.DataFrame({"a": ["hidden"]})
    before = sorted(data.rglob("*"))
    with pytest.raises(SourceError, match=r"use case parcels: source\.sql: ") as caught:
        read(data, sql.format(secret=secret, folder=data))
    assert "hidden" not in str(caught.value)
    assert sorted(data.rglob("*")) == before
    assert len(secret_frame) == 1


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELEC 1", r"syntax error.*\n(.*\n)*correct the query"),
        ("SELECT * FROM parcel", r"parcel does not exist(.*\n)*the tables are parcels, kinds"),
        ("SELECT wight FROM parcels", r'wight(.*\n)*Candidate bindings: "weight"'),
        ("SELECT CAST(kind AS INTEGER) FROM kinds", "Could not convert(.*\n)*TRY_CAST gives NULL"),
        ("", "a query is a SELECT"),
    ],
)
def test_what_is_wrong_in_a_query_is_said_with_its_cure(data: Path, sql: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(data, sql)


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT * FROM glob('*')", "DROP TABLE t"])
def test_the_query_is_checked_before_its_tables_are_there(sql: str) -> None:
    with pytest.raises(SourceError, match=r"use case parcels: source\.sql"):
        check_query(case_of(sql))
    check_query(case_of(JOIN))


def test_a_column_that_the_query_does_not_give_is_an_error_that_names_the_query(data: Path) -> None:
    with pytest.raises(ValueError, match=r"source\.sql: column 'kind' is missing"):
        read(data, "SELECT * FROM parcels")


def test_a_query_is_ended_after_its_time(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_rows, "SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(SourceError, match="a query may take"):
        read(data, "SELECT sum(a.range * b.range) AS s FROM range(3000000) a, range(3000000) b")
    assert time.monotonic() - began < 60


def test_a_query_that_needs_too_much_memory_spills_nowhere(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_sql, "MEMORY", 50_000_000)
    monkeypatch.chdir(data)
    before = sorted(data.rglob("*"))
    with pytest.raises(SourceError, match="sort, group and join fewer"):
        read(data, "SELECT range AS at FROM range(20000000) ORDER BY hash(range)")
    assert sorted(data.rglob("*")) == before


def test_a_result_beyond_the_limit_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_rows, "LARGEST", 100_000)
    with pytest.raises(SourceError, match="its rows take more than 100,000 bytes: select fewer"):
        read(data, "SELECT range AS a FROM range(100000)")


def test_a_table_without_files_is_named(data: Path) -> None:
    with pytest.raises(SourceError, match=f"no file none/ in {data}"):
        read_source(case_of(JOIN, {**TABLES, "none": "none/"}), data)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({}, "source: give one of path, tables, database, not none"),
        ({"path": "a.csv", "tables": TABLES, "sql": JOIN}, "not path and tables"),
        ({"path": "a.csv", "sql": JOIN}, "`sql` is run on `tables` or a `database`: name the path"),
        ({"tables": TABLES}, "`tables` needs one query: give either `sql` or `sql_file`"),
        ({"tables": {}, "sql": JOIN}, "source.tables: must not be empty"),
        ({"tables": {"A b": "a.csv"}, "sql": JOIN}, r"source.tables.A b.*pattern"),
        ({"tables": {"a": "a.xlsx"}, "sql": JOIN}, "source.tables.a: a source is"),
        ({"tables": {"a": "s3://K:SECRET@b/a.csv"}, "sql": JOIN}, "source.tables.a: .*no user"),
        ({"tables": TABLES, "sql_file": "../a.sql"}, "source.sql_file: the name of an .sql file"),
        ({"tables": TABLES, "sql_file": "a.txt"}, "source.sql_file: the name of an .sql file"),
        ({"tables": TABLES, "sql_file": "a.sql"}, "source.sql_file: .*load that from its folder"),
        ({"tables": TABLES, "sql": "x" * 100_001}, "source.sql: a query is a SELECT of at most"),
    ],
)
def test_a_source_is_declared_in_one_way(source: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        use_case(source=source)
    (line,) = wrong_fields(caught.value, "")
    assert pd.Series([line]).str.contains(said).all(), line
    assert "SECRET@" not in line
