"""Training learns, can be repeated, and keeps what it made whole."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from typing import Literal

import pytest
import yaml

from acme_ml.config import Config, TrainingSettings
from acme_ml.data.load import read_examples
from acme_ml.errors import BundleError, ConfigError, ProjectError
from acme_ml.evaluation.evaluate import evaluate_saved
from acme_ml.evaluation.floor import check_floor, is_better, propose_floor
from acme_ml.evaluation.metrics import LOWER_IS_BETTER, metric_names
from acme_ml.inference.bundle import find_bundle, list_bundles, load_bundle
from acme_ml.inference.naming import find_metric
from acme_ml.inference.predict import predict
from acme_ml.schema import SCHEMA_FILE, Schema
from acme_ml.training.saving import whole_folder
from acme_ml.training.train import Run, train


def test_the_model_beats_the_naive_baseline(trained: tuple[Config, Run]) -> None:
    _, run = trained
    for name in metric_names(Schema.read(run.bundle / SCHEMA_FILE)):
        assert is_better(name, run.evaluation.metrics[name], run.evaluation.baseline[name]), name


def test_the_model_keeps_to_the_floor(trained: tuple[Config, Run]) -> None:
    config, run = trained
    assert config.evaluation.metric in check_floor(run.evaluation, config.evaluation)


def test_a_model_below_the_floor_is_refused(trained: tuple[Config, Run]) -> None:
    config, run = trained
    unreachable = -1.0 if config.evaluation.metric in LOWER_IS_BETTER else 1.1
    with pytest.raises(ProjectError, match="too poor to ship"):
        check_floor(run.evaluation, config.evaluation.model_copy(update={"floor": unreachable}))


def test_without_a_floor_the_baseline_is_one(trained: tuple[Config, Run]) -> None:
    config, run = trained
    settings = config.evaluation.model_copy(update={"floor": None})
    assert "as the naive baseline has it" in check_floor(run.evaluation, settings)
    with pytest.raises(ProjectError, match="too poor to ship"):
        check_floor(replace(run.evaluation, metrics=run.evaluation.baseline), settings)


def test_other_metrics_can_have_floors_too(trained: tuple[Config, Run]) -> None:
    config, run = trained
    for name, value in run.evaluation.metrics.items():
        reached = config.evaluation.model_copy(update={"floor": None, "floors": {name: value}})
        assert f"{name} is {value:.4g}; at " in check_floor(run.evaluation, reached)
        missed = {name: value + (-0.01 if name in LOWER_IS_BETTER else 0.01)}
        with pytest.raises(ProjectError, match="too poor to ship"):
            check_floor(run.evaluation, reached.model_copy(update={"floors": missed}))
    with pytest.raises(ConfigError, match="'depth'"):
        check_floor(run.evaluation, config.evaluation.model_copy(update={"floors": {"depth": 1}}))


def test_a_floor_is_proposed_with_the_spread_it_comes_from(trained: tuple[Config, Run]) -> None:
    config, run = trained
    metric = find_metric(config.evaluation.metric, run.evaluation.metrics)
    mean, naive = run.evaluation.folds_mean[metric], run.evaluation.baseline[metric]
    steady = replace(run.evaluation, folds_std={metric: abs(mean - naive) / 4})
    line = propose_floor(steady, config.evaluation)
    assert line is not None
    assert f"{metric} in 2 folds: {mean:.4g}" in line
    floor = yaml.safe_load(line)["floor"]
    assert is_better(metric, mean, floor)
    assert is_better(metric, floor, naive)
    hopeless = replace(run.evaluation, folds_mean=run.evaluation.baseline)
    assert propose_floor(hopeless, config.evaluation) is None


@pytest.fixture(scope="module")
def runs(trained: tuple[Config, Run]) -> dict[str, Run]:
    """The trained model, and one of the same seed whose last fit is the other one, by what they were fitted on."""
    config, run = trained
    other: Literal["train", "all"] = "all" if config.training.final_fit == "train" else "train"
    again = train(config.model_copy(update={"training": TrainingSettings(final_fit=other)}))
    return {config.training.final_fit: run, other: again}


def test_the_same_seed_gives_the_same_metrics(runs: dict[str, Run]) -> None:
    # Sums that several threads make may differ in the last decimal places.
    assert runs["all"].evaluation.metrics == pytest.approx(runs["train"].evaluation.metrics, rel=1e-6)


def test_a_last_fit_on_all_examples_is_told_apart(trained: tuple[Config, Run], runs: dict[str, Run]) -> None:
    config, _ = trained
    cards = {fit: (each.bundle / "model_card.md").read_text(encoding="utf-8") for fit, each in runs.items()}
    assert "that the model has not seen" in cards["train"]
    assert "there is nothing left to measure it on" in cards["all"]
    count = len(read_examples(config)[0].features)
    assert f"trained on {count} examples" in cards["all"]
    assert f"trained on {count} examples" not in cards["train"]
    # What has learned from all examples is not measured on them.
    saved = evaluate_saved(config, runs["all"].name)[1]
    assert (saved.metrics, saved.figures) == (runs["all"].evaluation.metrics, {})
    assert saved.tables.keys() == runs["all"].evaluation.tables.keys()
    assert evaluate_saved(config, runs["train"].name)[1].figures


def test_a_saved_model_measures_as_it_did(trained: tuple[Config, Run]) -> None:
    config, run = trained
    folder, evaluation = evaluate_saved(config, run.name)
    assert folder == run.bundle
    assert evaluation.metrics == pytest.approx(run.evaluation.metrics, rel=1e-6)


def test_a_saved_model_is_measured_on_what_it_has_not_seen_and_its_folds_are_not_fitted_again(
    trained: tuple[Config, Run],
) -> None:
    config, run = trained
    _, evaluation = evaluate_saved(config.model_copy(update={"seed": config.seed + 1}), run.name)
    assert evaluation.metrics == pytest.approx(run.evaluation.metrics, rel=1e-6)
    assert (evaluation.folds_mean, evaluation.folds_std) == (run.evaluation.folds_mean, run.evaluation.folds_std)


def test_a_run_keeps_model_card_figures_and_lineage(trained: tuple[Config, Run]) -> None:
    config, run = trained
    assert "## Metrics" in (run.bundle / "model_card.md").read_text(encoding="utf-8")
    page = run.report.read_text(encoding="utf-8")
    assert all(f'alt="{name}"' in page for name in run.evaluation.figures)
    assert all((run.report.parent / f"{name}.png").stat().st_size > 1000 for name in run.evaluation.figures)
    record = json.loads((config.runs_dir / f"{run.name}.json").read_text(encoding="utf-8"))
    assert record["metrics"] == run.evaluation.metrics
    assert len(record["lineage"]["data_sha256"]) == 64


def test_the_exported_graph_is_served_and_agrees(trained: tuple[Config, Run]) -> None:
    _, run = trained
    onnx = json.loads((run.bundle / "metrics.json").read_text(encoding="utf-8"))["onnx"]
    assert onnx["served"]
    assert onnx["agreement"] >= 0.999
    assert load_bundle(run.bundle).predictor.engine == "onnxruntime"


def test_a_fresh_process_predicts_the_same(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    predict(load_bundle(run.bundle), config.data_path, tmp_path / "here.csv")
    there, params = tmp_path / "there.csv", config.root / "params.yaml"
    command = [sys.executable, "-m", "acme_ml", "predict"]
    command += [str(config.data_path), str(there), "--params", str(params), "--run", run.name]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[1] / "src", capture_output=True)
    assert there.read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    def save() -> None:
        with whole_folder(tmp_path / "models" / "run") as staging:
            (staging / "schema.json").write_text("{}", encoding="utf-8")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        save()
    assert list((tmp_path / "models").iterdir()) == []


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    said = "run cannot be written: No space left on device"
    with pytest.raises(BundleError, match=said), whole_folder(tmp_path / "run"):
        raise OSError(ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_save_is_no_model_and_the_next_sweeps_it(trained: tuple[Config, Run], tmp_path: Path) -> None:
    for name in ("1", "2"):
        unfinished = tmp_path / f".unfinished-{name}"
        unfinished.mkdir()
        (unfinished / "schema.json").write_bytes((trained[1].bundle / "schema.json").read_bytes())
    assert list_bundles(tmp_path) == []
    os.utime(tmp_path / ".unfinished-1", (0, 0))
    with whole_folder(tmp_path / "run"):
        assert not (tmp_path / ".unfinished-1").exists()
    # What may still be written is let alone.
    assert {path.name for path in tmp_path.iterdir()} == {"run", ".unfinished-2"}


def test_a_saved_model_is_never_overwritten(trained: tuple[Config, Run]) -> None:
    with pytest.raises(BundleError, match="cannot be written"), whole_folder(trained[1].bundle):
        assert trained[1].bundle.exists()


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="train command first"):
        find_bundle(tmp_path)
    with pytest.raises(BundleError, match="no model 'x'"):
        find_bundle(tmp_path, "x")


def test_a_damaged_model_is_refused(trained: tuple[Config, Run], tmp_path: Path) -> None:
    for file in trained[1].bundle.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:50])
    with pytest.raises(BundleError, match="not as it was saved"):
        load_bundle(tmp_path)
