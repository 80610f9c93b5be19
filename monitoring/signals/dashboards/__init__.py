"""Dashboards: panels declared once, drawn by Grafana and by the status pages."""
