"""Synthetic populations: card payments, survey answers and visits to a page, by class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.use_case_columns import Features

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Population:
    """Features, amounts and true classes of synthetic rows.

    Attributes
    ----------
    columns
        By the names of the use case: its features, and its amount if it has one.
    positive
        Which rows are of the positive class.
    """

    columns: Mapping[str, Any]
    positive: NDArray[np.bool_]


# Most frauds lie far from ordinary payments, some near, some among them. This gives a logistic
# regression a PR-AUC of about 0.7 at 0.17% fraud, as on the real payments.
_DISTANCE = (8.5, 4.5, 0.0)
_DISTANCE_SHARES = (0.69, 0.2, 0.11)
_INFORMATIVE = 8  # features in which frauds differ
_FACTORS = 3
_WORDS = ("a", "b", "c", "d")
_WORD_SHARES = (0.5, 0.3, 0.15, 0.05)


def payments(
    features: Features, amount: str | None, rows: int, positives: int, rng: Generator
) -> Population:
    """Generate payments.

    Numbers are correlated, with tails a little heavier than a normal distribution's and scales
    that fall from the first feature to the last; frauds lie apart in some of them. Amounts are
    lognormal. Categorical features carry no information.
    """
    positive = np.zeros(rows, np.bool_)
    positive[rng.choice(rows, positives, replace=False)] = True
    names = [name for name in features.numeric if name != amount]
    columns: dict[str, Any] = dict(zip(names, _numbers(positive, len(names), rng).T, strict=True))
    columns |= {name: rng.choice(_WORDS, rows, p=_WORD_SHARES) for name in features.categorical}
    if amount is not None:
        columns[amount] = _amounts(positive, rng)
    return Population(columns, positive)


def _numbers(positive: NDArray[np.bool_], width: int, rng: Generator) -> NDArray[np.float64]:
    rows = positive.size
    loadings = rng.normal(0, 0.35, (_FACTORS, width))
    values = rng.normal(size=(rows, width)) + rng.normal(size=(rows, _FACTORS)) @ loadings
    values *= np.sqrt(8 / rng.chisquare(8, (rows, 1)))
    direction = np.zeros(width)
    informative = min(_INFORMATIVE, width)
    direction[:informative] = rng.choice((-1, 1), informative) / np.sqrt(max(informative, 1))
    distance = rng.choice(_DISTANCE, positive.sum(), p=_DISTANCE_SHARES)
    values[positive] += distance[:, None] * direction
    return np.asarray(values * np.linspace(1.9, 0.3, width))


def _amounts(positive: NDArray[np.bool_], rng: Generator) -> NDArray[np.float64]:
    """Return amounts of a median of 22; those of frauds are spread wider."""
    spread = np.where(positive, 1.9, 1.6)
    return np.asarray(np.round(np.exp(np.log(22) + spread * rng.normal(size=positive.size)), 2))


@dataclass(frozen=True)
class Question:
    """What may be answered, how often each is, and how much the answer weighs.

    Attributes
    ----------
    answers
        Numbers or words, in the order in which they speak for the positive class.
    shares
        How often each answer is given; all alike if empty.
    weight
        What an answer one standard deviation further on adds to the log-odds.
    """

    answers: tuple[float, ...] | tuple[str, ...]
    shares: tuple[float, ...] = ()
    weight: float = 0.0

    def drawn(self, rows: int, rng: Generator) -> NDArray[np.int64]:
        """Draw which answer each row gives."""
        return rng.choice(len(self.answers), rows, p=self.shares or None)


def _scale(low: int, high: int, weight: float = 0.0) -> Question:
    return Question(tuple(float(step) for step in range(low, high + 1)), weight=weight)


SURVEY = {
    "Age": _scale(18, 34, -0.6),
    "Academic Pressure": _scale(1, 5, 1.3),
    "Work Pressure": Question((0.0, 3.0), (0.999, 0.001)),
    "CGPA": Question(tuple(round(5 + step / 100, 2) for step in range(501)), weight=0.1),
    "Study Satisfaction": _scale(1, 5, -0.4),
    "Job Satisfaction": Question((0.0, 2.0), (0.999, 0.001)),
    "Work/Study Hours": _scale(0, 12, 0.5),
    "Financial Stress": _scale(1, 5, 0.9),
    "Gender": Question(("Female", "Male"), (0.44, 0.56)),
    "City": Question(
        ("Kalyan", "Srinagar", "Hyderabad", "Lucknow", "Thane", "Agra", "Surat", "Jaipur"),
    ),
    "Profession": Question(("Student", "Teacher"), (0.999, 0.001)),
    "Sleep Duration": Question(
        ("More than 8 hours", "7-8 hours", "5-6 hours", "Less than 5 hours"),
        (0.22, 0.26, 0.22, 0.30),
        0.2,
    ),
    "Dietary Habits": Question(("Healthy", "Moderate", "Unhealthy"), (0.27, 0.36, 0.37), 0.5),
    "Degree": Question(
        ("Class 12", "BSc", "B.Com", "BCA", "B.Ed", "MSc", "MBBS", "PhD"),
        (0.3, 0.15, 0.15, 0.1, 0.1, 0.1, 0.06, 0.04),
    ),
    "Have you ever had suicidal thoughts ?": Question(("No", "Yes"), (0.37, 0.63), 1.2),
    "Family History of Mental Illness": Question(("No", "Yes"), (0.52, 0.48), 0.15),
}
"""The questions of the students' survey; any other one is answered 0 to 5, or a to d."""

_TOPICS = tuple(
    f"{how} {kind} {what}"
    for how in ("Cloned", "Balanced", "Virtual", "Open-source", "Seamless", "Compatible")
    for kind in ("dynamic", "national", "real-time", "web-enabled", "scalable", "hybrid")
    for what in ("portal", "matrix", "archive", "framework", "Local Area Network")
)

VISITS = {
    "Daily Time Spent on Site": Question(
        tuple(32 + step / 100 for step in range(5_901)), weight=-9.0
    ),
    "Age": _scale(19, 61, 3.6),
    "Area Income": Question(tuple(14_000 + 1.5 * step for step in range(43_001)), weight=-5.0),
    "Daily Internet Usage": Question(
        tuple(105 + step / 100 for step in range(16_501)), weight=-10.0
    ),
    "Male": Question((0.0, 1.0), (0.52, 0.48), -0.3),
    "Ad Topic Line": Question(_TOPICS),
}
"""What is known of a visit, as answers; the words of the advertisement say nothing of a click."""

_NUMERIC_QUESTION = _scale(0, 5, 0.7)
_CATEGORICAL_QUESTION = Question(("a", "b", "c", "d"), weight=0.3)


def survey_answers(
    features: Features, amount: str | None, rows: int, positives: int, rng: Generator
) -> Population:
    """Generate answers to the students' survey, as `_answers` says."""
    return _answers(SURVEY, features, amount, rows, positives, rng)


def visits(
    features: Features, amount: str | None, rows: int, positives: int, rng: Generator
) -> Population:
    """Generate visits to a page that shows an advertisement, as `_answers` says."""
    return _answers(VISITS, features, amount, rows, positives, rng)


def _answers(
    questions: Mapping[str, Question],
    features: Features,
    amount: str | None,
    rows: int,
    positives: int,
    rng: Generator,
) -> Population:
    """Generate answers to questions.

    They add up to log-odds, and the rows where these are highest, chance included, are positive.
    An amount is lognormal, and independent of the class.
    """
    columns: dict[str, Any] = {}
    odds = rng.logistic(size=rows)
    for name in features.names:
        numeric = name in features.numeric
        question = questions.get(name, _NUMERIC_QUESTION if numeric else _CATEGORICAL_QUESTION)
        drawn = question.drawn(rows, rng)
        columns[name] = np.asarray(question.answers)[drawn]
        odds += question.weight * (drawn - drawn.mean()) / max(drawn.std(), 1e-9)
    if amount is not None:
        columns[amount] = np.round(np.exp(np.log(22) + rng.normal(size=rows)), 2)
    positive = np.zeros(rows, np.bool_)
    positive[np.argsort(odds)[rows - positives :]] = True
    return Population(columns, positive)
