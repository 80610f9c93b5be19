"""Dashboards and rules for a Grafana and a Prometheus that are there already, and not Tocsin's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

import yaml

from monitoring.errors import InputError
from monitoring.private import umask
from monitoring.settings import Settings
from monitoring.signals.alerts.delivery import Delivery, Notifier, delivery_of
from monitoring.signals.generate import refuse_foreign
from monitoring.signals.generated_files import (
    COMPOSE,
    grafana_files,
    prometheus_files,
    yaml_text,
)
from monitoring.signals.own_place import OwnPlace
from monitoring.use_case import UseCase

DASHBOARDS, GRAFANA_RULES, PROMETHEUS_RULES = "dashboards", "grafana-rules", "prometheus-rules"
"""The folders: dashboards, rules that Grafana evaluates, and the same for a Prometheus."""


def library_files(
    cases: Sequence[UseCase], delivery: Delivery, place: OwnPlace, only: Collection[str] = ()
) -> dict[PurePosixPath, str]:
    """Return the text of every file.

    Parameters
    ----------
    only
        Names of the use cases whose files are wanted; without any, those of all, of the fleet and
        of the pipelines.

    Raises
    ------
    InputError
        There is no use case of one of the names.
    """
    unknown = sorted(set(only) - {case.name for case in cases})
    if unknown:
        known = ", ".join(sorted(case.name for case in cases))
        msg = f"no use case {unknown[0]!r:.60}: the use cases are {known}"
        raise InputError(msg)
    # Its own alerts are evaluated there, whoever notifies in the shipped stack.
    delivered = Delivery(Notifier.GRAFANA, delivery.addresses)
    files: dict[PurePosixPath, str] = {}
    for path, text in grafana_files(cases, delivered).items():
        if path.parts[0] == DASHBOARDS and _wanted(path.stem, only):
            files[PurePosixPath(DASHBOARDS, path.name)] = place.board(text)
        elif path.name.startswith("rules-") and _wanted(path.stem.removeprefix("rules-"), only):
            name = path.name.removeprefix("rules-")
            files[PurePosixPath(GRAFANA_RULES, name)] = _rules(text, place)
    for path, text in prometheus_files(cases, delivered, COMPOSE).items():
        if path.parts[0] == "rules" and _wanted(path.stem, only):
            files[PurePosixPath(PROMETHEUS_RULES, path.name)] = _rules(text, place)
    return files


def write_library(
    out: Path,
    cases: Sequence[UseCase],
    settings: Settings,
    place: OwnPlace,
    only: Collection[str] = (),
) -> tuple[Path, ...]:
    """Write every file under `out`, and return what changed; parameters as `library_files`.

    Raises
    ------
    InputError
        There is no use case of one of the names.
    ForeignFileError
        A file that Tocsin did not generate lies where one belongs; nothing is written.
    """
    files = library_files(cases, delivery_of(settings), place, only)
    for path, text in files.items():
        refuse_foreign(out / path, text)
    changed = []
    with umask(0o022):
        for path, text in files.items():
            file = out / path
            if not file.is_file() or file.read_text(encoding="utf-8") != text:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
                changed.append(file)
    return tuple(changed)


def _wanted(name: str, only: Collection[str]) -> bool:
    return not only or name in only


def _rules(text: str, place: OwnPlace) -> str:
    return yaml_text(place.rules(yaml.safe_load(text)))
