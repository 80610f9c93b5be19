"""Rows, windows of event time, label maturity, parsing and quarantine; no I/O."""
