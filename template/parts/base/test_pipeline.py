"""The pipeline takes new data in, trains, and lets a new model answer only if it is better."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from acme_ml.config import Config, Limits, load_config
from acme_ml.errors import DataError, ProjectError
from acme_ml.evaluation.metrics import LOWER_IS_BETTER
from acme_ml.evaluation.rivals import Comparison
from acme_ml.inference.bundle import list_bundles, load_bundle, write_checksums
from acme_ml.inference.versions import find_answering
from acme_ml.pipeline import steps
from acme_ml.pipeline.order import STEPS
from acme_ml.pipeline.results import Results
from acme_ml.pipeline.run import LOCK_FILE, plan, run_pipeline, take_step
from acme_ml.pipeline.steps import MEASURED, Evaluated, Trained, evaluate
from acme_ml.pipeline.validate import (
    Profile,
    differences,
    forget_accepted,
    profile_of,
    validate,
)
from acme_ml.training.runs import name_run, read_lineage, read_runs
from acme_ml.training.saving import CANDIDATE
from acme_ml.training.train import Run

pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture(scope="module")
def piped(
    trained: tuple[Config, Run], project: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Config, Run, Results]:
    """A project whose model was there before the first run of the pipeline; treat it as read-only."""
    _, run = trained
    root = tmp_path_factory.mktemp("piped")
    shutil.copy(project / "params.yaml", root)
    shutil.copytree(project / "data", root / "data")
    shutil.copytree(run.bundle, root / "models" / run.name)
    config = load_config(root / "params.yaml")
    # Where models are compared as they were before their last fit, the candidate is trained; else one more saves time.
    if config.training.final_fit == "train":
        offer(run, config)
    return config, run, run_pipeline(config)


def offer(run: Run, config: Config) -> None:
    """Let a copy of the trained model be the candidate that is compared with it."""
    folder = Path(shutil.copytree(run.bundle, config.models_dir / CANDIDATE))
    lineage = read_lineage(folder).model_copy(update={"run": name_run("again"), "rival": run.name})
    (folder / "lineage.json").write_text(lineage.model_dump_json(), encoding="utf-8")
    write_checksums(folder)
    pages = Path(shutil.copytree(run.report.parent, config.reports_dir / CANDIDATE)) / "index.html"
    pages.write_text(pages.read_text(encoding="utf-8").replace(run.name, str(lineage.run)), encoding="utf-8")


@pytest.fixture
def copied(piped: tuple[Config, Run, Results], tmp_path: Path) -> tuple[Config, Run]:
    """A copy of that project, to be changed."""
    config, run, _ = piped
    shutil.copytree(config.root, tmp_path, dirs_exist_ok=True)
    return load_config(tmp_path / "params.yaml"), run


def win(config: Config, champion: Path, challenger: Path) -> Comparison:
    """Compare as if the challenger were better."""
    return Comparison(
        champion=champion.name,
        challenger=json.loads((challenger / "lineage.json").read_text(encoding="utf-8"))["run"],
        metric=config.evaluation.metric,
        examples=100,
        champion_value=0.5,
        challenger_value=0.6,
        gain=0.1,
        least=0.05,
        confidence=0.95,
        margin=0,
    )


def test_a_model_that_is_no_better_is_registered_and_not_promoted(piped: tuple[Config, Run, Results]) -> None:
    config, run, results = piped
    name = results.of("train", Trained).name
    assert list_bundles(config.models_dir) == [run.name, name]
    assert find_answering(config.models_dir).name == run.name
    found = results.of("evaluate", Evaluated)
    assert (found.won, found.champion) == (False, run.name)
    assert results.found.keys() == STEPS.keys()


def test_the_decision_is_in_the_record_and_in_the_report(piped: tuple[Config, Run, Results]) -> None:
    config, run, results = piped
    name = results.of("train", Trained).name
    record = {each.name: each for each in read_runs(config.runs_dir, config.models_dir)}[name]
    assert (record.decision["won"], record.decision["champion"]) == (False, run.name)
    page = (config.reports_dir / name / "index.html").read_text(encoding="utf-8")
    assert page.count('<section id="decision"><h2>Decision</h2>') == 1
    assert f"Run {name}" in page


def test_a_second_run_trains_nothing_and_changes_nothing(copied: tuple[Config, Run]) -> None:
    config, run = copied
    before = list_bundles(config.models_dir)
    results = run_pipeline(config)
    assert results.of("train", Trained).kept
    assert list_bundles(config.models_dir) == before
    assert find_answering(config.models_dir).name == run.name
    assert f"train     {before[-1]} is kept" in "\n".join(plan(config))


def test_a_better_model_answers_from_then_on(copied: tuple[Config, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    config, run = copied
    monkeypatch.setattr(steps, "compare_rivals", win)
    name = run_pipeline(config).of("train", Trained).name
    assert find_answering(config.models_dir).name == name
    load_bundle(config.models_dir / name)
    # What has learned from all examples is compared as it was measured before.
    assert (config.models_dir / MEASURED / name).exists() is (config.training.final_fit == "all")
    # The same again: it answers already.
    again = run_pipeline(config)
    assert again.of("evaluate", Evaluated).why == f"{name} answers already"
    # What it was promoted for is not forgotten.
    record = {each.name: each for each in read_runs(config.runs_dir, config.models_dir)}[name]
    assert record.decision["comparison"]["gain"] == 0.1
    assert "is 0.6 against 0.5" in (config.reports_dir / name / "index.html").read_text(encoding="utf-8")
    assert find_answering(config.models_dir).name == name
    assert run.name in list_bundles(config.models_dir)


def test_a_model_below_the_floor_is_not_registered(copied: tuple[Config, Run]) -> None:
    config, run = copied
    unreachable = -1.0 if config.evaluation.metric in LOWER_IS_BETTER else 1.1
    asked = config.model_copy(update={"evaluation": config.evaluation.model_copy(update={"floor": unreachable})})
    before = list_bundles(config.models_dir)
    with pytest.raises(ProjectError, match="too poor to ship"):
        evaluate(asked, Trained(name="any", champion=run.name, kept=True))
    assert list_bundles(config.models_dir) == before


def test_other_settings_or_data_are_trained_anew(copied: tuple[Config, Run]) -> None:
    config, run = copied
    champion = config.models_dir / run.name
    assert steps.keep_candidate(config, champion)
    assert steps.keep_candidate(config.model_copy(update={"seed": 7}), champion) is None
    # What decides whether a model is promoted shapes none.
    asked = config.model_copy(update={"pipeline": config.pipeline.model_copy(update={"margin": 1.0})})
    assert steps.keep_candidate(asked, champion)
    assert steps.keep_candidate(config, config.models_dir / "another") is None
    shutil.rmtree(config.models_dir / CANDIDATE)
    assert steps.keep_candidate(config, champion) is None


def test_steps_go_on_from_what_others_have_found(copied: tuple[Config, Run]) -> None:
    config, _ = copied
    assert isinstance(take_step(config, "evaluate"), Evaluated)
    with pytest.raises(ProjectError, match="there is no step 'bake'; they are ingest, validate"):
        take_step(config, "bake")
    (config.models_dir / ".pipeline.json").unlink()
    with pytest.raises(ProjectError, match="step train was not taken yet"):
        take_step(config, "evaluate")


def test_two_runs_are_kept_apart(copied: tuple[Config, Run]) -> None:
    config, _ = copied
    with (
        FileLock(config.models_dir / LOCK_FILE),
        pytest.raises(ProjectError, match="another run of the pipeline is at work"),
    ):
        run_pipeline(config)


def test_data_that_differs_too_much_is_refused_until_it_is_accepted(copied: tuple[Config, Run]) -> None:
    config, _ = copied
    path = config.runs_dir / ".profile.json"
    known = Profile.model_validate_json(path.read_bytes())
    path.write_text(known.model_copy(update={"examples": known.examples * 2}).model_dump_json(), encoding="utf-8")
    with pytest.raises(DataError, match=rf"{known.examples} examples, where there were {known.examples * 2}"):
        validate(config)
    forget_accepted(config)
    assert not validate(config).compared
    assert validate(config).compared
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="with --accept to write it anew"):
        validate(config)


def test_shares_means_and_missing_values_have_limits() -> None:
    words = pd.Series(["a"] * 80 + ["b"] * 20)
    numbers = pd.Series(np.arange(100.0))
    before = profile_of(pd.DataFrame({"word": words, "number": numbers, "gone": numbers}))
    moved = numbers.mask(numbers < 30) + 40
    now = profile_of(pd.DataFrame({"word": words.replace("b", "c"), "number": moved, "new": numbers}))
    found = list(differences(before, now, Limits()))
    assert found[:4] == [
        "column 'gone' is gone",
        "column 'new' is new",
        "column 'word': 0% are 'b', where 20% were (pipeline.limits.share: 0.1)",
        "column 'word': 20% are 'c', where 0% were (pipeline.limits.share: 0.1)",
    ]
    assert found[4] == "column 'number': 30% of the values are missing, where 0% were (pipeline.limits.share: 0.1)"
    assert found[5].startswith("column 'number': the mean is 104.5, where it was 49.5")
    assert list(differences(before, before, Limits(share=0, mean=0))) == []
