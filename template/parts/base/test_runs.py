"""Runs are recorded, listed and compared, and the command line may change any setting."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from acme_ml.cli import app
from acme_ml.config import Config, load_config
from acme_ml.errors import BundleError, ConfigError, ProjectError
from acme_ml.inference.bundle import find_bundle
from acme_ml.training.runs import (
    RunRecord,
    check_label,
    differences,
    find_run,
    keep_record,
    read_runs,
    sort_rows,
    summarize,
    write_age,
    write_record,
)
from acme_ml.training.runs_page import SIDE_BY_SIDE, write_runs_page
from acme_ml.training.train import Run

START = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def record(trained: tuple[Config, Run]) -> RunRecord:
    """The record of the trained model."""
    config, run = trained
    return find_run(read_runs(config.runs_dir, config.models_dir), run.name)


def again(record: RunRecord, number: int, **changes: Any) -> RunRecord:
    """Return the record of a run so many hours later."""
    name = f"{START + timedelta(hours=number):%Y%m%d-%H%M%S-%f}-try-{number}"
    return record.model_copy(update={"name": name, **changes})


def command(workspace: Path, *arguments: str) -> str:
    """Run a command in the workspace and return what it prints; it must end well."""
    result = CliRunner().invoke(app, [*arguments, "--params", str(workspace / "params.yaml")])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_run_is_recorded_with_what_it_measured_and_came_from(trained: tuple[Config, Run], record: RunRecord) -> None:
    config, run = trained
    assert record.metrics == run.evaluation.metrics
    assert record.mean == run.evaluation.folds_mean
    assert record.lineage.settings["seed"] == config.seed
    packages = (run.bundle / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("numpy==") for line in packages)
    assert record.lineage.packages_sha256 is not None
    assert record.started is not None


def test_a_model_without_a_record_tells_its_own(trained: tuple[Config, Run], record: RunRecord, tmp_path: Path) -> None:
    config, run = trained
    shutil.copytree(run.bundle, tmp_path / "models" / run.name)
    (found,) = read_runs(tmp_path / "runs", tmp_path / "models")
    assert found == record.model_copy(update={"changes": config.changes})


def test_a_record_that_is_damaged_is_told_of_and_left_out(
    record: RunRecord, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_record(record, tmp_path)
    (tmp_path / "half.json").write_text('{"name"', encoding="utf-8")
    (tmp_path / ".being-written.json").write_text("", encoding="utf-8")
    assert read_runs(tmp_path, tmp_path / "models") == [record]
    assert "half.json is left out" in caplog.text
    assert "being-written" not in caplog.text


def test_a_record_that_cannot_be_written_costs_no_run(
    trained: tuple[Config, Run], record: RunRecord, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "runs").write_text("a file, where a folder should be", encoding="utf-8")
    keep_record(record, tmp_path / "runs")
    assert f"{record.name} has no record: {tmp_path / 'runs'} cannot be written" in caplog.text


def test_a_run_is_known_by_the_end_of_its_name(record: RunRecord) -> None:
    records = [again(record, 1), again(record, 2), again(record, 21)]
    assert find_run(records, "try-2") == records[1]
    assert find_run(records, "1") == records[0]
    with pytest.raises(ProjectError, match="there is no run 'try-3'; the newest are"):
        find_run(records, "try-3")


def test_a_model_is_known_by_the_end_of_its_name(trained: tuple[Config, Run], tmp_path: Path) -> None:
    for name in ("20260501-1-try", "20260502-1-try"):
        shutil.copytree(trained[1].bundle, tmp_path / name)
    assert find_bundle(tmp_path, "try").name == "20260502-1-try"
    assert find_bundle(tmp_path, "20260501-1-try").name == "20260501-1-try"
    with pytest.raises(BundleError, match="has no model 'ry'"):
        find_bundle(tmp_path, "ry")


@pytest.mark.parametrize("label", ["", "a b", "../up", ".hidden", "a/b", "x" * 61])
def test_a_name_that_is_no_part_of_a_path_is_refused(label: str) -> None:
    with pytest.raises(ProjectError, match="take A to Z"):
        check_label(label)
    check_label(None)
    check_label("Try-1_b.2")


def test_only_what_differs_between_runs_is_shown(record: RunRecord) -> None:
    lineage = record.lineage.model_copy(
        update={"settings": {**record.lineage.settings, "seed": 7}, "data_sha256": "0" * 64}
    )
    found = differences([record, record.model_copy(update={"lineage": lineage})])
    assert found == {
        "seed": [record.lineage.settings["seed"], 7],
        "data_sha256": [record.lineage.data_sha256, "0" * 64],
    }
    assert differences([record, record]) == {}


def test_the_best_run_is_the_last_when_sorted_by_metric(trained: tuple[Config, Run], record: RunRecord) -> None:
    metric = trained[0].evaluation.metric
    rows = [
        summarize(again(record, number, metrics=metrics, mean={metric: mean}), metric)
        for number, (metrics, mean) in enumerate([({metric: 1.0}, 0.0), ({metric: None}, None), ({}, 2.0)])
    ]
    assert [row["value"] for row in sort_rows(rows, "metric")] == [None, 1.0, None]
    assert [row["mean"] for row in sort_rows(rows, "metric", lower_is_better=(rows[0]["metric"],))] == [None, 2.0, 0.0]
    assert sort_rows(rows, "age") == rows
    with pytest.raises(ProjectError, match="known are age, name"):
        sort_rows(rows, "luck")


def test_an_age_is_written_in_its_largest_unit() -> None:
    ages = {"0 s": 0, "59 s": 59, "2 min": 125, "3 h": 3 * 3_600 + 60, "400 d": 400 * 86_400}
    for written, seconds in ages.items():
        assert write_age(START, START + timedelta(seconds=seconds)) == written
    assert write_age(None, START) == ""


def test_a_page_compares_the_newest_runs(trained: tuple[Config, Run], record: RunRecord, tmp_path: Path) -> None:
    config, run = trained
    records = [again(record, number, changes={"seed": number}) for number in range(SIDE_BY_SIDE + 1)]
    for each in records:
        shutil.copytree(run.report.parent, tmp_path / each.name)
    page = write_runs_page(records, config.evaluation.metric, tmp_path).read_text(encoding="utf-8")
    figures = list(run.report.parent.glob("*.png"))
    assert page.count("<figcaption>") == SIDE_BY_SIDE * len(figures)
    assert all(f"seed={number}" in page for number in range(len(records)))
    assert f"{config.evaluation.metric} over time" in page or "metric over time" in page
    assert "http" not in page.replace("http-equiv", "")
    assert (tmp_path / "runs" / "metric over time.png").stat().st_size > 1_000


def test_the_commands_list_show_and_compare(workspace: Path, record: RunRecord) -> None:
    with pytest.raises(ProjectError, match="holds no run yet"):
        CliRunner().invoke(app, ["runs", "--params", str(workspace / "params.yaml")], catch_exceptions=False)
    for number in (1, 2):
        write_record(again(record, number, changes={"seed": number}), workspace / "runs")
    listed = json.loads(command(workspace, "runs", "--json"))
    assert [row["changes"] for row in listed] == [{"seed": 1}, {"seed": 2}]
    assert listed[0]["data"] == record.lineage.data_sha256
    assert "try" in command(workspace, "runs")
    assert "Page: " in command(workspace, "runs", "--page")
    assert "the same in all that is recorded" in command(workspace, "runs", "show", "try-1", "try-2")
    assert "data_sha256" in command(workspace, "runs", "show", "try-1")


def test_any_setting_can_be_changed_by_the_command_line(workspace: Path) -> None:
    path = workspace / "params.yaml"
    own = load_config(path)
    key = f"models.{own.model}.params"
    config = load_config(path, ["seed=7", "evaluation.folds=3", f"{key}.rate=1e-3", f"{key}.other=[1, null]"])
    assert (config.seed, config.evaluation.folds) == (7, 3)
    assert config.models[own.model].params["rate"] == 0.001
    assert config.models[own.model].params["other"] == [1, None]
    assert config.changes == {"seed": 7, "evaluation.folds": 3, f"{key}.rate": 0.001, f"{key}.other": [1, None]}
    assert own.changes == load_config(path).changes == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("seed", "write it as key=value"),
        (".seed=1", "write it as key=value"),
        ("sed=1", "params.yaml with --set sed: sed: unknown key"),
        ("seed=-1", "seed: Input should be greater"),
        ("seed.of=1", "seed is one value, with no keys below"),
        ("models.oracle.params.depth=1", "'oracle' is not listed under models"),
        ("model=oracle", "'oracle' is not listed under models"),
        ("data.target={", "is not valid YAML"),
    ],
)
def test_a_wrong_change_is_refused(workspace: Path, change: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config(workspace / "params.yaml", [change])


@pytest.mark.parametrize("command", ["train", "tune", "compare"])
def test_a_name_is_refused_before_anything_is_read(workspace: Path, command: str) -> None:
    shutil.rmtree(workspace / "data")
    arguments = [command, "--name", "a/b", "--params", str(workspace / "params.yaml")]
    with pytest.raises(ProjectError, match="take A to Z"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_a_change_to_a_model_that_is_not_trained_is_refused(
    edit_params: Callable[[dict[str, Any]], Config], workspace: Path
) -> None:
    own = load_config(workspace / "params.yaml").model
    edit_params({"models": {own: {}, "other": {}}})
    arguments = ["train", "--set", "models.other.params.x=1", "--params", str(workspace / "params.yaml")]
    with pytest.raises(ConfigError, match=f"{own} is trained, and not other; add --model other"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert CliRunner().invoke(app, ["train", "--all", "--model", own]).exit_code == 2
