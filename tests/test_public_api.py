"""The public API: what `monitoring` exports is what the reference documents, and no more."""

import inspect
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import monitoring
from monitoring import FormatError, TocsinError, load, save
from monitoring.manual.python_api import Document
from monitoring.summary.types import Reference, Summary

ROOT = Path(monitoring.__file__).parents[1]
PAGE = (ROOT / "docs" / "reference" / "python-api.md").read_text(encoding="utf-8")
EXPORTED: dict[str, Any] = {name: getattr(monitoring, name) for name in monitoring.__all__}
FUNCTIONS = [name for name, value in EXPORTED.items() if inspect.isfunction(value)]
ERRORS = [
    name
    for name, value in EXPORTED.items()
    if inspect.isclass(value) and issubclass(value, Exception)
]
RESULTS = [
    name for name, value in EXPORTED.items() if inspect.isclass(value) and name not in ERRORS
]
IMPORTED = re.compile(
    r"^(?:from monitoring(\.[\w.]+)? import (.+)|import monitoring(\.\S+))$", re.M
)


def test_what_is_exported_is_what_the_reference_documents() -> None:
    assert sorted(re.findall(r"^### `(\w+)`$", PAGE, re.M)) == sorted(EXPORTED)
    assert dir(monitoring) == sorted(monitoring.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_documented_with_the_arguments_it_takes(name: str) -> None:
    (shown,) = re.findall(rf"^```python\n{name}\(([^`]*)\)(?: -> .*)?\n```$", PAGE, re.M)
    arguments = [part for part in re.split(r",\s*", shown) if part not in {"*", ""}]
    documented = [part.partition("=")[0].strip().removeprefix("*") for part in arguments]
    assert documented == list(inspect.signature(EXPORTED[name]).parameters)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_of_a_public_function_is_described(name: str) -> None:
    taken = list(inspect.signature(EXPORTED[name]).parameters)
    document = Document.of(EXPORTED[name])
    described = [each for names, _ in document.entries("Parameters") for each in names.split(", ")]
    assert [each.removeprefix("*") for each in described] == taken
    assert all(said for _, said in document.entries("Parameters"))


@pytest.mark.parametrize("name", RESULTS)
def test_every_field_of_a_result_is_described(name: str) -> None:
    described = [
        each
        for names, _ in Document.of(EXPORTED[name]).entries("Attributes")
        for each in names.split(", ")
    ]
    assert sorted(described) == sorted(each.name for each in fields(EXPORTED[name]))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_raises_public_errors_alone(name: str) -> None:
    document = inspect.getdoc(EXPORTED[name]) or ""
    section = document.partition("Raises\n------\n")[2].partition("\n\n")[0]
    raised = re.findall(r"^(\w+)$", section, re.M)
    assert raised
    assert set(raised) <= set(ERRORS)


@pytest.mark.parametrize("name", ERRORS)
def test_every_exported_error_derives_from_the_root(name: str) -> None:
    assert issubclass(EXPORTED[name], TocsinError)


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])
def test_pages_import_public_names_alone(page: Path) -> None:
    for module, names, other in IMPORTED.findall(page.read_text(encoding="utf-8")):
        assert not module, page
        assert not other, page
        assert {name.strip() for name in names.split(",")} <= set(EXPORTED), page


def test_the_package_stays_light_until_a_name_is_used() -> None:
    code = (
        "import sys, monitoring; dir(monitoring); heavy = {'numpy', 'pandas', 'scipy', 'pydantic', "
        "'sqlalchemy', 'importlib.metadata'}; print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_version_is_that_of_the_distribution() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", monitoring.__version__)


def test_a_name_that_is_not_exported_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'door'"):
        monitoring.door  # noqa: B018


def test_load_reads_a_reference_or_a_summary_whichever_it_is(tmp_path: Path) -> None:
    reference = monitoring.fit(pd.DataFrame({"x": range(100)}), window=10)
    save(reference, tmp_path / "reference.json.gz")
    save(reference.training, tmp_path / "summary.json.gz")
    assert isinstance(load(tmp_path / "reference.json.gz"), Reference)
    loaded = load(str(tmp_path / "summary.json.gz"))
    assert isinstance(loaded, Summary)
    assert loaded.rows == 100


def test_a_file_that_is_missing_or_something_else_is_a_format_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"nowhere\.json\.gz can't be read: No such file"):
        load(tmp_path / "nowhere.json.gz")
    (tmp_path / "text.json.gz").write_text("{}", encoding="utf-8")
    with pytest.raises(FormatError, match="is not a reference or summary"):
        load(tmp_path / "text.json.gz")
    with pytest.raises(monitoring.InputError, match="can't be written"):
        save(
            monitoring.fit(pd.DataFrame({"x": range(100)}), window=10),
            tmp_path / "text.json.gz" / "below.json.gz",
        )


def test_costs_that_are_not_allowed_are_an_input_error() -> None:
    with pytest.raises(
        monitoring.InputError, match=r"costs: invalid(.*\n)+  review: .* \(given: -1\)"
    ):
        monitoring.scorecard([0, 1], [0.1, 0.9], threshold=0.5, costs={"review": -1})
