"""A real MLflow gets each run and costs none, and a real service follows its alias; a search that is killed goes on."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from .machine import ROOT, Environment, ask, free_port, render, run, wait_until, wait_until_ready

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]

MLFLOW = ROOT / "build" / "mlflow" / "bin" / "mlflow"
PACKAGE = "acme_forecast"
# What a search tries here: fits of a tenth of a second, so that one is cut off in the middle.
RANGES = "grid: {n_estimators: {low: 50, high: 120}, max_features: {low: 0.1, high: 1.0}, min_samples_leaf: [1, 3]}"
TRIALS = 12


@contextmanager
def mlflow(folder: Path, port: int, env: Environment) -> Iterator[str]:
    """Run an MLflow that keeps its runs below the folder, and give its address."""
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    where = ("--backend-store-uri", "sqlite:///runs.db", "--artifacts-destination", "artifacts")
    folder.mkdir(exist_ok=True)
    with (folder / "log").open("a") as log:
        command: list[str | Path] = [
            MLFLOW,
            "server",
            *where,
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            "1",
        ]
        process = subprocess.Popen(
            command, cwd=folder, env={**env, **quiet}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).status == 200)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def call(address: str, path: str, **body: Any) -> Any:
    """Ask MLflow over its API."""
    request = urllib.request.Request(
        f"{address}/api/2.0/mlflow/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def words(project: Path, env: Environment, *arguments: str) -> str:
    """Run a command of the project, and return what it prints."""
    return run(sys.executable, "-m", PACKAGE, *arguments, cwd=project, env={**env, "PYTHONPATH": "src"}).stdout


def newest(project: Path) -> str:
    """Return the name of the newest model."""
    return sorted(path.name for path in (project / "models").iterdir() if (path / "schema.json").exists())[-1]


@pytest.fixture
def project(template: Path, tmp_path: Path, env: Environment) -> Path:
    """A project that tells MLflow of its runs."""
    return render(template, tmp_path / "project", env, tracking="mlflow", deployment="none", ci="none")


def test_a_real_mlflow_gets_each_run_and_costs_none(project: Path, tmp_path: Path, env: Environment) -> None:
    port = free_port()
    there = {**env, "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    with mlflow(tmp_path / "mlflow", port, env) as address:
        words(project, there, "train", "--name", "first", "--set", "evaluation.folds=3")
        (found,) = call(address, "runs/search", experiment_ids=["1"])["runs"]
        assert found["info"]["status"] == "FINISHED"
        assert found["info"]["run_name"].endswith("-first")
        data = {kind: {each["key"]: each["value"] for each in found["data"][kind]} for kind in found["data"]}
        assert data["metrics"]["f1_macro"] > 0.9
        assert data["metrics"]["folds/f1_macro"] > 0.9
        assert data["params"]["evaluation.folds"] == "3"
        assert json.loads(data["tags"]["changes"]) == {"evaluation.folds": 3}
        assert (
            data["tags"]["mlflow.source.git.commit"]
            == run("git", "rev-parse", "HEAD", cwd=project, env=env).stdout.strip()
        )
        assert len(data["tags"]["data_sha256"]) == len(data["tags"]["packages_sha256"]) == 64
        kept = json.loads(get(f"{address}/api/2.0/mlflow/artifacts/list?run_id={found['info']['run_id']}&path=bundle"))
        assert {"bundle/model.onnx", "bundle/SHA256SUMS", "bundle/requirements.txt"} <= {
            each["path"] for each in kept["files"]
        }
    said = words(project, there, "train", "--name", "second", "--set", "evaluation.folds=2")
    assert "runs --sync sends it" in said
    with mlflow(tmp_path / "mlflow", port, env) as address:
        assert "Sent: " in words(project, there, "runs", "--sync")
        assert len(call(address, "runs/search", experiment_ids=["1"])["runs"]) == 2


def get(address: str) -> bytes:
    """Return what is at an address."""
    with urllib.request.urlopen(address, timeout=30) as answer:
        return bytes(answer.read())


def test_a_real_service_follows_the_alias_without_mlflow(project: Path, tmp_path: Path, env: Environment) -> None:
    port, own = free_port(), free_port()
    there = {**env, "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    # Whoever imports MLflow ends.
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "mlflow.py").write_text("raise SystemExit('the service imports MLflow')\n")
    serving = {
        **env,
        "PYTHONPATH": f"{tmp_path / 'without'}:src",
        "SERVICE_MODELS_URI": f"http://127.0.0.1:{port}",
        "SERVICE_CACHE_DIR": str(tmp_path / "cache"),
        "SERVICE_MODELS_DIR": str(tmp_path / "none"),
        "SERVICE_RELOAD_SECONDS": "0.5",
        "SERVICE_OPEN": "true",
    }
    names = []
    with mlflow(tmp_path / "mlflow", port, env):
        for label in ("one", "two"):
            words(project, there, "train", "--name", label, "--set", "evaluation.folds=2")
            names.append(newest(project))
        assert "answers now" in words(project, there, "promote", "--run", "one")
        command = [sys.executable, "-m", PACKAGE, "serve", "--port", str(own)]
        service = subprocess.Popen(command, cwd=project, env=serving)
        try:
            wait_until_ready(own)
            assert ask(own, "/ready")[1]["model"] == names[0]
            words(project, there, "promote", "--run", "two")
            wait_until(lambda: ask(own, "/ready")[1]["model"] == names[1])
            words(project, there, "rollback")
            wait_until(lambda: ask(own, "/ready")[1]["model"] == names[0])
        except BaseException:
            service.kill()
            raise
    try:
        # It answers on when MLflow is gone.
        time.sleep(2)
        assert ask(own, "/ready")[1]["model"] == names[0]
    finally:
        service.terminate()
        service.wait(60)


@pytest.fixture
def searching(template: Path, tmp_path: Path, env: Environment) -> Callable[[str], Path]:
    """Return what renders a project that searches ranges with Optuna."""

    def make(name: str) -> Path:
        project = render(template, tmp_path / name, env, tuner="optuna", serving="none", deployment="none", ci="none")
        path = project / "params.yaml"
        text = path.read_text(encoding="utf-8")
        before = "grid: {max_depth: [null, 4, 8], min_samples_leaf: [1, 3]}"
        assert before in text
        path.write_text(text.replace(before, RANGES), encoding="utf-8")
        return project

    return make


def test_a_search_that_is_killed_goes_on_and_finds_the_same(searching: Callable[[str], Path], env: Environment) -> None:
    tune = ("tune", "--jobs", "1", "--set", f"tuning.trials={TRIALS}")
    whole, cut = searching("whole"), searching("cut")
    said = words(whole, env, *tune)
    command = [sys.executable, "-m", PACKAGE, *tune]
    process = subprocess.Popen(command, cwd=cut, env={**env, "PYTHONPATH": "src"}, stdout=subprocess.DEVNULL)
    wait_until(lambda: ended(cut) >= 4)
    process.kill()
    process.wait()
    before = ended(cut)
    assert 4 <= before < TRIALS
    again = words(cut, env, *tune)
    assert ended(cut) == TRIALS
    assert cut_off(cut) <= 1
    assert best_line(again) == best_line(said)


def ended(project: Path, states: str = "'COMPLETE', 'PRUNED'") -> int:
    """Return how many trials of the project's studies have come to an end."""
    path = project / "models" / ".studies.db"
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(path)) as studies:
            return int(studies.execute(f"select count(*) from trials where state in ({states})").fetchone()[0])
    except sqlite3.OperationalError:
        # Its tables are being made.
        return 0


def cut_off(project: Path) -> int:
    """Return how many trials were cut off in the middle."""
    return ended(project, "'FAIL', 'RUNNING'")


def best_line(said: str) -> str:
    """Return the line that names the best candidate."""
    return next(line for line in said.splitlines() if line.startswith("Best: "))
