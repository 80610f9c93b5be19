"""The files that the local stack's parts read when they start."""

from __future__ import annotations

import json

from monitoring.settings import Ports, Settings
from monitoring.stack.credentials import Credentials
from monitoring.stack.folders import Folders
from monitoring.stack.private import write_private


def configure(settings: Settings, ports: Ports, credentials: Credentials) -> None:
    """Write every configuration file anew."""
    folders = Folders(settings.state)
    passwords = {"admin": credentials.airflow_password.get_secret_value()}
    write_private(folders.airflow_passwords, json.dumps(passwords) + "\n")
    write_private(folders.prometheus / "prometheus.yml", "global: {scrape_interval: 5s}\n")
    write_private(
        folders.alertmanager / "alertmanager.yml", "{route: {receiver: n}, receivers: [{name: n}]}"
    )
    write_private(folders.ports, ports.model_dump_json() + "\n")
