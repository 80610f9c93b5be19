"""Pages with generated parts: what is between markers is written, what is not stays."""

from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.manual.generated_pages import PAGES, MarkerError, changed_pages, filled
from monitoring.manual.parts import parts
from monitoring.use_case_file import SHIPPED, find_use_case, load_use_case

ROOT = SHIPPED.parents[1]
PARTS = parts([load_use_case(path) for path in sorted(SHIPPED.glob("*.yml"))], get_command(app))


def test_the_committed_pages_are_what_would_be_generated() -> None:
    assert changed_pages(ROOT, PARTS) == {}


def test_every_part_stands_on_a_page_once() -> None:
    text = "".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)
    assert {name: text.count(f"<!-- generated: {name} -->") for name in PARTS} == dict.fromkeys(
        PARTS, 1
    )


def test_parts_are_written_between_their_markers_and_the_rest_stays() -> None:
    begin, end = "<!-- generated: thresholds -->", "<!-- end -->"
    ports = f"<!-- generated: ports -->{end}"
    page = f"before\n\n{begin}\nstale row\n{end}\n\nbetween\n\n{ports}\nafter"
    text = filled(page, PARTS, "page.md")
    assert text.startswith(f"before\n\n{begin}\n\n| use case |")
    assert "| Card fraud | Recall | below 0.6 | critical | `RecallLow` |" in text
    assert f"{end}\n\nbetween\n\n<!-- generated: ports -->\n\n| variable |" in text
    assert text.endswith(f"{end}\nafter")
    assert "stale row" not in text
    assert filled(text, PARTS, "page.md") == text


def test_a_page_without_markers_is_left_alone() -> None:
    assert filled("# Tocsin\n", PARTS, "README.md") == "# Tocsin\n"


@pytest.mark.parametrize("rest", ["", "\n<!-- generated: thresholds -->\n<!-- end -->"])
def test_a_marker_without_its_end_is_an_error(rest: str) -> None:
    with pytest.raises(MarkerError, match=r"README\.md: <!-- generated: metrics --> has no"):
        filled(f"<!-- generated: metrics -->{rest}", PARTS, "README.md")


def test_a_marker_of_no_part_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(MarkerError, match=r"generated: metric --> names no part: .*metrics"):
        filled("<!-- generated: metric --><!-- end -->", PARTS, "README.md")


def test_the_command_writes_stale_pages_and_its_check_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner, page = CliRunner(), tmp_path / "docs" / "reference" / "settings.md"
    page.parent.mkdir(parents=True)
    assert runner.invoke(app, ["generate"]).exit_code == 0
    assert runner.invoke(app, ["generate", "--check"]).exit_code == 0
    page.write_text("<!-- generated: ports --><!-- end -->\n", encoding="utf-8")
    checked = runner.invoke(app, ["generate", "--check"])
    assert checked.exit_code == 1
    assert "docs/reference/settings.md" in checked.output
    assert "TOCSIN_PORT_SERVE" not in page.read_text(encoding="utf-8")
    assert runner.invoke(app, ["generate"]).exit_code == 0
    assert "| `TOCSIN_PORT_SERVE` | `8000` |" in page.read_text(encoding="utf-8")
    assert runner.invoke(app, ["generate", "--check"]).exit_code == 0


def test_the_table_of_metrics_names_every_one_of_them() -> None:
    table = PARTS["metrics"]()
    for name in ("`tocsin_recall_ratio`", "`test_fraud_recall`", "`tocsin_feature_drift_ratio`"):
        assert name in table


def test_the_thresholds_are_those_of_the_use_cases_that_are_given() -> None:
    table = parts([find_use_case("iris")], get_command(app))["thresholds"]()
    assert "Iris species" in table
    assert "Card fraud" not in table
