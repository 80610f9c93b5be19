"""What people with a Grafana and a Prometheus of their own override, and where it is applied.

Files are generated as for the shipped stack, then all of this is applied to each of them: a query
knows nothing of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitoring.errors import InputError
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.promql import DATASOURCE, FOREIGN

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

_NAMES = "|".join(sorted({*FOREIGN, *(metric.name for metric in CATALOGUE)}, key=len, reverse=True))

# A text in quotes is passed over; a name that is followed by ( is a function, by = a label.
_SELECTOR = re.compile(rf'"(?:[^"\\]|\\.)*"|(?<![\w:])({_NAMES})(?![\w:])(\s*\{{)?')


def pairs_of(texts: Sequence[str]) -> dict[str, str]:
    """Return labels from texts: NAME=VALUE.

    Raises
    ------
    InputError
        A text has no =.
    """
    for text in texts:
        if "=" not in text:
            msg = f"{text!r:.60} is not a label: write NAME=VALUE"
            raise InputError(msg)
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


@dataclass(frozen=True)
class OwnPlace:
    """Where generated files are to be read.

    Attributes
    ----------
    datasource
        Uid of the Grafana data source that has the metrics.
    folder
        Grafana's folder of the alert rules.
    labels
        Labels that every alert gets, for routing.
    matchers
        Labels that every series must have: those of a cluster, a tenant.

    Raises
    ------
    InputError
        What should be the name of a label is none.
    """

    datasource: str = DATASOURCE
    folder: str = "Tocsin"
    labels: Mapping[str, str] = field(default_factory=dict)
    matchers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (*self.labels, *self.matchers):
            if not _LABEL.fullmatch(name):
                msg = f"{name!r:.60} is not the name of a label: write NAME=VALUE"
                raise InputError(msg)

    def query(self, expr: str) -> str:
        """Return PromQL in which every selector has the matchers."""
        if not self.matchers:
            return expr
        wanted = ",".join(f"{name}={json.dumps(text)}" for name, text in self.matchers.items())

        def selected(found: re.Match[str]) -> str:
            name, brace = found[1], found[2]
            if name is None:
                return found[0]
            return f"{name}{{{wanted}," if brace else f"{name}{{{wanted}}}"

        return _SELECTOR.sub(selected, expr)

    def board(self, text: str) -> str:
        """Return a dashboard's JSON for this place."""
        content = self._in_place(json.loads(text))
        return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"

    def rules(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return a file of rules, of Prometheus or of Grafana, for this place."""
        placed: dict[str, Any] = self._in_place(content)
        for group in placed["groups"]:
            if "folder" in group:
                group["folder"] = self.folder
            for rule in group["rules"]:
                if "record" not in rule:
                    rule["labels"] = {**rule["labels"], **self._labels(grafana="folder" in group)}
        return placed

    def _labels(self, *, grafana: bool) -> Mapping[str, str]:
        # Grafana expands $NAME in a provisioned rule's labels.
        return {n: t.replace("$", "$$") if grafana else t for n, t in self.labels.items()}

    def _in_place(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._of_key(key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._in_place(inner) for inner in value]
        return value

    def _of_key(self, key: str, value: Any) -> Any:
        if key == "expr" and isinstance(value, str):
            return self.query(value)
        if key in ("uid", "datasourceUid") and value == DATASOURCE:
            return self.datasource
        if key == "annotations" and isinstance(value, Mapping):
            # Prometheus looks money and counts up in the text itself.
            texts = {k: self._in_text(v) for k, v in value.items() if isinstance(v, str)}
            return {**self._in_place(value), **texts}
        return self._in_place(value)

    def _in_text(self, text: str) -> str:
        return re.sub(r"query `([^`]*)`", lambda found: f"query `{self.query(found[1])}`", text)
