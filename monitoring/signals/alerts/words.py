"""Words: what an alert says, in the template language of each form."""

from __future__ import annotations

from monitoring.signals.alerts.addresses import Addresses
from monitoring.signals.alerts.alert import VALUE, Alert, MoneyAtStake, Shown
from monitoring.signals.alerts.form import Form


def texts(alert: Alert, form: Form, addresses: Addresses) -> dict[str, str]:
    """Return what an alert tells: what, value, money, and where to look."""
    value = form.value(alert.shown)
    limit = _limit(alert)
    told = {
        "summary": alert.title,
        "description": alert.meaning.replace(VALUE, value),
        "value": f"{value} ({limit})" if limit else value,
        "dashboard_url": addresses.dashboard(alert),
        "report_url": addresses.report(alert),
        "runbook_url": addresses.runbook(alert),
    }
    if alert.money is not None:
        told["money"] = _money(alert.money, form)
    return told


def labels(alert: Alert) -> dict[str, str]:
    """Return the labels that alerts are routed and grouped by."""
    case = {} if alert.use_case is None else {"use_case": alert.use_case}
    return {**case, "severity": alert.loudness, **alert.labels}


def _limit(alert: Alert) -> str:
    if alert.shown is Shown.DURATION or alert.severity is None:
        return ""
    return f"alarm {alert.side} {alert.limit:g}"


def _money(money: MoneyAtStake, form: Form) -> str:
    return form.money(money.query, f"{money.currency} {money.words}")
