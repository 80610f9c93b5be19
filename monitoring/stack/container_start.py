"""The entry point of the project's image: what a container needs beside what compose gives it.

``python -m monitoring.stack.container_start COMMAND...`` becomes the command. Before that it
writes the passwords of PostgreSQL's roles where libpq looks for them, so that no URL holds one,
and lets MLflow and Airflow answer under the addresses that people use. Nothing but the standard
library is imported: every container begins with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from monitoring.private import write_private
from monitoring.public_path import below, path_of
from monitoring.stack.stack_error import StackError

ROLES = ("airflow", "mlflow", "tocsin")
"""PostgreSQL's roles; each has a database of its own name."""

_EXECUTION_API = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
_AIRFLOW = "AIRFLOW__API__BASE_URL"
_MLFLOW = "TOCSIN_PUBLIC_MLFLOW_URL"
_HOSTS, _ORIGINS = "MLFLOW_SERVER_ALLOWED_HOSTS", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"


def started(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Write the file of passwords into `home`, and return the variables of the command.

    Raises
    ------
    StackError
        A password can't be written there.
    """
    secrets = {_variable(role): role for role in ROLES}
    lines = list(_password_lines(environment))
    if lines:
        write_private(home / ".pgpass", "\n".join(lines) + "\n")
    variables = {name: value for name, value in environment.items() if name not in secrets}
    variables.update(_of_airflow(environment))
    variables.update(_of_mlflow(environment))
    return variables


def _variable(role: str) -> str:
    return f"POSTGRES_{role.upper()}_PASSWORD"


def _password_lines(environment: Mapping[str, str]) -> Iterator[str]:
    for role in ROLES:
        password = environment.get(_variable(role))
        if password is None:
            continue
        if set(password) & set("\\:\n") or password != password.strip():
            msg = (
                f"{_variable(role)} holds a colon, a backslash, a line break or a space at an end, "
                "which the two drivers of PostgreSQL read differently: choose another in .env"
            )
            raise StackError(msg)
        yield f"*:*:{role}:{role}:{password}"


def _of_airflow(environment: Mapping[str, str]) -> dict[str, str]:
    """Return where tasks reach Airflow: below the path of its public address, as everybody does."""
    if _EXECUTION_API not in environment:
        return {}
    path = path_of(environment.get(_AIRFLOW, ""))
    return {_EXECUTION_API: below(path, environment[_EXECUTION_API])}


def _of_mlflow(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the names under which MLflow may be asked: its public one too."""
    public = urlsplit(environment.get(_MLFLOW, ""))
    if _HOSTS not in environment or public.hostname is None:
        return {}
    name = f"[{public.hostname}]" if ":" in public.hostname else public.hostname
    # With a port too; in a pattern a bracket has a meaning.
    hosts = [environment[_HOSTS], name, f"{name.replace('[', '[[]')}:*"]
    return {_HOSTS: ",".join(hosts), _ORIGINS: f"{public.scheme}://{public.netloc}"}


def main() -> None:
    """Become the command."""
    try:
        variables = started(os.environ, Path.home())
    except StackError as error:
        sys.exit(str(error))
    command = sys.argv[1:]
    os.execvpe(command[0], command, variables)  # noqa: S606  # nosec B606 # no shell is wanted


if __name__ == "__main__":
    main()
