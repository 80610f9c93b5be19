"""Preparations of docker compose's first step beside migrations and generated files.

``python -m monitoring.stack.containers BUCKET`` makes the bucket of the models on the object
storage that the variables of AWS name, and the file from which Airflow reads its password.
"""

from __future__ import annotations

import json
import sys

from monitoring.private import private_folder, write_private
from monitoring.settings import Settings, settings
from monitoring.stack.folders import Folders
from monitoring.stack.stack_error import StackError
from monitoring.stored_files import RemotePath, make_bucket


def write_airflow_passwords(known: Settings) -> None:
    """Write the file of Airflow's users, for its owner only.

    Raises
    ------
    StackError
        No password is set.
    """
    if known.airflow_password is None:
        msg = "TOCSIN_AIRFLOW_PASSWORD is not set: `make env` writes one into .env"
        raise StackError(msg)
    folders = Folders(known.state)
    private_folder(folders.control)
    passwords = {"admin": known.airflow_password.get_secret_value()}
    write_private(folders.airflow_passwords, json.dumps(passwords) + "\n")


if __name__ == "__main__":
    write_airflow_passwords(settings())
    make_bucket(RemotePath(f"s3://{sys.argv[1]}"))
