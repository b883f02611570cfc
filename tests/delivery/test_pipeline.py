"""The pipeline as a whole: killed, twice at once, with many files; and what carries it, DVC, Prefect and Airflow."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .machine import ROOT, Environment, ask, executable, free_port, render, run, wait_until_ready

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1200)]

PACKAGE = "acme_forecast"
PREFECT = ROOT / "build" / "prefect"
AIRFLOW = ROOT / "build" / "airflow"
MANY = 1_000
LAST = 100


@pytest.fixture
def there(env: Environment, tmp_path: Path) -> Environment:
    """The variables of a shell in which make finds the packages, and nothing is told to anybody."""
    python = executable(tmp_path / "python", f'#!/bin/sh\nPYTHONPATH=src exec {sys.executable} "$@"\n')
    return {**env, "MAKEFLAGS": f"PYTHON={python}", "DVC_NO_ANALYTICS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def words(project: Path, env: Environment, *arguments: str, expect: int | None = 0) -> str:
    """Run a command of the project, and return what it prints."""
    return run(
        sys.executable, "-m", PACKAGE, *arguments, cwd=project, env={**env, "PYTHONPATH": "src"}, expect=expect
    ).stdout


def make(project: Path, env: Environment, *arguments: str, expect: int | None = 0) -> str:
    """Run make in the project, and return what it prints."""
    return run("make", *arguments, cwd=project, env=env, expect=expect, timeout=900).stdout


def models(project: Path) -> list[str]:
    """Return the names of the saved models, the newest last."""
    return sorted(path.parent.name for path in (project / "models").glob("[!.]*/schema.json"))


def answering(project: Path) -> str:
    """Return the model that was promoted last."""
    return (project / "models" / "current").read_text(encoding="utf-8").split()[-1]


def rows_of(path: Path) -> list[list[str]]:
    """Return the cells of a table, the header first."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def write(path: Path, rows: list[list[str]]) -> None:
    """Write a table, as something that has been there for a while."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    os.utime(path, (0, 0))


def hold_back(project: Path, count: int) -> list[list[str]]:
    """Take so many rows from the end of the example, and return them with the header."""
    table = project / "data" / "raw" / "example.csv"
    header, *rows = rows_of(table)
    write(table, [header, *rows[:-count]])
    return [header, *rows[-count:]]


@pytest.fixture
def project(template: Path, tmp_path: Path, env: Environment) -> Path:
    """A project for numbers, without a service."""
    return render(template, tmp_path / "project", env, task="regression", serving="none", deployment="none", ci="none")


def kill_when(holds: Callable[[], bool], project: Path, env: Environment) -> None:
    """Run the pipeline, and kill it as soon as something holds; it may have ended by then."""
    process = subprocess.Popen(
        [sys.executable, "-m", PACKAGE, "pipeline", "run"],
        cwd=project,
        env={**env, "PYTHONPATH": "src"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while not holds() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)


def test_a_run_that_is_killed_anywhere_is_completed_by_the_next(project: Path, there: Environment) -> None:
    new = hold_back(project, LAST)
    table, ledger = project / "data" / "raw" / "example.csv", project / "data" / "ledger.csv"
    before = len(rows_of(table))
    words(project, there, "train")
    write(project / "data" / "drop" / "new.csv", new)
    stages: list[Callable[[], bool]] = [
        lambda: (project / "data" / "drop" / ".lock").exists(),
        lambda: any(table.parent.glob(".ingest-*")),
        ledger.exists,
        (project / "runs" / ".profile.json").exists,
        (project / "models" / ".candidate" / "schema.json").exists,
        lambda: len(models(project)) == 2,
    ]
    for holds in stages:
        kill_when(holds, project, there)
        assert len(rows_of(table)) in (before, before + LAST)
    said = words(project, there, "pipeline", "run")
    assert len(rows_of(table)) == before + LAST
    assert [line[2] for line in rows_of(ledger)[1:]].count("taken") == 1
    assert not list(table.parent.glob(".ingest-*"))
    assert "which nothing has changed since" in said
    assert len(models(project)) == 2


def test_two_runs_at_once_are_kept_apart(project: Path, there: Environment) -> None:
    write(project / "data" / "drop" / "new.csv", hold_back(project, LAST))
    command = [sys.executable, "-m", PACKAGE, "pipeline", "run"]
    settings = {"cwd": project, "env": {**there, "PYTHONPATH": "src"}, "text": True}
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **settings)  # type: ignore[call-overload]
        for _ in range(2)
    ]
    said = {process.communicate(timeout=300)[0]: process.returncode for process in both}
    assert sorted(said.values()) == [0, 1]
    (refused,) = (text for text, code in said.items() if code)
    assert "another run of the pipeline is at work" in refused
    assert "Traceback" not in refused
    assert len(models(project)) == 1


def test_a_thousand_files_become_one_table(project: Path, there: Environment) -> None:
    table = project / "data" / "raw" / "example.csv"
    header, *rows = rows_of(table)
    for place in range(MANY):
        # Of each, a cell is another, so that none has the content of another.
        row = [f"{float(rows[place % len(rows)][0]) + place / 1e4:.4f}", *rows[place % len(rows)][1:]]
        write(project / "data" / "drop" / f"{place:04}.csv", [header, row])
    write(project / "data" / "drop" / "wrong.csv", [header, ["much", *rows[0][1:]]])
    started = time.monotonic()
    said = words(project, there, "pipeline", "step", "ingest")
    seconds = time.monotonic() - started
    print(f"{MANY} files in {seconds:.1f} s")
    found = json.loads(said.strip().splitlines()[-1])["entries"]
    assert [entry["outcome"] for entry in found].count("taken") == MANY
    assert len(rows_of(table)) == 1 + len(rows) + MANY
    (refused,) = (entry for entry in found if entry["outcome"] == "refused")
    assert "'much' is not a finite number" in refused["why"]


@contextmanager
def served(project: Path, port: int, env: Environment) -> Iterator[None]:
    """Run the service of a project on a port."""
    process = subprocess.Popen(
        [sys.executable, "-m", PACKAGE, "serve", "--port", str(port)],
        cwd=project,
        env={**env, "PYTHONPATH": "src", "SERVICE_RELOAD_SECONDS": "0.5"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until_ready(port)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def test_new_data_change_what_the_service_answers_and_a_worse_model_does_not(
    template: Path, tmp_path: Path, there: Environment
) -> None:
    project = render(template, tmp_path / "project", there, task="regression", deployment="none", ci="none")
    new = hold_back(project, 330)
    words(project, there, "train", "--set", "model=decision_tree")
    port = free_port()

    def served_model() -> str:
        return str(ask(port, "/model")[1]["name"])

    with served(project, port, there):
        first = served_model()
        assert first == models(project)[0]
        asking = {**there, "PIPELINE_URL": f"http://127.0.0.1:{port}", "PIPELINE_SECONDS": "30"}
        write(project / "data" / "drop" / "new.csv", new)
        said = words(project, asking, "pipeline", "run", "--accept")
        second = served_model()
        assert second == answering(project) == models(project)[1]
        assert f"the service answers with {second}" in said
        # One that knows next to nothing is registered, and does not answer.
        params = project / "params.yaml"
        text = params.read_text(encoding="utf-8").replace("n_estimators: 100", "n_estimators: 100, max_depth: 1")
        params.write_text(text, encoding="utf-8")
        said = words(project, asking, "pipeline", "run")
        assert f"{second} answers as before" in said
        assert served_model() == second
        assert len(models(project)) == 3


def test_dvc_makes_anew_what_changed_and_a_clone_gets_all(template: Path, tmp_path: Path, there: Environment) -> None:
    project = render(
        template,
        tmp_path / "project",
        there,
        task="regression",
        serving="none",
        deployment="none",
        data_versioning="dvc",
    )

    def dvc(*arguments: str, cwd: Path = project) -> str:
        return run(sys.executable, "-m", "dvc", *arguments, cwd=cwd, env=there).stdout

    def commit() -> None:
        for command in (("add", "--all"), ("commit", "--quiet", "--message", "Next")):
            run("git", *command, cwd=project, env=there)

    def ran(text: str) -> list[str]:
        return [line.split("'")[1] for line in text.splitlines() if line.startswith("Running stage")]

    assert ran(make(project, there, "repro")) == ["data", "train", "evaluate"]
    commit()
    started = time.monotonic()
    assert ran(dvc("repro")) == []
    seconds = time.monotonic() - started
    print(f"nothing changed: {seconds:.2f} s")
    params = project / "params.yaml"
    settings = params.read_text(encoding="utf-8")
    # What decides about promotions is no setting of a model.
    params.write_text(settings.replace("  margin: 0 ", "  margin: 1 "), encoding="utf-8")
    assert ran(make(project, there, "repro")) == []
    params.write_text(settings.replace("n_estimators: 100", "n_estimators: 3"), encoding="utf-8")
    assert ran(make(project, there, "repro")) == ["train", "evaluate"]
    changed = json.loads(dvc("metrics", "diff", "--json"))["reports/tracked.json"]
    assert changed["model.r2"]["diff"] < 0
    dvc("plots", "diff", "HEAD")
    pages = {path.name for path in (project / "dvc_plots" / "static").iterdir()}
    assert {"HEAD_reports_.tracked_predictions.png", "workspace_reports_.tracked_predictions.png"} <= pages
    commit()
    # Data of one's own leave git.
    table = project / "data" / "raw" / "mine.csv"
    write(table, rows_of(project / "data" / "raw" / "example.csv"))
    params.write_text(settings.replace("data/raw/example.csv", "data/raw/mine.csv"), encoding="utf-8")
    dvc("add", "data/raw/mine.csv")
    make(project, there, "repro")
    commit()
    assert run("git", "ls-files", "data/raw", cwd=project, env=there).stdout.split() == [
        "data/raw/.gitignore",
        "data/raw/example.csv",
        "data/raw/mine.csv.dvc",
    ]
    dvc("push")
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", project, clone, cwd=tmp_path, env=there)
    make(clone, there, "fetch")
    assert (clone / "data" / "raw" / "mine.csv").read_bytes() == table.read_bytes()
    dvc("pull", cwd=clone)
    assert ran(make(clone, there, "repro")) == []
    assert "answers now" in words(clone, there, "promote", "--run", ".tracked")


def orchestrated(template: Path, tmp_path: Path, env: Environment, name: str, where: Path) -> Path:
    """Return a project whose orchestrator is the one that is installed there."""
    project = render(
        template,
        tmp_path / "project",
        env,
        task="regression",
        serving="none",
        deployment="none",
        ci="none",
        orchestration=name,
    )
    (project / f".{name}").symlink_to(where)
    return project


def test_a_worker_of_prefect_takes_up_the_deployed_flow(template: Path, tmp_path: Path, there: Environment) -> None:
    project = orchestrated(template, tmp_path, there, "prefect", PREFECT)
    port = free_port()
    env = {
        **there,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }

    def prefect(*arguments: str, expect: int | None = 0) -> str:
        return run(PREFECT / "bin" / "prefect", *arguments, cwd=project, env=env, expect=expect).stdout

    deploy = (PREFECT / "bin" / "python", "flows/deploy.py")
    said = run(*deploy, cwd=project, env=env, expect=1).stdout
    assert said.splitlines()[-1].startswith("Error: the flow was not deployed: ")
    assert "Traceback" not in said
    with (
        running(
            project, env, PREFECT / "bin" / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)
        ),
    ):
        wait_until_ready(port, path="/api/health")
        prefect("work-pool", "create", "local", "--type", "process")
        run(*deploy, cwd=project, env=env)
        with running(project, env, PREFECT / "bin" / "prefect", "worker", "start", "--pool", "local"):
            said = prefect("deployment", "run", "retrain/weekly", "--watch")
    assert "finished successfully" in said.lower() or "completed" in said.lower()
    assert answering(project) == models(project)[0]


@contextmanager
def running(folder: Path, env: Environment, *command: str | Path) -> Iterator[None]:
    """Run a command that stays, and stop it with all that it started."""
    with (folder / ".log").open("a") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
        try:
            yield
        finally:
            # A worker waits for what it has started; there is nothing left to lose.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


def test_airflow_runs_each_step_in_the_environment_of_the_project(
    template: Path, tmp_path: Path, there: Environment
) -> None:
    project = orchestrated(template, tmp_path, there, "airflow", AIRFLOW)
    home = {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    env = {**there, **home}

    def airflow(*arguments: str, expect: int | None = 0) -> str:
        return run(AIRFLOW / "bin" / "airflow", *arguments, cwd=project, env=env, expect=expect).stdout

    airflow("db", "migrate")
    assert "No data found" in airflow("dags", "list-import-errors", "--local")
    airflow("dags", "test", "retrain")
    assert answering(project) == models(project)[0]
    # A step that fails fails the run.
    (project / "data" / "schema.json").write_text("{}", encoding="utf-8")
    airflow("dags", "test", "retrain", expect=1)
