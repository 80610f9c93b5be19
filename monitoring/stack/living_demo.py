"""The living demo: days of traffic in minutes, with drift, its alert, the retrain and its end.

Nothing of it is staged but the drift: the rows go through the API, the runs are those of the DAGs,
each as of its own moment of the traffic, and the alert is the one that is generated for everybody,
evaluated and notified at its own pace. What has to follow is looked up where people look: in
Prometheus, and in what the receiver was sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import requests

from monitoring.airflow_api import AirflowApi
from monitoring.settings import Ports
from monitoring.signals.alerts.business_alerts import alert_name
from monitoring.signals.catalogue import DRIFT_SCORE, MODEL, WINDOW_END
from monitoring.signals.links import Addresses
from monitoring.signals.prometheus import Prometheus, PrometheusError, Series
from monitoring.signals.promql import ALERTS, select, series
from monitoring.signals.statuses import Subject
from monitoring.signals.thresholds import Side
from monitoring.sources.synthetic.scenarios import Scenario
from monitoring.stack.components import receiver_url
from monitoring.stack.demo_runs import Say, command, ended_well, inside_the_stack
from monitoring.stack.environment import loopback_url
from monitoring.stack.folders import Folders
from monitoring.stack.receiver import FIRING, PATH, RESOLVED, Message, messages_in
from monitoring.stack.stack_error import StackError
from monitoring.stack.up import Running
from monitoring.steps.dag_ids import reporting_dag, retrain_dag
from monitoring.steps.replay import DAY, Wanted
from monitoring.steps.traffic import Traffic, traffic
from monitoring.steps.window_verdict import share_limit
from monitoring.use_case import UseCase
from monitoring.wording import several

DAYS = 10
DRIFT_FROM = 6
QUIET_REPORTS, DRIFT_REPORT, LAST_REPORT = (2, 4), 8, 9
"""Days after which the demo reports: a run takes as long as three days of this traffic.

The last quiet one is some hours into the day after, which has to be quiet too. The one of the drift
comes when a retrain can learn of it: the newest fifth of what it learns from only judges it.
"""

SPEED = 14_400.0
"""Of the traffic: a day in six seconds, or as fast as the API answers."""

HISTORY = timedelta(days=5)
"""What is filled in before the traffic, whose own days are filled in after it."""

_HOURS_LATER = timedelta(hours=6)
"""From the end of a day to its report: its labels are mature then."""

PATIENCE = 300
"""Seconds that each link of the chain is waited for; an alert's end comes after at most 170."""

ALERT = alert_name(DRIFT_SCORE, Side.ABOVE)

Found = TypeVar("Found")


def report_time(start: datetime, day: int) -> datetime:
    """Return as of when a day of the traffic that begins at `start` is reported."""
    return start + day * DAY + _HOURS_LATER


def days_left(start: datetime, reached: datetime) -> tuple[int, ...]:
    """Return the days to report, where the traffic that begins at `start` has come this far.

    Of those before, the report was there before a row was sent that came after it.
    """
    days = (*QUIET_REPORTS, DRIFT_REPORT, LAST_REPORT)
    return tuple(day for day in days if reached <= report_time(start, day))


@dataclass
class LivingDemo:
    """One telling of the story, of one use case.

    Attributes
    ----------
    is_rehearsed
        Whether each link of the chain has to follow: on rows that are known to show it.
    goes_on
        Whether it was interrupted in its traffic: what was told by then is not told again.
    """

    running: Running
    ports: Ports
    airflow: AirflowApi
    case: UseCase
    say: Say
    is_rehearsed: bool = True
    goes_on: bool = False
    _shown: int = 0
    _began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def tell(self, now: datetime) -> bool:
        """Send the days before `now`, report, retrain, and follow the alert to its end.

        Where it was interrupted in its traffic, go on with that.

        Returns
        -------
        Whether anything was left to tell.

        Raises
        ------
        StackError
            A link of the chain is missing, or a run or a command failed.
        """
        end = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        wanted = Wanted(end, DAYS * DAY, Scenario.NEWCOMERS, DRIFT_FROM)
        with inside_the_stack(self.running):
            sending = traffic(self.case, wanted, speed=SPEED, progress=lambda *_: None)
            self.is_rehearsed = sending.script.checked.synthetic
            self.goes_on = sending.sent.rows > 0
            start = sending.script.plan.start
            left = days_left(start, sending.reached)
            if not left:
                return False
            if self.goes_on:
                self._title("The demo that was interrupted goes on")
                self._began = datetime.min.replace(tzinfo=UTC)  # its messages are this one's
            else:
                self._title(f"History: the {HISTORY.days} days before the traffic, on the boards")
                self._backfill(start - HISTORY, start)
            self._tell(sending, start, left)
        return True

    def _tell(self, sending: Traffic, start: datetime, left: Sequence[int]) -> None:
        checked = sending.script.checked
        if not (checked.synthetic or checked.dealt):
            self._as_it_happened(sending, start, left)
            return
        self._quiet(sending, start, [day for day in QUIET_REPORTS if day in left])
        if DRIFT_REPORT in left:
            known = frozenset() if self.goes_on else self._drift_runs()
            self._drift(sending, start, known)
            self._retrain(known, sending.script.plan.model_version)
        self._recovery(sending, start)

    def _quiet(self, sending: Traffic, start: datetime, days: Sequence[int]) -> None:
        for day in days:
            self._title(f"Quiet days, up to day {day}: nothing drifts")
            self._report(sending, start, day, first=day == QUIET_REPORTS[0])
            self._share(above=False)
        if days:
            self._look("quiet", self._board)

    def _drift(self, sending: Traffic, start: datetime, known: frozenset[str]) -> None:
        self._title(f"New customers from day {DRIFT_FROM} on: drift, and its alert")
        if not self._drift_runs() - known:  # of a demo that goes on there may be one
            self._report(sending, start, DRIFT_REPORT)
            self._share(above=True)
        self._look("drift", self._board)
        self._seen(f"{ALERT} fires in Prometheus", self._is_firing)
        self._heard("its message came", FIRING)
        self._look("alert", self._board, f"{loopback_url(self.ports.prometheus)}/alerts")

    def _retrain(self, known: frozenset[str], before: str) -> None:
        self._title("The retrain that drift asked for")
        dag_id = retrain_dag(self.case.name)
        for run_id in self._seen("it was triggered", lambda: self._drift_runs() - known) or ():
            ended_well(self.airflow, dag_id, run_id, self.say)
        after = self._seen("another version is champion", lambda: self._another(before))
        if after is not None:
            self._seen(f"the API answers by version {after}", lambda: self._api_version() == after)
        self._look("retrain", self._addresses.model(self.case.name), self._board)

    def _recovery(self, sending: Traffic, start: datetime) -> None:
        self._title("The days after it: what was new is known")
        self._report(sending, start, LAST_REPORT)
        self._share(above=False)
        self._seen(f"{ALERT} is over in Prometheus", self._is_over)
        self._title("The ten days at their own time, while the message of the end is on its way")
        self._whole(sending, start)
        self._heard("the message of its end came", RESOLVED)
        self._look("recovered", self._board)  # not before: Grafana's own alerts end later
        self._look("messages", f"{loopback_url(self.ports.receiver)}{PATH}")

    def _as_it_happened(self, sending: Traffic, start: datetime, days: Sequence[int]) -> None:
        """Tell of rows in their own order, which may drift at once: nothing has to follow."""
        heard = False
        for day in days:
            known = self._drift_runs()
            self._title(f"The rows as they happened, up to day {day}")
            self._report(sending, start, day, first=day == QUIET_REPORTS[0])
            share, said = self._drifted()
            self.say(f"  seen: {said}")
            if share is not None and share > share_limit(self.case) and not heard:
                self._seen(f"{ALERT} fires in Prometheus", self._is_firing)
                self._heard("its message came", FIRING)
                heard = True
            self._show_messages()
            for run_id in sorted(self._drift_runs() - known):
                self._title("The retrain that drift asked for")
                ended_well(self.airflow, retrain_dag(self.case.name), run_id, self.say)
                self.say(f"  champion: version {self._api_version()}")
            self._look(f"day {day}", self._board)
        self._whole(sending, start)
        self._show_messages()
        firing = "still fires" if self._is_firing() else "does not fire"
        self.say(f"  {ALERT} {firing} at the end")
        self._look("messages", f"{loopback_url(self.ports.receiver)}{PATH}")

    def _whole(self, sending: Traffic, start: datetime) -> None:
        """Send what is left of the last day, and fill in the days at their own time."""
        sending.send()
        self._backfill(start, start + DAYS * DAY)
        self._look("in all", self._addresses.board(self.case.name))

    def _report(self, sending: Traffic, start: datetime, day: int, *, first: bool = False) -> None:
        """Send traffic up to a day's report, and run that."""
        as_of = report_time(start, day)
        began = time.monotonic()
        before = sending.sent.rows
        sending.send(through=as_of)
        rows, seconds = sending.sent.rows - before, time.monotonic() - began
        self.say(f"  {several(rows, 'row')} with labels went through the API in {seconds:.0f} s")
        dag_id = reporting_dag(self.case.name)
        conf = {"as_of": as_of.isoformat()}
        run = self.airflow.first if first else self.airflow.start
        run_id = run(dag_id, conf)
        ended_well(self.airflow, dag_id, run_id, self.say)
        self._seen(f"Prometheus shows the figures of day {day}", lambda: self._shows(as_of))

    def _backfill(self, since: datetime, until: datetime) -> None:
        past = ("--from", since.isoformat(), "--to", until.isoformat())
        command(self.running, "backfill", self.case.name, "--no-wait", *past)

    # What is looked up.

    def _shows(self, as_of: datetime) -> bool:
        """Whether Prometheus has the figures of the report as of a moment."""
        ends = self._series(select(WINDOW_END, self.case.name, of=Subject.DRIFT.value))
        return any(one.newest == as_of.timestamp() for one in ends)

    def _drifted(self) -> tuple[float | None, str]:
        """Return the share of features that drifted, and what is said of it."""
        found = self._series(select(DRIFT_SCORE, self.case.name))
        share = found[0].newest if found else None
        what = "no share of drifted features" if share is None else f"{share:.0%} of the features"
        return share, f"{what} drifted; the limit is {share_limit(self.case):.0%}"

    def _share(self, *, above: bool) -> None:
        """Say what share of the features drifted, and check on which side of its limit it is."""
        share, said = self._drifted()
        if share is None or (share > share_limit(self.case)) is not above:
            self._missing(f"{said}, and it should be {'above' if above else 'at most'} that")
        else:
            self.say(f"  seen: {said}")

    def _firing(self) -> frozenset[str]:
        """Return the alerts on this model that fire, and the watchdog, which always does."""
        found = self._series(series(ALERTS, alertstate="firing", severity="~critical|none"))
        return frozenset(
            one.labels["alertname"]
            for one in found
            if one.labels.get("use_case", self.case.name) == self.case.name
        )

    def _is_firing(self) -> bool:
        return ALERT in self._firing()

    def _is_over(self) -> bool:
        """Whether the alert fires no longer, and not only nobody answers."""
        firing = self._firing()
        return bool(firing) and ALERT not in firing

    def _version(self) -> str | None:
        found = self._series(select(MODEL, self.case.name))
        return found[0].labels.get("version") if found else None

    def _another(self, before: str) -> str | None:
        version = self._version()
        return version if version != before else None

    def _series(self, query: str) -> tuple[Series, ...]:
        with suppress(PrometheusError):  # asked again, until patience ends
            return Prometheus(loopback_url(self.ports.prometheus)).at(query, datetime.now(UTC))
        return ()

    def _api_version(self) -> str | None:
        with suppress(requests.RequestException):
            url = f"{loopback_url(self.ports.serve)}/model/{self.case.name}"
            return str(requests.get(url, timeout=10).json().get("version"))
        return None

    def _drift_runs(self) -> frozenset[str]:
        runs = self.airflow.runs(retrain_dag(self.case.name))
        return frozenset(run_id for run_id in runs if run_id.startswith("drift_"))

    def _messages(self) -> tuple[Message, ...]:
        """Return what the receiver was sent since this demo began."""
        every = messages_in(Folders(self.running.settings.state).messages)
        return tuple(one for one in every if one.at >= self._began)

    def _message(self, status: str) -> Message | None:
        return next((one for one in self._messages() if one.has(ALERT, status)), None)

    # What is said.

    def _title(self, text: str) -> None:
        self.say(f"\n{datetime.now(UTC):%H:%M:%S} UTC  {text}")

    def _look(self, moment: str, *places: str) -> None:
        self.say(f"  LOOK ({moment}): {'  '.join(places)}")

    def _heard(self, what: str, status: str) -> None:
        """Wait for a message of the alert, and print what came."""
        given = self.running.settings.webhook_url
        if given is None or given.get_secret_value() != receiver_url(self.ports):
            self.say("  messages go to TOCSIN_WEBHOOK_URL: look there")
            return
        self._seen(what, lambda: self._message(status))
        self._show_messages()

    def _show_messages(self) -> None:
        """Print what came since it was last asked: alerts as they are read, runs by their title."""
        for message in self._messages()[self._shown :]:
            self._shown += 1
            if not message.is_of_alerts:
                self.say(f"  message of a run: {message.title}")
                continue
            self.say(f"  message of {message.at:%H:%M:%S} UTC, as the on-call reads it:")
            for line in (message.title, "", *message.text.splitlines()):
                self.say(f"    | {line}")

    def _seen(self, what: str, found: Callable[[], Found]) -> Found | None:
        """Wait for a link of the chain, and say that it is there."""
        began = time.monotonic()
        while not (there := found()):
            if time.monotonic() - began > PATIENCE:
                self._missing(f"after {PATIENCE} s, this has not happened: {what}")
                return None
            time.sleep(1)
        self.say(f"  seen: {what} ({time.monotonic() - began:.0f} s)")
        return there

    def _missing(self, what: str) -> None:
        """Say that a link of the chain is missing.

        Raises
        ------
        StackError
            It has to follow, on these rows.
        """
        if self.is_rehearsed:
            msg = f"the demo's chain is broken: {what}"
            raise StackError(msg)
        self.say(f"  NOT SEEN: {what}")

    @property
    def _board(self) -> str:
        """The board, over the time of this demo."""
        lately = "since=6h" if self.running.settings.grafana_url is None else "from=now-30m&to=now"
        return f"{self._addresses.board(self.case.name)}?{lately}"

    @property
    def _addresses(self) -> Addresses:
        where = self.running.settings
        return Addresses(where.public_url, where.grafana_url, where.public_airflow_url)
