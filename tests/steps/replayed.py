"""What tests of replays share: a use case whose champion can score what was held back from it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.settings import settings
from monitoring.use_case import UseCase

UNTIL = datetime(2026, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Replayable:
    """A use case with a champion, and the folder of both."""

    case: UseCase
    folder: Path


def use_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let everything from here on use a new store in `folder`; return its file."""
    folder.mkdir(exist_ok=True)
    file = folder / "production.db"
    monkeypatch.setenv("TOCSIN_DATABASE_URL", f"sqlite:///{file}")
    settings.cache_clear()
    return file
