"""A message as Slack's incoming webhooks take it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitoring.notifications.message import Message
from monitoring.use_case_notify import Event

_MARKS = {
    Event.SUCCESS: "\N{WHITE HEAVY CHECK MARK}",
    Event.FAILURE: "\N{CROSS MARK}",
    Event.RETRY: "\N{WARNING SIGN}",
}

_LONGEST_HEADER, _LONGEST_TEXT, _LONGEST_FIELD, _MOST_FIELDS = 150, 3000, 2000, 10
"""What Slack takes of a block; it refuses a message with more."""


def slack_of(message: Message) -> dict[str, Any]:
    """Return the message in Slack's blocks.

    Texts are plain, so that whatever an error holds neither mentions anybody nor is formatted.
    """
    return {
        # What notifications show, where blocks are not drawn.
        "text": _escaped(f"{_MARKS[message.event]} {message.title}"),
        "blocks": list(_blocks(message)),
        "unfurl_links": False,
    }


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    title = f"{_MARKS[message.event]} {message.title}"
    yield {"type": "header", "text": _plain(title, _LONGEST_HEADER)}
    if message.lines:
        yield {"type": "section", "text": _plain("\n".join(message.lines), _LONGEST_TEXT)}
    if message.table:
        facts = [_plain(f"{name}: {fact}", _LONGEST_FIELD) for name, fact in message.table.items()]
        yield {"type": "section", "fields": facts[:_MOST_FIELDS]}
    if message.links:
        links = "  ".join(f"<{url}|{_escaped(name)}>" for name, url in message.links.items())
        yield {"type": "context", "elements": [{"type": "mrkdwn", "text": links}]}


def _plain(text: str, longest: int) -> dict[str, Any]:
    short = text if len(text) <= longest else f"{text[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"
    return {"type": "plain_text", "text": short, "emoji": False}


def _escaped(text: str) -> str:
    """Return a text in which Slack finds no mention and no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
