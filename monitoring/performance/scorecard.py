"""The scorecard: performance and money of a window, from its score histograms."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from html import escape
from typing import Any

from monitoring.performance.averages import Averages, averaged_over_two
from monitoring.performance.intervals import (
    Ratio,
    pr_auc_ratio,
    proportion,
    roc_auc_ratio,
)
from monitoring.performance.money import Money, control_cost, money_at, review_limit
from monitoring.performance.ranking import (
    at_capacity,
    average_precision,
    ranked,
    roc_auc,
    roc_auc_variance,
    scaled,
)
from monitoring.performance.score_calibration import Calibration, calibration
from monitoring.performance.score_histograms import (
    NEGATIVE,
    POSITIVE,
    MatureScores,
    check_scores,
    first_flagged,
    with_absent_labels,
)
from monitoring.performance.weighted import Weighted, weighted
from monitoring.summary.types import ScoreSummary
from monitoring.use_case import Costs
from monitoring.wording import count, for_notebook, money, percent, several


class CardStatus(StrEnum):
    """Whether the figures may be judged, and if not, why."""

    JUDGED = "judged"
    TOO_FEW_POSITIVES = "too few positives"
    NO_POSITIVES = "no positives"
    NO_LABELS = "no labels"
    NO_ROWS = "no rows"
    NOT_MATURE = "not mature"
    NOT_CALIBRATED = "not calibrated"
    TRUTH_HIDDEN = "truth hidden"
    """Flagged rows were blocked, and none was let through that could stand for them."""


NOTHING_COUNTED = (
    CardStatus.NO_ROWS,
    CardStatus.NO_LABELS,
    CardStatus.NOT_MATURE,
    CardStatus.TRUTH_HIDDEN,
)
"""Statuses of a card whose counts say nothing."""


@dataclass(frozen=True)
class HiddenTruth:
    """Rows whose truth blocking hides, and those that were let through and stand for them.

    Attributes
    ----------
    rows
        Blocked, and not reviewed.
    share
        Of the rows whose labels are final, or would be.
    let_through
        Rows of the control group.
    recall, precision, net_saving
        What the figures would be if blocked rows counted as rows whose label never came.
    """

    rows: int
    share: float
    let_through: int
    recall: Ratio
    precision: Ratio
    net_saving: float | None


@dataclass(frozen=True)
class Scorecard:
    """Performance and money at the decision threshold, over rows whose label is known.

    Where blocking hides the truth of rows, counts are of what rows stand for: see
    `monitoring.performance.weighted`.

    Attributes
    ----------
    status
        Whether the figures may be judged, and if not, why.
    threshold
        Decision threshold: a row is an alarm where score >= threshold.
    rows, labelled, positives
        Rows scored; those with a label; those of them positive.
    coverage
        labelled / rows, before absent labels were given a meaning.
    detected, missed, false_alarms
        True positives, false negatives, false positives at `threshold`.
    recall, precision, f1, pr_auc, roc_auc
        Of the positive class, each with `value`, `low` and `high`: its 95% interval.
    false_alarm_rate
        False alarms among negatives.
    precision_at_capacity, recall_at_capacity
        Over the highest scores that the team can review; None without a capacity.
    money
        What was caught, missed, spent and saved; None without costs.
    macro_f1, weighted_f1
        For comparison with other tools only.
    calibration
        What an estimate can rest on; None without labels.
    hidden
        Rows whose truth nobody will see; None where there are none.

    Examples
    --------
    >>> from monitoring import scorecard
    >>> labels, scores = [0] * 960 + [1] * 40, [0.1] * 950 + [0.9] * 40 + [0.2] * 10
    >>> card = scorecard(labels, scores, threshold=0.5)
    >>> print(card.sentence("frauds"))
    Recall 75% (60% to 86%), precision 75% (60% to 86%): 30 of 40 frauds caught, 10 false alarms
    >>> card.recall.value, card.to_dict()["missed"]
    (0.75, 10)
    """

    status: CardStatus
    threshold: float
    rows: int
    labelled: int
    positives: int
    coverage: float | None
    detected: int
    missed: int
    false_alarms: int
    recall: Ratio
    precision: Ratio
    f1: Ratio
    false_alarm_rate: Ratio
    pr_auc: Ratio
    roc_auc: Ratio
    precision_at_capacity: Ratio | None = None
    recall_at_capacity: Ratio | None = None
    money: Money | None = None
    macro_f1: float | None = None
    weighted_f1: float | None = None
    calibration: Calibration | None = None
    hidden: HiddenTruth | None = None

    @property
    def alarms(self) -> int:
        """Flagged rows, among the labelled."""
        return self.detected + self.false_alarms

    @property
    def negatives(self) -> int:
        """Labelled rows that are not positive."""
        return self.labelled - self.positives

    @property
    def averages(self) -> dict[str, Averages | None]:
        """Figures averaged over the two classes, by the name of the average."""
        return averaged_over_two(
            detected=self.detected,
            missed=self.missed,
            false_alarms=self.false_alarms,
            kept=self.negatives - self.false_alarms,
        )

    def sentence(self, positives: str = "positives", currency: str = "") -> str:
        """Say the card in one sentence: the one that terminal, notification and report show.

        Parameters
        ----------
        positives, currency
            The use case's word for them, and what its amounts are in.
        """
        if self.status in NOTHING_COUNTED:
            return f"Performance not judged: {self.status}"
        counts = (
            f"{count(self.detected)} of {count(self.positives)} {positives} caught, "
            f"{several(self.false_alarms, 'false alarm')}"
        )
        if self.money is not None:
            saved = self.money.net_saving
            counts += f", {money(abs(saved), currency)} {'saved' if saved >= 0 else 'lost'}"
        if self.status is not CardStatus.JUDGED:
            return f"Performance not judged, {self.status}: {counts}"
        return f"Recall {self.recall.text()}, precision {self.precision.text()}: {counts}"

    def __str__(self) -> str:
        return text_of(self.sentence(), scorecard_figures(self))

    def __repr__(self) -> str:
        return f"<Scorecard {self.sentence()}>"

    def _repr_html_(self) -> str:
        return html_of(self.sentence(), scorecard_figures(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the card as plain values, for JSON."""
        return scorecard_record(self)


def scorecard(
    scores: ScoreSummary | MatureScores,
    *,
    threshold: float,
    costs: Costs | None,
    days: float,
    min_positives: int,
) -> Scorecard:
    """Return performance and money over the labelled rows of a window.

    Parameters
    ----------
    scores
        Score histograms, with the labels as they came or as `with_absent_labels` left them.
    threshold
        Decision threshold: a row is an alarm where score >= threshold. An edge of the bins.
    costs
        What mistakes and work cost; no money and no capacity without them. No money either where
        a miss costs a share of its amount and the summary has no amounts.
    days
        Length of the window: the team reviews `costs.reviews_per_day` times as many rows in it.
    min_positives
        With fewer positives the figures are given, but the status is `too few positives`.

    Raises
    ------
    InputError
        The threshold is not an edge of the bins, `days` is not above 0, scores outside 0 to 1,
        positives with amounts below 0.
    """
    return scorecard_within(
        scores,
        threshold=threshold,
        costs=costs,
        reviews=None if costs is None else _reviews(costs, days),
        min_positives=min_positives,
    )


def scorecard_within(
    scores: ScoreSummary | MatureScores,
    *,
    threshold: float,
    costs: Costs | None,
    reviews: float | None,
    min_positives: int,
) -> Scorecard:
    """Return the scorecard of a window in which the team can make so many `reviews`.

    As `scorecard`, which knows the reviews from the window's days. None for no limit.
    """
    mature = scores if isinstance(scores, MatureScores) else with_absent_labels(scores, "unknown")
    check_scores(mature.scores)
    stands_for = weighted(mature.scores)
    window = stands_for.scores
    first = first_flagged(window, threshold)
    below, above = slice(first), slice(first, None)
    missed, detected = (stands_for.count(POSITIVE, part) for part in (below, above))
    kept, false_alarms = (stands_for.count(NEGATIVE, part) for part in (below, above))
    positives, negatives = detected + missed, kept + false_alarms
    labelled, rows = (positives + negatives).rows, int(mature.scores.rows.sum())
    capacity = None
    if reviews is not None and labelled:
        capacity = at_capacity(window, reviews, (detected + false_alarms).seen)
    pr_auc, roc = _ranking_ratios(stands_for)
    averages = averaged_over_two(
        detected=detected.rows,
        missed=missed.rows,
        false_alarms=false_alarms.rows,
        kept=kept.rows,
    )
    macro, weighted_average = averages["macro"], averages["weighted"]
    return Scorecard(
        status=_status(mature, min_positives),
        threshold=threshold,
        rows=rows,
        labelled=labelled,
        positives=positives.rows,
        coverage=mature.labels_come / rows if rows else None,
        detected=detected.rows,
        missed=missed.rows,
        false_alarms=false_alarms.rows,
        recall=stands_for.share(detected, missed),
        precision=stands_for.share(detected, false_alarms),
        f1=stands_for.f1(detected, missed, false_alarms),
        false_alarm_rate=stands_for.share(false_alarms, kept),
        pr_auc=pr_auc,
        roc_auc=roc,
        precision_at_capacity=None if capacity is None else capacity.precision,
        recall_at_capacity=None if capacity is None else capacity.recall,
        money=None if costs is None or labelled == 0 else _money(mature, stands_for, first, costs),
        macro_f1=None if macro is None else macro.f1,
        weighted_f1=None if weighted_average is None else weighted_average.f1,
        calibration=calibration((mature.scores,), first),
        hidden=_hidden(mature, first, costs),
    )


def _reviews(costs: Costs, days: float) -> float | None:
    limit = review_limit(costs, days)
    return None if costs.reviews_per_day is None else limit


def _status(mature: MatureScores, min_positives: int) -> CardStatus:
    rows = mature.scores.rows
    positives = int(rows[POSITIVE].sum())
    if rows.sum() == 0:
        return CardStatus.NO_ROWS
    if mature.hidden and mature.let_through is None:
        return CardStatus.TRUTH_HIDDEN
    if positives + int(rows[NEGATIVE].sum()) == 0:
        return CardStatus.NO_LABELS
    if positives == 0:
        return CardStatus.NO_POSITIVES
    return CardStatus.TOO_FEW_POSITIVES if positives < min_positives else CardStatus.JUDGED


def _money(mature: MatureScores, stands_for: Weighted, first: int, costs: Costs) -> Money | None:
    whole = money_at(stands_for.scores, first, costs, stands_for.squares)
    if whole is None or stands_for.plain:
        return whole
    return replace(whole, control=control_cost(mature.let_through, first, costs))


def _hidden(mature: MatureScores, first: int, costs: Costs | None) -> HiddenTruth | None:
    """Return what blocking hides, and the figures of rows as if it did not."""
    if not mature.hidden:
        return None
    rows, through = mature.naive.rows, mature.let_through
    missed, detected = int(rows[POSITIVE, :first].sum()), int(rows[POSITIVE, first:].sum())
    false_alarms = int(rows[NEGATIVE, first:].sum())
    money = None if costs is None else money_at(mature.naive, first, costs)
    return HiddenTruth(
        rows=mature.hidden,
        share=mature.hidden / (mature.hidden + int(mature.scores.rows[[NEGATIVE, POSITIVE]].sum())),
        let_through=0 if through is None else int(through.rows.sum()),
        recall=proportion(detected, detected + missed),
        precision=proportion(detected, detected + false_alarms),
        net_saving=None if money is None else money.net_saving,
    )


def _ranking_ratios(stands_for: Weighted) -> tuple[Ratio, Ratio]:
    order = ranked(stands_for.scores)
    positives, negatives = (
        stands_for.count(label, slice(None)).worth for label in (POSITIVE, NEGATIVE)
    )
    area = roc_auc(order)
    seen = order if stands_for.plain else scaled(order, positives, negatives)
    variance = 0.0 if area is None else roc_auc_variance(seen)
    return (
        pr_auc_ratio(average_precision(order), positives, negatives),
        roc_auc_ratio(area, variance, positives, negatives),
    )


Figure = tuple[str, str]
"""What it is, and its value with its interval."""


def scorecard_figures(card: Scorecard) -> list[Figure]:
    """Return every figure of the card; ratios that nobody asked for are left out."""
    coverage = "" if card.coverage is None else f", {percent(card.coverage, 1)} of them labelled"
    figures = [
        ("threshold", f"{card.threshold:g}"),
        ("rows", f"{count(card.rows)}{coverage}"),
        ("positives", count(card.positives)),
        ("detected", count(card.detected)),
        ("missed", count(card.missed)),
        ("false alarms", count(card.false_alarms)),
    ]
    figures += [] if card.hidden is None else _hidden_figures(card.hidden)
    ratios = [
        ("recall", card.recall),
        ("precision", card.precision),
        ("F1", card.f1),
        ("PR-AUC", card.pr_auc),
        ("ROC-AUC", card.roc_auc),
        ("false alarm rate", card.false_alarm_rate),
        ("precision at capacity", card.precision_at_capacity),
        ("recall at capacity", card.recall_at_capacity),
    ]
    figures += [(name, ratio.text(digits=1)) for name, ratio in ratios if ratio is not None]
    return figures + ([] if card.money is None else _money_figures(card.money))


def _hidden_figures(hidden: HiddenTruth) -> list[Figure]:
    blocked = f"{count(hidden.rows)}, {percent(hidden.share, 2)} of the rows that are settled"
    figures = [
        ("truth hidden", blocked),
        ("let through", several(hidden.let_through, "row stands for them", "rows stand for them")),
        ("recall without these", hidden.recall.text(digits=1)),
        ("precision without", hidden.precision.text(digits=1)),
    ]
    if hidden.net_saving is not None:
        figures.append(("net saving without", money(hidden.net_saving)))
    return figures


def _money_figures(amounts: Money) -> list[Figure]:
    figures = [
        ("money caught", money(amounts.caught)),
        ("money missed", money(amounts.missed)),
        ("cost of alarms", money(amounts.reviews + amounts.false_alarms)),
        ("net saving", f"{money(amounts.net_saving)} against no model"),
        ("return on cost", amounts.return_on_cost.text_as_multiple()),
    ]
    if amounts.control:
        figures.append(("cost of control group", money(amounts.control)))
    if amounts.unpriced:
        taken = f"{several(amounts.unpriced, 'positive')}, taken to be the mean of the others"
        figures.append(("without an amount", taken))
    return figures


def text_of(sentence: str, figures: list[Figure]) -> str:
    """Return the sentence and the figures, one per line."""
    width = max(len(name) for name, _ in figures)
    return "\n".join([sentence, *(f"  {name:<{width}}  {value}" for name, value in figures)])


def html_of(sentence: str, figures: list[Figure]) -> str:
    """Return the sentence and a table of the figures, as a notebook shows them."""
    rows = "".join(
        f"<tr><td style='text-align:left'>{escape(name)}</td>"
        f"<td style='text-align:left'>{escape(value)}</td></tr>"
        for name, value in figures
    )
    table = f"<table><tbody>{rows}</tbody></table>"
    return for_notebook(f"<p><b>{escape(sentence)}</b></p>{table}")


def scorecard_record(card: Scorecard) -> dict[str, Any]:
    """Return the whole card; a ratio is a dict of value, low and high."""
    return {
        **asdict(card),
        "status": card.status.value,
        "alarms": card.alarms,
        "negatives": card.negatives,
        "money": None if card.money is None else money_record(card.money),
    }


def money_record(money: Money) -> dict[str, Any]:
    """Return the money, its sums included."""
    return {
        **asdict(money),
        "cost": money.cost,
        "net_saving": money.net_saving,
    }
