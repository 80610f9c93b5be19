"""Retirement: a use case is no longer watched; its history stays."""

from __future__ import annotations

import logging
from pathlib import Path

from monitoring.settings import settings
from monitoring.signals.pushgateway import retire as delete_groups
from monitoring.steps.run import Result, StepError
from monitoring.use_case_file import ENDINGS, find_use_case

log = logging.getLogger(__name__)

RETIRED = ".retired"
"""Folder beside the use-case files that nobody reads."""


class Retirement(Result):
    """A use case was retired.

    Attributes
    ----------
    file
        Where its file lies now: moved back, it is watched again.
    groups_deleted
        Whether its groups in the Pushgateway were; not where none is set.
    """

    use_case: str
    file: str
    groups_deleted: bool

    @property
    def words(self) -> str:
        """Return it in a sentence or two."""
        groups = "its groups are deleted from the Pushgateway"
        if not self.groups_deleted:
            groups = "TOCSIN_PUSHGATEWAY_URL is not set, so that no group was deleted"
        return (
            f"{self.use_case} is retired: its file lies in {self.file}, and {groups}; store, "
            "reports, models and Prometheus keep what they have"
        )


def retire(use_case: str) -> Retirement:
    """Move a use case's file where nobody reads it, and delete its groups in the Pushgateway.

    Its DAGs are gone with its file. Called again, after a kill too, it does the rest.

    Raises
    ------
    StepError
        It is a shipped one.
    UseCaseError
        There is none of that name.
    PublishError
        The Pushgateway could not be reached: run it again.
    """
    where = settings()
    moved = _moved(use_case, where.use_cases)
    if where.pushgateway_url is not None:
        delete_groups(use_case, url=where.pushgateway_url, sign_in=where.pushgateway_sign_in)
    retirement = Retirement(
        use_case=use_case, file=str(moved), groups_deleted=where.pushgateway_url is not None
    )
    log.info(retirement.words)
    return retirement


def _moved(use_case: str, folder: Path | None) -> Path:
    """Return where the file of a use case lies once it is retired."""
    if folder is not None:
        for name in (f"{use_case}{ending}" for ending in ENDINGS):
            there, retired = folder / name, folder / RETIRED / name
            if there.is_file():
                retired.parent.mkdir(exist_ok=True)
                return there.replace(retired)
            if retired.is_file():
                return retired
    find_use_case(use_case, folder)
    msg = (
        f"use case {use_case} is shipped with Tocsin, so its file stays: name those that are "
        "watched in TOCSIN_ACTIVE, without it"
    )
    raise StepError(msg)
