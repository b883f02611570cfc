"""A promoted model is used until another is, or until the promotion is taken back."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from errno import ENOSPC
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from acme_ml.cli import app
from acme_ml.config import Config, load_config
from acme_ml.errors import BundleError
from acme_ml.inference import versions
from acme_ml.inference.bundle import digest_of, load_bundle, measured_metrics
from acme_ml.inference.naming import find_metric
from acme_ml.inference.versions import find_answering, promote, promoted, roll_back
from acme_ml.training.train import Run


@pytest.fixture
def models(workspace: Path, trained: tuple[Config, Run]) -> Path:
    """A folder with the same model under three names."""
    for name in ("1", "2", "3"):
        shutil.copytree(trained[1].bundle, workspace / "models" / name)
    return workspace / "models"


def test_the_newest_is_used_until_one_is_promoted(models: Path) -> None:
    assert find_answering(models).name == "3"
    assert promote(models, "1") == "1"
    assert find_answering(models).name == "1"
    assert find_answering(models, "2").name == "2"
    assert promote(models) == "3"
    assert promote(models) == "3"
    assert promoted(models) == ["1", "3"]


def test_a_promotion_can_be_taken_back(models: Path) -> None:
    for name in ("1", "2"):
        promote(models, name)
    assert roll_back(models) == "1"
    assert find_answering(models).name == "1"
    with pytest.raises(BundleError, match="no earlier promoted model"):
        roll_back(models)


def test_a_missing_or_changed_model_is_not_promoted(models: Path) -> None:
    with pytest.raises(BundleError, match="no model 'x'; it has 1, 2, 3"):
        promote(models, "x")
    (models / "2" / "metrics.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match=r"not as it was saved.*metrics\.json"):
        promote(models, "2")
    (models / "3" / "extra").write_text("", encoding="utf-8")
    with pytest.raises(BundleError, match=r"not as it was saved.*extra"):
        promote(models, "3")
    assert promoted(models) == []


def test_of_two_promotions_at_once_both_are_kept(models: Path) -> None:
    names = ["1", "2", "3"] * 10
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda name: promote(models, name), names)) == names
    kept = promoted(models)
    assert set(kept) == {"1", "2", "3"}
    assert all(one != other for one, other in pairwise(kept))


def test_a_promotion_that_cannot_be_written_changes_nothing(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("1", "2"):
        promote(models, name)

    def fail(*_: Any) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(versions, "write", fail)
    for action in (promote, roll_back):
        with pytest.raises(BundleError, match="No space left on device; all is as it was"):
            action(models)
    assert promoted(models) == ["1", "2"]


def test_a_promotion_that_hangs_keeps_others_waiting_for_seconds(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "LOCK_SECONDS", 0)
    with versions.promoting(models), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(promote, models, "2")
        with pytest.raises(BundleError, match="held by another promotion"):
            waiting.result()


def test_a_digest_kept_elsewhere_knows_the_model(models: Path) -> None:
    digest = digest_of(models / "1")
    assert load_bundle(models / "1", digest.upper()).name == "1"
    with pytest.raises(BundleError, match=f"its digest is {digest}, not {'0' * 64}"):
        load_bundle(models / "1", "0" * 64)


def test_the_commands_do_the_same(models: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, [*arguments, "--params", str(models.parent / "params.yaml")])
        assert result.exit_code == 0, result.output
        return result.output

    assert [line[:3] for line in run("models").splitlines()] == ["  1", "  2", "* 3"]
    asked, measured = load_config(models.parent / "params.yaml").evaluation.metric, measured_metrics(models / "1")
    metric = find_metric(asked, measured)
    assert f"  1  {metric} {measured[metric]:.4g}" in run("models")
    promoted_now = run("promote", "--run", "1").splitlines()
    assert promoted_now[0] == "1 answers now"
    assert promoted_now[1].endswith(f": {digest_of(models / '1')}")
    run("promote")
    assert run("rollback") == "1 answers now\n"
    assert [line[:3] for line in run("models").splitlines()] == ["* 1", "  2", "  3"]
