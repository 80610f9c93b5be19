"""The stack's table in what is no terminal: a log, or a pipe."""

from io import StringIO

from rich.console import Console

from monitoring.stack.status import ComponentStatus
from monitoring.stack.status_table import shown


def test_what_follows_the_table_in_a_log_begins_a_line_of_its_own() -> None:
    log = StringIO()
    with shown(Console(file=log)) as progress:
        progress([ComponentStatus("mlflow", "running", "http://127.0.0.1:5000", True, 7)])
    log.write("what follows\n")
    *_, component, follows = log.getvalue().splitlines()
    assert component.split() == ["mlflow", "healthy", "http://127.0.0.1:5000", "7"]
    assert follows == "what follows"
