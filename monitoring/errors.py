"""Errors: the root of every error that a user of Tocsin can meet."""

from __future__ import annotations


class TocsinError(Exception):
    """What went wrong, where, what is allowed, and what to do.

    Every error that a user can cause or has to act on derives from it, and from `ValueError` or
    another built-in too where that is its nature. A command prints its message and ends with
    exit code 2, without a traceback.
    """
