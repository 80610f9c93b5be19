"""A deployment of docker-compose.yml: a checkout of its own, brought up, asked and taken down."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from monitoring.airflow_api import AIRFLOW_USER, AirflowApi
from monitoring.stack.env_file import PUBLISHED, write_env
from monitoring.stack.folders import DEPLOYMENT
from monitoring.stack.new_deployment import WHEELS
from tests.compose.engine import Engine
from tests.fixtures.eventually import eventually
from tests.fixtures.loopback import free_port

PROJECT = "tocsin-test"
RECEIVED = "RECEIVED "

HARD = "@a/b#c%d+e&f=g?h"
"""What a URL could not hold as it is."""

_RECEIVER = f"""
from http.server import BaseHTTPRequestHandler, HTTPServer
class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print("{RECEIVED}" + body.decode(), flush=True)
        self.send_response(200)
        self.end_headers()
HTTPServer(("", 9000), Receiver).serve_forever()
"""

_MOUNTED = ("docker-compose.yml", "init-db.sql", "prometheus.yml", "data/use_cases")


@dataclass
class Deployment:
    """Compose's services under a name of their own, of a checkout of their own.

    Attributes
    ----------
    folder
        The checkout.
    public
        More lines of `.env`: the addresses that people use.
    """

    engine: Engine
    folder: Path
    grafana: bool
    ports: Mapping[str, int] = field(
        default_factory=lambda: {name: free_port() for name in PUBLISHED}
    )
    public: dict[str, str] = field(default_factory=dict)

    def check_out(self) -> None:
        """Copy what the image is built from and what is mounted, for its owner alone."""
        lines = (DEPLOYMENT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        sent = {line[1:] for line in lines if line[0] == "!"} - {str(WHEELS)}
        for name in sorted({*_MOUNTED, *sent}):
            there, here = DEPLOYMENT / name, self.folder / name
            here.parent.mkdir(parents=True, exist_ok=True)
            if there.is_dir():
                shutil.copytree(there, here, dirs_exist_ok=True, ignore=_no_caches, symlinks=True)
            else:
                shutil.copy(there, here)
        for path in self.folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o700 if path.is_dir() else 0o600)

    def write_env(self) -> None:
        """Write `.env` as `make env` does, with passwords that no URL could hold."""
        path = self.folder / ".env"
        path.unlink(missing_ok=True)
        write_env(path)
        text = path.read_text(encoding="utf-8")
        for role in ("AIRFLOW", "MLFLOW", "TOCSIN"):
            name = f"POSTGRES_{role}_PASSWORD"
            text = re.sub(f"^{name}=.*$", f"{name}='{role}{HARD}'", text, flags=re.MULTILINE)
        ports = {f"TOCSIN_PORT_{name.upper()}": str(port) for name, port in self.ports.items()}
        for name, value in {**ports, "TOCSIN_WEBHOOK_URL": "http://receiver:9000/alerts"}.items():
            text = re.sub(f"^#?{name}=.*\n", "", text, flags=re.MULTILINE) + f"{name}={value}\n"
        path.write_text(text, encoding="utf-8")
        self._write_override()

    def _write_override(self) -> None:
        receiver = {
            "image": "tocsin:0.1.0",
            "pull_policy": "never",
            "entrypoint": ["python", "-c", _RECEIVER.replace("$", "$$")],
        }
        services: dict[str, Any] = {
            "receiver": receiver,
            # Packages are fetched as this machine does.
            "init": {"build": {"context": ".", "network": "host"}},
        }
        text = yaml.safe_dump({"services": services})
        (self.folder / "override.yml").write_text(text, encoding="utf-8")

    def secret(self, name: str) -> str:
        """Return a value of `.env`."""
        text = (self.folder / ".env").read_text(encoding="utf-8")
        found = re.search(f"^{name}=(.*)$", text, re.MULTILINE)
        assert found is not None
        return found[1].strip("'")

    def compose(
        self, *arguments: str, check: bool = True, seconds: float = 1800
    ) -> subprocess.CompletedProcess[str]:
        """Run Compose on this deployment."""
        files = ("-f", "docker-compose.yml", "-f", "override.yml")
        done = subprocess.run(
            [*self.engine.compose, "-p", PROJECT, *files, *arguments],
            cwd=self.folder,
            env={**self.engine.environment, **self.public, "COMPOSE_ANSI": "never"},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if check:
            said = (done.stdout + done.stderr)[-3000:]
            assert done.returncode == 0, said + self.logs("init")[-3000:]
        return done

    def logs(self, service: str) -> str:
        """Return what a service has logged."""
        return self.compose("logs", "--no-log-prefix", "--no-color", service, check=False).stdout

    def run(self, service: str, *command: str, check: bool = True) -> str:
        """Run a command in a service's container and return what it says."""
        done = self.compose("exec", "-T", service, *command, check=check)
        return done.stdout + done.stderr

    def up(self) -> float:
        """Bring all services up; return the seconds until all were healthy."""
        began = time.monotonic()
        services = self.compose("config", "--services").stdout.split()
        # The image of a service is pulled even where none of it is to run: it is not named then.
        left = set() if self.grafana else {"grafana", "watcher"}
        self.compose("up", "--detach", *sorted(set(services) - left))
        eventually(lambda: not self.unhealthy(), seconds=900, otherwise=self.unhealthy)
        return time.monotonic() - began

    def unhealthy(self) -> dict[str, str]:
        """Return the services that are not as they should be: healthy, or done."""
        listed = self.compose("ps", "--all", "--format", "json").stdout.splitlines()
        services = [json.loads(line) for line in listed]
        return {
            service["Service"]: f"{service['State']} {service['Health']} {service['ExitCode']}"
            for service in services
            if not _is_well(service)
        }

    def url(self, component: str, path: str = "") -> str:
        """Return an address of a published component."""
        return f"http://127.0.0.1:{self.ports[component]}{path}"

    def airflow(self, path: str = "") -> AirflowApi:
        """Return a client of Airflow."""
        password = self.secret("TOCSIN_AIRFLOW_PASSWORD")
        return AirflowApi(self.url("airflow", path), AIRFLOW_USER, password)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what Prometheus finds."""
        asked = requests.get(
            self.url("prometheus", "/api/v1/query"), params={"query": expression}, timeout=30
        )
        found: list[dict[str, Any]] = asked.json()["data"]["result"]
        return found

    def rules(self) -> set[str]:
        """Return the names of the groups of rules that Prometheus has."""
        asked = requests.get(self.url("prometheus", "/api/v1/rules"), timeout=30).json()
        return {group["name"] for group in asked["data"]["groups"]}

    def of_grafana(self, path: str) -> Any:
        """Return what Grafana's API says under a path."""
        sign_in = ("admin", self.secret("GRAFANA_PASSWORD"))
        answer = requests.get(self.url("grafana", path), auth=sign_in, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def received(self) -> list[dict[str, Any]]:
        """Return the messages that reached the receiver."""
        lines = self.logs("receiver").splitlines()
        return [json.loads(it.removeprefix(RECEIVED)) for it in lines if it.startswith(RECEIVED)]

    def memory(self) -> dict[str, float]:
        """Return the MB that each container takes."""
        listed = self.engine.docker(
            "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}"
        ).stdout
        found = re.findall(rf"^{PROJECT}-(\S+)-1 ([\d.]+)([KMG])iB", listed, re.MULTILINE)
        factor = {"K": 1 / 1024, "M": 1, "G": 1024}
        return {name: float(number) * factor[unit] for name, number, unit in found}


def _is_well(service: Mapping[str, Any]) -> bool:
    if service["Service"] == "init":
        return bool(service["State"] == "exited" and service["ExitCode"] == 0)
    well = service["Health"] == "healthy" or service["Service"] == "receiver"
    return bool(service["State"] == "running" and well)


def _no_caches(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__"}
