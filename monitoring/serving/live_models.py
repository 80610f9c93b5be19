"""The versions that answer: loaded once, swapped whole, and followed as newer ones come."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from monitoring.errors import InputError, TocsinError
from monitoring.serving.lean_model import lean
from monitoring.serving.row_model import GivenRow, row_model
from monitoring.serving.unseen import categories_of
from monitoring.training.versions import no_champion
from monitoring.use_case_columns import Features
from monitoring.use_case_serving import CHALLENGER
from monitoring.wording import printable, shortened

if TYPE_CHECKING:
    from monitoring.training.model import Model
    from monitoring.training.registry import Registry
    from monitoring.training.versions import Version
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
    arms
        The versions that answer shares of a champion's rows, by the names of the arms; of the
        same use case. An arm that has no version yet is not among them.
    """

    case: UseCase
    model: Model
    row: type[GivenRow]
    categories: Mapping[str, frozenset[str]]
    loaded_at: datetime
    arms: Mapping[str, LiveModel] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Number of the model's version."""
        return self.model.version or ""


@dataclass
class LiveModels:
    """The champion of each use case that was asked for, with its arms, and candidates that were.

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
    _said: dict[_Key, str] = field(default_factory=dict)

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
        there = self.answering(*key)
        if there is not None:
            return there
        case = self._case(key)
        with self._loading.setdefault(key, Lock()):
            return self.answering(*key) or self._load(key, case)

    def answering(self, use_case: str, candidate: str | None = None) -> LiveModel | None:
        """Return the version that answers now; None while none is loaded."""
        return self._loaded.get((use_case, candidate))

    @property
    def loaded(self) -> tuple[LiveModel, ...]:
        """The models that were asked for, and the arms."""
        asked_for = tuple(self._loaded.values())
        return (*asked_for, *(arm for live in asked_for for arm in live.arms.values()))

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
        if case.is_watched:
            msg = f"{use_case} serves elsewhere: Tocsin watches it from its prediction logs"
            raise InputError(msg)
        if candidate is not None and candidate not in case.candidates:
            given = shortened(printable(candidate), _LETTERS)
            msg = f"{use_case} has no candidate {given!r}: it has {', '.join(case.candidates)}"
            raise InputError(msg)
        return case

    def _newest(self, case: UseCase, name: str | None) -> Version | None:
        """Return the version of a candidate or an arm; the champion where none is named."""
        if name is None:
            return self.registry.champion(case)
        if name == CHALLENGER and name in case.serve.shares:
            return self.registry.challenger(case)
        return self.registry.newest(case, name)

    def _load(self, key: _Key, case: UseCase) -> LiveModel:
        use_case, candidate = key
        try:
            version = self._newest(case, candidate)
            model = None if version is None else self.registry.load(case, version.number)
        except Exception as error:
            msg = f"{use_case}: its model can't be loaded now: {error}"
            raise ModelUnavailableError(msg) from error
        if model is None:
            raise NoChampionError(self._nothing_yet(case, candidate))
        live = _live(case, model)
        if candidate is None:
            there = self._loaded.get(key)
            live = replace(live, arms=self._arms(live, {} if there is None else there.arms))
        self._loaded[key] = live
        return live

    def _nothing_yet(self, case: UseCase, candidate: str | None) -> str:
        if candidate is None:
            return f"{case.name}: {no_champion(case, self.registry.challenger(case))}"
        return (
            f"{case.name} has no version of {candidate} yet: a retrain registers one of each "
            "candidate where the use case sets `serve: {reload: true}`"
        )

    def _arms(self, live: LiveModel, before: Mapping[str, LiveModel]) -> Mapping[str, LiveModel]:
        """Return the arms of a champion: what can't be loaded costs it nothing, and is told once.

        Parameters
        ----------
        before
            Those that answered until now; one of another form of the use case does so no more.
        """
        case = live.case
        arms: dict[str, LiveModel] = {}
        for name in case.serve.shares:
            there = before.get(name)
            if there is not None and there.case is not case:
                there = None
            try:
                arm = self._arm(live, name, there)
            except Exception as error:  # noqa: BLE001 - whatever a registry or a model may raise
                kept = "its share goes to the champion" if there is None else "the old one stays"
                self._tell(_arm_key(case, name), f"{kept}: {error}")
                arm = there
            if arm is not None:
                arms[name] = arm
        return arms

    def _arm(self, live: LiveModel, name: str, there: LiveModel | None) -> LiveModel | None:
        case, key = live.case, _arm_key(live.case, name)
        newest = self._newest(case, name)
        if newest is None:
            self._tell(key, "it has no version yet, so its share goes to the champion")
            return None
        if there is not None and there.version == newest.number:
            self._said.pop(key, None)
            return there
        loaded = (it.model for it in (live, *self.loaded) if it.case.name == case.name)
        model = next((model for model in loaded if model.version == newest.number), None)
        arm = _live(case, model or self.registry.load(case, newest.number))
        features = case.columns.features
        known = features.names if isinstance(features, Features) else ()
        strange = [column for column in arm.model.features.names if column not in known]
        if strange:
            msg = f"version {arm.version} reads {', '.join(strange)}: no feature any more"
            raise ModelUnavailableError(msg)
        self._tell(key, f"version {arm.version} answers its share now")
        return arm

    def _tell(self, key: _Key, what: str) -> None:
        if self._said.get(key) != what:
            self._said[key] = what
            _log.warning("%s: %s", " ".join(filter(None, key)), what)

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
        while not ended.wait(every):
            for key, live in tuple(self._loaded.items()):
                try:
                    self._follow_one(key, live)
                except Exception as error:  # noqa: BLE001
                    # The old version goes on answering, whatever is the matter; told once.
                    self._tell(key, f"version {live.version} stays: {error}")

    def _follow_one(self, key: _Key, live: LiveModel) -> None:
        newest = self._newest(live.case, key[1])
        if newest is not None and newest.number != live.version:
            self._tell(key, f"version {self.reload(*key).version} answers now")
            return
        self._said.pop(key, None)
        if live.case.serve.shares and key[1] is None:
            with self._loading.setdefault(key, Lock()):
                now = self._loaded[key]
                self._loaded[key] = replace(now, arms=self._arms(now, now.arms))


def _spare_the_collector() -> None:
    """Have Python look no more for garbage in what stays: libraries and models.

    It would look at all of it again and again, and nothing is answered for half a second.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _arm_key(case: UseCase, name: str) -> _Key:
    return case.name, f"arm {name}"


def _live(case: UseCase, model: Model) -> LiveModel:
    loaded = datetime.now(UTC)
    live = LiveModel(case, lean(model), row_model(case), categories_of(model), loaded)
    _spare_the_collector()
    return live
