"""Rules, routes and boards that were written anew, read by servers that go on running."""

from __future__ import annotations

import requests
from pydantic import SecretStr

from monitoring.settings import Settings
from monitoring.stack.credentials import Credentials
from monitoring.stack.stack_error import StackError
from monitoring.stack.supervisor import Supervisor

_READ_AT_A_SIGNAL = ("prometheus", "alertmanager")
_PROVISIONED = ("dashboards", "alerting")
_ADMIN = "admin"
"""The user that Grafana makes at its first start, whose password is ours."""
_TIMEOUT = 60


def reload(supervisor: Supervisor, known: Settings, credentials: Credentials) -> None:
    """Let the servers of a running local stack read their files again.

    Parameters
    ----------
    known
        The settings as they are inside the stack.

    Raises
    ------
    StackError
        Grafana does not take what was provisioned; its log says why.
    """
    for name in _READ_AT_A_SIGNAL:
        supervisor.signal_component(name, "HUP")
    if known.grafana_url is not None:
        reload_grafana(known.grafana_url, credentials.grafana_password)


def reload_grafana(url: str, password: SecretStr) -> None:
    """Let a Grafana read its dashboards and alerting again.

    Parameters
    ----------
    password
        Of its user `admin`.

    Raises
    ------
    StackError
        It does not answer, knows another password, or does not take what was provisioned.
    """
    for what in _PROVISIONED:
        _post(
            f"{url.rstrip('/')}/api/admin/provisioning/{what}/reload",
            f"Grafana did not read its {what} again",
            "its log says why; its password is the one that it was first started with",
            (_ADMIN, password.get_secret_value()),
        )


def reload_prometheus(url: str) -> None:
    """Let a Prometheus that listens for it (`--web.enable-lifecycle`) read its files again.

    Raises
    ------
    StackError
        It does not answer, or does not take them.
    """
    cure = "its log says why"
    _post(f"{url.rstrip('/')}/-/reload", "Prometheus did not read its files again", cure)


def _post(url: str, problem: str, cure: str, user: tuple[str, str] | None = None) -> None:
    try:
        answer = requests.post(url, auth=user, timeout=_TIMEOUT)
    except requests.RequestException as error:
        said = type(error).__name__  # its text may show more than the address
    else:
        if answer.ok:
            return
        said = f"it answered {answer.status_code}"
    msg = f"{problem} ({said}): {cure}"
    raise StackError(msg)
