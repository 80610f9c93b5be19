"""Every command with its arguments, options and exit codes, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitoring.manual.markdown import cell, code, table

ALWAYS = "Exit code 0; 2 when it failed."
"""The exit codes of a command that names none."""


def command_pages(root: Any) -> str:
    """Return every command below `root`, as Markdown.

    Parameters
    ----------
    root
        The command `tocsin`, as Typer makes it of the app.
    """
    return "\n".join(_section(name, command) for name, command in commands(root, "tocsin"))


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, by its whole name, in order."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for each in sorted(below):
        yield from commands(below[each], f"{name} {each}")


def _section(name: str, command: Any) -> str:
    shown = [parameter for parameter in command.params if not parameter.hidden]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    options = [parameter for parameter in shown if parameter.param_type_name == "option"]
    usage = [name, *(["[OPTIONS]"] if options else []), *map(_placeholder, arguments)]
    said = command.help if "Exit code" in command.help else f"{command.help}\n\n{ALWAYS}"
    text = f"## `{name}`\n\n```\n{' '.join(usage)}\n```\n\n{said}\n"
    if not shown:
        return text
    rows = ((_called(each), _default(each), _said(each)) for each in (*arguments, *options))
    return f"{text}\n{table(('argument or option', 'default', 'description'), rows)}"


def _placeholder(argument: Any) -> str:
    word = argument.metavar or argument.name.upper()
    return word if argument.required or word.startswith("[") else f"[{word}]"


def _called(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return code(_placeholder(parameter))
    names = ", ".join(map(code, (*parameter.opts, *parameter.secondary_opts)))
    if _is_flag(parameter):
        return names
    return f"{names} {code(parameter.metavar or parameter.name.upper())}"


def _is_flag(parameter: Any) -> bool:
    return getattr(parameter, "is_flag", False) is True


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if _is_flag(parameter):
        return "on" if parameter.default else "off"
    return "" if parameter.default is None else code(str(parameter.default))


def _said(parameter: Any) -> str:
    least, most = (getattr(parameter, name, None) for name in ("min", "max"))
    limits = [
        f"{word} {limit:,.10g}"
        for word, limit in (("from", least), ("to", most))
        if limit is not None
    ]
    return cell(" ".join([parameter.help, *([f"({' '.join(limits)})"] if limits else [])]))
