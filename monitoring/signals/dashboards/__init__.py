"""Dashboards, declared once and drawn by Grafana and by the status pages."""
