"""The datasource that every panel and Grafana-managed rule reads."""

from __future__ import annotations

from typing import Any

DATASOURCE = "tocsin-prometheus"
"""Its uid, fixed so that committed dashboards find it."""


def provisioned_datasource() -> dict[str, Any]:
    """Return the provisioning file of the datasource; its address comes from the environment."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Prometheus",
                "uid": DATASOURCE,
                "type": "prometheus",
                "access": "proxy",
                "url": "$TOCSIN_PROMETHEUS_URL",
                "isDefault": True,
                "editable": False,
                # Prometheus has the same rules: Grafana would list each of them twice.
                "jsonData": {"httpMethod": "POST", "timeInterval": "15s", "manageAlerts": False},
            }
        ],
    }
