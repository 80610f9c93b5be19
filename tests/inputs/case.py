"""A damaged input: how it is made, by which command it is read, and what must be said of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Make = Callable[[Path], None]
"""Writes the damaged input into a folder."""


@dataclass(frozen=True)
class Case:
    """One damaged input.

    Attributes
    ----------
    entry
        Where it comes in: rows, a use case, the environment, a saved reference, state.
    damage
        What is wrong with it.
    call
        The command, run in the folder of the input.
    place
        What the error must name: a file, a setting.
    """

    entry: str
    damage: str
    call: tuple[str, ...]
    place: str
    make: Make
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the test's name."""
        return f"{self.entry}: {self.damage}"
