"""The folders of the local stack, under its state folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from monitoring.private import private_folder
from monitoring.stack.stack_error import StackError

PACKED = PurePosixPath("monitoring/deployment")
"""Where a wheel holds what a deployment is made of; a checkout has it at its root."""

_ROOT = Path(__file__).parents[2]
_PLACES = (_ROOT, _ROOT / PACKED)

DEPLOYMENT = next((place for place in _PLACES if (place / "prometheus.yml").is_file()), _PLACES[0])
"""What holds the files of a deployment: the checkout, or a folder of the installed package."""

DEPLOYED = tuple(
    PurePosixPath(name)
    for name in (
        ".dockerignore",
        "Dockerfile",
        "airflow/dags/reporting.py",
        "airflow/dags/retrain.py",
        "airflow/dags/status.py",
        "airflow/dags/use_case_files.py",
        "docker-compose.yml",
        "init-db.sql",
        "prometheus.yml",
        "pyproject.toml",
        "requirements.lock",
    )
)
"""What a deployment with docker compose is made of, as it lies in `DEPLOYMENT`."""

SOCKET_PATH_LIMIT = 90
"""Unix socket paths end at 107 characters, and supervisord adds its process id while binding."""


@dataclass(frozen=True)
class Folders:
    """The folders of one local stack; `make` brings them into being, for their owner only."""

    state: Path

    @property
    def control(self) -> Path:
        """What belongs to the supervisor."""
        return self.state / "stack"

    @property
    def logs(self) -> Path:
        """One log file per component."""
        return self.state / "logs"

    @property
    def airflow(self) -> Path:
        """Airflow's home."""
        return self.state / "airflow"

    @property
    def mlflow(self) -> Path:
        """Where the MLflow server runs."""
        return self.state / "mlflow"

    @property
    def prometheus(self) -> Path:
        """Prometheus's configuration, targets, rules and data."""
        return self.state / "prometheus"

    @property
    def pushgateway(self) -> Path:
        """What the Pushgateway keeps."""
        return self.state / "pushgateway"

    @property
    def alertmanager(self) -> Path:
        """Alertmanager's configuration and data."""
        return self.state / "alertmanager"

    @property
    def grafana(self) -> Path:
        """Grafana's data and provisioning."""
        return self.state / "grafana"

    @property
    def use_cases(self) -> Path:
        """The use-case files that the demo wrote, where the settings name no folder."""
        return self.state / "use_cases"

    @property
    def messages(self) -> Path:
        """File of what the demo's receiver was sent, a message a line."""
        return self.state / "messages.jsonl"

    @property
    def credentials(self) -> Path:
        """File of the generated secrets."""
        return self.control / "credentials.json"

    @property
    def airflow_passwords(self) -> Path:
        """File from which Airflow reads its users' passwords."""
        return self.control / "airflow_passwords.json"

    @property
    def ports(self) -> Path:
        """File with the ports that the stack was started on."""
        return self.control / "ports.json"

    @property
    def lock(self) -> Path:
        """File that one `up` or `down` at a time holds."""
        return self.control / "lock"

    @property
    def socket(self) -> Path:
        """Unix socket of the supervisor; in a short private folder where this one's is too long."""
        path = self.control / "supervisor.sock"
        if len(str(path)) <= SOCKET_PATH_LIMIT:
            return path
        digest = hashlib.sha256(str(self.state).encode()).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"tocsin-{os.geteuid()}-{digest}"
        return folder / "supervisor.sock"

    def log(self, component: str) -> Path:
        """Return the log file of a component."""
        return self.logs / f"{component}.log"

    def environment(self, component: str) -> Path:
        """Return the file of the variables that a component has of its own."""
        return self.control / "environments" / f"{component}.json"

    def make(self) -> None:
        """Make every folder, mode 700.

        Raises
        ------
        StackError
            The short folder for the socket belongs to somebody else.
        """
        for folder in (
            self.state,
            self.control,
            self.control / "environments",
            self.logs,
            self.airflow,
            self.mlflow,
            self.prometheus,
            self.pushgateway,
            self.alertmanager,
            self.grafana,
            self.use_cases,
        ):
            private_folder(folder)
        folder = self.socket.parent
        # It may lie in a folder where others write too: what they made is not to be trusted.
        if folder.exists() and folder.stat().st_uid != os.geteuid():
            msg = f"{folder} belongs to another user: remove it, or choose a shorter TOCSIN_STATE"
            raise StackError(msg)
        private_folder(folder)
