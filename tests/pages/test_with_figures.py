"""The pages with figures: what they draw, in a real browser, from a real Prometheus."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
import requests

from monitoring.pages.site import Site
from monitoring.serving.api import api_of
from monitoring.settings import Settings
from monitoring.signals.dashboards.panel import Display
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.links import Addresses
from monitoring.use_case import UseCase
from tests.fixtures.browser import browser
from tests.fixtures.eventually import PATIENCE
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import asking, running_site
from tests.pages.measured import HOSTILE, MOVED, Day, day, measured
from tests.reports.reading import Document


@dataclass(frozen=True)
class Measured:
    """A running server whose Prometheus holds a day of card fraud."""

    url: str
    day: Day

    def page(self, path: str) -> requests.Response:
        answer = requests.get(self.url + path, headers={"Accept": "text/html"}, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return answer

    def text(self, path: str) -> str:
        return " ".join(Document(self.page(path).text).words)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    """The server."""
    folder, told, port = tmp_path_factory.mktemp("measured"), day(), free_port()
    place = Site(folder / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
    api = api_of(Settings(state=folder / "state"), keys=False)
    with (
        measured(folder, "fraud", told) as prometheus,
        running_site(place, api, port=port, servers=asking(prometheus)) as url,
    ):
        yield Measured(url, told)


def figures_of(html: str) -> dict[str, Any]:
    """Return what is drawn in each panel, by its title."""
    found: dict[str, Any] = {}
    for panel in html.split('<article class="panel"')[1:]:
        figure = re.search(r'<script type="application/json">(.*?)</script>', panel, re.DOTALL)
        title = re.search("<h3>(.*?)</h3>", panel)
        assert title is not None
        if figure is not None:
            found[unescape(title[1])] = json.loads(figure[1])
    return found


def test_the_front_page_tells_each_model_at_a_glance(site: Measured) -> None:
    text = site.text("/")
    assert text.index("Card fraud") < text.index("Road accidents")
    fraud = text[text.index("Card fraud") : text.index("Road accidents")]
    for words in (
        "No alert fires.",
        "Recall 50.0% (45.0% to 55.0%)",
        "Recall, estimated not known: no estimate",
        "Net saving EUR -1,200",
        "Features drifted 40.0%",
        f"Champion version 2 (xgboost), {MOVED}",
        "Last retrain succeeded 6.0 h ago",
        "Last report began 6.0 h ago and did not succeed; it never has",
    ):
        assert words in fraud
    iris = text[text.index("Iris") : text.index("Student depression")]
    assert "Nothing is known yet: no run has pushed figures." in iris
    assert "No alert fires" not in iris


def test_a_status_page_draws_the_panels_of_the_board_from_their_declaration(
    site: Measured, fraud_case: UseCase
) -> None:
    html = site.page("/watch/fraud").text
    text = " ".join(Document(html).words)
    board = case_board(fraud_case, Addresses(site.url))
    for panel in board.panels:
        assert panel.title in text
        assert f'id="panel-{panel.id:d}"' in html
    assert "Recall 50.0%" in text
    assert "estimate no estimate" in text
    assert "costs.reviews_per_day" not in text
    drawn = figures_of(html)
    assert drawn.keys() < {p.title for p in board.panels if p.display is Display.LINES}
    over_time = drawn["Performance over time"]
    (recall,) = [line for line in over_time["data"] if line.get("name") == "Recall"]
    assert (recall["y"][0], recall["y"][-1]) == (0.9, 0.5)
    assert recall["line"]["shape"] == "hv"
    band = [area for area in over_time["data"] if area.get("fill") == "toself"]
    assert len(band) == 1
    dashed = [line["y0"] for line in over_time["layout"]["shapes"] if line["xref"] == "x domain"]
    limits = fraud_case.thresholds.recall
    assert limits is not None
    assert limits.below is not None
    assert {*dashed} == {value for _, value in limits.below.items()}
    (mark,) = over_time["layout"]["annotations"]
    assert mark["hovertext"] == "Version 2 took over"
    assert datetime.fromtimestamp(mark["x"] / 1000, UTC) == site.day.promoted


def test_names_of_features_are_text_in_a_drawing_too(site: Measured) -> None:
    drawn = figures_of(site.page("/watch/fraud").text)
    names = {line["name"] for line in drawn["Most drifted features over time"]["data"]}
    assert names == {"V2", escape(HOSTILE)}


def test_the_time_and_the_version_are_chosen(site: Measured) -> None:
    week = figures_of(site.page("/watch/fraud?since=7d").text)["Performance over time"]
    assert len(week["data"][0]["x"]) < 60
    first = figures_of(site.page("/watch/fraud?version=1").text)["Performance over time"]
    values = {value for value in first["data"][0]["y"] if value is not None}
    assert values == {0.9}
    for wrong in ("since=1y", "version=7"):
        answer = requests.get(f"{site.url}/watch/fraud?{wrong}", timeout=PATIENCE)
        assert answer.status_code == 404
        assert f"{wrong.partition('=')[0]} is one of" in answer.text


def test_a_browser_draws_every_figure_and_runs_the_two_scripts_alone(
    site: Measured, tmp_path: Path
) -> None:
    policy = site.page("/watch/fraud").headers["Content-Security-Policy"]
    (allowed,) = (part for part in policy.split("; ") if part.startswith("script-src"))
    assert re.fullmatch(r"script-src( 'sha256-[A-Za-z0-9+/=]{44}'){2}", allowed)
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--virtual-time-budget=20000", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, f"{site.url}/watch/fraud"],
        check=True, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    expected = figures_of(site.page("/watch/fraud").text)
    assert done.stdout.count('class="main-svg"') >= len(expected)
    assert done.stdout.count("js-plotly-plot") == len(expected)


def test_a_script_is_sent_under_the_address_of_its_content_alone(site: Measured) -> None:
    (plotly, own) = re.findall(r'<script defer src="\.\./(.*?)"', site.page("/watch/fraud").text)
    answer = requests.get(f"{site.url}/{own}", timeout=PATIENCE)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in answer.headers["Cache-Control"]
    assert requests.get(f"{site.url}/{plotly}", timeout=PATIENCE).ok
    changed = own.replace(own.split("/")[1], "0" * 16)
    assert requests.get(f"{site.url}/{changed}", timeout=PATIENCE).status_code == 404


def test_before_a_model_has_figures_its_page_says_so(site: Measured) -> None:
    text = site.text("/watch/iris")
    assert "no data" in text
    assert "Prometheus does not answer" not in text


def test_a_version_that_served_is_shown_while_it_did(site: Measured) -> None:
    text = site.text("/watch/fraud?version=2")
    began = site.day.promoted - timedelta(seconds=site.day.promoted.second)
    assert f"{began:%Y-%m-%d %H:%M} UTC to" in text
