"""The project's image holds what it runs, and nothing of whoever builds it."""

import re
import tomllib

from monitoring.stack.folders import DEPLOYED, DEPLOYMENT


def test_the_image_holds_neither_data_nor_secrets() -> None:
    sent = (DEPLOYMENT / ".dockerignore").read_text().splitlines()
    assert "*" in sent
    allowed = {line.removeprefix("!") for line in sent if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (DEPLOYMENT / "Dockerfile").read_text(), re.M)
    assert {path for line in copied for path in line.split()} - allowed == {"."}
    # The wheel is of folders that `tocsin init` made, which have no sources.
    assert [path for path in allowed if not (DEPLOYMENT / path).exists()] == ["wheel"]
    assert not {path for path in allowed if path.startswith((".env", "data", "reports", ".tocsin"))}


def test_all_that_a_wheel_is_built_from_reaches_the_image() -> None:
    sent = (DEPLOYMENT / ".dockerignore").read_text().splitlines()
    project = tomllib.loads((DEPLOYMENT / "pyproject.toml").read_text())
    forced = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    licences = project["project"]["license-files"]
    needed = {*forced, *licences, project["project"]["readme"], "monitoring"}
    assert {f"!{name}" for name in needed} <= set(sent)
    assert {str(name) for name in DEPLOYED if name.parts[0] != "airflow"} <= set(forced)


def test_the_image_holds_the_runbook_that_is_served() -> None:
    served = DEPLOYMENT / "monitoring" / "pages" / "runbook.md"
    assert served.resolve() == DEPLOYMENT / "docs" / "how-to" / "runbook.md"
    # A link: what it leads to must be there while the wheel is built.
    assert "!docs/how-to/runbook.md" in (DEPLOYMENT / ".dockerignore").read_text().splitlines()
