"""What the API does with versions of a use case beside its champion."""

from __future__ import annotations

from pydantic import Field

from monitoring.field_types import UseCaseSection


class Serve(UseCaseSection):
    """Which versions beside the champion the API knows of."""

    reload: bool = Field(
        False,
        description="A retrain registers a version of every candidate, and has a running API load "
        "them and the champion at once: its tasks `reload_<candidate>` and `reload_best`.",
    )
