"""MLflow gets each run, never costs one, and says which model answers."""

import shutil
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from acme_ml.cli import app
from acme_ml.config import Config, load_config
from acme_ml.errors import BundleError, ProjectError
from acme_ml.inference.bundle import digest_of, list_bundles
from acme_ml.inference.versions import promoted
from acme_ml.training import remote, tracking
from acme_ml.training.remote import (
    CHAMPION,
    PREVIOUS,
    PROJECT,
    aliases_of,
    connect,
    send,
    sync,
    versions_of,
)
from acme_ml.training.runs import RunRecord, find_run, read_runs, write_record
from acme_ml.training.train import Run

Trained = tuple[Config, Run]


@pytest.fixture(autouse=True)
def not_given_up() -> None:
    """Ask MLflow again, whatever happened before."""
    tracking.given_up.clear()


@pytest.fixture
def own_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a project keep its runs in its own file, where the tests have one together."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables without a run; to make them takes longer than most of the tests do."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture(scope="module")
def record(trained: Trained) -> RunRecord:
    """The record of the trained model."""
    config, run = trained
    return find_run(read_runs(config.runs_dir, config.models_dir), run.name)


@pytest.fixture(scope="module")
def elsewhere(trained: Trained, empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A project with three saved models that are the same, all of them in its MLflow."""
    config, run = trained
    root = tmp_path_factory.mktemp("elsewhere")
    shutil.copy(config.root / "params.yaml", root)
    shutil.copy(empty, root)
    for name in ("1", "2", "3"):
        shutil.copytree(run.bundle, root / "models" / name)
    found = load_config(root / "params.yaml")
    with pytest.MonkeyPatch.context() as shell:
        shell.delenv("MLFLOW_TRACKING_URI")
        assert list(sync(found)) == ["1", "2", "3"]
    return found


def command(config: Config, *arguments: str) -> str:
    """Run a command of the project and return what it prints; it must end well."""
    result = CliRunner().invoke(app, [*arguments, "--params", str(config.root / "params.yaml")])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_run_is_sent_with_all_that_is_known_of_it(trained: Trained, record: RunRecord) -> None:
    config, run = trained
    client = connect(config)
    experiment = client.get_experiment_by_name(PROJECT)
    assert experiment is not None
    (sent,) = client.search_runs([experiment.experiment_id], f"attributes.run_name = '{run.name}'")
    assert sent.info.status == "FINISHED"
    for name, value in run.evaluation.metrics.items():
        assert sent.data.metrics[name] == pytest.approx(value)
        assert sent.data.metrics[f"folds/{name}"] == pytest.approx(run.evaluation.folds_mean[name])
    assert sent.data.params["model"] == config.model
    assert sent.data.params["seed"] == str(config.seed)
    assert sent.data.tags["data_sha256"] == record.lineage.data_sha256
    kept = {each.path for each in client.list_artifacts(sent.info.run_id, "bundle")}
    assert {"bundle/SHA256SUMS", "bundle/schema.json"} <= kept
    report = {each.path for each in client.list_artifacts(sent.info.run_id, "report")}
    assert {"report/index.html", *(f"report/{name}.png" for name in run.evaluation.figures)} <= report
    version = versions_of(client)[run.name]
    assert version.tags["sha256"] == digest_of(run.bundle)


def test_a_run_that_is_there_is_not_sent_again(trained: Trained, record: RunRecord) -> None:
    config, _ = trained
    before = len(versions_of(connect(config)))
    send(record, config)
    assert len(versions_of(connect(config))) == before
    assert list(sync(config)) == []


@pytest.mark.usefixtures("own_file")
def test_what_was_cut_off_is_sent_again(record: RunRecord, empty: Path, workspace: Path) -> None:
    shutil.copy(empty, workspace)
    config = load_config(workspace / "params.yaml")
    client = connect(config)
    experiment = client.create_experiment(PROJECT)
    client.create_run(experiment, run_name=record.name)
    # A comparison has neither model nor report.
    write_record(record.model_copy(update={"metrics": {}, "baseline": {}}), config.runs_dir)
    assert list(sync(config)) == [record.name]
    (sent,) = client.search_runs([experiment])
    assert sent.info.status == "FINISHED"


@pytest.mark.usefixtures("own_file")
def test_aliases_follow_what_is_promoted_and_taken_back(elsewhere: Config) -> None:
    client = connect(elsewhere)
    numbers = {name: str(version.version) for name, version in versions_of(client).items()}
    command(elsewhere, "promote", "--run", "1")
    assert aliases_of(client) == {CHAMPION: numbers["1"]}
    command(elsewhere, "promote", "--run", "2")
    assert aliases_of(client) == {CHAMPION: numbers["2"], PREVIOUS: numbers["1"]}
    command(elsewhere, "rollback")
    assert aliases_of(client) == {CHAMPION: numbers["1"]}


@pytest.mark.usefixtures("own_file")
def test_a_model_that_was_promoted_elsewhere_answers_here(elsewhere: Config) -> None:
    command(elsewhere, "promote", "--run", "2")
    shutil.rmtree(elsewhere.models_dir)
    assert "  1  in MLflow, version 1 previous" in command(elsewhere, "models")
    assert "1 answers now" in command(elsewhere, "rollback")
    assert list_bundles(elsewhere.models_dir) == ["1", "2"]
    assert promoted(elsewhere.models_dir) == ["1"]
    assert "3 answers now" in command(elsewhere, "promote", "--run", "3")
    assert promoted(elsewhere.models_dir) == ["1", "3"]


@pytest.mark.usefixtures("own_file")
def test_a_model_that_is_not_the_registered_one_is_not_brought(
    elsewhere: Config, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(elsewhere)
    version = versions_of(client)["2"]
    digest = version.tags["sha256"]
    shutil.rmtree(elsewhere.models_dir / "2", ignore_errors=True)
    client.set_model_version_tag(PROJECT, version.version, "sha256", "0" * 64)
    try:
        with pytest.raises(BundleError, match="has no model '2'"):
            command_or_raise(elsewhere, "promote", "--run", "2")
    finally:
        client.set_model_version_tag(PROJECT, version.version, "sha256", digest)
    assert "another model than was registered" in caplog.text


def command_or_raise(config: Config, *arguments: str) -> None:
    """Run a command of the project, and raise what it raises."""
    CliRunner().invoke(app, [*arguments, "--params", str(config.root / "params.yaml")], catch_exceptions=False)


@pytest.fixture
def answering() -> Iterator[Callable[[int], str]]:
    """Return what starts something that answers with a status, or not at all (0), and gives its address."""
    started, ended = [], Event()

    def start(status: int) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not status:
                    ended.wait(60)
                    return
                self.send_response(status)
                self.end_headers()

            do_POST = do_GET

            def log_message(self, format: str, *values: object) -> None:
                """Print nothing."""

        listening = ThreadingHTTPServer(("localhost", 0), Handler)
        Thread(target=listening.serve_forever, daemon=True).start()
        started.append(listening)
        return f"http://localhost:{listening.server_address[1]}"

    yield start
    ended.set()
    for listening in started:
        listening.shutdown()
        listening.server_close()


def nobody() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return f"http://localhost:{free.getsockname()[1]}"


@pytest.mark.parametrize("status", [None, 503, 507, 0])
def test_an_mlflow_that_is_down_costs_no_run(
    answering: Callable[[int], str],
    record: RunRecord,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    status: int | None,
) -> None:
    config = load_config(workspace / "params.yaml")
    address = nobody() if status is None else answering(status)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setattr(tracking, "MOST_SECONDS", 1)
    asked: list[str] = []

    def ask(record: RunRecord, config: Config) -> None:
        asked.append(record.name)
        send(record, config)

    monkeypatch.setattr(remote, "send", ask)
    for number in range(5):
        tracking.log_run(record.model_copy(update={"name": f"{record.name}-{number}"}), config)
    # It is waited for once, and not once for each run.
    assert len(asked) == 1
    assert len(read_runs(config.runs_dir, config.models_dir)) == 5
    assert f"MLflow at {address}" in caplog.text
    assert "runs --sync sends it" in caplog.text
    if status is None:
        with pytest.raises(ProjectError, match="try again later"):
            list(sync(config))
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
        assert len(list(sync(config))) == 5
