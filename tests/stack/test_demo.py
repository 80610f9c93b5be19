"""What the demo asks of the commands that it runs, and of the stack that it is shown on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.settings import Ports, Settings
from monitoring.stack.components import receiver_url
from monitoring.stack.demo import (
    HOLD_BACK,
    LATER_HALF,
    QUICK,
    TRAFFIC,
    for_demo,
    history_command,
    lives,
    write_quick_fraud,
)
from monitoring.stack.environment import use_case_folder
from monitoring.use_case_file import find_use_case
from tests.fixtures.stack import stack_settings


@pytest.mark.parametrize(
    ("rows", "days"),
    [(27, 2), (194, 3), (1430, 16), (10**6, 33)],
)
def test_history_goes_back_as_far_as_rows_fill_windows_a_month_before_the_traffic_at_most(
    rows: int, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    def fill(*_: object, **arguments: object) -> object:
        asked.update(arguments)
        return type("Done", (), {"words": ""})

    monkeypatch.setattr("monitoring.steps.backfill.backfill", fill)
    now = datetime.now(UTC)
    done = CliRunner().invoke(app, history_command(find_use_case("iris"), rows, now))
    assert done.exit_code == 0, done.output
    since = asked["since"]
    assert isinstance(since, datetime)
    assert abs(now - since - timedelta(days=days)) < timedelta(seconds=1)
    assert asked["wait"] is False


def test_the_demo_of_card_fraud_alone_lives_on_most_of_its_rows_and_has_a_receiver() -> None:
    ports = Ports()
    alone = for_demo(Settings(), ports, ["fraud"], in_order=False)
    assert (alone.hold_back, alone.deal_rows) == (TRAFFIC, True)
    assert alone.webhook_url == SecretStr(receiver_url(ports))
    as_it_happened = for_demo(Settings(), ports, ["fraud"], in_order=True)
    assert (as_it_happened.hold_back, as_it_happened.deal_rows) == (LATER_HALF, False)
    for names in (["iris"], ["fraud", "iris"]):
        assert not lives(names)
        shown = for_demo(Settings(), ports, names, in_order=True)
        assert (shown.hold_back, shown.deal_rows, shown.webhook_url) == (HOLD_BACK, False, None)


def test_what_the_user_has_set_stays(tmp_path: Path) -> None:
    theirs = stack_settings(tmp_path, webhook_url=SecretStr("http://127.0.0.1:9/x"), hold_back=0.5)
    shown = for_demo(theirs, Ports(), ["fraud"], in_order=False)
    assert (shown.webhook_url, shown.hold_back) == (theirs.webhook_url, 0.5)
    assert write_quick_fraud(theirs) is None  # it has a folder of use cases of its own


def test_two_candidates_are_searched_and_all_else_is_as_it_ships(tmp_path: Path) -> None:
    where = Settings(state=tmp_path)
    said = write_quick_fraud(where)
    assert said is not None
    shipped = find_use_case("fraud")
    quick = find_use_case("fraud", use_case_folder(where))
    assert tuple(quick.candidates) == QUICK
    assert {name: shipped.candidates[name] for name in QUICK} == dict(quick.candidates)
    assert quick.model_copy(update={"candidates": shipped.candidates}) == shipped
    file = tmp_path / "use_cases" / "fraud.yml"
    file.write_text(file.read_text("utf-8").split("\n", 2)[2], encoding="utf-8")
    mine = file.read_text("utf-8")
    assert write_quick_fraud(where) is None
    assert file.read_text("utf-8") == mine
