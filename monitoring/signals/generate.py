"""Writing the generated files, finding those that are out of date, leaving others' files alone.

Each folder that generated files lie in has a manifest of them. Only what a manifest names is ever
removed, and a file that is neither named nor marked as generated is not written over.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from monitoring.atomic_write import atomic_write
from monitoring.errors import TocsinError
from monitoring.private import umask
from monitoring.settings import Settings
from monitoring.signals.alerts.delivery import delivery_of
from monitoring.signals.generated_files import (
    ALERTING,
    ALERTMANAGER,
    COMPOSE,
    GRAFANA,
    HEAD,
    Targets,
    planned,
)
from monitoring.use_case import UseCase

MANIFEST = "generated.manifest"
"""Name of a manifest: without a suffix that Grafana or Prometheus would read it by."""

PROVISIONING = GRAFANA / "provisioning"

FOLDERS = tuple(
    GRAFANA / name
    for name in (
        "alertmanager",
        "dashboards",
        "prometheus/rules",
        "prometheus/targets",
        PROVISIONING.name,
    )
)
"""The folders with a manifest each: docker compose keeps each of them in a volume of its own."""

_FORMAT = 1


class ManifestError(TocsinError, ValueError):
    """A manifest can't be read; the message names it and what to do."""


class ForeignFileError(TocsinError, ValueError):
    """A file that Tocsin did not generate lies where a generated one belongs."""


def generate(
    out: Path,
    cases: Sequence[UseCase],
    settings: Settings,
    targets: Targets = COMPOSE,
    *,
    kept: Collection[str] = (),
) -> tuple[Path, ...]:
    """Write every generated file under `out`, and return what changed.

    Files that were generated before and no longer are, those of a retired use case, are removed;
    which they are is read from the manifests. Where there is no manifest nothing is removed.

    Parameters
    ----------
    settings
        Say who notifies, through which channels, and where links lead.
    targets
        What Prometheus scrapes.
    kept
        Names of use cases whose files can't be read now: what was generated of them before stays,
        for their alerts must not end with a typing error.

    Raises
    ------
    NameTakenError
        A use case has the name of a file that belongs to all.
    ShortNameError, ThresholdError
        A use case's short name or threshold fits no metric.
    ManifestError
        A manifest is damaged, or was written by a newer Tocsin.
    ForeignFileError
        A file that Tocsin did not generate lies where a generated one belongs; nothing is written.
    """
    plan = _planned(out, cases, settings, targets, kept)
    # The servers that read these files run as other users.
    with umask(0o022):
        _apply(plan, out)
    return plan.touched(out)


def _apply(plan: _Plan, out: Path) -> None:
    # Named before it is written: a run that is killed leaves no file that none would remove.
    for folder in set(map(_folder_of, plan.changed)):
        names = plan.before[folder] | plan.names[folder]
        atomic_write(out / folder / MANIFEST, _manifest(names))
    for path in plan.changed:
        _write(out, path, plan.files[path])
    for path in plan.obsolete:
        (out / path).unlink()
    for folder in FOLDERS:
        atomic_write(out / folder / MANIFEST, _manifest(plan.names[folder]))


def whole_output(
    cases: Sequence[UseCase], settings: Settings, targets: Targets = COMPOSE
) -> dict[PurePosixPath, str]:
    """Return every file that `generate` writes into an empty folder, manifests included.

    Raises
    ------
    NameTakenError, ShortNameError, ThresholdError
        As `generate`.
    """
    files = planned(cases, delivery_of(settings), targets)
    manifests = {folder / MANIFEST: _manifest(_names_in(folder, files)) for folder in FOLDERS}
    return files | manifests


def stale(
    out: Path,
    cases: Sequence[UseCase],
    settings: Settings,
    targets: Targets = COMPOSE,
    *,
    kept: Collection[str] = (),
) -> tuple[Path, ...]:
    """Return the files under `out` that `generate` would write or remove.

    Raises
    ------
    NameTakenError, ShortNameError, ThresholdError, ManifestError, ForeignFileError
        As `generate`.
    """
    return _planned(out, cases, settings, targets, kept).touched(out)


@dataclass(frozen=True)
class _Plan:
    """What is to be done; paths are relative to the folder that is written to.

    Attributes
    ----------
    files
        The text of every generated file.
    before, names
        What each folder's manifest names now, and what it is to name.
    changed
        Files whose text is not what it should be.
    obsolete
        Files that a manifest names, and which are no longer generated.
    old_manifests
        Manifests that are missing or out of date.
    """

    files: Mapping[PurePosixPath, str]
    before: Mapping[PurePosixPath, frozenset[str]]
    names: Mapping[PurePosixPath, frozenset[str]]
    changed: tuple[PurePosixPath, ...]
    obsolete: tuple[PurePosixPath, ...]
    old_manifests: tuple[PurePosixPath, ...]

    def touched(self, out: Path) -> tuple[Path, ...]:
        return tuple(sorted(out / p for p in (*self.changed, *self.obsolete, *self.old_manifests)))


def _planned(
    out: Path,
    cases: Sequence[UseCase],
    settings: Settings,
    targets: Targets,
    kept: Collection[str],
) -> _Plan:
    before = {folder: _named_in(out / folder / MANIFEST) for folder in FOLDERS}
    provisioned = before[PROVISIONING]
    rules = provisioned_rules(out / PROVISIONING, provisioned - of_use_cases(kept, provisioned))
    files = planned(cases, delivery_of(settings), targets, before=rules)
    names = {
        folder: _names_in(folder, files) | of_use_cases(kept, before[folder]) for folder in FOLDERS
    }
    for path, text in files.items():
        folder = _folder_of(path)
        if str(path.relative_to(folder)) not in before[folder]:
            refuse_foreign(out / path, text)
    left = (folder / name for folder in FOLDERS for name in before[folder] - names[folder])
    manifests = {folder / MANIFEST: _manifest(names[folder]) for folder in FOLDERS}
    return _Plan(
        files=files,
        before=before,
        names=names,
        changed=tuple(path for path, text in files.items() if _read(out / path) != text),
        obsolete=tuple(path for path in left if (out / path).is_file()),
        old_manifests=tuple(path for path, text in manifests.items() if _read(out / path) != text),
    )


def _folder_of(path: PurePosixPath) -> PurePosixPath:
    """Return the folder whose manifest names the file."""
    return next(folder for folder in FOLDERS if path.is_relative_to(folder))


def _names_in(folder: PurePosixPath, files: Mapping[PurePosixPath, str]) -> frozenset[str]:
    return frozenset(str(p.relative_to(folder)) for p in files if p.is_relative_to(folder))


def of_use_cases(cases: Collection[str], names: frozenset[str]) -> frozenset[str]:
    """Return those files that belong to one of the use cases alone."""
    stems = {*cases, *(f"rules-{case}" for case in cases)}
    return frozenset(name for name in names if PurePosixPath(name).stem in stems)


def provisioned_rules(folder: Path, names: Collection[str]) -> frozenset[str]:
    """Return the uids of the rules in some of the files of a provisioning folder."""
    from monitoring.signals.alerts.grafana_alerting import rules_in

    alerting = (folder / name for name in names if PurePosixPath(name).parts[0] == ALERTING)
    return rules_in(text for path in alerting if (text := _read(path)) is not None)


def _manifest(names: frozenset[str]) -> str:
    return json.dumps({"format": _FORMAT, "files": sorted(names)}, indent=2) + "\n"


def _named_in(path: Path) -> frozenset[str]:
    """Return the files that a manifest names; none where there is no manifest.

    Raises
    ------
    ManifestError
        It is damaged, of a newer format, or names a file outside its folder.
    """
    text = _read(path)
    if text is None:
        return frozenset()
    cure = "restore it, or delete it and remove by hand the files that are no longer generated"
    try:
        content: Any = json.loads(text)
        number, names = content["format"], content["files"]
    except (ValueError, TypeError, KeyError) as error:
        msg = f"{path} is damaged: {cure}"
        raise ManifestError(msg) from error
    if number != _FORMAT:
        msg = f"{path} has format {number}, this Tocsin reads format {_FORMAT}: use the newer one"
        raise ManifestError(msg)
    inside = all(
        isinstance(name, str) and not PurePosixPath(name).is_absolute() and ".." not in name
        for name in names
    )
    if not inside:
        msg = f"{path} names files outside its folder: {cure}"
        raise ManifestError(msg)
    return frozenset(names)


def refuse_foreign(path: Path, text: str) -> None:
    """Raise unless the file is not there, or is marked as generated.

    What was generated before there were manifests is in none: it is known by its first line, a
    dashboard by its uid and tag.

    Raises
    ------
    ForeignFileError
        Somebody else made it.
    """
    there = _read(path)
    if there is None or there == text or there.startswith(HEAD):
        return
    if path.suffix == ".json" and _identity(there) == _identity(text):
        return
    msg = (
        f"{path} was not written by `tocsin generate`, which would write over it: "
        "move it elsewhere, or give the use case another name"
    )
    raise ForeignFileError(msg)


def _identity(dashboard: str) -> tuple[Any, Any] | None:
    try:
        content = json.loads(dashboard)
        return content["uid"], content["tags"]
    except (ValueError, TypeError, KeyError):
        return None


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _write(out: Path, name: PurePosixPath, text: str) -> None:
    # In place: Grafana starts with no folder of provisioned alerts in which a file has a suffix
    # that it does not know, as the one has that an atomic write may leave.
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name == ALERTMANAGER:
        # It may hold a channel's secret: created again, readable by its owner only.
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
