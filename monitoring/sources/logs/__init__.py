"""Prediction logs, read where they lie: files or a database, and the labels beside them."""
