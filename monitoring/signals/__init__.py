"""Signals: what is published, and the dashboards and alerts made of it."""
