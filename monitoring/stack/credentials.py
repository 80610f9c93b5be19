"""The local stack's secrets: generated once, saved in one file of mode 600."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from monitoring.airflow_api import AIRFLOW_USER, AIRFLOW_VIEWER
from monitoring.private import write_private
from monitoring.saved_record import read_record
from monitoring.stack.generated_secrets import fernet_key, password, signing_key

_PUT_BACK = (
    "put back a copy of it; without one, remove the state folder's `stack`, `airflow` and "
    "`grafana`, whose contents only these secrets open"
)


class Credentials(BaseModel):
    """The secrets by which the local stack's components trust each other and their user."""

    model_config = ConfigDict(frozen=True)

    airflow_password: SecretStr = Field(
        default_factory=lambda: SecretStr(password()), description="Of Airflow's user `admin`."
    )
    airflow_viewer_password: SecretStr = Field(
        default_factory=lambda: SecretStr(password()), description="Of Airflow's user `viewer`."
    )
    grafana_password: SecretStr = Field(
        default_factory=lambda: SecretStr(password()), description="Of Grafana's user `admin`."
    )
    grafana_secret_key: SecretStr = Field(
        default_factory=lambda: SecretStr(signing_key()),
        description="Encrypts what Grafana keeps of data sources and contact points.",
    )
    jwt_secret: SecretStr = Field(
        default_factory=lambda: SecretStr(signing_key()),
        description="Signs the tokens between Airflow's components; the same for all of them.",
    )
    api_secret_key: SecretStr = Field(
        default_factory=lambda: SecretStr(signing_key()), description="Signs Airflow's sessions."
    )
    fernet_key: SecretStr = Field(
        default_factory=lambda: SecretStr(fernet_key()),
        description="Encrypts what Airflow keeps of connections and variables.",
    )

    def revealed(self) -> dict[str, str]:
        """Return every secret as plain text."""
        return {name: getattr(self, name).get_secret_value() for name in type(self).model_fields}


def write_airflow_passwords(path: Path, admin: SecretStr, viewer: SecretStr) -> None:
    """Write the file from which Airflow reads its users' passwords, for its owner only."""
    passwords = {
        AIRFLOW_USER: admin.get_secret_value(),
        AIRFLOW_VIEWER: viewer.get_secret_value(),
    }
    write_private(path, json.dumps(passwords) + "\n")


def credentials_in(path: Path) -> Credentials:
    """Return the secrets saved at `path`; those not there yet are generated and saved first."""
    if not path.exists():
        credentials = Credentials()
    else:
        credentials = read_record(path, Credentials, _PUT_BACK)
        if credentials.model_fields_set == set(Credentials.model_fields):
            return credentials
    write_private(path, json.dumps(credentials.revealed(), indent=2) + "\n")
    return credentials
