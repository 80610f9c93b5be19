"""A use case: the declaration of one watched model, read from one YAML file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from monitoring.field_types import (
    ClassName,
    ColumnName,
    Count,
    Cron,
    Duration,
    Limit,
    Money,
    Number,
    OwnerLink,
    OwnerName,
    Share,
    StrictShare,
    Text,
    TimeZone,
    UseCaseSection,
)
from monitoring.use_case_candidate import Candidate
from monitoring.use_case_columns import Columns, Features, Words
from monitoring.use_case_decisions import Decisions
from monitoring.use_case_derive import (
    Derived,
    HistoryFeature,
    check_derived,
    history_of,
    made_of_history,
)
from monitoring.use_case_notify import Notify
from monitoring.use_case_production import Production, check_logged, for_watched
from monitoring.use_case_retrain import Retrain
from monitoring.use_case_serving import Serve, check_served
from monitoring.use_case_source import Source
from monitoring.use_case_split import Split


class Labels(UseCaseSection):
    """When labels come, and what a missing one means."""

    delay: Duration = Field(description="Label delay: usual time from an event to its label.")
    mature_after: Duration = Field(description="Time after which a window counts as mature.")
    absent_at_maturity: Literal["negative", "unknown"] = Field(
        "unknown", description="Meaning of a label that has not come by then."
    )
    newest_wins: bool = Field(
        False,
        description="A later label takes the place of the first (a chargeback that was reversed); "
        "else the first stays, so that a figure once published stays true.",
    )

    @model_validator(mode="after")
    def _mature_after_labels_came(self) -> Self:
        if self.mature_after < self.delay:
            msg = "`mature_after` must be at least `delay`: rows mature once their labels have come"
            raise ValueError(msg)
        return self


class MissedCost(UseCaseSection):
    """Cost of a false negative."""

    of_amount: Share = Field(0.0, description="Share of the row's amount that is lost.")
    fixed: Money = Field(0.0, description="Lost with every miss, whatever its amount.")


class Costs(UseCaseSection):
    """Costs of errors and reviews, in the currency of the amounts."""

    currency: str = Field(
        "EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217 code, shown beside amounts."
    )
    missed: MissedCost = Field(description="Cost of a false negative (a missed positive).")
    false_alarm: Money = Field(description="Cost of a false positive, on top of its review.")
    review: Money = Field(0.0, description="Cost of reviewing one alarm.")
    reviews_per_day: Count | None = Field(
        None, description="Alarms per day that the team can review."
    )
    matrix: dict[ClassName, dict[ClassName, Money]] = Field(
        default_factory=dict,
        description="Of a target of classes: cost of a row by its true class, then the class that "
        "was decided; what is not named costs nothing.",
    )


class Drift(UseCaseSection):
    """When a window counts as drifted."""

    window: Duration = Field(description="Length of the window a verdict is made on.")
    min_effect: Annotated[
        Annotated[Share, Tag("(one)")] | Annotated[dict[ColumnName, Share], Tag("(by feature)")],
        Discriminator(lambda given: "(by feature)" if isinstance(given, dict) else "(one)"),
    ] = Field(0.1, description="Smallest effect that matters; by feature, `*` being all others.")
    rate: StrictShare = Field(0.02, description="False discovery rate across features.")
    min_rows: Count = Field(50, description="Fewer rows get a status, not a verdict.")


class Report(UseCaseSection):
    """How often reports are written, and how many are retained."""

    every: Cron = Field("0 */6 * * *", description="Cron schedule, UTC.")
    keep: Count = Field(10, description="Newest reports of each kind to retain.")
    sample: Count = Field(
        20_000, description="Rows that a report draws, of window and reference each."
    )


class Owner(UseCaseSection):
    """Who answers for a use case."""

    name: OwnerName = Field(description="Owner of its DAGs, as Airflow lists them.")
    link: OwnerLink | None = Field(
        None, description="Where the name leads to in that list: http(s)://... or mailto:..."
    )


class Severity(StrEnum):
    """How urgent an alert is."""

    WARNING = "warning"
    CRITICAL = "critical"


class Limits(UseCaseSection):
    """Limits of one side, by severity; an alert fires strictly past them."""

    warning: Limit | None = Field(None, description="Needs someone today.")
    critical: Limit | None = Field(None, description="Needs someone now.")

    def items(self) -> Iterator[tuple[Severity, float]]:
        """Yield the limits that are set."""
        for severity in Severity:
            value = getattr(self, severity.value)
            if value is not None:
                yield severity, value


class Threshold(UseCaseSection):
    """A business threshold: one side, one limit per severity."""

    below: Limits | None = Field(None, description="Fires when the metric is strictly below.")
    above: Limits | None = Field(None, description="Fires when the metric is strictly above.")

    @model_validator(mode="after")
    def _one_side_in_order(self) -> Self:
        sides = [side for side in (self.below, self.above) if side is not None]
        if len(sides) != 1:
            msg = "give either `below` or `above`"
            raise ValueError(msg)
        values = dict(sides[0].items())
        if not values:
            msg = "give `warning`, `critical` or both"
            raise ValueError(msg)
        if len(values) == 2:
            gap = values[Severity.CRITICAL] - values[Severity.WARNING]
            if (self.above is not None and gap <= 0) or (self.below is not None and gap >= 0):
                msg = "`critical` must be more extreme than `warning`"
                raise ValueError(msg)
        return self


def _of_a_share(threshold: Threshold) -> Threshold:
    for limits in (threshold.below, threshold.above):
        for severity, value in limits.items() if limits is not None else ():
            if value > 1:
                msg = f"`{severity}` limits a share, which lies from 0 to 1: not {value:g}"
                raise ValueError(msg)
    return threshold


ShareThreshold = Annotated[Threshold, AfterValidator(_of_a_share)]


class Thresholds(UseCaseSection):
    """The business thresholds; each field is the key of a metric in the catalogue.

    The limits of a share (recall, drift score, label coverage, ...) lie from 0 to 1.
    """

    recall: ShareThreshold | None = Field(None, description="Realised recall in production.")
    precision: ShareThreshold | None = Field(None, description="Realised precision in production.")
    f1: ShareThreshold | None = Field(None, description="Realised F1 in production.")
    missed: Threshold | None = Field(None, description="Positives missed in a mature window.")
    capacity_used: Threshold | None = Field(
        None, description="Alarms per day as a share of what the team can review."
    )
    drift_score: ShareThreshold | None = Field(None, description="Share of features drifted.")
    label_coverage: ShareThreshold | None = Field(
        None, description="Share of rows with their label."
    )
    estimate_error: ShareThreshold | None = Field(
        None, description="Distance of estimated from realised recall."
    )
    quarantined: Threshold | None = Field(
        None, description="Rows that the schema check quarantined in a window."
    )
    label_problems: Threshold | None = Field(
        None,
        description="Labels of a window that contradict, correct, precede their event, or have no "
        "row.",
    )


class ShortName(UseCaseSection):
    """What a short name stands for."""

    metric: str = Field(description="Key of a metric in the catalogue: recall, drift_score.")
    stage: Literal["test", "production"] | None = Field(
        None, description="Which rows' figure; of metrics that have a stage."
    )


CvFigure = Literal[
    "cv_accuracy",
    "cv_precision",
    "cv_recall",
    "cv_f1",
    "cv_precision_weighted",
    "cv_recall_weighted",
    "cv_f1_weighted",
]
ExtraFigure = Literal["accuracy", CvFigure]
Weight = Annotated[Number, Field(gt=0, le=1000)]

MetricName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]


def _default_short_names() -> dict[str, ShortName]:
    return {
        "false_alarms_count": ShortName(metric="false_alarms", stage="production"),
        "false_alarm_rate": ShortName(metric="false_alarm_rate", stage="production"),
        "drift_score": ShortName(metric="drift_score", stage=None),
        "n_drifted_features": ShortName(metric="drifted", stage=None),
        "max_feature_drift": ShortName(metric="max_feature_drift", stage=None),
    }


class UseCase(UseCaseSection):
    """One watched model. See `monitoring/use_cases/fraud.yml` for a complete example."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,30}$", description="Short name, used everywhere.")
    title: Text = Field(description="Name on dashboards, alerts and reports.")
    owner: Owner | None = Field(None, description="Who answers for it.")
    words: Words = Field(default_factory=Words, description="Names of the positive class.")
    source: Source = Field(
        description="Where labelled history comes from; of a watched model that is "
        "`production.reference`."
    )
    production: Production | None = Field(
        None,
        description="Prediction logs of a model that Tocsin did not train, in place of `source` "
        "and `candidates`.",
    )
    columns: Columns = Field(description="The role of each column.")
    derive: dict[ColumnName, Derived] = Field(
        default_factory=dict,
        max_length=100,
        description="Features computed from other columns, by their names: SQL expressions of "
        "DuckDB over a row, such as `amount / items` or `hour(event_time)`, and statistics of "
        "earlier rows with the same key: `{mean: amount, by: customer, over: 30d}`.",
    )
    labels: Labels = Field(description="When labels come.")
    decisions: Decisions = Field(
        default_factory=Decisions, description="Which decisions hide the truth of a row."
    )
    split: Split = Field(
        default_factory=Split, description="Parts of the training rows, and their shares."
    )
    timezone: TimeZone = Field(
        "UTC", description="Zone of event times that name none, such as Europe/Berlin."
    )
    candidates: dict[str, Candidate] = Field(
        max_length=20, description="Model families to search; none of a watched model."
    )
    costs: Costs = Field(description="Costs of errors and reviews.")
    drift: Drift = Field(description="When a window counts as drifted.")
    retrain: Retrain = Field(
        default_factory=Retrain,
        description="When a retrain runs, and what its challenger must achieve.",
    )
    report: Report = Field(default_factory=Report, description="How often reports are written.")
    notify: Notify = Field(default_factory=Notify, description="Where its runs say how they went.")
    serve: Serve = Field(
        default_factory=Serve, description="Which versions beside the champion the API knows of."
    )
    figures: tuple[ExtraFigure, ...] = Field(
        (),
        description="Figures that are computed only where they are named, since a rare class makes "
        "them flatter: accuracy, and figures of cross-validation; no alert may rest on them.",
    )
    selection: dict[CvFigure, Weight] = Field(
        default_factory=dict,
        description="Weights of figures of cross-validation: the candidate with the highest sum is "
        "the best. If unset, the most precise, and of those as good the cheapest.",
    )
    min_positives: Count = Field(30, description="Fewer positives are not judged.")
    thresholds: Thresholds = Field(description="Limits past which an alert fires.")
    active: bool = Field(
        False,
        description="In production: its figures are expected before its first run too, and when "
        "all of them are gone at once.",
    )
    short_names: dict[MetricName, ShortName] = Field(
        default_factory=_default_short_names,
        description="Metrics under names of their own, in MLflow and in Prometheus.",
    )

    @property
    def is_watched(self) -> bool:
        """Whether its model serves elsewhere, and Tocsin watches it from its prediction logs."""
        return self.production is not None

    @property
    def champion_command(self) -> str:
        """The command that makes its first champion."""
        return f"tocsin {'adopt' if self.is_watched else 'retrain'} {self.name}"

    @property
    def cv_figures(self) -> tuple[CvFigure, ...]:
        """Figures of cross-validation that are computed: named, or selected by."""
        named = [name for name in self.figures if name != "accuracy"]
        return tuple(dict.fromkeys([*named, *self.selection]))

    @property
    def history(self) -> dict[str, HistoryFeature]:
        """The derived columns that are made of earlier rows, by their names."""
        return history_of(self.derive)

    @property
    def made_of_history(self) -> frozenset[str]:
        """The derived columns whose values depend on earlier rows."""
        return made_of_history(self.derive)

    @model_validator(mode="before")
    @classmethod
    def _trained_or_watched(cls, given: object) -> object:
        if isinstance(given, dict) and given.get("production") is not None:
            return for_watched(given)
        return given

    @field_validator("candidates")
    @classmethod
    def _some_are_trained(
        cls, given: dict[str, Candidate], info: ValidationInfo
    ) -> dict[str, Candidate]:
        if not given and info.data.get("production", given) is None:
            msg = "must not be empty: name one, or the logs of a watched model, `production`"
            raise ValueError(msg)
        return given

    @model_validator(mode="after")
    def _what_is_logged_is_enough(self) -> Self:
        if self.production is not None:
            blocks = self.decisions.blocking is not None
            check_logged(self.production, self.columns, derives=bool(self.derive), blocks=blocks)
        return self

    @model_validator(mode="after")
    def _auto_goes_together(self) -> Self:
        auto = self.source.path == "auto"
        for field, is_auto in (
            ("columns.target: last", self.columns.target == "last"),
            ("columns.features: auto", self.columns.features == "auto"),
        ):
            if is_auto and not auto:
                msg = f"`{field}` is allowed with `source.path: auto` only: name the columns"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _limits_are_of_features(self) -> Self:
        features, least = self.columns.features, self.drift.min_effect
        if isinstance(least, dict) and isinstance(features, Features):
            strange = sorted(least.keys() - {"*", *features.names})
            if strange:
                msg = f"`drift.min_effect` of what is no feature: {', '.join(strange)}"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _what_is_derived_is_used(self) -> Self:
        check_derived(self.derive, self.columns)
        return self

    @model_validator(mode="after")
    def _money_lost_is_known(self) -> Self:
        if self.costs.missed.of_amount > 0 and self.columns.amount is None:
            msg = "`costs.missed.of_amount` needs amounts: name `columns.amount`, or set it to 0"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _classes_are_known(self) -> Self:
        classes = self.columns.classes
        named = {*self.costs.matrix, *(name for row in self.costs.matrix.values() for name in row)}
        if classes is None and named:
            msg = "`costs.matrix` is of a target of `classes`: use `missed` and `false_alarm`"
            raise ValueError(msg)
        if classes is None:
            return self
        unknown = sorted(named - set(classes.names))
        if unknown:
            msg = f"`costs.matrix` names {', '.join(unknown)}, not of {', '.join(classes.names)}"
            raise ValueError(msg)
        if self.labels.absent_at_maturity == "negative":
            msg = (
                "`labels.absent_at_maturity: negative` is of two values: which class an absent "
                "label means is unknown where there are `classes`"
            )
            raise ValueError(msg)
        if self.decisions.blocking is not None:
            msg = "`decisions.blocking` is of a target of two values: not with `classes`"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _capacity_is_known(self) -> Self:
        if self.thresholds.capacity_used is not None and self.costs.reviews_per_day is None:
            msg = "`thresholds.capacity_used` needs a capacity: set `costs.reviews_per_day`"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _candidate_names(self) -> Self:
        for name in self.candidates:
            if re.fullmatch(r"[a-z][a-z0-9_]*", name) is None:
                msg = f"candidate {name!r:.60}: a name consists of lower-case letters, digits and _"
                raise ValueError(msg)
        check_served(self.serve, self.candidates)
        return self
