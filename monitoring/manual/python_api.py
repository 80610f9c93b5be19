"""The public Python API, from signatures and docstrings."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import monitoring
from monitoring.manual.markdown import code

_SECTION = re.compile(r"^(\w+)\n-{3,}\n", re.M)
_WIDTH = 100


def functions() -> str:
    """Return every public function: signature, what it takes, gives and raises, an example."""
    return _all_of(_function, inspect.isfunction)


def results() -> str:
    """Return every public type of results: what it is, its fields and methods, an example."""
    return _all_of(_result, lambda value: inspect.isclass(value) and not _is_error(value))


def errors() -> str:
    """Return every public error: what it derives from, and when it is raised."""
    return _all_of(_error, _is_error)


@dataclass(frozen=True)
class Document:
    """A docstring in numpy's style: its text, and its sections by their names."""

    text: str
    sections: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(value: object) -> Document:
        """Return the docstring of a function or a class, taken apart."""
        text, *rest = _SECTION.split(inspect.getdoc(value) or "")
        named = zip(rest[::2], rest[1::2], strict=True)
        return Document(text.strip(), {name: body.strip("\n") for name, body in named})

    def entries(self, section: str) -> Iterator[tuple[str, str]]:
        """Yield the names of a section with what is said of each, on one line."""
        body = self.sections.get(section, "")
        for entry in re.split(r"^(?=\S)", body, flags=re.M):
            name, _, said = entry.partition("\n")
            if name:
                yield name, " ".join(said.split())

    @property
    def examples(self) -> str:
        """The examples; empty where there are none."""
        return self.sections.get("Examples", "")


def _all_of(shown: Any, is_wanted: Any) -> str:
    public = {name: getattr(monitoring, name) for name in monitoring.__all__}
    return "\n".join(
        shown(name, value) for name, value in sorted(public.items()) if is_wanted(value)
    )


def _is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, Exception)


def _function(name: str, function: Any) -> str:
    document = Document.of(function)
    parts = [f"### `{name}`\n\n```python\n{_signature(name, function)}\n```", document.text]
    parts += _listed("Parameters", document.entries("Parameters"))
    parts += _listed("Raises", document.entries("Raises"))
    parts += _example(document)
    return "\n\n".join(parts) + "\n"


def _result(name: str, kind: type) -> str:
    document = Document.of(kind)
    parts = [f"### `{name}`", document.text]
    parts += _listed("Fields", document.entries("Attributes"))
    parts += _listed("Properties and methods", _members(kind))
    parts += _example(document)
    return "\n\n".join(parts) + "\n"


def _members(kind: type) -> Iterator[tuple[str, str]]:
    for name, value in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(value, property | cached_property):
            yield name, Document.of(value).text.partition("\n\n")[0]
        elif inspect.isfunction(value):
            called = re.sub(r"\(self(, )?", "(", _signature(name, value)).partition(" ->")[0]
            yield called, Document.of(value).text.partition("\n\n")[0]


def _error(name: str, kind: type) -> str:
    bases = [base.__name__ for base in kind.__bases__]
    text = Document.of(kind).text.partition("::\n")[0]
    whole = text.removesuffix(" Which of them there are")
    return f"### `{name}`\n\n{' and '.join(map(code, bases))}. {' '.join(whole.split())}\n"


def _listed(title: str, entries: Iterator[tuple[str, str]]) -> list[str]:
    lines = []
    for names, said in entries:
        shown = ", ".join(map(code, re.split(r",\s*(?![^(]*\))", names)))
        lines.append(f"- {shown}: {said}" if said else f"- {shown}")
    return [f"**{title}**\n\n" + "\n".join(lines)] if lines else []


def _example(document: Document) -> list[str]:
    paragraphs = document.examples.split("\n\n") if document.examples else []
    return [
        f"```pycon\n{paragraph}\n```" if paragraph.startswith(">>>") else paragraph
        for paragraph in paragraphs
    ]


def _signature(name: str, function: Any) -> str:
    """Return how a function is called, without types; broken where a line would be too long."""
    called = inspect.signature(function)
    arguments, keywords = [], False
    for parameter in called.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keywords:
            arguments.append("*")
            keywords = True
        prefix = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        arguments.append(f"{prefix}{parameter.name}{_default(parameter)}")
    gives = "" if called.return_annotation in ("None", None) else f" -> {called.return_annotation}"
    line = f"{name}({', '.join(arguments)}){gives}"
    if len(line) <= _WIDTH:
        return line
    return f"{name}(\n{''.join(f'    {each},{chr(10)}' for each in arguments)}){gives}"


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is parameter.empty:
        return ""
    value = parameter.default
    return f"={json.dumps(str(value)) if isinstance(value, str) else repr(value)}"
