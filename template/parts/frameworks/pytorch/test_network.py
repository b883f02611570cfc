"""Networks learn, stop in time, continue after a kill, are tuned and saved like any estimator, and read no code."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from skops.io import dump
from torch import nn

from acme_ml.config import Config
from acme_ml.errors import BundleError
from acme_ml.evaluation.diagnostics import draw_learning_curves
from acme_ml.inference import trusted
from acme_ml.inference.storage import MODEL_FILE, load_model, save_model
from acme_ml.training import trainer
from acme_ml.training.network import Network, network_graph
from acme_ml.training.train import Run

NOISE = 0.1


@dataclass(kw_only=True, eq=False, repr=False)
class Curve(Network):
    """A small network with the randomness of large ones: first weights, order of the batches, dropout."""

    layers: int = 1
    width: int = 8

    threads: ClassVar[int | None] = 1

    def build(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        hidden = [part for _ in range(self.layers) for part in (nn.LazyLinear(self.width), nn.Tanh(), nn.Dropout(0.1))]
        module = nn.Sequential(*hidden, nn.LazyLinear(outputs))
        module(torch.zeros(1, *inputs))
        return module

    def loss(self) -> nn.Module:
        return nn.MSELoss()

    def encode(self, y: NDArray[Any]) -> NDArray[Any]:
        self.outputs_ = 1
        return y.astype(np.float32)[:, None]

    def head(self) -> nn.Module:
        return nn.Identity()

    def held_out(self, targets: NDArray[Any]) -> NDArray[np.intp]:
        return np.arange(0, len(targets), 10)

    def predict(self, X: Any) -> NDArray[np.float32]:
        return self._outputs(X).ravel()

    def score(self, X: Any, y: NDArray[np.float64]) -> float:
        return -float(np.mean((self.predict(X) - y) ** 2))


class OnDemand:
    """Examples that are read batch by batch, until a kill."""

    def __init__(self, rows: NDArray[np.float64], reads: float = math.inf) -> None:
        self.rows = rows
        self.reads = reads
        self.largest = 0

    def __reduce__(self) -> Any:
        return type(self), (self.rows,)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        self.reads -= 1
        if self.reads < 0:
            raise InterruptedError("killed")
        self.largest = max(self.largest, len(places))
        return self.rows[places]


@pytest.fixture
def data() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(0)
    rows = random.uniform(-1, 1, (200, 3))
    return rows, np.sin(3 * rows[:, 0]) + rows[:, 1] + NOISE * random.normal(size=len(rows))


Data = tuple[NDArray[np.float64], NDArray[np.float64]]


def weights(network: Network) -> NDArray[np.float32]:
    return np.concatenate([part.numpy().ravel() for part in network.network_.state_dict().values()])


def test_it_learns_and_the_same_seed_gives_the_same_weights(data: Data) -> None:
    X, y = data
    network = Curve(learning_rate=0.02).fit(X, y)
    assert network.score(X, y) > -0.3 * y.var()
    assert np.array_equal(weights(network), weights(Curve(learning_rate=0.02).fit(X, y)))
    assert not np.array_equal(weights(network), weights(Curve(learning_rate=0.02, random_state=1).fit(X, y)))


def test_the_weights_of_the_best_epoch_are_kept(data: Data) -> None:
    X, y = data
    network = Curve(learning_rate=0.2, patience=3).fit(X, y)
    losses = network.history_["valid_loss"]
    assert len(losses) == int(np.argmin(losses)) + 1 + network.patience < network.epochs
    held_out = network.held_out(y)
    assert -network.score(X[held_out], y[held_out]) == pytest.approx(min(losses), rel=1e-5)


@pytest.mark.parametrize("reads", [3, 50, 90])
def test_a_killed_fit_continues_to_the_same_weights(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    monkeypatch.setattr(trainer, "CHECKPOINT_SECONDS", 0)
    X, y = data
    settings: dict[str, Any] = {"learning_rate": 0.2, "epochs": 40, "patience": 3, "checkpoints": str(tmp_path)}
    unbroken = Curve(**{**settings, "checkpoints": None}).fit(X, y)
    with pytest.raises(InterruptedError):
        Curve(**settings).fit(OnDemand(X, reads), y)
    torch.manual_seed(1)
    again = Curve(**settings).fit(OnDemand(X), y)
    assert np.array_equal(weights(again), weights(unbroken))
    assert again.history_ == unbroken.history_


def test_a_finished_fit_is_not_repeated_until_its_state_is_dropped(data: Data, tmp_path: Path) -> None:
    X, y = data
    first = Curve(epochs=5, checkpoints=str(tmp_path)).fit(OnDemand(X), y)
    lazy = OnDemand(X)
    second = Curve(epochs=5, checkpoints=str(tmp_path)).fit(lazy, y)
    assert lazy.largest == 1
    assert np.array_equal(weights(first), weights(second))
    second.discard_checkpoint()
    assert list(tmp_path.iterdir()) == []


def test_other_data_or_hyper_parameters_have_a_state_of_their_own(data: Data, tmp_path: Path) -> None:
    X, y = data
    for params, rows in (({}, X), ({"width": 9}, X), ({}, X + 1)):
        Curve(epochs=1, checkpoints=str(tmp_path), **params).fit(rows, y)
    assert len(list(tmp_path.iterdir())) == 3
    assert clone(Curve(checkpoints=str(tmp_path))).checkpoints is None


def test_examples_are_read_batch_by_batch(data: Data) -> None:
    X, y = data
    lazy = OnDemand(X)
    network = Curve(epochs=2, batch_size=16).fit(lazy, y)
    assert lazy.largest <= 16
    assert np.allclose(network.predict(lazy), network.predict(X))
    assert np.array_equal(weights(network), weights(Curve(epochs=2, batch_size=16).fit(X, y)))


def test_half_the_bits_are_enough_to_learn(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "mixed_precision", lambda device: torch.autocast(device, dtype=torch.bfloat16))
    X, y = data
    assert Curve(learning_rate=0.02).fit(X, y).score(X, y) > -0.3 * y.var()


def test_layers_width_and_learning_rate_are_tuned(data: Data) -> None:
    X, y = data
    grid = {"layers": [1, 2], "width": [4], "learning_rate": [0.0001, 0.02]}
    search = GridSearchCV(Curve(epochs=10), grid, cv=2).fit(X, y)
    assert search.best_params_["learning_rate"] == 0.02


@pytest.mark.parametrize(
    ("params", "said"),
    [({"epochs": 0}, "above 0"), ({"learning_rate": 1e30}, "lower learning_rate"), ({"batch_size": 0}, "above 0")],
)
def test_a_useless_hyper_parameter_is_refused(data: Data, params: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Curve(**params).fit(*data)


def test_ctrl_c_ends_the_program_and_not_only_the_training(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer.Trainer, "train_step", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Curve().fit(*data)


def test_a_saved_network_and_its_graph_predict_the_same(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusted, "TRUSTED", (*trusted.TRUSTED, f"{__name__}.Curve"))
    X, y = data
    network = Curve(epochs=3).fit(X, y)
    save_model(Pipeline([("model", network)]), tmp_path)
    loaded = load_model(tmp_path)[-1]
    assert np.array_equal(loaded.predict(X), network.predict(X))
    assert loaded.get_params() == network.get_params()
    graph = onnxruntime.InferenceSession(network_graph(network, "rows").SerializeToString())
    for some in (X[:1], X):
        (scores,) = graph.run(["scores"], {"rows": some.astype(np.float32)})
        assert np.abs(scores.ravel() - network.predict(some)).max() < 1e-5


def test_loading_makes_no_class_but_those_of_this_project(trained: tuple[Config, Run], tmp_path: Path) -> None:
    for file in trained[1].bundle.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    dump(Pipeline([("model", Curve())]), tmp_path / MODEL_FILE)
    with pytest.raises(BundleError, match=r"test_network\.Curve, which no model of this project needs"):
        load_model(tmp_path)


def test_no_file_of_a_saved_model_holds_pickled_objects(trained: tuple[Config, Run]) -> None:
    bundle = trained[1].bundle
    assert {"model.skops", "network.safetensors"} <= {file.name for file in bundle.iterdir()}
    assert not any(file.suffix in {".pt", ".pkl", ".bin"} for file in bundle.iterdir())


def test_a_run_draws_learning_curves_and_leaves_no_checkpoint(trained: tuple[Config, Run]) -> None:
    config, run = trained
    assert "learning_curves" in run.evaluation.figures
    assert not list((config.models_dir / ".checkpoints").glob("*"))


def test_the_kept_epoch_is_marked() -> None:
    figure = draw_learning_curves({"train_loss": [3.0, 2.0, 1.0], "valid_loss": [3.0, 2.0, 2.5]})
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert "kept (epoch 2)" in [text.get_text() for text in legend.get_texts()]
