"""A retrain, step by step: why it runs, what it learns from, which candidate serves."""
