"""Synthetic surveys: scales and answers of students, and a balanced target that they tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.sources.synthetic.made_up import MadeUp
from monitoring.use_case import Features

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


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


QUESTIONS = {
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

_NUMERIC = _scale(0, 5, 0.7)
_CATEGORICAL = Question(("a", "b", "c", "d"), weight=0.3)


def made_up_answers(
    features: Features, amount: str | None, rows: int, positives: int, rng: Generator
) -> MadeUp:
    """Make up answers.

    They add up to log-odds, and the rows where these are highest, chance included, are positive.
    An amount is lognormal, and tells nothing.
    """
    columns: dict[str, Any] = {}
    odds = rng.logistic(size=rows)
    for name in features.names:
        numeric = name in features.numeric
        question = QUESTIONS.get(name, _NUMERIC if numeric else _CATEGORICAL)
        drawn = question.drawn(rows, rng)
        columns[name] = np.asarray(question.answers)[drawn]
        odds += question.weight * (drawn - drawn.mean()) / max(drawn.std(), 1e-9)
    if amount is not None:
        columns[amount] = np.round(np.exp(np.log(22) + rng.normal(size=rows)), 2)
    positive = np.zeros(rows, np.bool_)
    positive[np.argsort(odds)[rows - positives :]] = True
    return MadeUp(columns, positive)
