"""A running API loads what a retrain made: the version of each candidate, and the champion."""

from __future__ import annotations

import logging

import requests

from monitoring.settings import settings
from monitoring.steps.api_client import signed_in
from monitoring.steps.places import model_registry
from monitoring.steps.retrain.candidates import Logged
from monitoring.steps.run import Result, Run, StepError
from monitoring.training.versions import Version

log = logging.getLogger(__name__)

_SECONDS = 60
"""How long the API may take to load a version."""

_BY_ITSELF = "one that runs loads new versions by itself within seconds"


class Reloaded(Result):
    """What became of the version that the API was asked to load.

    Attributes
    ----------
    version
        None where there is none yet.
    words
        What the API said, or why it was not asked.
    """

    version: str | None
    words: str


def reload_candidate(run: Run, candidate: str) -> Reloaded:
    """Register a candidate of this retrain, and have the API load its newest version.

    The version before stays the newest where the candidate could not be trained.

    Raises
    ------
    StepError
        The API refused to, or could not load it.
    """
    registry, logged = model_registry(), run.read(f"{candidate}_logged", Logged)
    if logged is None:
        version = registry.newest(run.declared, candidate)
    else:
        version = registry.register(run.declared, logged.run_id)
    return _reloaded(run, f"reload_{candidate}", version, candidate)


def reload_best(run: Run) -> Reloaded:
    """Have the API load the champion, whether or not this retrain promoted it.

    Raises
    ------
    StepError
        As `reload_candidate`; what was promoted stays so.
    """
    return _reloaded(run, "reload_best", model_registry().champion(run.declared), None)


def reload_sentences(run: Run) -> tuple[str, ...]:
    """Return what the API said of the versions that it was asked to load, each sentence once."""
    results = (run.read(f"reload_{name}", Reloaded) for name in (*run.declared.candidates, "best"))
    return tuple(dict.fromkeys(result.words for result in results if result is not None))


def _reloaded(run: Run, step: str, version: Version | None, candidate: str | None) -> Reloaded:
    of = "no champion" if candidate is None else f"no version of {candidate}"
    words = f"{of} to load yet" if version is None else _asked(run.use_case, version, candidate)
    reloaded = Reloaded(version=None if version is None else version.number, words=words)
    run.write(step, reloaded)
    log.info(words)
    return reloaded


def _asked(use_case: str, version: Version, candidate: str | None) -> str:
    """Ask the API to load a version, and return what it said in one sentence."""
    where = settings()
    if where.serve_url is None:
        return f"no API was told of new versions, for TOCSIN_SERVE_URL is not set: {_BY_ITSELF}"
    try:
        answer = requests.post(
            f"{where.serve_url.rstrip('/')}/reload/{use_case}",
            params=None if candidate is None else {"candidate": candidate},
            headers=signed_in(where),
            timeout=_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        # Nothing is lost: which version serves stands in the registry, where the API looks.
        log.warning("%s does not answer: %s", where.serve_url, error)
        return f"the API at {where.serve_url} does not answer: {_BY_ITSELF}"
    loaded = _version_in(answer)
    if loaded != version.number:
        said = f"loaded version {loaded}" if loaded else f"answered {answer.status_code}"
        msg = (
            f"the API at {where.serve_url} did not load version {version.number} of {use_case}: it "
            f"{said}: {answer.text[:300]}: it needs this registry (TOCSIN_MLFLOW_URL), and a key "
            "of the scope admin where it is not on loopback (TOCSIN_SERVE_KEY)"
        )
        raise StepError(msg)
    return f"version {loaded} ({version.candidate}) is loaded by the API"


def _version_in(answer: requests.Response) -> str | None:
    """Return the version that was loaded; None where the answer is none that says so."""
    if answer.status_code != requests.codes.ok:
        return None
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return None
    return str(body["version"]) if isinstance(body, dict) and "version" in body else None
