"""The fields of a use-case file, from their models: type, limits, default, description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined, to_jsonable_python

from monitoring.manual.markdown import cell, code, table
from monitoring.use_case import UseCase

Schema = Mapping[str, Any]

FORMATS = {
    "duration": "a positive number and a unit, `s`, `m`, `h` or `d`: `15m`, `6h`, `1d`",
    "date-time": "ISO 8601: `2026-01-31T06:00:00Z`; without a zone it is UTC",
    "cron": "five fields, in UTC: `0 */6 * * *`; an expression that never comes is refused",
    "time-zone": "a name of the IANA database: `Europe/Berlin`",
    "text": "1 to 120 printable characters, without `$`, `{{` and `<`",
    "link": "`http://...`, `https://...` or `mailto:NAME@HOST`, without a user or password",
}
"""What is written for each kind of text."""

_CALLED = {"date-time": "moment", "time-zone": "time zone", "path": "text"}


def use_case_fields() -> str:
    """Return every field of a use-case file, a table per section, as Markdown."""
    schema = UseCase.model_json_schema()
    sections = list(_sections(schema))
    anchors = {section.model: _anchor(section.heading) for section in sections}
    shown = _Shown(schema["$defs"], anchors)
    kinds = ((_CALLED.get(name, name), written) for name, written in FORMATS.items())
    parts = [f"## Kinds of text\n\n{table(('kind', 'how it is written'), kinds)}"]
    models = _models(UseCase)
    for section in sections:
        fields = table(
            ("field", "type and limits", "default", "description"),
            (
                (
                    code(name),
                    cell(shown.kind(of)),
                    cell(_default(models[section.model], name)),
                    cell(of.get("description") or _described(schema, of)),
                )
                for name, of in section.schema["properties"].items()
            ),
        )
        text = " ".join(str(section.schema["description"]).split())
        parts.append(f"## {section.heading}\n\n{text}\n\n{fields}")
    return "\n".join(parts)


@dataclass(frozen=True)
class _Section:
    """One model: its name, its heading, its schema."""

    model: str
    heading: str
    schema: Schema


def _sections(schema: Schema) -> Iterator[_Section]:
    """Yield every model once, those below it right after it."""
    paths = _paths(schema)
    for model, places in paths.items():
        of = schema["$defs"].get(model, schema)
        if model == "UseCase":
            yield _Section(model, "The file", schema)
            continue
        heading = ", ".join(map(code, places))
        if sum(places == others for others in paths.values()) > 1:
            heading += f" with `{of['required'][0]}`"
        yield _Section(model, heading, of)


def _paths(schema: Schema) -> dict[str, list[str]]:
    """Return where each model may stand, in the order in which a reader meets them."""
    found: dict[str, list[str]] = {}

    def visit(model: str, of: Schema, path: str) -> None:
        places = found.setdefault(model, [])
        if path in places:
            return
        places.append(path)
        by_model: dict[str, list[str]] = {}
        for name, field in of["properties"].items():
            for below, suffix in _models_of(field):
                by_model.setdefault(below, []).append(f"{name}{suffix}")
        for below, names in by_model.items():
            # Ten thresholds are one section, not ten.
            for name in names if len(names) < 3 else ["<each>"]:
                place = f"{path}.{name}".removeprefix(".")
                visit(below, schema["$defs"][below], place)

    def _models_of(field: Schema) -> Iterator[tuple[str, str]]:
        for name, suffix in _references(field):
            if "properties" in schema["$defs"][name]:
                yield name, suffix

    visit("UseCase", schema, "")
    return found


def _references(field: Schema, suffix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the models that a field may hold, and what stands between its name and theirs."""
    if "$ref" in field:
        yield field["$ref"].rpartition("/")[2], suffix
    for option in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _references(option, suffix)
    values = [field.get("additionalProperties"), *field.get("patternProperties", {}).values()]
    for value in values:
        if isinstance(value, Mapping):
            yield from _references(value, f"{suffix}.<name>")


def _models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Return every model of a file by its name."""

    def below(parent: type[BaseModel]) -> Iterator[type[BaseModel]]:
        yield parent
        for child in parent.__subclasses__():
            yield from below(child)

    (root,) = (base for base in model.__mro__ if BaseModel in base.__bases__)
    return {each.__name__: each for each in below(root)}


@dataclass(frozen=True)
class _Shown:
    """How the kind of a field is written: links lead to the sections of its models."""

    definitions: Schema
    anchors: Mapping[str, str]

    def kind(self, of: Schema) -> str:
        """Return what a field may hold."""
        if "$ref" in of:
            return self._named(of["$ref"].rpartition("/")[2])
        options = [*of.get("anyOf", ()), *of.get("oneOf", ())]
        if options:
            shown = [self.kind(each) for each in options if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(shown))
        if "const" in of:
            return code(of["const"])
        if "enum" in of:
            return ", ".join(code(_escaped(each)) for each in of["enum"])
        kinds = {
            "array": self._list,
            "object": self._mapping,
            "string": _text,
            "integer": _number,
            "number": _number,
            "boolean": _flag,
        }
        return kinds[of["type"]](of) if "type" in of else "any value"

    def _named(self, model: str) -> str:
        if model not in self.anchors:
            return self.kind(self.definitions[model])
        return f"[fields](#{self.anchors[model]})"

    def _list(self, of: Schema) -> str:
        least, most = of.get("minItems", 0), of.get("maxItems")
        counted = "" if most is None else f" of up to {most:,}"
        counted = counted or (f" of at least {least}" if least else "")
        each = self.kind(of.get("items", {}))
        return f"list{counted}: {each}"

    def _mapping(self, of: Schema) -> str:
        values = of.get("additionalProperties", {})
        if "patternProperties" in of:
            (values,) = of["patternProperties"].values()
        most = of.get("maxProperties")
        counted = "" if most is None else f" of up to {most:,}"
        each = self.kind(values) if isinstance(values, Mapping) else "any value"
        return f"mapping{counted}, by name: {each}"


def _flag(_of: Schema) -> str:
    return "`true` or `false`"


def _text(of: Schema) -> str:
    if "format" in of:
        kind: str = of["format"]
        return _CALLED.get(kind, kind)
    if "pattern" in of:
        return f"text like {code(of['pattern'])}"
    most = of.get("maxLength")
    return "text" if most is None else f"text of up to {most:,} characters"


def _number(of: Schema) -> str:
    if of["type"] == "integer":
        least = [of[key] for key in ("ge", "minimum") if key in of]
        least += [of[key] + 1 for key in ("gt", "exclusiveMinimum") if key in of]
        most = [of[key] for key in ("le", "maximum") if key in of]
        most += [of[key] - 1 for key in ("lt", "exclusiveMaximum") if key in of]
        limits = [("from", max(least, default=None)), ("to", min(most, default=None))]
        return _within("whole number", limits)
    signs = {"from": ("ge", "minimum"), "above": ("gt", "exclusiveMinimum")}
    signs |= {"to": ("le", "maximum"), "below": ("lt", "exclusiveMaximum")}
    return _within(
        "number",
        [(word, next((of[k] for k in keys if k in of), None)) for word, keys in signs.items()],
    )


def _within(what: str, limits: Sequence[tuple[str, float | None]]) -> str:
    shown = [f"{word} {_shortest(limit)}" for word, limit in limits if limit is not None]
    return f"{what} {' '.join(shown).replace(' below', ', below')}" if shown else what


def _shortest(limit: float) -> str:
    return f"{limit:,.0f}" if float(limit).is_integer() else f"{limit:g}"


def _default(model: type[BaseModel], name: str) -> str:
    """Return a field's default as the file would hold it."""
    field = model.model_fields[name]
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or value is None:
        return "unset"
    if isinstance(value, BaseModel):
        return "those of its fields"
    if isinstance(value, Mapping) and any(isinstance(each, BaseModel) for each in value.values()):
        return ", ".join(map(code, value))
    return code(json.dumps(to_jsonable_python(value), ensure_ascii=False))


def _described(schema: Schema, of: Schema) -> str:
    (name,) = {name for name, _ in _references(of)}
    return str(schema["$defs"][name]["description"])


def _escaped(value: object) -> str:
    return str(value).replace("\t", "\\t")


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
