"""Synthetic data: source files where no real ones exist, and drift injected into rows."""
