"""What an MLflow run says of a candidate: the short names of its use case, and no other's."""

from monitoring.training.run_record import metrics
from tests.signals.test_short_names import OF_ALL, OF_FRAUD
from tests.training.conftest import Job

ELEVEN = set(OF_FRAUD | OF_ALL)


def test_short_names_are_keys_of_the_run_where_the_test_part_has_the_figure(
    cards: Job, survey: Job
) -> None:
    assert ELEVEN & set(metrics(cards.case, cards.trained)) == {
        *OF_FRAUD,
        "false_alarms_count",
        "false_alarm_rate",
    }
    assert ELEVEN & set(metrics(survey.case, survey.trained)) == {
        "false_alarms_count",
        "false_alarm_rate",
    }
