"""What the API works with: models, store, scorers, who may ask, and the errors as answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, FastAPI, Query, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.errors import InputError, TocsinError
from monitoring.serving.api_keys import KeyRing
from monitoring.serving.api_keys import Scope as KeyScope
from monitoring.serving.bodies import BodyError
from monitoring.serving.component_health import ComponentHealth, component_health
from monitoring.serving.limits import Gate, RateLimit
from monitoring.serving.live_models import (
    LiveModel,
    LiveModels,
    ModelUnavailableError,
    NoChampionError,
)
from monitoring.serving.scoring import ReusedIdError, Scorer, UnusableRowError
from monitoring.serving.serving_metrics import ServingMetrics
from monitoring.settings import Settings, redacted
from monitoring.sources.auto import resolve
from monitoring.store.database import consistent_read
from monitoring.store.database_failure import StoreError
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.training.registry import Registry
from monitoring.use_case_file import UseCaseError, find_use_case

Candidate = Annotated[
    str | None,
    Query(description="A candidate's newest version answers, and not the champion."),
]
"""Parameter of a route that is about the champion, or about a candidate."""

PATHS = ("/predict/", "/explain/", "/feedback/", "/reload/", "/model/")
"""Where the routes of the API begin."""

_STATUS: dict[type[TocsinError], int] = {
    BodyError: 422,
    UseCaseError: 404,
    NoChampionError: 409,
    ReusedIdError: 409,
    UnusableRowError: 422,
    InputError: 422,
    ModelUnavailableError: 503,
    StoreError: 503,
}

_log = logging.getLogger(__name__)


@dataclass
class Api:
    """The parts of the API of one server.

    Attributes
    ----------
    open_store
        Opens the production store: at the first request that needs it, and again where it failed.
    components
        The components that Prometheus asks this server about.
    """

    models: LiveModels
    open_store: Callable[[], ProductionStore]
    gate: Gate
    metrics: ServingMetrics = field(default_factory=ServingMetrics)
    components: ComponentHealth = field(default_factory=ComponentHealth)
    _store: ProductionStore | None = None
    _scorers: dict[str, Scorer] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def store(self) -> ProductionStore:
        """The production store.

        Raises
        ------
        StoreError
            It can't be opened.
        """
        with self._lock:
            try:
                self._store = self._store or self.open_store()
            except OSError as error:
                msg = f"the production store can't be opened: {error}: see TOCSIN_DATABASE_URL"
                raise StoreError(msg) from error
            return self._store

    def check_store(self) -> None:
        """Raise `StoreError` unless the store answers."""
        with consistent_read(self.store.engine) as connection:
            connection.execute(sa.select(1))

    async def live(self, use_case: str, candidate: str | None) -> LiveModel:
        """Return the version that answers; only one that must be loaded first is waited for.

        Raises
        ------
        UseCaseError, InputError, NoChampionError, ModelUnavailableError
            As `LiveModels.of`.
        """
        there = self.models.answering(use_case, candidate)
        if there is None:
            there = await asyncio.to_thread(self.models.of, use_case, candidate)
        return there

    async def scorer(self, use_case: str) -> Scorer:
        """Return the scorer of a use case; only at the first request the store is waited for.

        Raises
        ------
        StoreError
            The store can't be opened.
        """
        there = self._scorers.get(use_case)
        if there is None:
            there = await asyncio.to_thread(self._new_scorer, use_case)
        return there

    def _new_scorer(self, use_case: str) -> Scorer:
        store = self.store
        with self._lock:
            if use_case not in self._scorers:
                self._scorers[use_case] = Scorer(store, use_case, self.metrics.arm_failed)
            return self._scorers[use_case]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Follow promotions until the block ends; then answer what waits, and close the store."""
        try:
            with self.models.followed():
                yield
        finally:
            for scorer in self._scorers.values():
                scorer.close()
            if self._store is not None:
                self._store.close()


def api_of(settings: Settings, *, keys: bool) -> Api:
    """Return the API under these settings.

    Parameters
    ----------
    keys
        Whether who asks needs an API key.
    """
    made = Api(
        LiveModels(
            Registry(settings.tracking_url, settings.artifacts),
            lambda name: resolve(find_use_case(name, settings.use_cases), settings.data),
        ),
        lambda: open_store(settings.store_url),
        Gate(KeyRing(settings.state) if keys else None, RateLimit(settings.serve_rate)),
    )
    made.components = component_health(settings, made.check_store)
    return made


def api(request: Request) -> Api:
    """Return the API of the server that got the request."""
    found: Api = request.app.state.api
    return found


def needs(scope: KeyScope) -> Any:
    """Return what lets in to a route only those whose key is good for `scope`."""

    # In the server's own thread: it waits for nothing.
    async def admit(request: Request) -> None:
        api(request).gate.admit(request, scope)

    return Depends(admit)


async def answer_error(request: Request, error: Exception) -> JSONResponse:
    """Answer with what is wrong: a status that tells whose fault it is, and the message."""
    kind = type(error).__name__
    status = next((code for known, code in _STATUS.items() if isinstance(error, known)), 500)
    api(request).metrics.failed(_route(request.url.path), kind)
    if status == 500:
        _log.error("%s: %s: %s", request.url.path, kind, redacted(str(error)))
    detail: Any = error.faults if isinstance(error, BodyError) else redacted(str(error))
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse({"error": kind, "detail": detail}, status, headers)


class Timed:
    """Measures how long the API takes until it begins to answer."""

    def __init__(self, app: ASGIApp, metrics: ServingMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or not scope["path"].startswith(PATHS):
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def send_timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = time.perf_counter() - begun
                self._metrics.answered(_route(scope["path"]), message["status"], seconds)
            await send(message)

        await self._app(scope, receive, send_timed)


def _route(path: str) -> str:
    return path.split("/")[1]


def add_to(app: FastAPI, parts: Api) -> None:
    """Add the API's state, its errors and its measurements to a server."""
    app.state.api = parts
    app.add_exception_handler(TocsinError, answer_error)
    # Not one of FastAPI's own kind, which gives each request a task and a stream more.
    app.add_middleware(Timed, metrics=parts.metrics)
