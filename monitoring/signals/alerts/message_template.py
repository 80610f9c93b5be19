"""The messages of alerts, as templates that Alertmanager and Grafana read alike.

A message has a title and, per alert, what an on-call asks in this order: what broke, how far it
is from its limit, what that costs, where to look, what to do.
"""

from __future__ import annotations

from monitoring.signals.links import Addresses

NAME = "tocsin"
"""What the templates' names begin with."""

TITLE, TEXT, HTML = f"{NAME}.title", f"{NAME}.text", f"{NAME}.html"
SLACK_TITLE, SLACK_TEXT = f"{NAME}.slack.title", f"{NAME}.slack.text"

BLIND = "DatasourceError"
"""The name that Grafana gives to what it says of a rule for which Prometheus did not answer."""

UNREACHABLE = "PrometheusUnreachable"
"""What the runbook calls it."""

_LINKS = (("panel", "dashboard"), ("reports", "report"), ("what to do", "runbook"))
"""What a link is called, and the annotation `*_url` that it leads to."""


def call(template: str) -> str:
    """Return what a channel's setting says to have a template filled in."""
    return f'{{{{ template "{template}" . }}}}'


def message_templates(addresses: Addresses) -> str:
    """Return the definitions, in one file of templates.

    Parameters
    ----------
    addresses
        Where the runbook is.
    """
    blind = addresses.runbook(UNREACHABLE)
    definitions = {
        TITLE: _title(),
        SLACK_TITLE: _title(_IN_SLACK),
        TEXT: _text(_PLAIN_ALERT, "{{ .Annotations.summary }}", f"What to do: {blind}\n"),
        HTML: _text(
            _HTML_ALERT, "{{ .Annotations.summary }}<br>", f'<a href="{blind}">what to do</a>'
        ),
        SLACK_TEXT: _text(_SLACK_ALERT, _annotation("summary", _IN_SLACK), f"<{blind}|what to do>"),
    }
    return "\n".join(
        f'{{{{ define "{name}" }}}}{text}{{{{ end }}}}' for name, text in definitions.items()
    )


_IN_SLACK = "".join(
    f' | reReplaceAll "{sign}" "{entity}"'
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
)
"""What a text passes through, so that Slack finds no mention and no link in it."""


def _annotation(name: str, passed: str = "") -> str:
    return f"{{{{ .Annotations.{name}{passed} }}}}"


def _title(passed: str = "") -> str:
    """Return ``critical: Card fraud: recall below 60%``, or ``critical: 3 alerts of fraud``."""
    return (
        f'{{{{ if eq .CommonLabels.alertname "{BLIND}" }}}}'
        '{{ if eq .Status "resolved" }}over: {{ end }}'
        "Grafana can't read Prometheus, so no alert can fire"
        "{{ else }}"
        '{{ if eq .Status "resolved" }}over{{ else }}{{ .CommonLabels.severity }}{{ end }}: '
        f"{{{{ if .CommonAnnotations.summary }}}}{{{{ .CommonAnnotations.summary{passed} }}}}"
        "{{ else }}{{ len .Alerts }} alerts"
        f"{{{{ with .GroupLabels.use_case }}}} of {{{{ .{passed} }}}}{{{{ end }}}}{{{{ end }}}}"
        "{{ end }}"
    )


def _text(alert: str, over: str, blind: str) -> str:
    """Return what fires, an alert after the other, then what is over."""
    return (
        f'{{{{ if eq .CommonLabels.alertname "{BLIND}" }}}}'
        "{{ with .Alerts.Firing }}{{ len . }} rules can't be judged until Prometheus answers. "
        f"{blind}{{{{ else }}}}Prometheus answers again.{{{{ end }}}}"
        "{{ else }}"
        f"{{{{ range .Alerts.Firing }}}}{alert}{{{{ end }}}}"
        f"{{{{ range .Alerts.Resolved }}}}Over: {over}\n{{{{ end }}}}"
        "{{ end }}"
    )


def _lines(line: str, passed: str = "") -> str:
    """Return the sentences of an alert, each by the template of a line."""
    money = line.format(_annotation("money", passed))
    return (
        line.format(_annotation("description", passed))
        + f"{{{{ if .Annotations.money }}}}{money}{{{{ end }}}}"
    )


_PLAIN_ALERT = (
    _annotation("summary")
    + "\n"
    + _lines("{}\n")
    + "".join(f"{name}: {_annotation(f'{kind}_url')}\n" for name, kind in _LINKS)
    + "\n"
)
_SLACK_ALERT = (
    f"*{_annotation('summary', _IN_SLACK)}*\n"
    + _lines("{}\n", _IN_SLACK)
    + " | ".join(f"<{_annotation(f'{kind}_url')}|{name}>" for name, kind in _LINKS)
    + "\n\n"
)
_HTML_ALERT = (
    f"<h3>{_annotation('summary')}</h3>"
    + _lines("<p>{}</p>")
    + "<p>"
    + " | ".join(f'<a href="{_annotation(f"{kind}_url")}">{name}</a>' for name, kind in _LINKS)
    + "</p>\n"
)
