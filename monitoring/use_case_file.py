"""Use-case files: found by name, read, checked, with errors a person can act on."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from monitoring.use_case import UseCase

SHIPPED = Path(__file__).parent / "use_cases"


class UseCaseError(ValueError):
    """A use-case file is missing or wrong; the message names file, field, value and the cure."""


def load_use_case(path: Path) -> UseCase:
    """Read and check one use-case file.

    Raises
    ------
    UseCaseError
        The file is missing, is not YAML, or a field is wrong; every wrong field is named with
        its value and what is allowed.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{path}: no such use-case file"
        raise UseCaseError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{path}: not YAML: {error}"
        raise UseCaseError(msg) from error
    if not isinstance(content, dict):
        msg = f"{path}: a use case is a mapping of fields, not {type(content).__name__}"
        raise UseCaseError(msg)
    try:
        return UseCase.model_validate(content)
    except ValidationError as error:
        raise UseCaseError(_readable(path, error)) from error


def _readable(path: Path, error: ValidationError) -> str:
    lines = [f"{path}: {error.error_count()} wrong"]
    for problem in error.errors():
        field = ".".join(str(part) for part in problem["loc"]) or "(the whole file)"
        given = "" if problem["type"] == "missing" else f" (given: {problem['input']!r:.80})"
        lines.append(f"  {field}: {problem['msg'].removeprefix('Value error, ')}{given}")
    return "\n".join(lines)


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
        msg = f"no use case {name!r}: there are {', '.join(sorted(files))}"
        raise UseCaseError(msg)
    case = load_use_case(files[name])
    if case.name != name:
        msg = f"{files[name]}: name: {case.name!r} must be the file's own name, {name!r}"
        raise UseCaseError(msg)
    return case
