"""Preparations of docker compose's first step beside migrations and generated files.

``python -m monitoring.stack.containers BUCKET`` makes the bucket of the models on the object
storage that MLflow's own variables name, and the file from which Airflow reads its password.
"""

from __future__ import annotations

import json
import os
import sys

from monitoring.private import private_folder, write_private
from monitoring.settings import Settings, settings
from monitoring.stack.folders import Folders
from monitoring.stack.stack_error import StackError


def make_bucket(endpoint: str, bucket: str) -> bool:
    """Make `bucket` unless it is there; boto3 finds the keys in its own variables.

    Returns
    -------
    Whether it was made.
    """
    import boto3
    from botocore.exceptions import ClientError

    client = boto3.client("s3", endpoint_url=endpoint)
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        client.create_bucket(Bucket=bucket)
        return True
    return False


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
    make_bucket(os.environ["MLFLOW_S3_ENDPOINT_URL"], sys.argv[1])
