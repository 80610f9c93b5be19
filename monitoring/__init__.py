"""Tocsin watches deployed tabular classifiers and tells their owners when to act."""
