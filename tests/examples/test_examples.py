"""The examples run as their pages say, and what they show as generated is fresh."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.settings import Settings
from monitoring.signals.library import write_library
from monitoring.signals.own_place import OwnPlace
from monitoring.use_case_file import load_named
from tests.fixtures.loopback import free_port, wait_for

EXAMPLES = Path(__file__).parents[2] / "examples"
ORDERS = EXAMPLES / "orders"
BIN = Path(sys.executable).parent


class Shell:
    """Where the lines of a page are run.

    Parameters
    ----------
    exported
        What its `export` sets.
    """

    def __init__(self, folder: Path, exported: str) -> None:
        self.folder = folder
        mine = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        given = dict(word.split("=") for word in exported.replace("$PWD", str(folder)).split())
        self.environment = mine | given | {"PATH": f"{BIN}:{mine['PATH']}"}

    def run(self, command: str, *, codes: tuple[int, ...] = (0,)) -> str:
        """Run a line of the page."""
        done = subprocess.run(
            command.split(),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in codes, done.stdout + done.stderr
        return done.stdout + done.stderr


def blocks() -> list[list[str]]:
    """Return the commands of each block of the page, without what is said of them."""
    text = (ORDERS / "README.md").read_text(encoding="utf-8")
    return [
        [line.partition("  #")[0].strip() for line in block.splitlines()]
        for block in re.findall(r"^```\n(.*?)\n```$", text, re.M | re.S)
    ]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return the example after its first block: data is written, and a champion serves."""
    folder = tmp_path_factory.mktemp("orders")
    for name in ("write_orders.py", "send_orders.py", "use_cases/orders.yml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((ORDERS / name).read_bytes())
    exported, write, check, retrain = blocks()[0]
    made = Shell(folder, exported.removeprefix("export "))
    assert "9,000 labelled orders" in made.run(write)
    assert "9,000 rows kept, 0 set aside" in made.run(check)
    assert "took over: the first champion" in made.run(retrain)
    return made


@pytest.fixture(scope="module")
def server(orders: Shell) -> Iterator[str]:
    port = free_port()
    command = [BIN / "tocsin", "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=orders.folder, env=orders.environment) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_rows_scores_and_labels_come_in_from_files(orders: Shell) -> None:
    score, *ingests = blocks()[1]
    assert "2,400 rows scored by version 1" in orders.run(score)
    scores = (orders.folder / "data" / "scores.csv").read_text(encoding="utf-8")
    # Under the name by which `tocsin ingest` finds them again.
    assert scores.startswith("order,score,decision")
    said = [orders.run(command) for command in ingests]
    for what, line in zip(("rows", "scores", "labels"), said, strict=True):
        assert f"{what}: 2,400 added, 0 repeated" in line
    assert "nothing changed" in orders.run(ingests[0])


def test_the_same_sent_over_http_is_stored_once(orders: Shell, server: str) -> None:
    serve, send = blocks()[2]
    assert serve == "tocsin serve --port 8000 &"
    said = orders.run(send.replace("http://127.0.0.1:8000", server))
    assert re.search(r"^2400 orders scored, \d+ flagged", said, re.M)
    assert "0 labels stored, 2400 were there already" in said


def test_the_report_says_how_the_days_went(orders: Shell) -> None:
    (report,) = blocks()[3]
    said = orders.run(report)
    assert "of 4 features drifted" in said
    (told,) = set(re.findall(r"Recall .*", said))
    assert re.search(r"frauds caught, \d+ false alarms, EUR\s[\d,]+ saved", told), told
    assert list((orders.folder / "data" / "reports" / "orders").glob("*.html"))


def test_what_is_shown_as_generated_is_what_would_be_generated(tmp_path: Path) -> None:
    case = load_named(ORDERS / "use_cases" / "orders.yml")
    write_library(tmp_path, [case], Settings.model_construct(), OwnPlace(), ["orders"])
    made = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*.*")}
    there = ORDERS / "generated"
    assert {path.relative_to(there): path.read_text() for path in there.rglob("*.*")} == made
    assert len(made) == 3


def test_a_model_trained_elsewhere_is_watched_from_its_logs(tmp_path: Path) -> None:
    example = EXAMPLES / "watch_prediction_logs"
    (tmp_path / "use_cases").mkdir()
    (tmp_path / "use_cases" / "cards.yml").write_bytes((example / "cards.yml").read_bytes())
    folders = ("data", "use_cases", "state", "reports")
    shell = Shell(tmp_path, " ".join(f"TOCSIN_{name.upper()}=$PWD/{name}" for name in folders))
    assert "payments of 25 days" in shell.run(f"python {example / 'make_logs.py'} data")
    assert "is valid" in shell.run("tocsin use-case check use_cases/cards.yml --data")
    assert "is champion" in shell.run("tocsin adopt cards")
    assert "12 of 29 features drifted" in shell.run("tocsin report cards", codes=(1,))


def test_every_example_is_on_the_page_of_examples() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.iterdir():
        assert path.name in page
    for script in EXAMPLES.rglob("*.py"):
        said = script.read_text(encoding="utf-8")
        assert re.search(rf"python (examples/)?{script.name}\b", said), script
