"""Use-case files, settings and state with values that are not allowed."""

import os
from collections.abc import Iterator
from pathlib import Path

from monitoring.use_case_file import SHIPPED
from tests.inputs.case import Case, Make

BASE = (SHIPPED / "student_depression.yml").read_text(encoding="utf-8")

REPLACED = {
    "name: student_depression": ("", "name: Wrong Name", "name: ../up", "name: 5", "name: [a]"),
    "title: Student depression": (
        "title: ''",
        "title: 'a $SECRET b'",
        "title: 'a {{ .Bad '",
        "title: '<script>'",
        f"title: {'long ' * 100}",
        f"title: {'x' * 900_000}",
        "title: [a, b]",
    ),
    "origin: 2024-01-01T00:00:00Z": (
        "origin: 2024-02-30T00:00:00Z",
        "origin: 2024-13-01T00:00:00Z",
        "origin: 2024-01-01T25:00:00Z",
        "origin: 0001-01-01T00:00:00Z",
        "origin: 0001-01-01T00:00:00+05:00",
        "origin: 9999-12-31T23:59:59-05:00",
        "origin: !!int abc",
        "origin: !!timestamp abc",
        f"origin: {'9' * 5000}",
    ),
    "delay: 1d": ("delay: 0s", "delay: -1d", "delay: soon", "delay: 9999999d", "delay: [1d]"),
    "false_alarm: 20": (
        "false_alarm: -20",
        "false_alarm: .nan",
        "false_alarm: .inf",
        "false_alarm: many",
        "false_alarm: 1+2j",
        f"false_alarm: {'9' * 5000}",
    ),
    "reviews_per_day: 1500": ("reviews_per_day: -1", "reviews_per_day: x", "reviwes_per_day: 5"),
    'every: "0 4 * * *"': (
        'every: "0 0 31 2 *"',
        'every: "* * * *"',
        'every: "61 * * * *"',
        'every: "@reboot now"',
        "every: 5",
    ),
    "keep: 10": ("keep: 0", "keep: -1", "keep: ten", "keep: 1.5", "keep: 1e99"),
    "min_effect: 0.1": ("min_effect: -0.1", "min_effect: 2", "min_effect: .nan"),
    "rate: 0.02": ("rate: 0", "rate: 1", "rate: a"),
    "warning: 0.75": ("warning: 80", "warning: -1", "warning: .nan", "warning: {}"),
    "sklearn.preprocessing.StandardScaler": (
        "os.system",
        "sklearn.ensemble.Nope",
        "sklearn.ensemble.RandomForestRegressor",
        "builtins.eval",
        "../../x",
    ),
    "parameters: {n_estimators: 150, learning_rate: 0.1, tree_method: hist}": (
        "parameters: {n_estimators: 1000000000}",
        "parameters: {machines: 10.0.0.1}",
        "parameters: {num_machines: 2}",
        "parameters: {local_listen_port: 9999}",
        "parameters: {n_estimatorz: 5}",
        "parameters: 5",
    ),
    "path: student_depression.csv": ("path: ''", "path: rows.exe", "path: [a]"),
    "absent_at_maturity: unknown": ("absent_at_maturity: maybe",),
    "costs:": ("cost:", "costs: 5\ncosts:"),
    "drift:": (
        "derive: [usual]\ndrift:",
        "derive: {usual: 5}\ndrift:",
        "derive: {usual: {mean: [a], by: 5, over: -1d}}\ndrift:",
        "derive: {usual: {mean: Age, by: City, over: 30d}}\ndrift:",
    ),
}

WHOLE = {
    "empty": b"",
    "a list": b"- a\n- b\n",
    "a text": b"hello",
    "no UTF-8": b"name: \xff\xfe",
    "NUL": b"name: \x00",
    "brackets 3,000 deep": b"a: " + b"[" * 3000,
    "open brackets": b"a: [1, 2",
    "a tab": b"a:\n\t- b\n",
    "an object": b"!!python/object/apply:os.system ['true']",
    "an anchor of itself": b"a: &a [*a]\n",
    "merge keys": b"a: &a {b: 1}\n<<: *a\n",
    "two documents": b"a: 1\n---\na: 2\n",
    "2 MB": b"# " + b"x" * 2_000_000,
    "aliases 10^8 deep": b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)
    ),
}


def _use_case(content: bytes) -> Make:
    def make(folder: Path) -> None:
        (folder / "student_depression.yml").write_bytes(content)

    return make


def use_cases() -> Iterator[Case]:
    """Yield use-case files."""
    call, place = ("use-case", "check", "student_depression.yml"), "student_depression.yml"
    for before, changes in REPLACED.items():
        assert before in BASE, f"{before!r} is not in the use case: nothing would be damaged"
        for after in changes:
            content = BASE.replace(before, after, 1).encode()
            yield Case(
                "use case", after[:60] or f"without {before}", call, place, _use_case(content)
            )
    for damage, content in WHOLE.items():
        yield Case("use case", damage, call, place, _use_case(content))
    for damage, make in {
        "missing": lambda _: None,
        "a folder": lambda path: path.mkdir(),
        "a named pipe": os.mkfifo,
        "/dev/zero by a link": lambda path: path.symlink_to("/dev/zero"),
    }.items():
        yield Case("use case", damage, call, place, lambda folder, make=make: make(folder / place))


SERVERS = (
    "PUSHGATEWAY_URL",
    "PROMETHEUS_URL",
    "PUBLIC_URL",
    "SERVE_URL",
    "WEBHOOK_URL",
    "SLACK_URL",
)
PORTS = ("AIRFLOW", "MLFLOW", "PROMETHEUS", "PUSHGATEWAY", "ALERTMANAGER", "GRAFANA", "SERVE")

SETTINGS = {
    **{
        f"TOCSIN_{name}": ("host:9091", "ftp://host", "http://", "http://h:99999")
        for name in SERVERS
    },
    **{f"TOCSIN_PORT_{name}": ("0", "-1", "70000", "eighty", "1e4", "9" * 5000) for name in PORTS},
    "TOCSIN_DATABASE_URL": (
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://u:p@h/d",
        "postgresql://u:p@h",
        "postgresql://u:p@h:port/d",
        "postgresql://u:p@[::1/d",
    ),
    "TOCSIN_MLFLOW_URL": ("mlflow:5000", "http://mlflow:many", "file:///x"),
    "TOCSIN_NOTIFIER": ("pigeon",),
    "TOCSIN_SMTP_TLS": ("perhaps", "2"),
    "TOCSIN_SMTP_HOST": ("mail.example.org", "http://mail.example.org:25", "h:99999", "me@h:25"),
    "TOCSIN_RETRY_SECONDS": ("-1", "soon", "1.5", "9" * 5000),
    "TOCSIN_STATE": ("~nobody-of-that-name/state",),
}


def environment() -> Iterator[Case]:
    """Yield settings."""
    for name, values in SETTINGS.items():
        for value in values:
            damage = f"{name}={value[:40]}"
            call = ("status",) if "_PORT_" in name else ("report", "fraud")
            yield Case("environment", damage, call, name, lambda _: None, {name: value})


def state() -> Iterator[Case]:
    """Yield files of the state folder."""
    contents = {
        "empty": b"",
        "no JSON": b"{]",
        "a list": b"[1]",
        "a number": b"5",
        "a port too high": b'{"mlflow": 70000}',
        "a text for a port": b'{"mlflow": "x"}',
        "no UTF-8": b"\xff",
        "deep": b"[" * 100_000,
        "5,000 digits": b"9" * 5000,
        "20 MB": b" " * 20_000_000,
    }
    for damage, content in contents.items():
        for call in (("status",), ("report", "fraud")):
            yield Case(
                "state",
                f"ports.json, {call[0]}: {damage}",
                call,
                "ports.json",
                lambda folder, content=content: _written(folder, "state/stack/ports.json", content),
            )
        record = "deployment/.tocsin-init.json"
        yield Case(
            "state",
            f".tocsin-init.json: {damage}",
            ("init", "deployment"),
            ".tocsin-init.json",
            lambda folder, content=content, name=record: _written(folder, name, content),
        )
    databases = {"text": b"no database, but text that is long enough", "zeros": bytes(8192)}
    for damage, content in databases.items():
        yield Case(
            "state",
            f"production.db: {damage}",
            ("report", "fraud"),
            "production.db",
            lambda folder, content=content: _database(folder, content),
        )


def _written(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def _database(folder: Path, content: bytes) -> None:
    (folder / "state").mkdir()
    (folder / "state" / "production.db").write_bytes(content)
