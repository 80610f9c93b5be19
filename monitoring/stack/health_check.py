"""Health checks of servers.

As a program it is the health check of containers:
``python -m monitoring.stack.health_check URL [COMPONENT]`` ends with 0 if it is, else with 1. With
a component it is Airflow that is asked, below the path under which it answers. Nothing but the
standard library is imported: containers ask every few seconds.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from urllib.request import urlopen

from monitoring.public_path import below, path_of

ANSWER_SECONDS = 3


@dataclass(frozen=True)
class Health:
    """Where a component is asked whether it is well.

    Attributes
    ----------
    url
        Answers 200 when it is.
    component
        For Airflow, whose API server speaks for its other components too: the one that is meant.
    """

    url: str
    component: str | None = None

    def is_well(self) -> bool:
        """Ask it."""
        try:
            with urlopen(self.url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310  # nosec B310 # our own address
                said = answer.read()
        except (OSError, HTTPException):
            return False
        return self.component is None or _speaks_well(said, self.component)


def _speaks_well(said: bytes, component: str) -> bool:
    """Whether Airflow's API server says that a component is healthy."""
    try:
        return bool(json.loads(said)[component]["status"] == "healthy")
    except (ValueError, LookupError, TypeError):
        return False


def asked_for(arguments: Sequence[str], environment: Mapping[str, str]) -> Health:
    """Return the health that a container's check asks for."""
    url, *component = arguments
    if component:
        url = below(path_of(environment.get("AIRFLOW__API__BASE_URL")), url)
    return Health(url, *component)


if __name__ == "__main__":
    sys.exit(0 if asked_for(sys.argv[1:3], os.environ).is_well() else 1)
