"""Synthetic data: files of a use case for where no real one is, and drift planted on rows."""
