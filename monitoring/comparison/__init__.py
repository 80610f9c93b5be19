"""Comparison: a drift verdict on two tables, without use case or server."""
