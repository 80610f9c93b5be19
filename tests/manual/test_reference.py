"""The generated reference leaves nothing out: fields, settings, commands, exit codes."""

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from typer.main import get_command

from monitoring.cli import app
from monitoring.field_types import UseCaseSection
from monitoring.manual.command_pages import ALWAYS, command_pages, commands
from monitoring.manual.python_api import functions
from monitoring.manual.settings_table import ports_table, settings_table
from monitoring.manual.use_case_fields import FORMATS, use_case_fields
from monitoring.settings import Ports, Settings
from monitoring.use_case import UseCase

FIELDS = use_case_fields()
ROOT = get_command(app)
COMMANDS = dict(commands(ROOT, "tocsin"))


def models(model: type[BaseModel] = UseCaseSection) -> Iterator[type[BaseModel]]:
    for child in model.__subclasses__():
        if child.__module__.startswith("monitoring."):
            yield child
            yield from models(child)


@pytest.mark.parametrize("model", list(models()), ids=lambda model: model.__name__)
def test_every_field_of_a_use_case_is_listed_with_a_description(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        row = re.search(rf"^\| `{name}` \| .* \|$", FIELDS, re.M)
        assert row is not None, name
        described = field.description or ""
        assert " ".join(described.split()).replace("|", "\\|") in FIELDS
        assert described, name


def test_types_limits_and_defaults_are_those_that_the_models_check() -> None:
    rows = {(heading, cells[0]): cells[1:3] for heading, cells in rows_by_heading(FIELDS)}
    assert rows["`split`", "`folds`"] == ["whole number from 2 to 10", "`3`"]
    assert rows["`drift`", "`rate`"] == ["number above 0, below 1", "`0.02`"]
    assert rows["`drift`", "`window`"] == ["duration", "required"]
    assert rows["`report`", "`every`"] == ["cron", '`"0 */6 * * *"`']
    assert rows["`costs`", "`reviews_per_day`"] == ["whole number from 1 to 1,000,000,000", "unset"]
    assert rows["`candidates.<name>.search`", "`trials`"][0] == "whole number from 1 to 100"
    assert rows["The file", "`decisions`"] == ["[fields](#decisions)", "those of its fields"]


def rows_by_heading(text: str) -> Iterator[tuple[str, list[str]]]:
    heading = ""
    for line in text.splitlines():
        heading = line.removeprefix("## ") if line.startswith("## ") else heading
        if line.startswith("| `"):
            yield heading, [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_every_kind_of_text_that_a_field_has_is_explained() -> None:
    schema = str(UseCase.model_json_schema())
    assert set(re.findall(r"'format': '([\w-]+)'", schema)) - {"path"} == set(FORMATS)


def test_every_setting_is_listed_with_its_default_and_description() -> None:
    table = settings_table() + ports_table()
    for model, prefix in ((Settings, "TOCSIN_"), (Ports, "TOCSIN_PORT_")):
        for name, field in model.model_fields.items():
            assert f"| `{prefix}{name.upper()}` | " in table
            assert field.description, name
    assert "| `TOCSIN_REPORTS` | `reports` |" in table
    assert "| `TOCSIN_ARCHIVES` | `.tocsin/archives` |" in table
    assert "| `TOCSIN_SMTP_TLS` | `true` |" in table


def test_no_setting_of_this_machine_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings_table()
    monkeypatch.setenv("TOCSIN_STATE", "/somewhere/else")
    monkeypatch.setenv("TOCSIN_STATE_URL", "s3://bucket/prefix")
    assert settings_table() == before


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_listed_with_its_options_each_described(name: str) -> None:
    text = command_pages(ROOT)
    section = text.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
    assert section
    for parameter in COMMANDS[name].params:
        assert parameter.help, parameter.name
        shown = parameter.metavar or parameter.name.upper()
        for option in parameter.opts if parameter.param_type_name == "option" else [shown]:
            assert f"`{option}" in section or f"`[{option}" in section


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_with_which_codes_it_ends(name: str) -> None:
    said = exit_codes(COMMANDS[name])
    assert {0, 2} <= said
    assert (1 in said) == (1 in codes_in_the_code(COMMANDS[name]))


def exit_codes(command: Any) -> set[int]:
    """Return the exit codes that a command's help names."""
    text = command.help if "Exit code" in command.help else ALWAYS
    _, _, said = text.partition("Exit code")
    outside_code = re.sub(r"`[^`]*`", "", said)
    return {int(code) for code in re.findall(r"(?:^|[;,]|\bor\b)\s*(\d)\b", outside_code)}


def codes_in_the_code(command: Any) -> set[int]:
    """Return the codes that the function of a command exits with by itself."""
    tree = ast.parse(inspect.getsource(command.callback))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        call.args[0].value
        for call in calls
        if ast.unparse(call.func) == "typer.Exit" and isinstance(call.args[0], ast.Constant)
    }


def test_a_function_of_the_python_api_has_its_example() -> None:
    text = functions()
    sections = text.split("### `")[1:]
    assert [section for section in sections if "```pycon\n>>> " not in section] == []
