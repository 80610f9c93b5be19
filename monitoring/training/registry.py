"""The model registry: candidates as MLflow runs, versions of a model, and which one serves."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.atomic_write import atomic_folder
from monitoring.secrecy import shown_url
from monitoring.stored_files import StoredPath
from monitoring.training import TrainingError
from monitoring.training.adopted_model import AdoptedModel
from monitoring.training.aliases import (
    CHALLENGER,
    CHAMPION,
    PREVIOUS,
    PROBATION,
    PROMOTED,
    aliased,
    is_absent,
    settle,
    switch,
)
from monitoring.training.bundle import MANIFEST, Manifest, load_manifest, load_model
from monitoring.training.checksums import TAG as CHECKSUMS
from monitoring.training.checksums import as_tag, checksums, verify
from monitoring.training.mlflow_runs import RUN_KEY, check_reached, log_values, runs_of
from monitoring.training.mlflow_server import check_answers
from monitoring.training.run_record import (
    BUNDLE,
    MLFLOW_MODEL,
    RunRecord,
    adopted_record,
    trained_record,
)
from monitoring.training.versions import (
    CANDIDATE,
    LOG_VERSION,
    Challenge,
    Probation,
    Version,
    version_of,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from monitoring.training.model import Model
    from monitoring.training.trained import Trained
    from monitoring.use_case import UseCase

_ASKED_BY, _AS_OF = "tocsin.asked_by", "tocsin.as_of"
_HOLD = "tocsin.hold"
_PASSED_ON = (CANDIDATE, CHECKSUMS, LOG_VERSION)
# Set before MLflow is imported: no telemetry, and no progress bars in logs. Files come through the
# server: read past it, from its S3, those that end in .gz would arrive unpacked.
_CLIENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
}


class Registry:
    """Where models are stored: an MLflow server, or else a database and a folder.

    Each use case has one experiment and one registered model, both of its name, so that
    ``mlflow.sklearn.load_model("models:/fraud@champion")`` loads the model that serves.
    Every method that writes may be called again, by a retry or after a kill, and then does the
    rest.
    """

    def __init__(self, tracking_url: str, artifacts: StoredPath | None = None) -> None:
        """Set the place; nothing is read or written yet.

        Parameters
        ----------
        tracking_url
            An MLflow server's, or a database's such as ``sqlite:////folder/mlflow.db``.
        artifacts
            Folder of the files, here or on S3; not needed with a server, which has its own.

        Raises
        ------
        TrainingError
            There is no server and no folder: files would land in the working directory.
        """
        self._url = tracking_url
        self._answered = not tracking_url.startswith(("http://", "https://"))
        self._artifacts = None if tracking_url.startswith(("http://", "https://")) else artifacts
        if self._artifacts is None and not tracking_url.startswith(("http://", "https://")):
            msg = f"{self._place} is not a server, so the registry needs a folder for its artifacts"
            raise TrainingError(msg)

    def log(self, case: UseCase, trained: Trained, run_key: str, as_of: datetime) -> str:
        """Log a trained candidate as one run, and return its id.

        There is one finished run per run key and candidate: called again, it is returned as it
        is; one that a killed try left unfinished is deleted and logged again.

        Parameters
        ----------
        run_key
            Of the retrain; letters, digits, ``_``, ``.`` and ``-``.
        as_of
            The `as_of` of the retrain.
        """
        return self._log(case, trained_record(case, trained, as_of), run_key)

    def log_adopted(self, case: UseCase, adopted: AdoptedModel, run_key: str) -> str:
        """Log an adopted model as one run, as `log` does a trained one, and return its id."""
        return self._log(case, adopted_record(case, adopted), run_key)

    def _log(self, case: UseCase, record: RunRecord, run_key: str) -> str:
        client = self._client()
        experiment = self._experiment(client, case)
        for run in runs_of(client, experiment, run_key, record.candidate):
            if run.info.status == "FINISHED":
                return str(run.info.run_id)
            client.delete_run(run.info.run_id)
        tags = {
            RUN_KEY: run_key,
            CANDIDATE: record.candidate,
            **record.tags,
            "mlflow.runName": f"{record.candidate} {run_key}",
        }
        info = client.create_run(experiment, tags=tags).info
        run_id: str = info.run_id
        check_reached(info.artifact_uri)
        log_values(client, run_id, record.parameters, record.metrics)
        with tempfile.TemporaryDirectory() as folder:
            record.write(Path(folder))
            client.set_tag(run_id, CHECKSUMS, as_tag(checksums(Path(folder) / BUNDLE)))
            client.log_artifacts(run_id, folder)
        client.set_terminated(run_id, "FINISHED")
        return run_id

    def register(self, case: UseCase, run_id: str) -> Version:
        """Return the version of a logged run, registered now if it is not yet."""
        from mlflow.exceptions import MlflowException

        client = self._client()
        made = client.search_model_versions(f"name = '{case.name}' and run_id = '{run_id}'")
        if made:
            return version_of(made[0])
        try:
            client.create_registered_model(case.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        tags = client.get_run(run_id).data.tags
        return version_of(
            client.create_model_version(
                case.name,
                # An adopted model has no files that MLflow could load.
                source=f"runs:/{run_id}/{BUNDLE if LOG_VERSION in tags else MLFLOW_MODEL}",
                run_id=run_id,
                tags={name: tags[name] for name in _PASSED_ON if name in tags},
            )
        )

    def champion(self, case: UseCase) -> Version | None:
        """Return the version that serves; None before the first."""
        return self._aliased(case, CHAMPION)

    def previous(self, case: UseCase) -> Version | None:
        """Return the version that served before the champion; None if there was none."""
        return self._aliased(case, PREVIOUS)

    def challenger(self, case: UseCase) -> Version | None:
        """Return the newest version that lost or waits; None if there is none.

        Never the champion, even if a switch that was killed half-way left both aliases on it.
        """
        challenger, serving = self._aliased(case, CHALLENGER), self.champion(case)
        return None if challenger is not None and challenger == serving else challenger

    def adopted_as(self, case: UseCase, log_version: str) -> Version | None:
        """Return the newest version that was adopted under a name that logs have for it."""
        found = self._client().search_model_versions(
            f"name = '{case.name}'", order_by=["version_number DESC"]
        )
        same = (one for one in found if one.tags.get(LOG_VERSION) == log_version)
        return next(map(version_of, same), None)

    def newest(self, case: UseCase, candidate: str) -> Version | None:
        """Return the version of a candidate that was registered last; None before the first."""
        found = self._client().search_model_versions(
            f"name = '{case.name}' and tags.`{CANDIDATE}` = '{candidate}'",
            max_results=1,
            order_by=["version_number DESC"],
        )
        return version_of(found[0]) if found else None

    def version(self, case: UseCase, version: str) -> Version:
        """Return the version of a number, or of an alias.

        Raises
        ------
        TrainingError
            There is no such version.
        """
        from mlflow.exceptions import MlflowException

        client = self._client()
        try:
            if version.isdecimal():
                return version_of(client.get_model_version(case.name, version))
            return version_of(client.get_model_version_by_alias(case.name, version))
        except MlflowException as error:
            if not is_absent(error):
                raise
            msg = f"use case {case.name}: no model version or alias {version!r} in {self._place}"
            raise TrainingError(msg) from error

    def load(self, case: UseCase, version: str) -> Model:
        """Return the model of a version's number, or of an alias.

        Raises
        ------
        TrainingError
            There is no such version, or its files are not a model's, or not those that were
            registered.
        """
        registered = self.version(case, version)
        with tempfile.TemporaryDirectory() as folder:
            path = self._download(case, registered, BUNDLE, Path(folder))
            verify(path, registered.tags, _named(case, registered))
            return load_model(path, version=registered.number)

    def manifest(self, case: UseCase, version: Version) -> Manifest:
        """Return the facts of a version's model, without the model itself.

        Raises
        ------
        TrainingError
            Its files are not a model's, or not those that were registered.
        """
        with tempfile.TemporaryDirectory() as folder:
            name = f"{BUNDLE}/{MANIFEST}"
            path = self._download(case, version, name, Path(folder)).parent
            verify(path, version.tags, _named(case, version), only=(MANIFEST,))
            return load_manifest(path)

    def settle(self, case: UseCase) -> None:
        """Finish a switch that was killed half-way."""
        settle(self._client(), case.name)

    def challenge(self, case: UseCase, version: Version) -> None:
        """Make a version the challenger: it waits for the gate, or has lost there."""
        client = self._client()
        client.set_registered_model_alias(case.name, CHALLENGER, version.number)
        settle(client, case.name)

    def note(
        self,
        case: UseCase,
        version: Version,
        tags: Mapping[str, str],
        *,
        asked_by: str,
        as_of: datetime,
    ) -> None:
        """Save the gate's decision on a challenger, as tags of its version.

        Parameters
        ----------
        tags
            Without the prefix ``tocsin.``.
        asked_by
            The reason of the retrain, as `last_challenge` takes it.
        as_of
            The `as_of` of the retrain.
        """
        client = self._client()
        for name, value in tags.items():
            client.set_model_version_tag(case.name, version.number, f"tocsin.{name}", value)
        client.set_model_version_tag(case.name, version.number, _AS_OF, as_of.isoformat())
        # Last: a version that has it has all of them.
        client.set_model_version_tag(case.name, version.number, _ASKED_BY, asked_by)

    def last_challenge(
        self,
        case: UseCase,
        *,
        as_of: datetime,
        asked_by: str | None = None,
        promoted: bool = False,
    ) -> Challenge | None:
        """Return the newest retrain whose decision was noted.

        Parameters
        ----------
        as_of
            Later retrains do not count.
        asked_by
            Only retrains of this reason count; of any if unset.
        promoted
            Whether only those count that made a champion.
        """
        wanted = f"name = '{case.name}'"
        if asked_by is not None:
            wanted += f" and tags.`{_ASKED_BY}` = '{asked_by}'"
        versions = self._client().search_model_versions(wanted)
        made = (
            Challenge(
                as_of=datetime.fromisoformat(version.tags[_AS_OF]),
                promoted=PROMOTED in version.tags,
            )
            for version in versions
            if _ASKED_BY in version.tags  # a version without it has not been to the gate
        )
        counting = (one for one in made if one.as_of <= as_of and promoted <= one.promoted)
        return max(counting, default=None)

    def promote(self, case: UseCase, version: Version, *, on_probation: bool = False) -> None:
        """Make a version the champion, by one alias move; the one that served is `previous`.

        Promoting the version that serves changes nothing, but finishes a switch that was killed.

        Parameters
        ----------
        on_probation
            Whether its own time may take it back: by the gate, not where a person decided.
        """
        switch(
            self._client(),
            case.name,
            version.number,
            # Wall-clock time, as MLflow's own times are: it is shown, never computed with.
            at=datetime.now(UTC).isoformat(),
            on_probation=on_probation,
        )

    def probation(self, case: UseCase) -> Probation | None:
        """Return the champion's probation; None where it is on none."""
        serving = self.champion(case)
        before = "" if serving is None else serving.tags.get(PROBATION, "")
        if serving is None or not before:
            return None
        since = datetime.fromisoformat(serving.tags[_AS_OF])
        return Probation(serving.number, before, since)

    def take_back(self, case: UseCase, *, to: str, reason: str) -> None:
        """Let an earlier version serve again, and hold promotions until a person releases them.

        The hold comes first: a kill before the switch promotes nothing in between.
        """
        client = self._client()
        client.set_registered_model_tag(case.name, _HOLD, reason)
        self.promote(case, self.version(case, to))

    def hold(self, case: UseCase) -> str | None:
        """Return why promotions are held; None where they are not."""
        from mlflow.exceptions import MlflowException

        try:
            tags: dict[str, str] = self._client().get_registered_model(case.name).tags
        except MlflowException as error:
            if not is_absent(error):
                raise
            return None
        return tags.get(_HOLD)

    def release(self, case: UseCase) -> str | None:
        """Let challengers be promoted again; return why they were held, if they were."""
        held = self.hold(case)
        if held is not None:
            self._client().delete_registered_model_tag(case.name, _HOLD)
        return held

    def back_up(self, case: UseCase, version: Version, folder: Path) -> Path:
        """Copy a version's bundle to `folder`, whole or not at all, unless it is there already.

        Raises
        ------
        TrainingError
            It has no files, or not those that were registered.
        """
        if not folder.exists():
            with atomic_folder(folder) as part, tempfile.TemporaryDirectory() as downloads:
                path = self._download(case, version, BUNDLE, Path(downloads))
                verify(path, version.tags, _named(case, version))
                for file in path.iterdir():
                    shutil.copyfile(file, part / file.name)
        return folder

    def _download(self, case: UseCase, version: Version, name: str, folder: Path) -> Path:
        """Return where an artifact of a version's run now lies below `folder`."""
        from mlflow.exceptions import MlflowException

        client = self._client()
        check_reached(client.get_run(version.run_id).info.artifact_uri)
        try:
            return Path(client.download_artifacts(version.run_id, name, str(folder)))
        except MlflowException as error:
            if not is_absent(error):
                raise
            msg = (
                f"use case {case.name}: version {version.number} has no model files in "
                f"{self._place}: a backup of a champion is in the state folder"
            )
            raise TrainingError(msg) from error

    def _client(self) -> MlflowClient:
        for name, value in _CLIENT.items():
            os.environ.setdefault(name, value)
        if not self._answered:
            check_answers(self._url, self._place)
            self._answered = True
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self._url, registry_uri=self._url)

    def _experiment(self, client: MlflowClient, case: UseCase) -> str:
        from mlflow.exceptions import MlflowException

        experiment = client.get_experiment_by_name(case.name)
        if experiment is None:
            place = None if self._artifacts is None else (self._artifacts / case.name).as_uri()
            # Another candidate's task may make it at the same moment.
            with suppress(MlflowException):
                client.create_experiment(case.name, artifact_location=place)
            experiment = client.get_experiment_by_name(case.name)
        return str(experiment.experiment_id)

    def _aliased(self, case: UseCase, alias: str) -> Version | None:
        version = aliased(self._client(), case.name, alias)
        return None if version is None else version_of(version)

    @property
    def _place(self) -> str:
        """The tracking address without what may be a password."""
        return shown_url(self._url)


def _named(case: UseCase, version: Version) -> str:
    return f"use case {case.name}: version {version.number}"
