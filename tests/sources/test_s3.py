"""Sources on a real S3 server: address and keys come from the environment."""

import gzip
import time
from pathlib import Path

import boto3
import pytest

from monitoring.sources.location import SourceError
from monitoring.sources.source import read_source
from tests.rows.made import raw, use_case


@pytest.fixture
def bucket(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of three days of parcels, the second one without rows."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_url)
    client = boto3.client("s3")
    name = f"sources-{time.monotonic_ns()}"
    client.create_bucket(Bucket=name)
    for key, rows in (
        ("parcels/day=2026-03-03/a.csv.gz", raw(30)[20:]),
        ("parcels/day=2026-03-01/a.csv", raw(30)[:20]),
        ("parcels/day=2026-03-02/a.csv", raw(0)),
    ):
        content = rows.to_csv(index=False).encode()
        body = gzip.compress(content) if key.endswith(".gz") else content
        client.put_object(Bucket=name, Key=key, Body=body)
    client.put_object(Bucket=name, Key="parcels/day=2026-03-01/_SUCCESS", Body=b"")
    return name


@pytest.mark.parametrize("path", ["parcels", "parcels/", "parcels/day=*", "parcels/*/"])
def test_a_prefix_or_a_pattern_of_a_bucket_is_one_table(
    tmp_path: Path, bucket: str, path: str
) -> None:
    case = use_case(source={"path": f"s3://{bucket}/{path}"}, event_time={"name": "day"})
    checked = read_source(case, tmp_path)
    assert checked.rows.row_id.tolist() == raw(30)["parcel"].tolist()
    assert checked.rows.event_time[-1].astype("datetime64[D]").astype(str) == "2026-03-03"


def test_one_object_and_a_pattern_of_objects_are_read(tmp_path: Path, bucket: str) -> None:
    for path, rows in (
        ("day=2026-03-03/a.csv.gz", 10),
        ("*/*.csv", 20),
        ("day=2026-03-0?/a.csv", 20),
    ):
        case = use_case(source={"path": f"s3://{bucket}/parcels/{path}"})
        assert len(read_source(case, tmp_path).rows) == rows


def test_wrong_keys_are_an_error_that_names_the_variables_and_not_the_secret(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mistyped-secret")
    case = use_case(source={"path": f"s3://{bucket}/parcels"})
    with pytest.raises(
        SourceError, match=rf"s3://{bucket}/parcels: can't be read: .*AWS_SECRET"
    ) as caught:
        read_source(case, tmp_path)
    assert "mistyped-secret" not in str(caught.value)


def test_a_bucket_that_is_not_there_is_an_error(tmp_path: Path, bucket: str) -> None:
    for path in (f"s3://{bucket}-none/parcels", f"s3://{bucket}/none/*.csv", f"s3://{bucket}/none"):
        with pytest.raises(
            SourceError, match=f"use case parcels: no file {path.replace('*', '.')}"
        ):
            read_source(use_case(source={"path": path}), tmp_path)


def test_a_server_that_does_not_answer_is_an_error_that_names_its_variable(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    case = use_case(source={"path": f"s3://{bucket}/parcels"})
    with pytest.raises(SourceError, match=r"can't be read: .*AWS_ENDPOINT_URL_S3"):
        read_source(case, tmp_path)
