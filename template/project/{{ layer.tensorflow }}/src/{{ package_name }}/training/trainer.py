"""How a network is trained here: whole batches, a progress bar, checkpoints."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import current_process
from pathlib import Path
from time import perf_counter
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from rich import get_console
from rich.progress import Progress

# A checkpoint is written at the end of an epoch, and not more often than this.
CHECKPOINT_SECONDS = 5.0

# TensorFlow warns of functions that are compiled often; each fold and each candidate needs some of its own.
tf.get_logger().setLevel("ERROR")

# Of examples in memory, so many batches are learned from in one call: a call takes longer than a small step.
BATCHES_AT_ONCE = 32

# Examples, their targets, and the places where batches begin and end among them.
Portion = tuple[NDArray[Any], NDArray[Any], NDArray[np.int32]]


class Batches:
    """Some rows of the data, in batches whose sizes differ by one at most, so that the last is never a single row."""

    def __init__(
        self,
        read: Callable[[NDArray[np.intp]], NDArray[Any]],
        targets: NDArray[Any],
        rows: NDArray[np.intp],
        *,
        batch_size: int,
        at_once: int,
    ) -> None:
        """Keep what reads rows, all targets, the rows that count, the largest size of a batch, and how many to read."""
        self._read = read
        self._targets = targets
        self._rows = rows
        self._size = batch_size
        self._at_once = at_once

    def __len__(self) -> int:
        """Return the number of batches."""
        return math.ceil(len(self._rows) / self._size)

    def __iter__(self) -> Iterator[Portion]:
        """Read some batches after the other."""
        return self._in_order(self._rows)

    def shuffled(self, *seed: int) -> Iterator[Portion]:
        """Read some batches after the other, in the random order that belongs to the seed."""
        return self._in_order(np.random.default_rng(seed).permutation(self._rows))

    def _in_order(self, order: NDArray[np.intp]) -> Iterator[Portion]:
        """Read the rows in this order."""
        edges = (np.arange(len(self) + 1) * len(order) // len(self)).astype(np.int32)
        for first in range(0, len(self), self._at_once):
            part = edges[first : first + self._at_once + 1]
            rows = order[part[0] : part[-1]]
            yield self._read(rows), self._targets[rows], part - part[0]


class Trainer:
    """Trains a compiled model with Keras' own steps, and keeps the whole state of training in a file.

    It does without Keras' `fit`, which spends ten times as long on each epoch of a small table as the steps take, and
    forgets when it is resumed how long it has waited.
    """

    def __init__(self, model: keras.Model, signature: tuple[tf.TensorSpec, tf.TensorSpec], random_state: int) -> None:
        """Keep the model, the form of its batches, and the seed of their order."""
        self._model = model
        self._seed = random_state
        self._losses: dict[str, list[float]] = {"train_loss": [], "valid_loss": []}
        self._best = model.get_weights()
        model.optimizer.build(model.trainable_variables)
        # These hold the states of the layers' random generators as well.
        self._variables = [*model.variables, *model.optimizer.variables]
        self._learn = repeat(model.train_step, signature)
        self._measure = repeat(model.test_step, signature)

    def train(
        self,
        train: Batches,
        valid: Batches,
        *,
        epochs: int,
        patience: int,
        checkpoint: Path | None,
        on_epoch: Callable[[int, float], None] | None = None,
    ) -> dict[str, list[float]]:
        """Train until the held-out loss has not fallen for `patience` epochs, and give the model its best weights.

        `on_epoch` is told of each epoch and its held-out loss; what it raises ends the training. Returns the losses of
        each epoch. Raises ValueError when one is no number.
        """
        self._restore(checkpoint)
        written = perf_counter()
        hidden = not get_console().is_terminal or current_process().name != "MainProcess"
        with Progress(transient=True, disable=hidden) as progress:
            total, done = epochs * len(train), self._epoch * len(train)
            advance = partial(progress.advance, progress.add_task("Training", total=total, completed=done))
            while self._epoch < epochs and self._waited < patience:
                self._run_epoch(train, valid, advance)
                if on_epoch:
                    on_epoch(self._epoch, self._losses["valid_loss"][-1])
                if perf_counter() - written >= CHECKPOINT_SECONDS:
                    self._write(checkpoint)
                    written = perf_counter()
        # Once more, so that what fails after training does not cost the training.
        self._write(checkpoint)
        self._model.set_weights(self._best)
        return self._losses

    @property
    def _epoch(self) -> int:
        """How many epochs are done."""
        return len(self._losses["valid_loss"])

    @property
    def _waited(self) -> int:
        """For how many epochs the held-out loss has not fallen."""
        return self._epoch - 1 - int(np.argmin(self._losses["valid_loss"])) if self._epoch else 0

    def _run_epoch(self, train: Batches, valid: Batches, advance: Callable[[int], None]) -> None:
        """Learn from each batch once, and measure."""
        learned = self._run(self._learn, tracked(train.shuffled(self._seed, self._epoch), advance))
        measured = self._run(self._measure, iter(valid))
        self._losses["train_loss"].append(learned)
        self._losses["valid_loss"].append(measured)
        if self._waited == 0:
            self._best = self._model.get_weights()

    def _run(self, steps: Callable[..., None], portions: Iterator[Portion]) -> float:
        """Make a step with each batch, and return the mean loss of the examples. Raises ValueError as `train` does."""
        self._model.reset_metrics()
        for portion in portions:
            steps(*portion)
        loss = float(self._model.get_metrics_result()["loss"])
        if not math.isfinite(loss):
            raise ValueError(f"the loss became {loss} in epoch {self._epoch + 1}; a lower learning_rate may help")
        return loss

    def _write(self, path: Path | None) -> None:
        """Replace the file at once: a kill leaves the old one or the new one."""
        if path is None:
            return
        groups = {"state": [each.numpy() for each in self._variables], "best": self._best}
        arrays = {f"{group}{n}": array for group, each in groups.items() for n, array in enumerate(each)}
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            np.savez(file, losses=json.dumps(self._losses), **arrays)
        unfinished.replace(path)

    def _restore(self, path: Path | None) -> None:
        """Continue where the file ends, if there is one."""
        if path is None or not path.exists():
            return
        with np.load(path) as state:
            self._losses = json.loads(str(state["losses"]))
            self._best = [state[f"best{n}"] for n in range(len(self._best))]
            for n, variable in enumerate(self._variables):
                variable.assign(state[f"state{n}"])


def tracked(portions: Iterator[Portion], advance: Callable[[int], None]) -> Iterator[Portion]:
    """Tell after each portion how many batches it had."""
    for portion in portions:
        yield portion
        advance(len(portion[-1]) - 1)


def repeat(step: Callable[..., Any], signature: tuple[tf.TensorSpec, tf.TensorSpec]) -> Callable[..., None]:
    """Return the compiled function that makes the step with each batch of a portion."""

    def steps(inputs: tf.Tensor, targets: tf.Tensor, edges: tf.Tensor) -> None:
        def body(n: tf.Tensor) -> tf.Tensor:
            rows = slice(edges[n], edges[n + 1])
            step((inputs[rows], targets[rows]))
            return n + 1

        tf.while_loop(lambda n: n < tf.size(edges) - 1, body, [0])

    return tf.function(steps, input_signature=[*signature, tf.TensorSpec([None], tf.int32)], autograph=False)


def precision() -> str:
    """Return how layers compute: in float16 where that is precise enough, if there is a graphics card."""
    return "mixed_float16" if tf.config.list_physical_devices("GPU") else "float32"


@contextmanager
def mixed_precision() -> Iterator[None]:
    """Give the models that are built in the block the precision that suits the machine."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision())
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
