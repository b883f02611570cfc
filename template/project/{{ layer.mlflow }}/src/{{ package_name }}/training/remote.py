"""Runs and models in MLflow: what it is sent, which of its versions are to answer, and how they come from there."""

import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from ..config import Config
from ..errors import BundleError, ProjectError
from ..inference.bundle import digest_of, list_bundles, verify_checksums
from ..inference.naming import match_name
from ..inference.versions import promoted, promoting, write
from .runs import RunRecord, flatten, read_runs
from .saving import whole_folder

# What the experiment and the registered model are called, if MLFLOW_EXPERIMENT_NAME names no other.
PROJECT = __name__.partition(".")[0]
# The version that answers, and the one that did before it.
CHAMPION, PREVIOUS = "champion", "previous"
# Where a run keeps its saved model and its report.
BUNDLE, REPORT = "bundle", "report"
# What a version is known by: the name of its run, and the digest that `digest_of` gave.
RUN_TAG, DIGEST_TAG = "run", "sha256"

# Left as a person set them: without these, a call waits for minutes where nobody answers.
DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "4",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
# MLflow takes no other characters in a name, no more of a value, and no more values at a time.
UNNAMED = re.compile(r"[^\w\-. /]")
LONGEST, MOST_AT_ONCE = 6_000, 100


def address(config: Config) -> str:
    """Return where MLflow keeps the runs: MLFLOW_TRACKING_URI, or a file of the project."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{config.root / 'mlflow.db'}"


def connect(config: Config) -> MlflowClient:
    """Return the way to MLflow."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    # It tells of each table that it makes.
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    return MlflowClient(address(config))


def experiment_of(client: MlflowClient, config: Config) -> str:
    """Return the experiment's id; it is made where there is none. Raises MlflowException."""
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or PROJECT
    if found := client.get_experiment_by_name(name):
        return str(found.experiment_id)
    # What is in a file of the project keeps its artifacts beside it.
    here = address(config).startswith("sqlite")
    return client.create_experiment(name, (config.root / "mlartifacts").as_uri() if here else None)


def send(record: RunRecord, config: Config) -> None:
    """Send a run with its report and its saved model, unless MLflow has it. Raises MlflowException or OSError."""
    client = connect(config)
    experiment = experiment_of(client, config)
    for found in client.search_runs([experiment], f"attributes.run_name = '{record.name}'"):
        if found.info.status == "FINISHED":
            return
        # It was cut off in the middle.
        client.delete_run(found.info.run_id)
    started = record.started.timestamp() if record.started else time()
    run = client.create_run(experiment, int(started * 1_000), tags_of(record), record.name)
    log_values(client, run.info.run_id, record)
    for folder, name in ((config.reports_dir / record.name, REPORT), (config.models_dir / record.name, BUNDLE)):
        if folder.exists():
            client.log_artifacts(run.info.run_id, str(folder), name)
    if (config.models_dir / record.name).exists():
        register(client, f"{run.info.artifact_uri}/{BUNDLE}", run.info.run_id, config.models_dir / record.name)
    client.set_terminated(run.info.run_id)


def tags_of(record: RunRecord) -> dict[str, str]:
    """Return where a run came from, by the names that MLflow's pages know."""
    lineage = record.lineage
    tags = {
        "command": record.command,
        "changes": json.dumps(record.changes, default=str) if record.changes else None,
        "data_sha256": lineage.data_sha256,
        "packages_sha256": lineage.packages_sha256,
        "mlflow.source.git.commit": lineage.code_commit,
    }
    return {name: value for name, value in tags.items() if value}


def log_values(client: MlflowClient, run_id: str, record: RunRecord) -> None:
    """Send the numbers that a run measured, and the settings that it was made with."""
    now = int(time() * 1_000)
    tables = (("", record.metrics), ("baseline/", record.baseline), ("folds/", record.mean), ("spread/", record.spread))
    metrics = [
        Metric(UNNAMED.sub("_", f"{above}{name}"), value, now, 0)
        for above, table in tables
        for name, value in table.items()
        if value is not None
    ]
    client.log_batch(run_id, metrics=metrics)
    settings = {**record.lineage.settings, "models": {}, "params": record.lineage.params}
    params = [
        Param(UNNAMED.sub("_", name), str(value)[:LONGEST])
        for name, value in flatten(settings).items()
        if name != "models"
    ]
    for start in range(0, len(params), MOST_AT_ONCE):
        client.log_batch(run_id, params=params[start : start + MOST_AT_ONCE])
    client.log_batch(run_id, tags=[RunTag("versions", json.dumps(record.lineage.versions))])


def register(client: MlflowClient, source: str, run_id: str, bundle: Path) -> None:
    """Make a version of the project's registered model of a run's saved model."""
    try:
        client.create_registered_model(PROJECT)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    tags = {RUN_TAG: bundle.name, DIGEST_TAG: digest_of(bundle)}
    # It is ready at once: nothing of it is copied.
    client.create_model_version(PROJECT, source, run_id, tags=tags, await_creation_for=0)


def versions_of(client: MlflowClient) -> dict[str, ModelVersion]:
    """Return the versions of the registered model by the names of their runs, the newest last."""
    found = client.search_model_versions(f"name = '{PROJECT}'", order_by=["version_number ASC"])
    known = {version.tags[RUN_TAG]: version for version in found if RUN_TAG in version.tags}
    return dict(sorted(known.items()))


def aliases_of(client: MlflowClient) -> dict[str, str]:
    """Return the numbers of the versions that the aliases of the registered model point to."""
    try:
        return {alias: str(number) for alias, number in client.get_registered_model(PROJECT).aliases.items()}
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}


def sync(config: Config) -> Iterator[str]:
    """Send what MLflow lacks, yield the name of each run that was sent, and let its aliases follow.

    Raises ProjectError when MLflow does not take it.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
    try:
        client = connect(config)
        experiment, sent, token = experiment_of(client, config), set(), None
        while True:
            page = client.search_runs([experiment], "attributes.status = 'FINISHED'", page_token=token)
            sent |= {run.info.run_name for run in page}
            if not (token := page.token):
                break
        for record in read_runs(config.runs_dir, config.models_dir):
            if record.name not in sent:
                send(record, config)
                yield record.name
        follow(config)
    except (MlflowException, OSError) as error:
        raise ProjectError(f"MLflow at {address(config)} did not take all runs: {error}; try again later") from None


def follow(config: Config) -> None:
    """Let the aliases point to the model that answers, and to the one before it.

    Raises MlflowException, or ProjectError where MLflow has no such version.
    """
    names = promoted(config.models_dir)
    if not names:
        return
    client = connect(config)
    known = versions_of(client)
    if missing := [name for name in names[-2:] if name not in known]:
        raise ProjectError(f"it has no version of {missing[0]} yet")
    client.set_registered_model_alias(PROJECT, CHAMPION, known[names[-1]].version)
    if names[1:]:
        client.set_registered_model_alias(PROJECT, PREVIOUS, known[names[-2]].version)
    else:
        client.delete_registered_model_alias(PROJECT, PREVIOUS)


def bring(config: Config, asked: str | None) -> None:
    """Bring the models from MLflow that answer there, and the one that is asked for, where they are not here.

    Which of them answers is as MLflow's aliases say from then on. Raises MlflowException, OSError, or BundleError when
    one is not as it was saved.
    """
    client = connect(config)
    known = versions_of(client)
    named, aliases = {str(version.version): name for name, version in known.items()}, aliases_of(client)
    answering = [named[aliases[alias]] for alias in (PREVIOUS, CHAMPION) if aliases.get(alias) in named]
    here = list_bundles(config.models_dir)
    wanted = match_name(asked, list(known)) if asked and match_name(asked, here) is None else None
    for name in dict.fromkeys((*answering, *([wanted] if wanted else []))):
        if name not in here:
            download(client, known[name], config.models_dir / name)
    with promoting(config.models_dir):
        before = promoted(config.models_dir)
        if before[-len(answering) :] != answering:
            write(config.models_dir, [*(name for name in before if name not in answering), *answering])


def download(client: MlflowClient, version: ModelVersion, folder: Path) -> None:
    """Bring the saved model of a version. Raises BundleError when it is not the one that was registered."""
    with whole_folder(folder) as staging:
        client.download_artifacts(str(version.run_id), BUNDLE, str(staging))
        for path in (staging / BUNDLE).iterdir():
            path.rename(staging / path.name)
        (staging / BUNDLE).rmdir()
        verify_checksums(staging)
        if (found := digest_of(staging)) != version.tags.get(DIGEST_TAG):
            raise BundleError(f"{folder.name} in MLflow is another model than was registered: its digest is {found}")


def elsewhere(config: Config) -> list[str]:
    """Return a line for each version in MLflow that is not here. Raises MlflowException."""
    client, here = connect(config), list_bundles(config.models_dir)
    aliases = {number: alias for alias, number in aliases_of(client).items()}
    return [
        f"{name}  in MLflow, version {version.version} {aliases.get(str(version.version), '')}".rstrip()
        for name, version in versions_of(client).items()
        if name not in here
    ]


def plain(value: Any) -> str:
    """Return an error of MLflow without the trace that it may carry."""
    return str(value).splitlines()[0] if str(value) else type(value).__name__
