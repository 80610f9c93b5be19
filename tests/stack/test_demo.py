"""What the demo asks of the commands that it runs."""

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.stack.demo import history_command


def test_of_a_source_of_years_the_last_month_alone_is_filled_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: dict[str, object] = {}

    def fill(*_: object, **arguments: object) -> object:
        asked.update(arguments)
        return type("Done", (), {"words": ""})

    monkeypatch.setattr("monitoring.steps.backfill.backfill", fill)
    now = datetime.now(UTC)
    done = CliRunner().invoke(app, history_command("iris", now))
    assert done.exit_code == 0, done.output
    since = asked["since"]
    assert isinstance(since, datetime)
    assert now - since - timedelta(days=31) < timedelta(seconds=1)
    assert asked["wait"] is False
