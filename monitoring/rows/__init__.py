"""Rows: what rows are, windows of event time, maturity, features; no I/O."""
