"""Targets: the addresses that prometheus.yml reads from files, so that it is the same anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
    stack={"grafana": "grafana:3000", "prometheus": "prometheus:9090"},
)
"""The addresses under which the containers of docker-compose.yml know each other."""
