"""Whether a use case's thresholds, names and title fit what is generated from all use cases."""

from __future__ import annotations

from monitoring.errors import TocsinError
from monitoring.signals.generated_files import refuse_taken_names
from monitoring.signals.short_names import named_metrics
from monitoring.signals.thresholds import business_thresholds
from monitoring.use_case import UseCase
from monitoring.use_case_file import UseCases


def check_fit(case: UseCase) -> None:
    """Raise where dashboards and rules can't be made of a use case.

    Raises
    ------
    NameTakenError, ShortNameError, ThresholdError
        Its name belongs to all; a short name or a threshold fits no metric.
    """
    refuse_taken_names((case,))
    named_metrics(case)
    business_thresholds(case)


def fitting(cases: UseCases) -> UseCases:
    """Return the use cases with those that don't fit among the broken ones: they cost no other."""
    valid, broken = [], dict(cases.broken)
    for case in cases.valid:
        try:
            check_fit(case)
        except TocsinError as error:
            broken[case.name] = error
        else:
            valid.append(case)
    return UseCases(tuple(valid), broken)
