"""The versions that answer: loaded once, swapped whole, and followed as newer ones come."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from monitoring.errors import InputError, TocsinError
from monitoring.serving.row_model import GivenRow, row_model
from monitoring.serving.unseen import categories_of
from monitoring.wording import printable, shortened

if TYPE_CHECKING:
    from monitoring.training.model import Model
    from monitoring.training.registry import Registry, Version
    from monitoring.use_case import UseCase

FOLLOW_SECONDS = 5.0
"""How often the registry is asked which versions are the newest."""

_Key = tuple[str, str | None]
"""A use case, and one of its candidates; None for the champion."""

_LETTERS = 60

_log = logging.getLogger(__name__)


class NoChampionError(TocsinError, RuntimeError):
    """Nothing answers for a use case yet; the message says what to run."""


class ModelUnavailableError(TocsinError, RuntimeError):
    """A version can't be loaded now; the message says why."""


@dataclass(frozen=True)
class LiveModel:
    """A version, with its use case as its file was when the model was loaded.

    Attributes
    ----------
    model
        Its `version` is never None.
    row
        What a request may hold of each row.
    categories
        Those that the model knows, by column.
    """

    case: UseCase
    model: Model
    row: type[GivenRow]
    categories: Mapping[str, frozenset[str]]
    loaded_at: datetime

    @property
    def version(self) -> str:
        """Number of the model's version."""
        return self.model.version or ""


@dataclass
class LiveModels:
    """The champion of each use case that was asked for, and the candidates that were.

    A version is swapped for another in one assignment: what was begun with the old one is
    finished with it.

    Attributes
    ----------
    find
        Reads the use case of a name from its file.
    """

    registry: Registry
    find: Callable[[str], UseCase]
    _loaded: dict[_Key, LiveModel] = field(default_factory=dict)
    _loading: dict[_Key, Lock] = field(default_factory=dict)

    def of(self, use_case: str, candidate: str | None = None) -> LiveModel:
        """Return the champion of a use case, loaded if it is not yet.

        Parameters
        ----------
        candidate
            Of which the newest version is returned in its place.

        Raises
        ------
        UseCaseError
            There is no such use case, or its file is not valid.
        InputError
            It has no such candidate; the message names those that it has.
        NoChampionError
            It, or the candidate, was never trained.
        ModelUnavailableError
            The registry does not answer, or its files are not a model's.
        """
        key = use_case, candidate
        there = self._loaded.get(key)
        if there is not None:
            return there
        case = self._case(key)
        with self._loading.setdefault(key, Lock()):
            return self._loaded.get(key) or self._load(key, case)

    @property
    def loaded(self) -> tuple[LiveModel, ...]:
        """The models that were asked for."""
        return tuple(self._loaded.values())

    def reload(self, use_case: str, candidate: str | None = None) -> LiveModel:
        """Load a version anew, and the use case's file; the old one answers until then.

        Raises
        ------
        UseCaseError, InputError, NoChampionError, ModelUnavailableError
            As above; the one that was loaded before stays.
        """
        key = use_case, candidate
        case = self._case(key)
        with self._loading.setdefault(key, Lock()):
            return self._load(key, case)

    def _case(self, key: _Key) -> UseCase:
        """Return the use case as its file is now, which has the candidate if one is named."""
        use_case, candidate = key
        case = self.find(use_case)
        if candidate is not None and candidate not in case.candidates:
            given = shortened(printable(candidate), _LETTERS)
            msg = f"{use_case} has no candidate {given!r}: it has {', '.join(case.candidates)}"
            raise InputError(msg)
        return case

    def _newest(self, case: UseCase, candidate: str | None) -> Version | None:
        if candidate is None:
            return self.registry.champion(case)
        return self.registry.newest(case, candidate)

    def _load(self, key: _Key, case: UseCase) -> LiveModel:
        use_case, candidate = key
        try:
            version = self._newest(case, candidate)
            model = None if version is None else self.registry.load(case, version.number)
        except Exception as error:
            msg = f"{use_case}: its model can't be loaded now: {error}"
            raise ModelUnavailableError(msg) from error
        if model is None:
            raise NoChampionError(_nothing_yet(use_case, candidate))
        live = LiveModel(case, model, row_model(case), categories_of(model), datetime.now(UTC))
        self._loaded[key] = live
        return live

    @contextmanager
    def followed(self, every: float = FOLLOW_SECONDS) -> Iterator[None]:
        """Look for newer versions until the block ends; each takes the place of the one before."""
        ended = Event()
        thread = Thread(target=self._follow, args=(ended, every), name="promotions", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _follow(self, ended: Event, every: float) -> None:
        said: dict[_Key, str] = {}
        while not ended.wait(every):
            for key, live in tuple(self._loaded.items()):
                name = " ".join(filter(None, key))
                try:
                    newest = self._newest(live.case, key[1])
                    if newest is not None and newest.number != live.version:
                        self.reload(*key)
                        _log.warning("%s: version %s answers now", name, newest.number)
                    said.pop(key, None)
                except Exception as error:  # noqa: BLE001
                    # The old version goes on answering, whatever is the matter; told once.
                    if said.get(key) != str(error):
                        said[key] = str(error)
                        _log.warning("%s: version %s stays: %s", name, live.version, error)


def _nothing_yet(use_case: str, candidate: str | None) -> str:
    if candidate is None:
        return f"{use_case} has no model yet: `tocsin retrain {use_case}` trains the first"
    return (
        f"{use_case} has no version of {candidate} yet: a retrain registers one of each candidate "
        "where the use case sets `serve: {reload: true}`"
    )
