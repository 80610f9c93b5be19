"""The top of a report: its main finding in a sentence, the figures behind it, their basis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd

from monitoring import wording
from monitoring.drift.verdict import FeatureVerdict, Verdict, notes
from monitoring.performance.class_scorecard import ClassScorecard
from monitoring.performance.cost_attribution import CostAttribution, signed
from monitoring.performance.intervals import Ratio
from monitoring.performance.scorecard import NOTHING_COUNTED, HiddenTruth, Scorecard
from monitoring.reports.entry import ReportKind
from monitoring.reports.facts import LABEL, SCORE, ReportFacts
from monitoring.reports.report_sample import ReportSample
from monitoring.use_case import UseCase

SHOWN = 10
"""Rows of a table at the top of a report; the rest is in the drawings below."""


@dataclass(frozen=True)
class FindingsTable:
    """A small table; the first column names what its row is about."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: str = ""


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes
    ----------
    sentence
        The verdict in one sentence; the index shows it too.
    drifted
        Whether the window as a whole drifted; None where that is not the question.
    """

    sentence: str
    drifted: bool | None = None
    notices: tuple[str, ...] = ()
    tables: tuple[FindingsTable, ...] = ()


@dataclass(frozen=True)
class Header:
    """The top of a report.

    Attributes
    ----------
    alarming
        Whether `sentence` is bad news.
    notices
        What a reader must know before believing anything below.
    facts
        Name and value, one line each.
    basis
        Where the figures come from.
    """

    title: str
    sentence: str
    alarming: bool
    notices: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    findings: Findings
    basis: str
    set_aside: tuple[tuple[str, str], ...] = ()


def header(
    kind: ReportKind, facts: ReportFacts, sample: ReportSample, findings: Findings
) -> Header:
    """Return the top of the report of `kind`."""
    return Header(
        title=f"{facts.case.title}: {kind.heading.lower()}",
        sentence=findings.sentence,
        alarming=bool(findings.drifted),
        notices=(*_notices(facts), *findings.notices),
        facts=tuple(_facts(facts, sample)),
        findings=findings,
        basis=_basis(kind),
        set_aside=tuple((entry.column, entry.reason) for entry in sample.set_aside),
    )


def _notices(facts: ReportFacts) -> list[str]:
    notices = []
    if facts.synthetic:
        notices.append(
            "Synthetic data, generated to show how Tocsin works: no figure here describes real "
            "events."
        )
    if facts.time_shift:
        notices.append(
            f"Data from the past: every event time was moved {_span(facts.time_shift)}, "
            "so that the last row seems to be of today."
        )
    return notices


def _span(shift: timedelta) -> str:
    way = "forward" if shift > timedelta(0) else "back"
    days, hours = divmod(abs(shift) // timedelta(hours=1), 24)
    parts = [wording.several(days, "day")] if days else []
    parts += [wording.several(hours, "hour")] if hours or not days else []
    return f"{way} by {' and '.join(parts)}"


def _facts(facts: ReportFacts, sample: ReportSample) -> list[tuple[str, str]]:
    rows = f"{wording.several(facts.all_rows, 'row')} in the window"
    labelled = len(facts.current.labelled)
    lines = [
        ("Window", str(facts.rows_window)),
        ("Rows", f"{rows}, {wording.count(labelled)} of them labelled"),
        ("Drawn", _drawn(sample)),
        ("Model", f"version {facts.model_version}, alarm from score {facts.threshold:.4g} on"),
        ("As of", wording.moment(facts.as_of)),
    ]
    if facts.mature_window is not None:
        lines.insert(1, ("Report of", f"{facts.window}; its labels have yet to come"))
    return lines


def _drawn(sample: ReportSample) -> str:
    sides = (
        (len(sample.current), sample.rows_current, "of the window"),
        (len(sample.reference), sample.rows_reference, "of the reference"),
    )
    parts = [
        f"all {wording.several(total, 'row')} {whose}"
        if size == total
        else f"{wording.several(size, 'row')} drawn at random from {wording.count(total)} {whose}"
        for size, total, whose in sides
    ]
    return "; ".join(parts)


def _basis(kind: ReportKind) -> str:
    if kind is ReportKind.DRIFT:
        return (
            "The verdict above is the published one, made from every row of the window; alerts "
            "and retrains rest on it. A window has drifted when the share of its features that "
            "did lies strictly above the limit. The shapes below are drawn by Evidently from the "
            "sample, and each feature is flagged as the verdict says."
        )
    if kind is ReportKind.PERFORMANCE:
        return (
            "The figures above are the published ones, from the scorecard over every labelled "
            "row. The drawings below are Evidently's, from the sample: counts in them are smaller."
        )
    return (
        "Missing values above are counted over every row. The summary below is drawn by Evidently "
        "from the sample."
    )


def find(kind: ReportKind, facts: ReportFacts) -> Findings:
    """Return what the report of `kind` has to say."""
    if kind is ReportKind.DRIFT:
        found = drift_findings(facts.verdict)
        if facts.cost_of_drift is None:
            return found
        cost = _cost_table(facts.cost_of_drift, facts.case.costs.currency)
        return replace(found, tables=(*found.tables, cost))
    if kind is ReportKind.PERFORMANCE:
        return performance_findings(facts.card, facts.case, facts.classes)
    return quality_findings(facts)


def drift_findings(verdict: Verdict | None) -> Findings:
    """Say a drift verdict."""
    if verdict is None:
        return Findings("Drift not judged: no verdict was made")
    if verdict.share is None:
        return Findings(verdict.sentence)
    return Findings(
        verdict.sentence, verdict.drifted, tuple(notes(verdict)), _drift_tables(verdict)
    )


def _drift_tables(verdict: Verdict) -> tuple[FindingsTable, ...]:
    drifted = [feature for feature in verdict.ranked if feature.drifted]
    rows = [
        _drift_row(part.name, wording.percent(part.importance), part) for part in drifted[:SHOWN]
    ]
    if verdict.scores is not None and verdict.scores.drifted:
        rows.insert(0, _drift_row("the model's score", "", verdict.scores))
    if verdict.decided_class is not None and verdict.decided_class.drifted:
        rows.insert(0, _drift_row("the decided classes", "", verdict.decided_class))
    if not rows:
        return ()
    more = f"and {len(drifted) - SHOWN} more, in the table below" if len(drifted) > SHOWN else ""
    columns = ("", "Effect", "Importance", "What moved")
    return (FindingsTable("What drifted", columns, tuple(rows), more),)


def _drift_row(name: str, importance: str, part: FeatureVerdict) -> tuple[str, ...]:
    effect = "" if part.effect is None else f"{part.effect:.2f}"
    return name, effect, importance, part.reason


def _cost_table(cost: CostAttribution, currency: str) -> FindingsTable:
    """Return what each feature that drifted adds to the estimated cost."""
    rows = [
        ("1,000 rows before", wording.money(cost.before, currency)),
        *((part.name, signed(part.amount, currency)) for part in cost.parts),
        ("not of these alone", signed(cost.remainder, currency)),
        ("1,000 rows of this window", wording.money(cost.after, currency)),
    ]
    return FindingsTable("What the drift costs, estimated", ("", "Cost"), tuple(rows))


def performance_findings(
    card: Scorecard | None, case: UseCase, classes: ClassScorecard | None = None
) -> Findings:
    """Say a scorecard, in counts and in money, and by class where the target has classes."""
    if card is None:
        return Findings("Performance not judged: there is no scorecard of this window")
    sentence = card.sentence(case.words.positives, case.costs.currency)
    hidden = () if card.hidden is None else (_hidden_table(card.hidden, case),)
    if card.status in NOTHING_COUNTED:
        return Findings(sentence, tables=hidden)
    by_class = () if classes is None else _class_tables(classes, case)
    return Findings(sentence, tables=(*_card_tables(card, case), *hidden, *by_class))


def _hidden_table(hidden: HiddenTruth, case: UseCase) -> FindingsTable:
    """Return what blocking hides, and what the figures would be if that were not known."""
    rows = [
        ("Blocked and not reviewed", wording.count(hidden.rows)),
        ("Share of the settled rows", wording.percent(hidden.share, 2)),
        ("Let through, to stand for them", wording.count(hidden.let_through)),
        ("Recall without these", hidden.recall.text(1)),
        ("Precision without these", hidden.precision.text(1)),
    ]
    if hidden.net_saving is not None:
        saved = wording.money(hidden.net_saving, case.costs.currency)
        rows.append(("Saved, without these", saved))
    return FindingsTable("Truth hidden by blocking", ("", "Value"), tuple(rows))


def _class_tables(classes: ClassScorecard, case: UseCase) -> tuple[FindingsTable, ...]:
    """Return the figures of each class, and the confusion matrix."""
    rows: tuple[tuple[str, ...], ...] = tuple(
        (
            f"{one.name} (watched)" if one.watched else one.name,
            wording.count(one.rows),
            one.recall.text(1),
            one.precision.text(1),
            one.f1.text(1),
        )
        for one in classes.classes
    )
    averages = (("Macro average", classes.macro), ("Weighted average", classes.weighted))
    rows += tuple(
        (name, "", *(wording.percent(value, 1) for value in (of.recall, of.precision, of.f1)))
        for name, of in averages
        if of is not None
    )
    cost = (
        "" if classes.cost is None else f"cost {wording.money(classes.cost, case.costs.currency)}"
    )
    names = [one.name for one in classes.classes]
    matrix = tuple(
        (name, *map(wording.count, row)) for name, row in zip(names, classes.matrix, strict=True)
    )
    return (
        FindingsTable("Classes", ("", "Rows", "Recall", "Precision", "F1"), rows, cost),
        FindingsTable(
            "Confusion matrix", ("True class", *(f"Decided {name}" for name in names)), matrix
        ),
    )


def _card_tables(card: Scorecard, case: UseCase) -> tuple[FindingsTable, ...]:
    figures: list[tuple[str, Ratio | None]] = [
        ("Recall", card.recall),
        ("Precision", card.precision),
        ("F1", card.f1),
        ("PR-AUC", card.pr_auc),
        ("False alarms among negatives", card.false_alarm_rate),
        ("Precision at review capacity", card.precision_at_capacity),
        ("Recall at review capacity", card.recall_at_capacity),
    ]
    rows = tuple((name, *_cells(figure)) for name, figure in figures if figure is not None)
    basis = (
        f"over {wording.several(card.labelled, 'labelled row')}, "
        f"{wording.count(card.positives)} of them {case.words.positives}"
    )
    ratios = FindingsTable("Scorecard", ("", "Value", "95% interval"), rows, basis)
    if card.money is None:
        return (ratios,)
    currency = case.costs.currency
    amounts = (
        ("Caught", card.money.caught),
        ("Missed", card.money.missed),
        ("Reviews", card.money.reviews),
        ("False alarms", card.money.false_alarms),
        *([("Control group", card.money.control)] if card.hidden is not None else []),
        ("Cost with the model", card.money.cost),
        ("Cost without a model", card.money.without_model),
        ("Saved", card.money.net_saving),
    )
    lines = tuple((name, wording.money(amount, currency)) for name, amount in amounts)
    return ratios, FindingsTable("Money", ("", "Amount"), lines)


def _cells(figure: Ratio) -> tuple[str, str]:
    if figure.value is None:
        return wording.UNDEFINED, ""
    return wording.percent(figure.value, 1), figure.interval_text(1)


def quality_findings(facts: ReportFacts) -> Findings:
    """Say which values are missing, of another type or out of the ordinary, over every row."""
    missing = _missing_values(facts)
    tables = (*missing.tables, *_type_changes(facts), *_outliers(facts))
    return replace(missing, tables=tables)


def _missing_values(facts: ReportFacts) -> Findings:
    reference = facts.reference.drop(columns=[SCORE, LABEL], errors="ignore")
    current = facts.current.features
    if not len(current):
        return Findings("No rows in the window")
    now, before = current.isna().mean(), reference.isna().mean()
    absent = [name for name in reference.columns if name not in current]
    now = pd.concat([now, pd.Series(1.0, index=absent)])
    before = before.reindex(now.index)
    missing = now[now > 0].sort_values(ascending=False)
    total = wording.several(len(current.columns), "feature")
    if missing.empty:
        return Findings(f"{total}, no value missing")
    first = str(missing.index[0])
    sentence = (
        f"{total}, {wording.count(len(missing))} of them with missing values: most in "
        f"{first} ({wording.percent(missing.iloc[0])}, reference {_share(before[first])})"
    )
    rows = tuple(
        (str(name), wording.percent(share), _share(before[name]))
        for name, share in missing.head(SHOWN).items()
    )
    more = f"and {len(missing) - SHOWN} more, in the summary below" if len(missing) > SHOWN else ""
    table = FindingsTable("Missing values", ("", "Window", "Reference"), rows, more)
    return Findings(sentence, tables=(table,))


def _type_changes(facts: ReportFacts) -> Iterator[FindingsTable]:
    """Yield the table of columns that are gone or of another type, in whole or in some values."""
    broken = () if facts.verdict is None else facts.verdict.broken_features
    said = {part.name: part.reason or str(part.status) for part in broken}
    for name, count in facts.unreadable.items():
        values = wording.several(count, "value")
        said[name] = "; ".join(filter(None, [said.get(name), f"{values} of another type"]))
    if said:
        yield FindingsTable("Columns of another type", ("", "What changed"), tuple(said.items()))


_FENCE = 1.5
"""Interquartile ranges beyond the quartiles from which on a number is an outlier: Tukey's rule,
"Exploratory Data Analysis" (1977)."""

_ROUNDING = 1e-9


def _outliers(facts: ReportFacts) -> Iterator[FindingsTable]:
    """Yield the table of numbers beyond the reference's range, or far from its quartiles."""
    found = []
    for name, (low, high) in facts.ranges.items():
        if name not in facts.current.features:
            continue
        values = facts.current.features[name]
        slack = _ROUNDING * max(abs(low), abs(high))
        beyond = int(((values < low - slack) | (values > high + slack)).sum())
        now, before = _beyond_fences(values, facts.reference[name])
        if beyond or now > before:
            shares = ("not defined",) * 2 if np.isnan(now) else (_share(now), _share(before))
            cells = (name, wording.count(beyond), *shares)
            found.append((beyond, np.nan_to_num(now - before), cells))
    found.sort(key=lambda one: one[:2], reverse=True)
    if found:
        more = f"and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        columns = ("", "Beyond the reference's range", "Outliers by quartiles", "Reference")
        rows = tuple(cells for *_, cells in found[:SHOWN])
        yield FindingsTable("Outliers", columns, rows, more)


def _beyond_fences(values: pd.Series, reference: pd.Series) -> tuple[float, float]:
    """Return the shares of both that lie more than `_FENCE` ranges beyond the quartiles.

    The quartiles are the reference's. NaN where half of it is one value: all others would be.
    """
    first, third = reference.quantile([0.25, 0.75])
    reach = _FENCE * (third - first)
    if not reach > 0:
        return np.nan, np.nan
    now, before = (
        ((numbers < first - reach) | (numbers > third + reach)).mean()
        for numbers in (values, reference)
    )
    return float(now), float(before)


def _share(value: float) -> str:
    return "not there" if np.isnan(value) else wording.percent(value)
