"""A report, step by step: what it measures, writes and publishes."""
