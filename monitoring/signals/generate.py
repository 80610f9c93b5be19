"""Writing the generated files, and finding those that are out of date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from monitoring.errors import TocsinError
from monitoring.settings import Settings
from monitoring.signals.alerts.business_alerts import alert_name
from monitoring.signals.alerts.delivery import delivery_of
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.generated_files import ALERTMANAGER, COMPOSE, Targets, planned
from monitoring.signals.metric import USE_CASE, Metric, Unit, decimal
from monitoring.signals.short_names import declared_by
from monitoring.signals.thresholds import business_thresholds
from monitoring.use_case import UseCase


def metrics_table(cases: Sequence[UseCase]) -> str:
    """Return every metric of the catalogue with its short names, as Markdown."""
    names: dict[Metric, list[str]] = {}
    for named in declared_by(cases):
        names.setdefault(named.metric, []).append(f"`{named.name}`")
    rows = (
        (
            f"`{metric.name}`",
            _labels(metric),
            _unit(metric),
            ", ".join(dict.fromkeys(names.get(metric, ()))),
            metric.help,
        )
        for metric in CATALOGUE
    )
    head = ("metric", f"labels beside `{USE_CASE}`", "unit", "short names", "description")
    return _table(head, rows)


def thresholds_table(cases: Sequence[UseCase]) -> str:
    """Return every business threshold of the use cases, as Markdown."""
    rows = (
        (
            case.title,
            threshold.metric.title,
            f"{threshold.side} {decimal(threshold.value)}",
            threshold.severity.value,
            f"`{alert_name(threshold.metric, threshold.side)}`",
        )
        for case in cases
        for threshold in business_thresholds(case)
    )
    return _table(("use case", "metric", "fires when", "severity", "alert"), rows)


def _labels(metric: Metric) -> str:
    return ", ".join(f"`{label}`" for label in metric.labels)


def _unit(metric: Metric) -> str:
    return {
        Unit.TIMESTAMP: "seconds since 1970",
        Unit.RATIO: "0 to 1",
        Unit.FACTOR: "times",
        Unit.CHANGE: "share, below 0 is less",
        Unit.INFO: "1",
        Unit.FLAG: "0 or 1",
    }.get(metric.unit, metric.unit.value)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


README = PurePosixPath("README.md")
END = "<!-- end -->"


class MarkerError(TocsinError, ValueError):
    """A README has a marker without its end; the message names it."""


def generate(
    out: Path, cases: Sequence[UseCase], settings: Settings, targets: Targets = COMPOSE
) -> tuple[Path, ...]:
    """Write every generated file under `out`, remove those no longer made, return what changed.

    The tables of a README that has markers for them are written too.

    Parameters
    ----------
    settings
        Say who notifies, through which channels, and where links lead.
    targets
        What Prometheus scrapes.

    Raises
    ------
    NameTakenError
        A use case has the name of a file that belongs to all.
    MarkerError
        The README has the beginning of a table without its end.
    """
    files = _all_files(out, cases, settings, targets)
    changed = _differing(out, files)
    for path in changed:
        text = files.get(PurePosixPath(path.relative_to(out)))
        if text is None:
            path.unlink()
        else:
            _write(path, text)
    return changed


def stale(
    out: Path, cases: Sequence[UseCase], settings: Settings, targets: Targets = COMPOSE
) -> tuple[Path, ...]:
    """Return the files under `out` that `generate` would write anew or remove.

    Raises
    ------
    NameTakenError, MarkerError
        As `generate`.
    """
    return _differing(out, _all_files(out, cases, settings, targets))


def with_tables(readme: str, cases: Sequence[UseCase]) -> str:
    """Return a README with its generated tables as they should be.

    Raises
    ------
    MarkerError
        The beginning of a table has no end after it.
    """
    for name, table in (("metrics", metrics_table(cases)), ("thresholds", thresholds_table(cases))):
        begin = f"<!-- generated: {name} -->"
        before, found, rest = readme.partition(begin)
        if not found:
            continue
        table_there, end, after = rest.partition(END)
        if not end or "<!-- generated:" in table_there:
            msg = f"README.md: {begin} has no {END} after it: add one where the table ends"
            raise MarkerError(msg)
        readme = f"{before}{begin}\n\n{table}\n{END}{after}"
    return readme


def _all_files(
    out: Path, cases: Sequence[UseCase], settings: Settings, targets: Targets
) -> dict[PurePosixPath, str]:
    files = planned(cases, delivery_of(settings), targets)
    readme = out / README
    if readme.is_file():
        ordered = sorted(cases, key=lambda case: case.name)
        files[README] = with_tables(readme.read_text(encoding="utf-8"), ordered)
    return files


def _differing(out: Path, files: dict[PurePosixPath, str]) -> tuple[Path, ...]:
    differ = {out / path for path, text in files.items() if _read(out / path) != text}
    folders = {path.parent for path in files if path != README}
    left = {
        path
        for folder in folders
        for path in (out / folder).glob("*")
        if path.suffix in {".yml", ".json"}
        and PurePosixPath(path.relative_to(out).as_posix()) not in files
    }
    return tuple(sorted(differ | left))


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name == ALERTMANAGER.name:
        # It may hold a channel's secret: made anew, for its owner alone.
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
