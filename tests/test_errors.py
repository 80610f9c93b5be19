"""The errors: one root, drawn in its docstring as the classes really are."""

import ast
import builtins
import inspect
from pathlib import Path
from textwrap import dedent

import pytest

import monitoring
from monitoring.errors import TocsinError

PACKAGE = Path(monitoring.__file__).parent

VALIDATORS = {
    "deployment_record.py",
    "field_types.py",
    "setting_types.py",
    "settings.py",
    "use_case.py",
    "use_case_columns.py",
    "use_case_candidate.py",
    "use_case_decisions.py",
    "use_case_derive.py",
    "use_case_notify.py",
    "use_case_production.py",
    "use_case_retrain.py",
    "use_case_split.py",
    "use_case_serving.py",
    "use_case_source.py",
}
"""Pydantic wants a plain `ValueError` of them; a `UseCaseError` or `SettingsError` replaces it."""


def is_built_in(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, Exception)


@pytest.fixture(scope="module")
def modules() -> dict[Path, ast.Module]:
    """Return every module of `monitoring`, parsed: some of them take long to import."""
    return {
        path.relative_to(PACKAGE): ast.parse(path.read_text(encoding="utf-8"))
        for path in PACKAGE.rglob("*.py")
    }


@pytest.fixture(scope="module")
def bases(modules: dict[Path, ast.Module]) -> dict[str, list[str]]:
    """Return the names of each error class's bases, by its own name."""
    classes = {
        node.name: [base.id for base in node.bases if isinstance(base, ast.Name)]
        for tree in modules.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    errors = {name for name in classes if is_built_in(name)}
    while more := {
        name
        for name, above in classes.items()
        if name not in errors and any(is_built_in(base) or base in errors for base in above)
    }:
        errors |= more
    return {name: classes[name] for name in errors}


def drawn(bases: dict[str, list[str]], name: str, depth: int = 0) -> list[str]:
    """Return a class and those below it, each with the built-in that it is too."""
    too = [base for base in bases[name] if is_built_in(base)] if depth else []
    below = sorted(other for other, above in bases.items() if name in above)
    return [
        "    " * depth + name + (f" ({', '.join(too)})" if too else ""),
        *(line for other in below for line in drawn(bases, other, depth + 1)),
    ]


def test_the_tree_in_the_docstring_holds_every_error_class(bases: dict[str, list[str]]) -> None:
    document = inspect.getdoc(TocsinError) or ""
    tree = dedent(document.partition("::\n\n")[2]).rstrip()
    assert tree == "\n".join(drawn(bases, "TocsinError"))
    assert {line.split()[0] for line in tree.splitlines()} == set(bases)


def test_nothing_raises_a_plain_built_in_but_what_pydantic_asks_to(
    modules: dict[Path, ast.Module],
) -> None:
    raised = [
        f"{path}:{node.lineno} {node.exc.func.id}"
        for path, tree in modules.items()
        if path.name not in VALIDATORS
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and is_built_in(node.exc.func.id)
        and node.exc.func.id != "AttributeError"  # what a module's `__getattr__` has to raise
    ]
    assert raised == []
