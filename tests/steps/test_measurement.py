"""What a report measures, with the features of its window read from the store once."""

from datetime import timedelta

import numpy as np
import sqlalchemy as sa

from monitoring.rows.window import Window
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import production_store
from monitoring.steps.run import Run
from monitoring.steps.stored_windows import StoredWindows
from monitoring.steps.window_verdict import make_verdict
from monitoring.store.production_store import ProductionStore
from monitoring.training.model import Model
from tests.steps.conftest import AS_OF, send
from tests.steps.measured import measure_stored
from tests.training.conftest import Job

DAY = timedelta(days=1)


def feature_reads(store: ProductionStore) -> list[str]:
    """Return a list that every statement which reads features will be added to."""
    seen: list[str] = []

    def keep(_c: object, _k: object, statement: str, *_: object) -> None:
        if "row_blocks.features" in statement:
            seen.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", keep)
    return seen


def test_features_are_read_once_of_the_window_and_never_of_the_mature_one(
    cards: Job, model: Model
) -> None:
    run = Run.open(Pipeline.REPORT, "fraud", Window(AS_OF - DAY, AS_OF))
    with production_store() as store:
        send(store, cards, model, Window(AS_OF - 2 * DAY, AS_OF))
        reads = feature_reads(store)
        measured = measure_stored(run, store, model)
        assert len(reads) == 1
        assert measured.verdict == make_verdict(run, StoredWindows(cards.case, store), model)
        assert len(reads) == 1  # a verdict that was made is not made again
        recent = store.window(cards.case, run.window, AS_OF)
        past = store.window(cards.case, measured.mature_window, AS_OF)
    assert measured.verdict.rows_current == len(recent)
    assert measured.estimated is not None
    assert measured.estimated.rows == len(recent)
    assert measured.realised is not None
    assert measured.mature_rows == len(past)
    assert past.score is not None
    alarmed = past.score >= model.threshold
    assert measured.realised.detected == np.count_nonzero(alarmed & (past.label == 1))
