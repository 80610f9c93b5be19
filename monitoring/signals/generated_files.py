"""The text of every file that is generated from the catalogue and the use cases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import yaml

from monitoring.errors import TocsinError
from monitoring.signals.alerts import alerts_of
from monitoring.signals.alerts.delivery import Delivery, Notifier
from monitoring.signals.alerts.message_template import message_templates
from monitoring.signals.alerts.prometheus_alerting import (
    TEMPLATES,
    alert_group,
    alertmanager_config,
    recording_group,
)
from monitoring.signals.links import FLEET, HEALTH
from monitoring.signals.pipelines import ALL_CASES
from monitoring.use_case import UseCase


@dataclass(frozen=True)
class Targets:
    """Where Prometheus scrapes and sends alerts; each address is host:port.

    Attributes
    ----------
    alertmanager
        None where Grafana notifies.
    stack
        Other parts of the stack that show metrics of their own, by name.
    """

    pushgateway: str
    alertmanager: str | None = None
    stack: Mapping[str, str] = field(default_factory=dict)

    def files(self) -> dict[str, list[dict[str, Any]]]:
        """Return the content of each file of the folder `targets`, by name."""
        return {
            "pushgateway.yml": [{"targets": [self.pushgateway]}],
            "alertmanager.yml": (
                [] if self.alertmanager is None else [{"targets": [self.alertmanager]}]
            ),
            "stack.yml": [
                {"targets": [address], "labels": {"job": name}}
                for name, address in sorted(self.stack.items())
            ],
        }


COMPOSE = Targets(
    pushgateway="pushgateway:9091",
    stack={"grafana": "grafana:3000", "prometheus": "prometheus:9090", "serve": "serve:8000"},
)
"""The addresses under which the containers of docker-compose.yml know each other."""


GRAFANA = PurePosixPath("grafana")
ALERTMANAGER = GRAFANA / "alertmanager" / "alertmanager.yml"
FLEET_RULES = ALL_CASES
"""Name of the rules that concern all use cases."""

ALERTING = "alerting"
"""The folder of Grafana's provisioning that alerts lie in."""
DELETED_RULES = f"{ALERTING}/deleted-rules.yml"

DASHBOARDS_IN_CONTAINER = "/var/lib/grafana/dashboards"

HEAD = "# Written by `tocsin generate` from monitoring/signals and the use cases: change those.\n"


class NameTakenError(TocsinError, ValueError):
    """A use case has the name of a file that belongs to all; the message names it."""


def refuse_taken_names(cases: Sequence[UseCase]) -> None:
    """Raise where a use case has the name of a file that belongs to all.

    Raises
    ------
    NameTakenError
        One has.
    """
    taken = {FLEET_RULES, FLEET, HEALTH} & {case.name for case in cases}
    if taken:
        msg = f"no use case may be called {', '.join(sorted(taken))}: rename it"
        raise NameTakenError(msg)


def prometheus_files(
    cases: Sequence[UseCase], delivery: Delivery, targets: Targets
) -> dict[PurePosixPath, str]:
    """Return what lies beside prometheus.yml: its rules and its targets."""
    rules = {FLEET_RULES: [recording_group(cases)]}
    for case in (None, *cases):
        name = case.name if case else FLEET_RULES
        group = alert_group(name, alerts_of(case), delivery.addresses)
        rules.setdefault(name, []).append(group)
    files = {f"rules/{name}.yml": yaml_text({"groups": groups}) for name, groups in rules.items()}
    files |= {f"targets/{name}": yaml_text(content) for name, content in targets.files().items()}
    return {PurePosixPath(name): text for name, text in files.items()}


def alertmanager_files(delivery: Delivery) -> dict[PurePosixPath, str]:
    """Return Alertmanager's configuration and the templates of its messages.

    The configuration may hold secrets: write it for the owner alone.
    """
    return {
        PurePosixPath(ALERTMANAGER.name): yaml_text(alertmanager_config(delivery)),
        PurePosixPath(TEMPLATES): f"{HEAD}{message_templates(delivery.addresses)}\n",
    }


def grafana_files(
    cases: Sequence[UseCase],
    delivery: Delivery,
    *,
    dashboards: str = DASHBOARDS_IN_CONTAINER,
    before: Collection[str] = (),
) -> dict[PurePosixPath, str]:
    """Return Grafana's dashboards and its provisioning.

    Parameters
    ----------
    dashboards
        The folder in which Grafana will find the dashboards.
    before
        Uids of the rules that were provisioned before, in files that do not stay.
    """
    from monitoring.signals.alerts.grafana_alerting import (
        contact_points,
        deleted_rules,
        mute_timings,
        policies,
        provisioned_groups,
        rules_in,
        templates,
    )
    from monitoring.signals.dashboards.fleet_boards import fleet_board, health_board
    from monitoring.signals.dashboards.grafana_json import (
        dashboard_json,
        provider,
        provisioned_datasource,
    )
    from monitoring.signals.dashboards.use_case_board import case_board

    addresses = delivery.addresses
    boards = {case.name: case_board(case, addresses) for case in cases}
    boards |= {FLEET: fleet_board(cases), HEALTH: health_board(cases)}
    paused = delivery.notifier is not Notifier.GRAFANA
    files = {
        f"dashboards/{name}.json": dashboard_json(board, own_alerts=not paused)
        for name, board in boards.items()
    }
    provisioned: dict[str, Any] = {
        "datasources/prometheus.yml": provisioned_datasource(),
        "dashboards/tocsin.yml": provider(dashboards),
        # Grafana logs an error at every start for a folder that is not there.
        "plugins/none.yml": {"apiVersion": 1, "apps": []},
        "notifiers/none.yml": {"apiVersion": 1, "notifiers": []},
        f"{ALERTING}/contact-points.yml": contact_points(delivery),
        f"{ALERTING}/mute-timings.yml": mute_timings(),
        f"{ALERTING}/policies.yml": policies(delivery),
        f"{ALERTING}/templates.yml": templates(addresses),
    }
    alerts = {case.name if case else FLEET_RULES: alerts_of(case) for case in (None, *cases)}
    for name, group in provisioned_groups(alerts, addresses, paused=paused).items():
        provisioned[f"{ALERTING}/rules-{name}.yml"] = group
    files |= {f"provisioning/{name}": yaml_text(content) for name, content in provisioned.items()}
    gone = frozenset(before) - rules_in(files.values())
    files[f"provisioning/{DELETED_RULES}"] = yaml_text(deleted_rules(gone))
    return {PurePosixPath(name): text for name, text in files.items()}


def planned(
    cases: Sequence[UseCase],
    delivery: Delivery,
    targets: Targets = COMPOSE,
    *,
    before: Collection[str] = (),
) -> dict[PurePosixPath, str]:
    """Return every generated file, relative to the folder it is written to.

    Parameters
    ----------
    before
        Uids of the rules that Grafana was given before, in files that do not stay.

    Raises
    ------
    NameTakenError
        A use case has the name of a file that belongs to all.
    """
    refuse_taken_names(cases)
    ordered = sorted(cases, key=lambda case: case.name)
    files = {GRAFANA / p: t for p, t in grafana_files(ordered, delivery, before=before).items()}
    beside = prometheus_files(ordered, delivery, targets)
    files |= {GRAFANA / "prometheus" / path: text for path, text in beside.items()}
    files |= {ALERTMANAGER.parent / p: t for p, t in alertmanager_files(delivery).items()}
    return dict(sorted(files.items()))


def yaml_text(content: Any) -> str:
    """Return the text of a generated YAML file."""
    return HEAD + yaml.dump(
        content, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=10_000
    )


class _Plain(yaml.CSafeDumper):
    """Writes a value in full wherever it occurs, where PyYAML would write anchors and aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the answer is the same for all
        return True
