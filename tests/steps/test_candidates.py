"""A candidate's steps: what they leave in the run's folder and in the registry."""

from datetime import timedelta

from monitoring.rows.window import Window
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import model_registry
from monitoring.steps.retrain.candidates import log_model
from monitoring.steps.run import Run
from monitoring.training.model import Model
from tests.steps.conftest import AS_OF
from tests.training.conftest import Job

WINDOW = Window(AS_OF - timedelta(days=1), AS_OF)


def test_a_candidate_is_logged_whatever_the_length_of_the_run_s_id(
    cards: Job, model: Model
) -> None:
    name = model.candidate
    for length in (103, 250):
        run = Run.open(Pipeline.RETRAIN, cards.case.name, WINDOW, run_id="r" * length)
        cards.trained.save(run.folder / name / "trained")
        run_id = log_model(run, name).run_id
        assert log_model(run, name).run_id == run_id
        assert model_registry().register(cards.case, run_id).candidate == name
