"""Alerts: declared once, written as Prometheus rules and as Grafana-managed rules."""
