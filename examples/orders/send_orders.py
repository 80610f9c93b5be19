"""Send orders to `tocsin serve` as a shop would: each is scored at once, its label comes later.

Only the standard library is used, for any program can do so::

    python send_orders.py [http://127.0.0.1:8000]

Where the server is not on loopback it wants a key (`tocsin api-key new shop --scope predict --scope
feedback`), as `Authorization: Bearer KEY`.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

FOLDER = Path(__file__).parent / "data"
AT_ONCE = 500
"""Rows or labels of a request; a thousand at most."""


def read(name: str) -> list[dict[str, str]]:
    """Return the rows of a file."""
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def row_of(order: dict[str, str]) -> dict[str, Any]:
    """Return an order as /predict takes it: its id, its time, and every feature by its name."""
    return {
        "id": order["order"],
        "event_time": order["ordered_at"],
        "features": {
            "amount": float(order["amount"]),
            "items": int(order["items"]),
            "account_days": float(order["account_days"]),
            "channel": order["channel"],
        },
    }


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post JSON, and return the answer."""
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))


def sent(url: str, name: str, things: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Send things by some hundred a request, and yield the answers."""
    for at in range(0, len(things), AT_ONCE):
        yield post(url, {name: things[at : at + AT_ONCE]})


def main() -> None:
    """Send the rows of the last days, then their labels."""
    server = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    rows = [row_of(order) for order in read("recent.csv")]
    labels = [
        {"id": label["order"], "label": int(label["refund_fraud"])} for label in read("labels.csv")
    ]
    alarms = [
        prediction["id"]
        for answer in sent(f"{server}/predict/orders", "rows", rows)
        for prediction in answer["predictions"]
        if prediction["alarm"]
    ]
    print(f"{len(rows)} orders scored, {len(alarms)} flagged, the first {alarms[:1]}")
    answers = list(sent(f"{server}/feedback/orders", "labels", labels))
    added, repeated = (sum(answer[what] for answer in answers) for what in ("added", "repeated"))
    print(f"{added} labels stored, {repeated} were there already")


if __name__ == "__main__":
    main()
