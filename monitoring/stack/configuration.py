"""The files that the local stack's components read when they start."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from monitoring.private import private_folder, write_private
from monitoring.settings import Ports, Settings
from monitoring.signals.alerts.delivery import delivery_of
from monitoring.signals.generate import of_use_cases, provisioned_rules
from monitoring.signals.generated_files import (
    Targets,
    alertmanager_files,
    grafana_files,
    prometheus_files,
)
from monitoring.signals.use_case_fit import fitting
from monitoring.stack.components import wanted_ports
from monitoring.stack.credentials import Credentials, write_airflow_passwords
from monitoring.stack.environment import inside, loopback_url
from monitoring.stack.folders import DEPLOYMENT, Folders
from monitoring.stack.ports import LOOPBACK
from monitoring.stack.relay import through_relay
from monitoring.use_case_file import all_use_cases

_log = logging.getLogger(__name__)

SHOW_METRICS = ("prometheus", "alertmanager", "grafana", "serve")
"""The components that Prometheus watches beside what is pushed."""


def configure(settings: Settings, ports: Ports, credentials: Credentials) -> None:
    """Write every configuration file anew, for all use cases that can be read.

    Raises
    ------
    UseCaseError
        The folder of use-case files can't be read.
    """
    folders = Folders(settings.state)
    known = inside(settings, ports, credentials)
    delivery = delivery_of(known)
    found = fitting(all_use_cases(known.use_cases, known.active_use_cases))
    for name, error in found.broken.items():
        _log.warning("dashboard and rules of use case %s stay as they were: %s", name, error)
    cases = found.valid
    write_airflow_passwords(
        folders.airflow_passwords,
        credentials.airflow_password,
        credentials.airflow_viewer_password,
    )
    relayed = through_relay(delivery, loopback_url(ports.relay))
    for path, text in alertmanager_files(relayed).items():
        write_private(folders.alertmanager / path, text)
    scraped = (DEPLOYMENT / "prometheus.yml").read_text(encoding="utf-8")
    write_private(folders.prometheus / "prometheus.yml", scraped)
    targets = _targets(known, wanted_ports(settings, ports))
    _replace(folders.prometheus, prometheus_files(cases, delivery, targets), kept=found.broken)
    if known.grafana_url is not None:
        boards = str(folders.grafana / "dashboards")
        before = _rules_before(folders.grafana / "provisioning", found.broken)
        files = grafana_files(cases, delivery, dashboards=boards, before=before)
        _replace(folders.grafana, files, kept=found.broken)
    write_private(folders.ports, ports.model_dump_json() + "\n")


def _rules_before(provisioning: Path, kept: Collection[str]) -> frozenset[str]:
    """Return the rules that Grafana was given before, in files that do not stay."""
    paths = (path for path in provisioning.rglob("*.yml") if path.is_file())
    there = frozenset(str(path.relative_to(provisioning)) for path in paths)
    return provisioned_rules(provisioning, there - of_use_cases(kept, there))


def _targets(known: Settings, ports: Mapping[str, int]) -> Targets:
    address = {component: f"{LOOPBACK}:{port}" for component, port in ports.items()}
    return Targets(
        pushgateway=address["pushgateway"],
        alertmanager=address["alertmanager"] if known.notifier == "alertmanager" else None,
        stack={component: address[component] for component in SHOW_METRICS if component in address},
    )


def _replace(folder: Path, files: Mapping[PurePosixPath, str], *, kept: Collection[str]) -> None:
    """Write `files` under `folder`; a folder that one of them lies in keeps nothing older.

    Parameters
    ----------
    kept
        Names of use cases whose files stay: their alerts must not end with a typing error.
    """
    for name in {path.parts[0] for path in files}:
        there = {str(path) for path in (folder / name).rglob("*") if path.is_file()}
        for old in there - of_use_cases(kept, frozenset(there)):
            Path(old).unlink()
    for path, text in files.items():
        private_folder((folder / path).parent)
        write_private(folder / path, text)
