"""The ports of the stack's components where nothing else is set."""

from __future__ import annotations

DEFAULT_PORTS = {
    "airflow": 8080,
    "mlflow": 5000,
    "prometheus": 9090,
    "pushgateway": 9091,
    "alertmanager": 9093,
    "relay": 9095,
    "receiver": 9096,
    "grafana": 3000,
    "serve": 8000,
}
