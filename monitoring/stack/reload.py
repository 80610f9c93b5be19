"""Rules, routes and boards that were written anew, read by servers that go on running."""

from __future__ import annotations

import requests

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
    """Let the servers of a running stack read their files again.

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
    if known.grafana_url is None:
        return
    password = credentials.grafana_password.get_secret_value()
    for what in _PROVISIONED:
        url = f"{known.grafana_url.rstrip('/')}/api/admin/provisioning/{what}/reload"
        try:
            answer = requests.post(url, auth=(_ADMIN, password), timeout=_TIMEOUT)
            answer.raise_for_status()
        except requests.RequestException as error:
            msg = (
                f"Grafana did not read its {what} again ({type(error).__name__}): look into "
                "grafana.log, or start the stack anew by `tocsin down` and `tocsin up`"
            )
            raise StackError(msg) from error
