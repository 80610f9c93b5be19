"""Use-case files: found by name, read and validated, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from monitoring.errors import TocsinError
from monitoring.field_types import wrong_fields
from monitoring.use_case import UseCase

SHIPPED = Path(__file__).parent / "use_cases"


class UseCaseError(TocsinError, ValueError):
    """A use-case file is missing or not valid; the message names file, field, value and cure."""


def load_use_case(path: Path) -> UseCase:
    """Read and check one use-case file.

    Raises
    ------
    UseCaseError
        The file is missing, is not YAML, or a field is wrong; every wrong field is named with
        its value and what is allowed.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _EachKeyOnce)  # noqa: S506 - a SafeLoader
    except FileNotFoundError as error:
        msg = f"{path}: no such use-case file"
        raise UseCaseError(msg) from error
    except OSError as error:
        msg = f"{path}: can't be read: {error.strerror}"
        raise UseCaseError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{path}: not valid YAML: {error}"
        raise UseCaseError(msg) from error
    if not isinstance(content, dict):
        msg = f"{path}: a use case is a mapping of fields, not {type(content).__name__}"
        raise UseCaseError(msg)
    try:
        return UseCase.model_validate(content)
    except ValidationError as error:
        raise UseCaseError(_readable(path, error)) from error


class _EachKeyOnce(yaml.SafeLoader):
    """YAML as it is meant: a key given twice is an error, where the last one would win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # what reads the mapping says so itself
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key!r} is given twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _readable(path: Path, error: ValidationError) -> str:
    lines = wrong_fields(error, "(the whole file)")
    count = f"{len(lines)} {'error' if len(lines) == 1 else 'errors'}"
    return "\n  ".join([f"{path}: {count}", *lines])


def use_case_files(folder: Path | None = None) -> dict[str, Path]:
    """Return every use-case file by its stem: the shipped ones, and those in `folder`.

    A file in `folder` takes the place of a shipped one of the same name.
    """
    files = {path.stem: path for path in sorted(SHIPPED.glob("*.yml"))}
    if folder is not None:
        files |= {path.stem: path for path in sorted(folder.glob("*.yml"))}
    return files


def find_use_case(name: str, folder: Path | None = None) -> UseCase:
    """Load the use case called `name`.

    Raises
    ------
    UseCaseError
        There is none of that name, its file is wrong, or it is named otherwise inside.
    """
    files = use_case_files(folder)
    if name not in files:
        more = "" if folder is None else f" (shipped, and in TOCSIN_USE_CASES={folder})"
        msg = f"no use case {name!r}: the use cases are {', '.join(sorted(files))}{more}"
        raise UseCaseError(msg)
    case = load_use_case(files[name])
    if case.name != name:
        msg = f"{files[name]}: name: {case.name!r} must be the file's own name, {name!r}"
        raise UseCaseError(msg)
    return case
