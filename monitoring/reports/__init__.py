"""Evidently reports for people: written, listed, kept."""
