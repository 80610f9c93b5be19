"""The aliases of a model's versions, and the one move that switches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.exceptions import MlflowException

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
"""The version that serves; the newest that lost or waits, which scores in shadow; the version
that served before the champion."""

PROMOTED, REPLACED = "tocsin.promoted", "tocsin.replaced"
"""Tags of a version: when it last became champion, and the version it then replaced."""

PROBATION = "tocsin.probation"
"""Tag of a version: the one that it has to prove itself against since the gate promoted it."""


def aliased(client: MlflowClient, model: str, alias: str) -> ModelVersion | None:
    """Return the version that an alias names; None where it names none."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(model, alias)
    except MlflowException as error:
        if not is_absent(error):
            raise
        return None


def switch(client: MlflowClient, model: str, number: str, *, at: str, on_probation: bool) -> None:
    """Make a version the champion: the one it replaces is noted, one alias moves, others follow.

    After a kill at any point, another call does the rest: until the alias moves the old champion
    serves, and from then on a tag of the version names the one it replaced.

    Parameters
    ----------
    at
        When, ISO 8601; saved with the version.
    on_probation
        Whether it has to prove itself against the one it replaces.
    """
    serving = aliased(client, model, CHAMPION)
    if serving is None or str(serving.version) != number:
        replaced = "" if serving is None else str(serving.version)
        client.set_model_version_tag(model, number, REPLACED, replaced)
        client.set_model_version_tag(model, number, PROBATION, replaced if on_probation else "")
        client.set_model_version_tag(model, number, PROMOTED, at)
        client.set_registered_model_alias(model, CHAMPION, number)
    settle(client, model)


def settle(client: MlflowClient, model: str) -> None:
    """Move the other aliases after the champion's, in case a switch ended half-way."""
    serving = aliased(client, model, CHAMPION)
    if serving is None:
        return
    before = serving.tags.get(REPLACED, "")
    if before and _number(client, model, PREVIOUS) != before:
        client.set_registered_model_alias(model, PREVIOUS, before)
    if _number(client, model, CHALLENGER) == str(serving.version):
        client.delete_registered_model_alias(model, CHALLENGER)


def is_absent(error: MlflowException) -> bool:
    """Whether MLflow's error means that something does not exist."""
    # An alias that isn't there is an invalid parameter, a model that isn't is absent.
    return error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def _number(client: MlflowClient, model: str, alias: str) -> str | None:
    version = aliased(client, model, alias)
    return None if version is None else str(version.version)
