"""The project's image holds what it runs, and nothing of whoever builds it."""

import re

from monitoring.stack.folders import DEPLOYMENT


def test_the_image_holds_neither_data_nor_secrets() -> None:
    sent = (DEPLOYMENT / ".dockerignore").read_text().splitlines()
    assert "*" in sent
    allowed = {line.removeprefix("!") for line in sent if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (DEPLOYMENT / "Dockerfile").read_text(), re.M)
    assert {path for line in copied for path in line.split()} <= allowed
    assert [path for path in allowed if not (DEPLOYMENT / path).exists()] == []


def test_the_image_holds_the_runbook_that_is_served() -> None:
    served = DEPLOYMENT / "monitoring" / "pages" / "runbook.md"
    assert served.resolve() == DEPLOYMENT / "docs" / "how-to" / "runbook.md"
    # A link: what it leads to must be there while the wheel is built.
    assert "COPY docs/how-to/runbook.md docs/how-to/" in (DEPLOYMENT / "Dockerfile").read_text()
