"""Run a peer's script in its environment, and read its answer."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from benchmarks.peers.environment import ROOT, Peer, PeerError, python_of
from benchmarks.peers.messages import (
    DriftAnswer,
    DriftRequest,
    EstimateAnswer,
    EstimateRequest,
    ProfileAnswer,
    ProfileRequest,
    ReportAnswer,
    ReportRequest,
)

Question = TypeVar("Question", bound=BaseModel)
Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True)
class Script(Generic[Question, Answer]):
    """A script of this folder: where it runs, and what it takes and gives."""

    name: str
    peer: Peer
    question: type[Question]
    answer: type[Answer]


NANNYML_DRIFT = Script("nannyml_drift", Peer.NANNYML, DriftRequest, DriftAnswer)
NANNYML_ESTIMATE = Script("nannyml_estimate", Peer.NANNYML, EstimateRequest, EstimateAnswer)
WHYLOGS_PROFILE = Script("whylogs_profile", Peer.WHYLOGS, ProfileRequest, ProfileAnswer)
EVIDENTLY_DRIFT = Script("evidently_drift", Peer.OURS, DriftRequest, DriftAnswer)
SCIPY_DRIFT = Script("scipy_drift", Peer.OURS, DriftRequest, DriftAnswer)
NUMPY_BINS = Script("numpy_bins", Peer.OURS, ProfileRequest, ProfileAnswer)
OUR_COMPARE = Script("our_compare", Peer.OURS, DriftRequest, DriftAnswer)
OUR_VERDICT = Script("our_verdict", Peer.OURS, DriftRequest, DriftAnswer)
OUR_SUMMARY = Script("our_summary", Peer.OURS, ProfileRequest, ProfileAnswer)
OUR_REPORT = Script("our_report", Peer.OURS, ReportRequest, ReportAnswer)

_QUIET = {"NML_DISABLE_USAGE_LOGGING": "1", "WHYLOGS_NO_ANALYTICS": "True", "DO_NOT_TRACK": "1"}


def ask(script: Script[Question, Answer], question: Question) -> Answer:
    """Run the script in a process of its own, and return its answer.

    Raises
    ------
    PeerError
        Its environment can't be made, or the script failed: with the last lines it wrote.
    """
    done = subprocess.run(  # nosec B603 # a script of this folder
        [str(python_of(script.peer)), "-m", f"benchmarks.peers.{script.name}"],
        input=question.model_dump_json(),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **_QUIET},
    )
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-20:])
        msg = f"{script.name} of {script.peer} failed:\n{said}"
        raise PeerError(msg)
    return script.answer.model_validate_json(done.stdout)
