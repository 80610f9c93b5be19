"""Preparations of docker compose's first step beside migrations and generated files.

``python -m monitoring.stack.containers BUCKET`` makes the bucket of the models on the object
storage that the variables of AWS name, and the file from which Airflow reads its password.
"""

from __future__ import annotations

import sys

from monitoring.private import private_folder
from monitoring.settings import Settings, settings
from monitoring.stack.credentials import write_airflow_passwords
from monitoring.stack.folders import Folders
from monitoring.stack.stack_error import StackError
from monitoring.stored_files import RemotePath, make_bucket


def prepare_airflow(known: Settings) -> None:
    """Write the file of Airflow's users, for its owner only.

    Raises
    ------
    StackError
        A password is not set.
    """
    admin, viewer = known.airflow_password, known.airflow_viewer_password
    if admin is None or viewer is None:
        name = "TOCSIN_AIRFLOW_PASSWORD" if admin is None else "TOCSIN_AIRFLOW_VIEWER_PASSWORD"
        msg = f"{name} is not set: `make env` writes one into .env"
        raise StackError(msg)
    folders = Folders(known.state)
    private_folder(folders.control)
    write_airflow_passwords(folders.airflow_passwords, admin, viewer)


if __name__ == "__main__":
    prepare_airflow(settings())
    make_bucket(RemotePath(f"s3://{sys.argv[1]}"))
