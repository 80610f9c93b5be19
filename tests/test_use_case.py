"""A wrong use-case file gives one readable error: file, field, value, what is allowed."""

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from monitoring import use_case
from monitoring.field_types import wrong_fields
from monitoring.sources.source import check_source
from monitoring.training.pipeline import check_candidates
from monitoring.use_case import UseCase
from monitoring.use_case_columns import ArrivalOrder, EventTime, Features, Target
from monitoring.use_case_file import (
    SHIPPED,
    UseCaseError,
    find_use_case,
    load_use_case,
    use_case_files,
)

_FRAUD = yaml.safe_load((SHIPPED / "fraud.yml").read_text(encoding="utf-8"))
_DELETED = object()


def written(folder: Path, changes: Mapping[str, object]) -> Path:
    """Write the fraud use case with fields changed, each named with dots between."""
    content: dict[str, Any] = deepcopy(_FRAUD)
    for field, value in changes.items():
        *parents, last = field.split(".")
        part = content
        for parent in parents:
            part = part[parent]
        if value is _DELETED:
            del part[last]
        else:
            part[last] = value
    path = folder / "changed.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_these_use_cases_are_shipped() -> None:
    shipped = ["accidents", "ads_clicks", "fraud", "iris", "student_depression"]
    assert [path.stem for path in sorted(SHIPPED.glob("*.yml"))] == shipped


@pytest.mark.parametrize("name", sorted(use_case_files()))
def test_shipped_use_cases_are_right(name: str) -> None:
    case = find_use_case(name)
    check_source(case)
    check_candidates(case)
    assert isinstance(case.columns.features, Features)
    assert isinstance(case.columns.target, Target)


@pytest.mark.parametrize("field", ["title", "words.positive", "words.positives"])
@pytest.mark.parametrize(
    ("text", "removed"),
    [
        ("Churn $TOCSIN_SMTP_PASSWORD", r"remove `\$`"),
        ("${GF_SECURITY_ADMIN_PASSWORD}", r"remove `\$`"),
        ("$__file{/etc/hostname}", r"remove `\$`"),
        ('Churn {{ query "up" }}', "remove `{{`"),
        ("</script><script>alert(1)</script>", "remove `<`"),
        ("<!channel>", "remove `<`"),
        ("${a}{{b}}<c>", r"remove `\$`, `{{`, `<`"),
        ("a\nBcc: all@example.test", r"remove U\+000A"),
        ("\x1b[31mred", r"remove U\+001B"),
        ("paid \u202e3202", r"remove U\+202E"),
        ("zero\u200bwidth", r"remove U\+200B"),
        ("line\u2028separator", r"remove U\+2028"),
        ("a" + "\x85" * 50 + "b", r"remove U\+0085, U\+0085, U\+0085"),
        ("\ud800", r"remove U\+D800"),
        ("", r"without `\$`, `{{` and `<` \(given: ''\)"),
        (" \t ", r"without `\$`, `{{` and `<` \(given"),
        ("x" * 121, r"without `\$`, `{{` and `<` \(given"),
        ("x" * 1_000_000, r"without `\$`, `{{` and `<` \(given"),
    ],
)
def test_a_text_that_people_read_has_nothing_in_it_that_a_sink_would_act_on(
    field: str, text: str, removed: str
) -> None:
    content: dict[str, Any] = deepcopy(_FRAUD)
    part = content if field == "title" else content["words"]
    part[field.rpartition(".")[2]] = text
    with pytest.raises(ValidationError) as caught:
        UseCase.model_validate(content)
    (line,) = wrong_fields(caught.value, "")
    assert re.search(f"^{field}: a text is 1 to 120 .*{removed}", line)
    assert len(line) < 250
    assert line.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "x" * 120,
        "Fraude à la carte, 50% & plus",
        "不正検知",
        "{one} [x](y) `z` | *",
        "a > b",
    ],
)
def test_ordinary_text_is_taken_as_it_is(tmp_path: Path, text: str) -> None:
    assert load_use_case(written(tmp_path, {"title": f" {text}\n"})).title == text


def test_every_field_is_described() -> None:
    parts = [part for part in vars(use_case).values() if isinstance(part, type(UseCase))]
    fields = [
        (f"{part.__name__}.{name}", field)
        for part in parts
        if issubclass(part, BaseModel)
        for name, field in part.model_fields.items()
    ]
    assert len(fields) > 50
    assert [name for name, field in fields if not field.description] == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "Fraud Case", "name: .*pattern.*'Fraud Case'"),
        ("title", _DELETED, "title: is required"),
        ("title", 7, "title: .*string.*7"),
        ("owner", {"name": "A, B"}, "owner.name: an owner's name has no comma"),
        ("owner", {"name": "A", "link": "javascript:x"}, "owner.link: a link is http"),
        ("owner", {"name": "A", "link": "https://me:secret@wiki"}, "owner.link: a link is http"),
        ("columns.event_time.name", "", "columns.event_time.name: must not be empty"),
        ("columns.target.name", "", "columns.target.name: must not be empty"),
        ("colums", {}, "no field `colums`, did you mean `columns`: the fields are name, title"),
        ("thresholds.recal", {}, "thresholds: no field `recal`, did you mean `recall`"),
        ("source", "cards.csv", "source: must have its fields indented.*'cards.csv'"),
        (
            "source.path",
            "cards.xlsx",
            r"source.path: .*`auto` or .*\.parquet \(given: 'cards.xlsx'",
        ),
        ("source.path", "", "source.path: .*in .csv"),
        ("source.synthetic", "cards", "source.synthetic: .*'card', 'survey' or 'visits'.*'cards'"),
        ("source.sample", "../data", "source.sample: the name of a folder beside the use-case"),
        ("source.sample", "nowhere", "source.sample: the name of a folder beside the use-case"),
        ("columns.event_time", "Time", "columns.event_time: must have its fields indented.*'Time'"),
        ("columns.event_time", {}, "columns.event_time.name: is required"),
        ("columns.event_time.unit", "h", r"columns.event_time.unit: .*'s', 'ms' or 'iso'.*'h'"),
        ("columns.event_time.origin", _DELETED, "columns.event_time: .*needs an `origin`"),
        ("columns.event_time.origin", "then", "columns.event_time.origin: .*datetime.*'then'"),
        ("columns.event_time.origin", "2024-02-30T00:00:00Z", "origin: .*day.* '2024-02-30T"),
        ("columns.event_time.origin", "2024-13-01", "origin: .*month must be in 1..12"),
        ("columns.event_time.origin", "2024-12-01T25:00:00Z", "origin: .*hour must be in 0..23"),
        ("columns.event_time.origin", "0001-01-01T00:00:00+02:00", "years 1900 to 2199"),
        ("columns.event_time.origin", 1377993600, "origin: a moment is a datetime"),
        ("columns.event_time", {"spacing": "1m"}, "columns.event_time.origin: is required"),
        (
            "columns.event_time",
            {"origin": "2026-01-01", "spacing": "1 week"},
            r"columns.event_time.spacing: a duration is .*15m, 6h or 1d \(given: '1 week'",
        ),
        ("columns.target", "Class", "columns.target: must have its fields indented.*'Class'"),
        ("columns.target.positive", 2**63, "columns.target.positive: .*64 bits"),
        ("columns.target.positive", 1.5, r"columns.target.positive: .*integer.*1\.5"),
        ("columns.target", "last", "target: last` is allowed with `source.path: auto` only"),
        ("columns.features", "auto", "features: auto` is allowed with `source.path: auto` only"),
        ("columns.features", "all", "columns.features: must have its fields indented.*'all'"),
        ("columns.features", {}, "columns.features: name at least one column"),
        ("columns.features.numeric", ["V1", "V1"], "columns.features: named twice: V1"),
        ("columns.features.numeric", ["Class"], "columns: 'Class' is the target"),
        ("columns.id", "V1", "columns: 'V1' is the id"),
        ("columns.amount", "", "columns.amount: must not be empty"),
        ("columns.amount", _DELETED, "`costs.missed.of_amount` needs amounts"),
        ("decisions", {"control_share": 0.01}, "decisions: `control_share` is of rows that are bl"),
        (
            "decisions",
            {"blocking": "alarm", "control_share": 0.6},
            "control_share: .*0.5",
        ),
        ("columns.logged", {"control": "c"}, "columns.logged: `control` and .* are of scores"),
        ("labels", None, "labels: must have its fields indented"),
        ("labels.delay", "2 hours", "labels.delay: a duration is .*'2 hours'"),
        ("labels.delay", "0s", "labels.delay: a duration is .*'0s'"),
        ("labels.delay", "999999999d", "labels.delay: a duration is "),
        ("labels.mature_after", "1h", "labels: `mature_after` must be at least `delay`"),
        ("split.train", 0.9, r"split: train, validation and test must add up to 1, not 1\.3"),
        ("split", {"train": 1}, "split.train: .*less than 1.*given: 1"),
        ("candidates", {}, "candidates: must not be empty"),
        (
            "candidates.XG",
            {"steps": ["xgboost.XGBClassifier"]},
            "candidate 'XG': a name consists of",
        ),
        ("candidates.mlp.steps", ["os.system"], "candidates.mlp: os.system is not allowed"),
        ("candidates.mlp.steps", ["lightgbm.DaskLGBMClassifier"], "DaskLGBMClassifier is not al"),
        (
            "candidates.mlp.search",
            {"alpha": [*range(11)], "momentum": [0.1 * tenth for tenth in range(10)]},
            "candidates.mlp: `search` has 110 combinations, more than 100",
        ),
        ("candidates.mlp.search", {"alpha": []}, "candidates.mlp.search.alpha: must not be empty"),
        ("costs.false_alarm", -5, "costs.false_alarm: .*equal to 0 .*-5"),
        ("costs.false_alarm", float("inf"), "costs.false_alarm: .*finite.*inf"),
        ("costs.currency", "euros", "costs.currency: .*'euros'"),
        ("retrain.every", "daily", r"retrain.every: .*cron expression of five fields.*'daily'"),
        ("report.every", "0 0 31 2 *", "report.every: a schedule has to come: .*'0 0 31 2"),
        ("report.every", "0 0 30 2,2 *", "report.every: a schedule has to come"),
        ("report.every", f"0 {',1' * 50000} * * *", "report.every: .*cron expression"),
        ("report.every", "61 * * * *", r"report.every: .*cron expression of five fields"),
        ("thresholds.recall", {"below": {}}, "thresholds.recall: give `warning`, `critical`"),
        (
            "thresholds.recall",
            {"below": {"warning": 0.8}, "above": {"warning": 0.1}},
            "thresholds.recall: give either `below` or `above`",
        ),
        (
            "thresholds.recall",
            {"below": {"warning": 0.6, "critical": 0.8}},
            "thresholds.recall: `critical` must be more extreme",
        ),
        ("thresholds.recall.below.warning", float("nan"), "recall.below.warning: .*finite"),
        ("thresholds.recall.below.warning", 80, "thresholds.recall: `warning` limits a share.*80"),
        ("thresholds.missed.above.warning", -9, "missed.above.warning: .*equal to 0 .*-9"),
        ("thresholds.missed.above.warning", "1+2j", "missed.above.warning: .*number.*'1.2j'"),
        ("thresholds.missed.above.warning", float("inf"), "missed.above.warning: .*finite"),
        ("costs.reviews_per_day", _DELETED, "capacity_used` needs a capacity"),
        ("costs.review", 1e13, "costs.review: .*less than or equal to"),
        ("report.keep", 10**4000, "report.keep: "),
        ("serve", {"shares": {"xgb": 0.1}}, "names xgb: allowed are challenger and .*lightgbm"),
        ("serve", {"shares": {"mlp": 1}}, "serve.shares.mlp: .*less than 1 .*1"),
        ("serve", {"shares": {"mlp": 0}}, "serve.shares.mlp: .*greater than 0"),
        (
            "serve",
            {"shares": {"mlp": 0.5, "challenger": 0.5}},
            "serve.shares: the shares come to 1: together they are below 1",
        ),
        ("min_positives", True, "min_positives: .*given: True"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_what_is_allowed(
    tmp_path: Path, field: str, value: object, said: str
) -> None:
    path = written(tmp_path, {field: value})
    with pytest.raises(UseCaseError, match=f"(?s){said}") as caught:
        load_use_case(path)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"{path}: ")
    assert not any(word in str(caught.value) for word in ("function-", "literal[", "(column)"))


@pytest.mark.parametrize(
    ("name", "serve", "said"),
    [
        ("best", {"reload": True}, "`reload_best` is the champion's own task"),
        ("challenger", {"shares": {"challenger": 0.1}}, "the newest version that lost or waits"),
    ],
)
def test_a_candidate_is_not_called_as_what_the_api_calls_something_else(
    tmp_path: Path, name: str, serve: object, said: str
) -> None:
    one = {"steps": ["xgboost.XGBClassifier"]}
    assert load_use_case(written(tmp_path, {f"candidates.{name}": one}))
    with pytest.raises(UseCaseError, match=said):
        load_use_case(written(tmp_path, {f"candidates.{name}": one, "serve": serve}))


def test_all_invalid_fields_are_named_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, {"title": _DELETED, "drift.rate": 2, "min_positives": 0})
    with pytest.raises(UseCaseError, match="3 errors") as caught:
        load_use_case(path)
    assert len(str(caught.value).splitlines()) == 4


def test_times_without_a_zone_are_utc(tmp_path: Path) -> None:
    for origin in ("2026-01-01", "2026-01-01T00:00:00", "2026-01-01T01:00:00+01:00"):
        case = load_use_case(written(tmp_path, {"columns.event_time.origin": origin}))
        assert isinstance(case.columns.event_time, EventTime)
        assert case.columns.event_time.origin == datetime(2026, 1, 1, tzinfo=UTC)
        assert case.columns.event_time.origin.tzinfo is UTC


def test_spacing_makes_it_the_order_of_arrival(tmp_path: Path) -> None:
    change = {"columns.event_time": {"origin": "2026-01-01", "spacing": "1.5m"}}
    event_time = load_use_case(written(tmp_path, change)).columns.event_time
    assert isinstance(event_time, ArrivalOrder)
    assert event_time.spacing == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("given", "kept"), [(1, 1), (1.0, 1), (True, True), ("yes", "yes"), ("1", "1")]
)
def test_the_positive_class_is_kept_as_it_is_written(
    tmp_path: Path, given: object, kept: object
) -> None:
    target = load_use_case(written(tmp_path, {"columns.target.positive": given})).columns.target
    assert isinstance(target, Target)
    assert (target.positive, type(target.positive)) == (kept, type(kept))


def test_a_limit_of_what_is_no_feature_is_an_error(tmp_path: Path) -> None:
    case = load_use_case(written(tmp_path, {"drift.min_effect": {"V1": 0.2, "*": 0.05}}))
    assert case.drift.min_effect == {"V1": 0.2, "*": 0.05}
    with pytest.raises(UseCaseError, match=r"`drift\.min_effect` of what is no feature: V99"):
        load_use_case(written(tmp_path, {"drift.min_effect": {"V99": 0.2}}))
    with pytest.raises(UseCaseError, match=r"drift\.min_effect\.V1: "):
        load_use_case(written(tmp_path, {"drift.min_effect": {"V1": 2}}))
