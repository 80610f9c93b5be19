"""Serving: what people open in a browser: front page, reports, runbook, status pages."""
