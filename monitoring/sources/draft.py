"""A use-case file drafted from a data file: every guess in it is marked, and the marks are found.

A guess is marked by a comment on the line above it, which says what it rests on. Who has checked a
guess removes the comment: what is left is what is still open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import yaml
from pydantic import ValidationError

from monitoring.sources.first_look import NO, YES, FirstLook, NoFeature
from monitoring.use_case import Drift
from monitoring.use_case_columns import Target, Words
from monitoring.wording import percent, several

MARK = "# guess: "

_GUESS = re.compile(rf"^\s*{re.escape(MARK)}(?P<reason>.*)$")
_FIELD = re.compile(r"^\s*(?P<name>[A-Za-z_][\w ]*):")

_MANY_ROWS = 500_000

_RAREST = 100  # times; rarer ones would have nearly every row flagged

_WINDOWS = (1, 7, 30)
"""Lengths of a window of drift in days, of which the first one is chosen that has enough rows."""

_SAYS_NOTHING = frozenset({"class", "label", "outcome", "result", "target", "y"})
"""Names of targets that do not say what they are about."""

_NEEDED = Drift.model_fields["min_rows"].default
_WIDTH = 80


@dataclass(frozen=True)
class Guess:
    """A guess that a use-case file still marks: its line, counted from 1, its field, and why."""

    line: int
    field: str
    reason: str


def guesses(text: str) -> tuple[Guess, ...]:
    """Return the guesses that a use-case file still marks, in order."""
    lines = text.splitlines()
    found = []
    for place, line in enumerate(lines):
        guess = _GUESS.match(line)
        if guess is None:
            continue
        below = (_FIELD.match(later) for later in lines[place + 1 :])
        field = next((match["name"] for match in below if match is not None), "")
        found.append(Guess(place + 1, field, guess["reason"]))
    return tuple(found)


def draft(
    name: str, path: str, look: FirstLook, *, heading: Sequence[str], delays: tuple[str, str]
) -> str:
    """Return the text of a use-case file for a data file.

    Parameters
    ----------
    path
        Of the data file, as `source.path` has it.
    heading
        Comments at the top, a line each.
    delays
        Usual time from an event to its label, and the time after which a window is mature.
    """
    lines = [
        *(f"# {line}" for line in heading),
        _field("name", name),
        _field("title", name.replace("_", " ").capitalize()),
        *_words(look.target),
        _field("source", {"path": path}),
        "columns:",
        *(f"  {line}" for field in _columns(look) for line in field.splitlines()),
        *_labels(delays),
        *_split(look),
        *_candidates(),
        *_costs(look),
        *_drift(look),
        *_thresholds(),
    ]
    return "\n".join(lines) + "\n"


def _field(name: str, value: Any, indent: int = 0) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    first, *others = text.removesuffix("...\n").splitlines()
    margin = " " * indent
    return "\n".join([f"{margin}{name}: {first}", *(f"{margin}  {line}" for line in others)])


def _words(target: Target) -> Iterator[str]:
    case = f"{_watched(target)} case"
    try:
        words = Words(positive=case, positives=f"{case}s")
    except ValidationError:  # letters that people may not be shown: the names by default stand
        return
    yield f"{MARK}the name that boards, reports and messages give to what is watched for"
    yield _field("words", words.model_dump())


def _watched(target: Target) -> str:
    """Return what is watched for as people say it: `churned`, `class 1`, `hospitalised`."""
    value = str(target.positive if target.classes is None else target.watch[0])
    column = target.name.replace("_", " ").strip()
    column = column.lower() if column.istitle() else column
    told = column.removeprefix("is ").removeprefix("has ")
    if target.classes is None and column.casefold() not in _SAYS_NOTHING:
        if value.casefold() in YES:
            return told
        if value.casefold() in NO:
            return f"not {told}"
    return value if value[:1].isalpha() and len(value) > 1 else f"{column} {value}"


def _columns(look: FirstLook) -> Iterator[str]:
    time = look.event_time
    if time is None:
        yield f"{MARK}no column looks like a time: the order of the rows stands in for it"
        # The last row must not lie in the future.
        spacing = "1m" if look.rows < _MANY_ROWS else "0.01s"
        yield _field("event_time", {"origin": "2024-01-01T00:00:00Z", "spacing": spacing})
    elif time.origin is None:
        yield f"{MARK}the first column of times; those without a zone are UTC (see `timezone`)"
        yield _field("event_time", {"name": time.name})
    else:
        yield f"{MARK}the first column of times, as numbers since 1970"
        origin = f"{time.origin:%Y-%m-%dT%H:%M:%SZ}"
        yield _field("event_time", {"name": time.name, "unit": time.unit, "origin": origin})
    if look.id is not None:
        yield f"{MARK}its name is that of an id, and no value repeats"
        yield _field("id", look.id)
    if look.amount is not None:
        yield f"{MARK}its name suggests money; remove the field if it is not"
        yield _field("amount", look.amount)
    yield from _target(look)
    yield "features:"
    for reason, left_out in look.left_out.items():
        yield f"  # Left out ({reason}):"
        yield f"  #   {', '.join(left_out)}"
    if NoFeature.OTHER_TIME in look.left_out:
        yield "  #   SQL can make such a column the event time: docs/how-to/own-model.md"
    for kind, names, why in (
        (
            "numeric",
            look.numeric,
            "columns of numbers; codes (postcodes) belong to `categorical`",
        ),
        ("categorical", look.categorical, "columns of words"),
    ):
        if names:
            yield f"  {MARK}{why}; remove what is not known when a row is scored"
            yield _field(kind, list(names), indent=2)
    if look.event_time is not None:
        yield "# What a customer or a card did before becomes features by `derive`:"
        yield "# docs/reference/sources.md"


def _target(look: FirstLook) -> Iterator[str]:
    target = look.target
    share = f"{percent(look.share, 1)} of {several(look.rows, 'row')}"
    if target.classes is None:
        why = "its rarer value" if look.share <= 0.5 else "the value that says yes"
        yield f"{MARK}{why}, {target.positive!r}, is what is watched for: {share}"
        yield _field("target", {"name": target.name, "positive": target.positive})
    else:
        yield f"{MARK}its rarest value, {target.watch[0]!r}, is what is watched for: {share}"
        fields = {"name": target.name, "classes": [*target.classes], "watch": [*target.watch]}
        yield _field("target", fields)


def _labels(delays: tuple[str, str]) -> Iterator[str]:
    delay, mature = delays
    yield f"{MARK}no file shows how late labels come, nor what a label means that never came"
    yield _field(
        "labels", {"delay": delay, "mature_after": mature, "absent_at_maturity": "unknown"}
    )


def _split(look: FirstLook) -> Iterator[str]:
    if look.in_order is None:
        yield _field("split", {"by": "random", "random_state": 0})
        return
    if look.event_time is None:
        yield (
            f"{MARK}{look.in_order} rises through the file, so rows stand in the order of time; "
            "where they do not: {by: random, random_state: 0}"
        )
    yield _field("split", {"by": "time"})


def _candidates() -> Iterator[str]:
    scaler, logistic = (
        "sklearn.preprocessing.StandardScaler",
        "sklearn.linear_model.LogisticRegression",
    )
    yield "candidates:"
    yield "  logistic_regression:"
    yield _field("steps", [scaler, logistic], indent=4)
    yield _field("parameters", {"max_iter": 1000}, indent=4)
    yield _field("search", {"C": [0.01, 1.0]}, indent=4)
    yield "  lightgbm:"
    yield _field("steps", ["lightgbm.LGBMClassifier"], indent=4)
    yield _field("parameters", {"n_estimators": 100, "learning_rate": 0.05}, indent=4)
    yield _field("search", {"num_leaves": [7, 15]}, indent=4)


def _costs(look: FirstLook) -> Iterator[str]:
    yield f"{MARK}no file shows what errors cost; the threshold depends on these placeholders"
    # As many times a false alarm as negatives there are to each positive.
    rarity = min(max(round((1 - look.share) / look.share), 1), _RAREST)
    missed = {"fixed": rarity} if look.amount is None else {"of_amount": 1.0}
    yield _field("costs", {"currency": "EUR", "missed": missed, "false_alarm": 1})


def _drift(look: FirstLook) -> Iterator[str]:
    """Yield the window of drift: the shortest one with twice the rows that a verdict needs."""
    days = 0.0 if look.span is None else look.span / timedelta(days=1)
    a_day = look.rows / days if days else float(look.rows)
    window = next((days for days in _WINDOWS if a_day * days >= 2 * _NEEDED), _WINDOWS[-1])
    if window != _WINDOWS[0]:
        yield (
            f"{MARK}a day has {several(round(a_day), 'row')}, and a verdict needs {_NEEDED}; "
            "production may have more"
        )
    yield _field("drift", {"window": f"{window}d", "min_effect": 0.1})
    if window != _WINDOWS[0]:  # it changes little within a day
        yield _field("report", {"every": "0 6 * * *"})


def _thresholds() -> Iterator[str]:
    yield "thresholds:"
    yield f"  {MARK}a common target; set the recall that the business needs"
    yield _field("recall", {"below": {"warning": 0.75, "critical": 0.6}}, indent=2)
    yield _field("drift_score", {"above": {"warning": 0.1, "critical": 0.3}}, indent=2)
    yield _field("quarantined", {"above": {"warning": 0}}, indent=2)
