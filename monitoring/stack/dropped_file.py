"""A use case for a CSV file that somebody dropped into the data folder, written for the demo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from monitoring.settings import Settings
from monitoring.sources.auto import csv_files
from monitoring.sources.draft import draft
from monitoring.sources.first_look import FirstLook, first_look
from monitoring.stack.folders import Folders
from monitoring.use_case_file import all_use_cases, load_named, use_case_files
from monitoring.wording import several

_MARK = "# Written by `tocsin demo`, and written anew by the next one: remove this line to edit it."

_LONGEST_NAME = 25

_DELAYS = ("2h", "6h")
"""Short, so that the demo's traffic of two days has a window with labels and one without."""


@dataclass(frozen=True)
class DroppedFile:
    """A file that the demo watches, and the use case that it wrote for it.

    Attributes
    ----------
    path
        The use-case file.
    is_new
        Whether it was not there before.
    said
        What was taken for what, one sentence a line.
    """

    use_case: str
    path: Path
    is_new: bool
    said: tuple[str, ...]


def use_case_of_dropped_file(settings: Settings) -> DroppedFile | None:
    """Write a use case for the first CSV file in the data folder that no shipped one is of.

    Where there is none but those, the card data is preferred, and then the first.

    Returns
    -------
    None where the demo watches card fraud: its file is there, or none at all, or the data folder is
    on S3.

    Raises
    ------
    SourceError
        The file can't be read, or its last column can't be a target.
    UseCaseError
        The use case that is there under that name is not valid.
    """
    file = _file_to_watch(settings.data) if isinstance(settings.data, Path) else None
    if file is None:
        return None
    name = _name_of(file)
    folder = settings.use_cases or Folders(settings.state).use_cases
    path = folder / f"{name}.yml"
    if path.is_file() and not path.read_text("utf-8", errors="replace").startswith(_MARK):
        load_named(path)
        return DroppedFile(name, path, False, (f"{file} is watched by {name}, of {path}",))
    look = first_look(file)
    is_new = not path.is_file()
    folder.mkdir(parents=True, exist_ok=True)
    text = draft(name, file.name, look, heading=(), delays=_DELAYS)
    path.write_text(f"{_MARK}\n{text}", encoding="utf-8")
    load_named(path)
    return DroppedFile(name, path, is_new, _sentences(file, name, path, look))


def _file_to_watch(data: Path) -> Path | None:
    files = csv_files(data)
    own = {_stem(Path(path)) for case in all_use_cases().valid for path in case.source.paths}
    others = [file for file in files if _stem(file) not in own]
    if others:
        return others[0]
    return None if any(_stem(file) == "creditcard" for file in files) else next(iter(files), None)


def _stem(file: Path) -> str:
    return file.name.partition(".")[0].casefold()


def _name_of(file: Path) -> str:
    """Return a name that is no shipped use case's: a file in a folder would take its place."""
    words = re.sub(r"[^a-z0-9]+", "_", file.name.casefold().partition(".csv")[0]).strip("_")
    name = (words if words[:1].isalpha() else f"csv_{words}")[:_LONGEST_NAME].strip("_")
    taken = {*use_case_files(), "tocsin"}
    return f"{name}_csv" if name in taken else name


def _sentences(file: Path, name: str, path: Path, look: FirstLook) -> tuple[str, ...]:
    target = look.target
    watched = target.positive if target.classes is None else target.watch[0]
    of = "two values" if target.classes is None else several(len(target.classes), "value")
    if look.event_time is not None:
        time = f"column {look.event_time.name!r} is the event time"
    else:
        time = "no column looks like a time: the order of the rows stands in for it"
        time += (
            ", and parts are drawn at random"
            if look.in_order is None
            else f", for {look.in_order!r} rises"
        )
    without = "".join(
        f"; left out ({why}): {', '.join(names)}" for why, names in look.left_out.items()
    )
    names = f"; {look.id!r} names the rows" if look.id is not None else ""
    return (
        f"{file} is watched by the use case {name}, which is written for it",
        f"  its last column, {target.name!r}, is the target; {watched!r}, the rarest of its {of}, "
        "is what is watched for",
        f"  {time}{names}",
        f"  features: {several(len(look.numeric), 'column')} of numbers, "
        f"{len(look.categorical)} of words"
        f"{without}",
        f"  costs are placeholders: edit {path}, in which every guess is marked",
    )
