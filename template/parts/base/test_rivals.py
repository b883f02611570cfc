"""A challenger is measured on what neither model has learned from, and chance does not let it win."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from acme_ml.config import Config
from acme_ml.data.load import load, read_examples
from acme_ml.errors import BundleError
from acme_ml.evaluation import rivals
from acme_ml.evaluation.bootstrap import cut_blocks, draw_samples
from acme_ml.evaluation.metrics import fit_baseline
from acme_ml.evaluation.rivals import compare_rivals, read_known
from acme_ml.inference.bundle import LEARNED_FILE
from acme_ml.inference.storage import load_model
from acme_ml.training.train import Run, train_candidate

pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture(scope="module")
def measured(trained: tuple[Config, Run]) -> tuple[Config, Run]:
    """The trained model, or a candidate, if the trained one has learned from all examples in the end."""
    config, run = trained
    return config, run if config.training.final_fit == "train" else train_candidate(config)


def test_a_model_does_not_win_against_itself(measured: tuple[Config, Run]) -> None:
    config, run = measured
    found = compare_rivals(config, run.bundle, run.bundle)
    assert (found.gain, found.least, found.won) == (0, 0, False)
    assert found.champion_value == pytest.approx(run.evaluation.metrics[found.metric], rel=1e-6)
    assert "is below the margin of 0" in found.describe()


@pytest.fixture
def poor(measured: tuple[Config, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the saved model that answers as the naive baseline does."""
    config, run = measured
    folder = shutil.copytree(run.bundle, tmp_path / "poor")
    train = load(config).train

    def look_up(asked: Path) -> object:
        model = load_model(run.bundle)
        return fit_baseline(model, train, config.seed) if asked == folder else model

    monkeypatch.setattr(rivals, "load_native", look_up)
    return Path(folder)


def test_a_better_model_wins_and_a_worse_one_does_not(measured: tuple[Config, Run], poor: Path) -> None:
    config, run = measured
    won, lost = compare_rivals(config, poor, run.bundle), compare_rivals(config, run.bundle, poor)
    assert won.won
    assert 0 < won.least < won.gain
    assert f"{won.challenger_value:.4g} against {won.champion_value:.4g} of {run.name}" in won.describe()
    assert not lost.won
    assert lost.gain == pytest.approx(-won.gain)


def test_a_gain_below_the_margin_is_none(measured: tuple[Config, Run], poor: Path) -> None:
    config, run = measured
    found = compare_rivals(config, poor, run.bundle)
    assert found.model_copy(update={"margin": found.gain * 0.99}).won
    below = found.model_copy(update={"margin": found.gain * 1.01})
    assert not below.won
    assert "is below the margin" in below.describe()


def test_what_cannot_be_compared_is_told(measured: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = measured
    folder = shutil.copytree(run.bundle, tmp_path / "copy")
    np.save(folder / LEARNED_FILE, np.sort(read_examples(config)[0].keys()))
    with pytest.raises(BundleError, match="0 examples are new to both copy and"):
        compare_rivals(config, folder, run.bundle)
    (folder / LEARNED_FILE).unlink()
    with pytest.raises(BundleError, match="does not say which examples it has learned from"):
        compare_rivals(config, folder, run.bundle)


def test_what_was_held_out_stays_so_when_data_is_added_or_moved(measured: tuple[Config, Run]) -> None:
    config, run = measured
    learned, held_out = read_known(run.bundle)
    # Another seed would cut other examples off.
    again = load(config.model_copy(update={"seed": config.seed + 1}), (learned, held_out))
    assert set(again.test.keys()) == set(held_out)
    assert set(again.train.keys()) == set(learned)


def test_samples_hold_units_whole() -> None:
    units = np.array([0, 0, 1, 2, 2, 2])
    for places in draw_samples(units, 50, 0):
        found = np.bincount(places, minlength=6)
        assert found[0] == found[1]
        assert found[3] == found[4] == found[5]
        assert found[0] + found[2] + found[3] == 3
        # Each time that a unit is drawn, its examples come in their order.
        assert [places[at + 1] for at in np.flatnonzero(places == 0)] == [1] * found[0]


def test_blocks_are_of_neighbouring_times() -> None:
    times = np.repeat(np.arange(27.0), 2)
    blocks = cut_blocks(times)
    assert np.bincount(blocks).tolist() == [6] * 9
    assert (np.diff(blocks) >= 0).all()
