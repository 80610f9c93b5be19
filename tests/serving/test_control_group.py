"""Where alarms block, a share of flagged rows is let through, as answer and store say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from monitoring.rows.control_group import let_through
from monitoring.rows.rows import Role
from monitoring.rows.window import Window
from monitoring.serving.scoring import Scorer
from monitoring.serving.serving_metrics import ServingMetrics
from monitoring.store.production_store import open_store
from monitoring.use_case_decisions import Decisions
from tests.fixtures.eventually import PATIENCE
from tests.serving.conftest import Champion


def test_a_flagged_row_of_the_control_group_raises_no_alarm_and_stands_for_the_blocked_ones(
    champion: Champion, tmp_path: Path
) -> None:
    served = champion.api.models.of("fraud")
    decisions = Decisions(blocking="alarm", control_share=0.25)
    live = replace(
        served,
        case=served.case.model_copy(update={"decisions": decisions}),
        model=replace(served.model, threshold=0.0),  # all are flagged
    )
    now = datetime.now(UTC)
    rows = [served.row.model_validate(champion.row(place, event_time=now)) for place in range(40)]
    ids = [f"payment-{place}" for place in range(40)]
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        scorer = Scorer(store, "fraud", ServingMetrics().arm_failed)
        said = scorer.submit(live, Role.CHAMPION, rows, ids).result(PATIENCE)
        again = scorer.submit(live, Role.CHAMPION, rows[::-1], ids[::-1]).result(PATIENCE)
        (shadowed,) = scorer.submit(live, Role.SHADOW, rows[:1], ["other"]).result(PATIENCE)
        scorer.close()
        through = let_through("fraud", ids, 0.25)
        assert 0 < through.sum() < 40
        assert again == said[::-1]
        assert [one.control for one in said] == through.tolist()
        assert [one.alarm for one in said] == (~through).tolist()
        assert (shadowed.alarm, shadowed.control) == (True, False)
        day = timedelta(days=1)
        stored = store.window(live.case, Window(now - day, now + day), now + day)
    weight = dict(zip(stored.row_id.tolist(), np.asarray(stored.weight).tolist(), strict=True))
    assert weight.pop("other") == 1
    assert [weight[name] for name in ids] == np.where(through, 4, 0).tolist()
