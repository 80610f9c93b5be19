"""Summaries: one pass over a window, and the reference it is measured on."""
