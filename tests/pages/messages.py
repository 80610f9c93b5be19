"""The messages of runs as their receivers got them, drawn: mails as they are, Slack's blocks."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from monitoring.errors import TocsinError
from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps import in_process
from monitoring.steps.dag_ids import retrain_dag
from monitoring.steps.notification import AirflowTry, Notification, notify, notify_retry
from monitoring.steps.run import Run
from tests.fixtures.mailbox import parts_of, running_mailbox
from tests.fixtures.tiny import write_tiny
from tests.fixtures.webhook import running_webhook

AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
CHANNELS = "[mail, slack]"
KINDS = ("success", "failure", "retry")


def messages(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what a retrain that succeeds, and one that fails, sent: a name and a page of each."""
    asked = f"{{on_success: {CHANNELS}, on_failure: {CHANNELS}, on_retry: {CHANNELS}}}"
    case = write_tiny("cards", folder, quick=True, more=f"notify: {asked}\n")
    window = ending(AS_OF, timedelta(days=1))
    run = Run.open(Pipeline.RETRAIN, case.name, window, run_id=f"scheduled__{AS_OF.isoformat()}")
    with running_mailbox() as box, running_webhook() as slack:
        os.environ |= {
            **{f"TOCSIN_{n.upper()}": str(folder / n) for n in ("state", "data", "reports")},
            "TOCSIN_USE_CASES": str(folder / "use_cases"),
            "TOCSIN_SMTP_HOST": box.host,
            "TOCSIN_SMTP_TLS": "false",
            "TOCSIN_SMTP_TO": "team@example.org",
            "TOCSIN_SLACK_URL": slack.url,
            "TOCSIN_PUBLIC_AIRFLOW_URL": "https://airflow.example.org",
        }
        settings.cache_clear()
        in_process.retrain(run)
        error = TocsinError("PostgreSQL at db:5432: the disk is full: <free some & try again>")
        run.note_failure("archive_production_data", error, "3 of 3")
        notify(run, Notification.of_failure(run))
        task = "archive_production_data"
        this = AirflowTry(retrain_dag(case.name), task, str(run.airflow_run), "1 of 3")
        notify_retry(case, error, "retrain", this)
    for kind, mail, body in zip(KINDS, box.mails, slack.received, strict=True):
        yield f"mail-{kind}", parts_of(mail)[1]
        yield f"slack-{kind}", drawn(body)


def drawn(body: dict[str, Any]) -> str:
    """Return the blocks of a message much as Slack draws them."""
    blocks = "".join(_block(block) for block in body["blocks"])
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style><main>{blocks}</main>"


def _block(block: dict[str, Any]) -> str:
    match block:
        case {"type": "header", "text": text}:
            return f"<h1>{escape(text['text'])}</h1>"
        case {"type": "section", "text": text}:
            return f"<p>{escape(text['text'])}</p>"
        case {"type": "section", "fields": fields}:
            facts = (f"<li>{escape(field['text'])}</li>" for field in fields)
            return f"<ul>{''.join(facts)}</ul>"
        case {"type": "context", "elements": [{"text": text}]}:
            links = re.sub(r"<([^|]*)\|([^>]*)>", r'<a href="\1">\2</a>', text)
            return f"<p>{links}</p>"
    msg = f"no such block: {block}"
    raise ValueError(msg)


_STYLE = """
body { font: 15px/1.47 Lato, sans-serif; color: #1d1c1d; margin: 16px; }
main { max-width: 600px; }
h1 { font-size: 18px; margin: 0 0 8px; }
p { margin: 0 0 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
ul { list-style: none; padding: 0; display: grid; grid-template-columns: 1fr 1fr; gap: 8px; }
li { overflow-wrap: anywhere; white-space: pre-wrap; }
a { color: #1264a3; text-decoration: none; margin-right: 8px; font-size: 13px; }
"""
