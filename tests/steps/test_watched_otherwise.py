"""Logs as others have them: on S3, other scores, decisions of their own, a table as reference."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from monitoring.rows.rows import POSITIVE
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.sources.location import SourceError
from monitoring.steps import begin, in_process
from monitoring.steps.adopt import Adoption, adopt
from monitoring.steps.report.measurement import Measured
from monitoring.steps.run import StepError
from monitoring.training import TrainingError
from monitoring.use_case_file import load_use_case
from tests.fixtures.watched import DAY, FIRST, ROWS, Logs, day_of_rows
from tests.fixtures.webhook import Webhook
from tests.steps.watching import ADOPTED_AT, measured, use

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own(logs: Logs, tmp_path: Path, mlflow_tables: Path, monkeypatch: pytest.MonkeyPatch) -> Logs:
    """The logs, and a registry in which nothing is yet."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "mlflow.db").write_bytes(mlflow_tables.read_bytes())
    use(logs.folder, tmp_path / "state", monkeypatch)
    return logs


def rewritten(logs: Logs, change: Any) -> None:
    for day in range(20):
        logs.write(day, change(day_of_rows(day)))


def adopted(logs: Logs, **production: Any) -> Adoption:
    logs.declare(**production)
    return adopt(logs.case, now=ADOPTED_AT)


def of_day(day: int) -> tuple[int, int, int]:
    rows = day_of_rows(day)
    truth, flagged = rows["is_fraud"] == POSITIVE, rows["flagged"]
    return (
        int((truth & flagged).sum()),
        int((truth & ~flagged).sum()),
        int((~truth & flagged).sum()),
    )


def counts(found: Measured) -> tuple[int, int, int]:
    card = found.realised
    assert card is not None
    return card.detected, card.missed, card.false_alarms


@pytest.mark.parametrize("kind", ["log_odds", "number"])
def test_a_score_of_another_kind_gives_the_same_counts(own: Logs, kind: str) -> None:
    def other(rows: pd.DataFrame) -> pd.DataFrame:
        odds = np.log(rows["score"] / (1 - rows["score"]))
        return rows.assign(score=odds if kind == "log_odds" else 600 + 20 * odds)

    rewritten(own, other)
    adopted(own, score={"name": "score", "kind": kind})
    assert counts(measured(own, 16)) == of_day(14)


def test_decisions_that_no_threshold_repeats_are_what_is_counted(own: Logs) -> None:
    """Somebody reviews three rows in a hundred whatever their score."""

    def decided(rows: pd.DataFrame) -> pd.DataFrame:
        by_hand = np.random.default_rng(len(rows)).random(len(rows)) < 0.03
        return rows.assign(flagged=rows["flagged"] | by_hand)

    rewritten(own, decided)
    adoption = adopted(own)
    assert adoption.by_decision
    assert "the logged decisions are counted themselves" in adoption.words
    rows = decided(day_of_rows(14))
    truth, flagged = rows["is_fraud"] == POSITIVE, rows["flagged"]
    detected, false_alarms = int((truth & flagged).sum()), int((~truth & flagged).sum())
    assert counts(measured(own, 16)) == (detected, int((truth & ~flagged).sum()), false_alarms)


def test_a_declared_threshold_needs_no_decisions(own: Logs) -> None:
    rewritten(own, lambda rows: rows.drop(columns=["flagged", "served_by"]))
    adoption = adopted(own, decision=None, version=None, threshold=0.5)
    assert (adoption.threshold, adoption.agreement, adoption.log_version) == (0.5, None, None)
    assert counts(measured(own, 16)) == of_day(14)


def test_a_labelled_table_is_the_reference(own: Logs) -> None:
    table = pd.concat([day_of_rows(day) for day in range(100, 110)])
    table.to_csv(own.folder / "data" / "reference.csv", index=False)
    adoption = adopted(own, reference={"path": "reference.csv"})
    assert adoption.rows == 10 * ROWS
    assert adoption.positives == table["is_fraud"].sum()
    assert counts(measured(own, 16)) == of_day(14)


def test_labels_may_lie_in_the_rows(own: Logs) -> None:
    for day in range(20):
        rows = day_of_rows(day)
        path = own.file(day)
        rows.assign(came=rows["at"] + DAY).to_parquet(path, index=False)
    adopted(own, labels=None, labelled_at="came")
    assert counts(measured(own, 16)) == of_day(14)


def test_a_new_version_is_adopted_and_the_old_one_s_windows_keep_their_own(own: Logs) -> None:
    first = adopted(own)
    for day in range(16, 20):
        own.write(day, day_of_rows(day).assign(served_by="v8"))
    table = pd.concat([day_of_rows(day).assign(served_by="v8") for day in range(100, 110)])
    table.to_parquet(own.folder / "data" / "newer.parquet", index=False)
    second = adopted(own, reference={"path": "newer.parquet"})
    assert (first.log_version, second.log_version) == ("v7", "v8")
    assert second.version != first.version
    found = measured(own, 17)  # the mature window is of version 7, the one just closed of 8
    assert found.mature_version == first.version
    assert counts(found) == of_day(15)
    assert found.model_version == second.version
    assert found.estimated is not None


def test_logs_and_labels_lie_on_s3(own: Logs, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_url)
    client, name = boto3.client("s3"), f"logs-{time.monotonic_ns()}"
    client.create_bucket(Bucket=name)
    data = own.folder / "data"
    for path in data.rglob("*.parquet"):
        client.upload_file(str(path), name, path.relative_to(data).as_posix())
    labels = {"path": f"s3://{name}/labels/*.parquet", "id": "tx", "time": "came"}
    adopted(own, path=f"s3://{name}/logs/day=*/*.parquet", labels=labels)
    assert counts(measured(own, 16)) == of_day(14)


def test_logs_and_labels_lie_in_a_database(
    own: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/logs.db"
    engine = sa.create_engine(url)
    for day in range(20):
        rows = day_of_rows(day)
        rows.drop(columns="is_fraud").to_sql("logs", engine, if_exists="append", index=False)
        frauds = rows[rows["is_fraud"] == 1]
        known = frauds[["tx", "is_fraud"]].assign(came=frauds["at"] + DAY)
        known.to_sql("labels", engine, if_exists="append", index=False)
    monkeypatch.setenv("LOGS_URL", url)
    labels = {"database": "LOGS_URL", "sql": "SELECT * FROM labels", "time": "came"}
    adoption = adopted(
        own,
        path=None,
        partition=None,
        database="LOGS_URL",
        sql="SELECT * FROM logs;",
        labels=labels,
    )
    assert adoption.rows == 12 * ROWS
    assert counts(measured(own, 16)) == of_day(14)
    monkeypatch.delenv("LOGS_URL")
    with pytest.raises(SourceError, match="LOGS_URL is not set"):
        measured(own, 17)


def test_no_row_that_was_flagged_says_nothing_of_a_threshold(own: Logs) -> None:
    rewritten(own, lambda rows: rows.assign(flagged=False))
    with pytest.raises(TrainingError, match=r"no row .* was flagged: declare `production\.thresh"):
        adopted(own)


def test_a_reference_that_is_not_over_yet_is_waited_for(own: Logs) -> None:
    own.declare(reference={"first": "30d"})
    with pytest.raises(StepError, match="adopt it after 2026-03-31"):
        adopt(own.case, now=ADOPTED_AT)


def test_drift_above_the_limit_calls_who_trains_the_model(
    own: Logs, own_webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopted(own, on_drift={"webhook": "RETRAIN_URL"})
    monkeypatch.setenv("RETRAIN_URL", own_webhook.url)
    quiet = begin.by_hand(Pipeline.REPORT, "payments", as_of=FIRST + 17 * DAY)
    in_process.report(quiet)
    assert own_webhook.received == []
    own.days(range(20, 21), shift=1.5)
    run = begin.by_hand(Pipeline.REPORT, "payments", as_of=FIRST + 21 * DAY)
    in_process.report(run)
    (call,) = own_webhook.received
    assert (call["event"], call["use_case"]) == ("drift", "payments")
    assert call["drifted_features"] == ["x", "y"]
    assert call["verdict_id"].startswith("payments_20260321T000000Z")
    monkeypatch.delenv("RETRAIN_URL")
    with pytest.raises(StepError, match="RETRAIN_URL holds no URL"):
        in_process.report(run)


def test_the_example_is_adopted_and_its_last_day_has_drifted(
    own: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    example, cases = ROOT / "examples" / "watch_prediction_logs", tmp_path / "cases"
    made = tmp_path / "made"
    made.mkdir()
    subprocess.run([sys.executable, example / "make_logs.py", made], check=True)
    cases.mkdir()
    (cases / "cards.yml").write_bytes((example / "cards.yml").read_bytes())
    monkeypatch.setenv("TOCSIN_DATA", str(made))
    monkeypatch.setenv("TOCSIN_USE_CASES", str(cases))
    settings.cache_clear()
    now = datetime.now(UTC).replace(microsecond=0)
    midnight = now.replace(hour=0, minute=0, second=0)
    adoption = adopt(load_use_case(cases / "cards.yml"), now=now)
    assert adoption.agreement == 1
    notification, drifted = in_process.report(
        begin.by_hand(Pipeline.REPORT, "cards", as_of=midnight)
    )
    assert drifted
    assert "12 of 29 features drifted" in notification.text
