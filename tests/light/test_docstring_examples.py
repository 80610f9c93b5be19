"""Public functions and result types have examples that run, in the light installation too."""

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import monitoring


def shown() -> Iterator[Any]:
    """Yield what is public and no error; where the stack is not installed, without its part."""
    for name in monitoring.__all__:
        try:
            value = getattr(monitoring, name)
        except ImportError:
            continue
        if inspect.isfunction(value) or (
            inspect.isclass(value) and not issubclass(value, Exception)
        ):
            yield value


@pytest.mark.parametrize("value", list(shown()), ids=lambda value: value.__name__)
def test_an_example_shows_what_it_does(
    value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.DocTestFinder(recurse=False).find(value, value.__name__, globs={})
    (example,) = [each for each in found if each.examples]
    assert not [each for each in example.examples if doctest.SKIP in each.options]
    said: list[str] = []
    outcome = doctest.DocTestRunner().run(example, out=said.append)
    assert outcome.failed == 0, "".join(said)
    assert outcome.attempted >= 2


def test_nearly_everything_public_is_shown() -> None:
    names = {value.__name__ for value in shown()}
    assert names >= {
        "compare",
        "fit",
        "summarise",
        "merge",
        "save",
        "load",
        "scorecard",
        "estimate",
    }
    assert names >= {"Verdict", "Scorecard", "Estimate", "Reference", "Summary"}
