"""The champions that answer: loaded once, swapped whole, and followed as they are promoted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from monitoring.errors import TocsinError
from monitoring.serving.row_model import GivenRow, row_model

if TYPE_CHECKING:
    from monitoring.training.model import Model
    from monitoring.training.registry import Registry
    from monitoring.use_case import UseCase

FOLLOW_SECONDS = 5.0
"""How often the registry is asked which version serves."""

_log = logging.getLogger(__name__)


class NoChampionError(TocsinError, RuntimeError):
    """Nothing answers for a use case yet; the message says what to run."""


class ModelUnavailableError(TocsinError, RuntimeError):
    """A champion can't be loaded now; the message says why."""


@dataclass(frozen=True)
class LiveModel:
    """A champion, with its use case as its file was when the model was loaded.

    Attributes
    ----------
    model
        Its `version` is never None.
    row
        What a request may hold of each row.
    """

    case: UseCase
    model: Model
    row: type[GivenRow]
    loaded_at: datetime

    @property
    def version(self) -> str:
        """Number of the model's version."""
        return self.model.version or ""


@dataclass
class LiveModels:
    """The champion of each use case that was asked for.

    A version is swapped for another in one assignment: what was begun with the old one is
    finished with it.

    Attributes
    ----------
    find
        Reads the use case of a name from its file.
    """

    registry: Registry
    find: Callable[[str], UseCase]
    _loaded: dict[str, LiveModel] = field(default_factory=dict)
    _loading: dict[str, Lock] = field(default_factory=dict)

    def __getitem__(self, use_case: str) -> LiveModel:
        """Return the champion of a use case, loaded if it is not yet.

        Raises
        ------
        UseCaseError
            There is no such use case, or its file is not valid.
        NoChampionError
            It was never trained.
        ModelUnavailableError
            The registry does not answer, or its files are not a model's.
        """
        there = self._loaded.get(use_case)
        if there is not None:
            return there
        with self._loading.setdefault(use_case, Lock()):
            return self._loaded.get(use_case) or self._load(use_case)

    @property
    def loaded(self) -> tuple[LiveModel, ...]:
        """The models that were asked for."""
        return tuple(self._loaded.values())

    def reload(self, use_case: str) -> LiveModel:
        """Load the champion anew, and the use case's file; the old one answers until then.

        Raises
        ------
        UseCaseError, NoChampionError, ModelUnavailableError
            As above; the one that was loaded before stays.
        """
        with self._loading.setdefault(use_case, Lock()):
            return self._load(use_case)

    def _load(self, use_case: str) -> LiveModel:
        case = self.find(use_case)
        try:
            version = self.registry.champion(case)
            model = None if version is None else self.registry.load(case, version.number)
        except Exception as error:
            msg = f"{use_case}: its model can't be loaded now: {error}"
            raise ModelUnavailableError(msg) from error
        if model is None:
            msg = f"{use_case} has no model yet: `tocsin retrain {use_case}` trains the first"
            raise NoChampionError(msg)
        live = LiveModel(case, model, row_model(case), datetime.now(UTC))
        self._loaded[use_case] = live
        return live

    @contextmanager
    def followed(self, every: float = FOLLOW_SECONDS) -> Iterator[None]:
        """Look for promotions until the block ends; a new champion takes the place of the old."""
        ended = Event()
        thread = Thread(target=self._follow, args=(ended, every), name="promotions", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _follow(self, ended: Event, every: float) -> None:
        said: dict[str, str] = {}
        while not ended.wait(every):
            for name, live in tuple(self._loaded.items()):
                try:
                    champion = self.registry.champion(live.case)
                    if champion is not None and champion.number != live.version:
                        self.reload(name)
                        _log.warning("%s: version %s answers now", name, champion.number)
                    said.pop(name, None)
                except Exception as error:  # noqa: BLE001
                    # The old version goes on answering, whatever is the matter; told once.
                    if said.get(name) != str(error):
                        said[name] = str(error)
                        _log.warning("%s: version %s stays: %s", name, live.version, error)
