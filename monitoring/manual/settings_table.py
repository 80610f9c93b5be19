"""Every environment setting: its name, its default, what it is for."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from monitoring.manual.markdown import cell, code, table
from monitoring.settings import Ports, Settings
from monitoring.stack.env_file import SECRETS


def settings_table() -> str:
    """Return a row per setting of `monitoring/settings.py`, as Markdown."""
    rows = (
        (code(f"TOCSIN_{name.upper()}"), _default(name), cell(_said(name, field)))
        for name, field in Settings.model_fields.items()
    )
    return table(("variable", "default", "description"), rows)


def ports_table() -> str:
    """Return a row per port of the local stack, as Markdown."""
    rows = (
        (
            code(f"TOCSIN_PORT_{name.upper()}"),
            code(str(field.default)),
            cell(str(field.description)),
        )
        for name, field in Ports.model_fields.items()
    )
    return table(("variable", "default", "description"), rows)


def secrets_table() -> str:
    """Return a row per generated line of compose's `.env`, as Markdown."""
    rows = ((code(secret.name), cell(secret.what)) for secret in SECRETS)
    return table(("variable", "what it is"), rows)


def _said(name: str, field: FieldInfo) -> str:
    return f"{field.description} Secret." if Settings.is_secret(name) else str(field.description)


def _default(name: str) -> str:
    value = dict(_defaults())[name]
    if value is None:
        return "unset"
    return code(str(value).lower() if isinstance(value, bool) else str(value))


def _defaults() -> Iterator[tuple[str, object]]:
    """Yield what each setting is where none is set, whatever this machine's environment says."""
    known: dict[str, object] = {}
    for name, field in Settings.model_fields.items():
        known[name] = field.get_default(call_default_factory=True, validated_data=known)
        yield name, known[name]
