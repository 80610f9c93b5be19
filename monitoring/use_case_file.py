"""Use-case files: found by name, read and validated, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from monitoring.bounded_file import FileRefusedError, read_bounded
from monitoring.errors import TocsinError
from monitoring.field_types import wrong_fields
from monitoring.plain_yaml import load_plain
from monitoring.use_case import UseCase
from monitoring.wording import printable, shortened

SHIPPED = Path(__file__).parent / "use_cases"

ENDINGS = (".yml", ".yaml")

LARGEST = 1_000_000
"""Most bytes of a use-case file; one with thousands of columns has a tenth of them."""

_LINES, _LINE = 20, 400
"""Most lines of an error's message, and most letters of each."""


class UseCaseError(TocsinError, ValueError):
    """A use-case file is missing or not valid; the message names file, field, value and cure."""


@dataclass(frozen=True)
class UseCases:
    """All use cases there are.

    Attributes
    ----------
    valid
        In the order of their names.
    broken
        Why each of the other files can't be read, by the name of its use case.
    """

    valid: tuple[UseCase, ...]
    broken: Mapping[str, TocsinError]


def load_use_case(path: Path) -> UseCase:
    """Read and check one use-case file.

    Raises
    ------
    UseCaseError
        The file is missing, is not YAML, or a field is wrong; every wrong field is named with
        its value and what is allowed. Whatever fails in reading it is such an error, for it must
        not stop what is done for others.
    """
    try:
        content = load_plain(read_bounded(path, LARGEST))
    except FileNotFoundError as error:
        raise _unreadable(path, "no such use-case file") from error
    except OSError as error:
        raise _unreadable(path, f"can't be read: {error.strerror}") from error
    except FileRefusedError as error:
        raise _unreadable(path, str(error).removeprefix(f"{path}: ")) from error
    except UnicodeDecodeError as error:
        said = f"not UTF-8 text, from byte {error.start:,} on: save it as UTF-8"
        raise _unreadable(path, said) from error
    except yaml.YAMLError as error:
        raise _unreadable(path, f"not valid YAML: {error}") from error
    if not isinstance(content, dict):
        what = "an empty file" if content is None else type(content).__name__
        raise _unreadable(path, f"a use case is a mapping of fields, not {what}")
    try:
        return UseCase.model_validate(content, context={"folder": path.parent})
    except ValidationError as error:
        lines = wrong_fields(error, "(the whole file)")
        count = f"{len(lines)} {'error' if len(lines) == 1 else 'errors'}"
        raise _unreadable(path, "\n  ".join([count, *lines])) from error
    except Exception as error:
        raise _unreadable(path, f"can't be read: {type(error).__name__}: {error}") from error


def load_named(path: Path) -> UseCase:
    """Load a use-case file as it is found in a folder: the use case has the file's own name.

    Raises
    ------
    UseCaseError
        As `load_use_case`; or the file is named otherwise, or has a twin.
    """
    if not _is_use_case(path):
        raise _unreadable(path, f"a use-case file ends in {' or '.join(ENDINGS)}: rename it")
    twins = [path.with_suffix(ending) for ending in ENDINGS if ending != path.suffix]
    twin = next((twin for twin in twins if twin.exists()), None)
    if twin is not None:
        raise _unreadable(path, f"{twin.name} lies beside it: keep one of the two")
    case = load_use_case(path)
    if case.name != path.stem:
        raise _unreadable(path, f"name: {case.name!r} must be the file's own name, {path.stem!r}")
    return case


def use_case_files(folder: Path | None = None) -> dict[str, Path]:
    """Return every use-case file by its stem: the shipped ones, and those in `folder`.

    A file in `folder` takes the place of a shipped one of the same name.

    Raises
    ------
    UseCaseError
        The folder is missing or can't be read: nobody can tell which use cases there are, nor
        whether a shipped one was replaced.
    """
    paths = [*SHIPPED.glob("*.yml"), *filter(_is_use_case, _entries(folder))]
    return dict(sorted({path.stem: path for path in paths}.items()))


def other_files(folder: Path | None) -> tuple[Path, ...]:
    """Return what lies in `folder` and is not read: by its name, it is no use-case file.

    Raises
    ------
    UseCaseError
        The folder is missing or can't be read.
    """
    return tuple(path for path in _entries(folder) if not _is_use_case(path))


def find_use_case(name: str, folder: Path | None = None) -> UseCase:
    """Load the use case called `name`.

    Raises
    ------
    UseCaseError
        There is none of that name, its file is wrong, or it is named otherwise inside.
    """
    files = use_case_files(folder)
    if name not in files:
        more = (
            "; set TOCSIN_USE_CASES to the folder with files of your own"
            if folder is None
            else f" (shipped, and in TOCSIN_USE_CASES={folder})"
        )
        msg = f"no use case {name!r:.60}: the use cases are {', '.join(sorted(files))}{more}"
        raise UseCaseError(msg)
    return load_named(files[name])


def all_use_cases(folder: Path | None = None, active: Collection[str] | None = None) -> UseCases:
    """Load all use cases; a file that can't be read takes no other with it.

    Parameters
    ----------
    active
        Names of those that are wanted; one that has no file is among the broken ones.

    Raises
    ------
    UseCaseError
        The folder itself is missing or can't be read.
    """
    valid: list[UseCase] = []
    broken: dict[str, TocsinError] = {}
    files = use_case_files(folder)
    for name in set(active or ()) - set(files):
        broken[name] = UseCaseError(
            f"TOCSIN_ACTIVE names {name!r:.60}, which is none of the use cases {', '.join(files)}"
        )
    for name, path in files.items():
        if active is not None and name not in active:
            continue
        try:
            valid.append(load_named(path))
        except UseCaseError as error:
            broken[name] = error
    return UseCases(tuple(valid), broken)


def _is_use_case(path: Path) -> bool:
    return path.suffix.casefold() in ENDINGS


def _entries(folder: Path | None) -> list[Path]:
    """Return what lies in a folder; hidden files are an editor's or a mount's own."""
    if folder is None:
        return []
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        msg = (
            f"TOCSIN_USE_CASES={folder} can't be read: {error.strerror}; name a folder of "
            "use-case files, or unset it for the shipped ones alone"
        )
        raise UseCaseError(msg) from error


def _unreadable(path: Path, problem: str) -> UseCaseError:
    """Return the error of one file, of bounded length: what is wrong may be a megabyte long."""
    lines = problem.splitlines()
    shown = [shortened(printable(line), _LINE) for line in lines[:_LINES]]
    more = [f"  ... and {len(lines) - _LINES:,} more"] if len(lines) > _LINES else []
    return UseCaseError("\n".join([f"{path}: {shown[0]}", *shown[1:], *more]))
