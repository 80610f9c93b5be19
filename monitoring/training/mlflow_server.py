"""Whether an MLflow server answers, asked once before MLflow's client asks for minutes."""

from __future__ import annotations

import requests

from monitoring.training import TrainingError

CONNECT_SECONDS, ANSWER_SECONDS = 5, 30


def check_answers(url: str, shown: str) -> None:
    """Check that the server at `url` answers.

    MLflow's client tries a server that is down again for minutes, without a word.

    Parameters
    ----------
    shown
        The address without what may be a password.

    Raises
    ------
    TrainingError
        Nobody answers there, or a proxy whose server is down.
    """
    health = f"{url.rstrip('/')}/health"
    try:
        answer = requests.get(health, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), stream=True)
    except requests.exceptions.SSLError:
        return  # a server is there: which certificates are good is for MLflow's client to say
    except requests.RequestException as error:
        raise TrainingError(_unanswered(shown, _cause(error))) from error
    answer.close()
    # Who signs in, or has no such page, answers too.
    if answer.status_code >= requests.codes.internal_server_error:
        raise TrainingError(_unanswered(shown, f"status {answer.status_code}"))


def _unanswered(shown: str, cause: str) -> str:
    return (
        f"MLflow at {shown} does not answer ({cause}): check that it runs and that "
        "TOCSIN_MLFLOW_URL names it"
    )


def _cause(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    text = str(error)
    for known in ("Connection refused", "Name or service not known", "No route to host"):
        if known in text:
            return known.lower()
    return type(error).__name__
