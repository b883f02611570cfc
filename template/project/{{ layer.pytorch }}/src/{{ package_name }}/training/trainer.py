"""How skorch trains a network here: whole batches, a progress bar, checkpoints."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from multiprocessing import current_process
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from rich import get_console
from rich.progress import Progress
from skorch import NeuralNet
from skorch.callbacks import Callback
from skorch.history import History

# A checkpoint is written at the end of an epoch, and not more often than this.
CHECKPOINT_SECONDS = 5.0


class Examples(torch.utils.data.Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Some rows of the data, with their targets."""

    def __init__(
        self, read: Callable[[NDArray[np.intp]], torch.Tensor], targets: NDArray[Any], rows: NDArray[np.intp]
    ) -> None:
        """Keep what reads rows, all targets, and the rows that count."""
        self._read = read
        self._targets = targets
        self._rows = rows

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def __getitem__(self, places: NDArray[np.intp]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a batch: the examples at these places and their targets."""
        rows = self._rows[places]
        return self._read(rows), torch.from_numpy(self._targets[rows])


class Batches:
    """Gives examples in batches whose sizes differ by one at most, so that the last is never a single example."""

    def __init__(self, dataset: Examples, batch_size: int, shuffle: bool = False) -> None:
        """Keep the examples, the largest size of a batch, and whether each pass has an order of its own."""
        self._examples = dataset
        self._size = batch_size
        self._shuffle = shuffle

    def __len__(self) -> int:
        """Return the number of batches."""
        return math.ceil(len(self._examples) / self._size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Read one batch after the other."""
        count = len(self._examples)
        order = torch.randperm(count).numpy() if self._shuffle else np.arange(count)
        for places in np.array_split(order, len(self)):
            yield self._examples[places]


class Trainer(NeuralNet):
    """skorch's training loop, less what it does and records for each batch: that takes longer than a small network."""

    def get_default_callbacks(self) -> list[Any]:
        """Return none: they print, or need a record of each batch."""
        return []

    @property
    def stopped(self) -> bool:
        """Whether the loss on the held-out examples has stopped falling."""
        stopping = dict(self.callbacks_)["stopping"]
        return bool(stopping.misses_ >= stopping.patience)

    def partial_fit(self, X: Examples, y: None = None, classes: None = None, **fit_params: Any) -> Self:
        """Train for the epochs that are left. Ctrl-C ends the program, where skorch would only end the training."""
        self.notify("on_train_begin", X=X, y=y)
        hidden = not get_console().is_terminal or current_process().name != "MainProcess"
        with Progress(transient=True, disable=hidden) as self.progress:
            self.task = self.progress.add_task("Training", total=self.max_epochs, completed=len(self.history))
            try:
                self.fit_loop(X, epochs=0 if self.stopped else self.max_epochs - len(self.history))
            except KeyboardInterrupt:
                if not self.stopped:
                    raise
        self.notify("on_train_end", X=X, y=y)
        return self

    def run_single_epoch(
        self, iterator: Batches, training: bool, prefix: str, step_fn: Callable[..., Any], **fit_params: Any
    ) -> None:
        """Make a step with each batch and record the mean loss. Raises ValueError when that is no number."""
        self._set_training(training)
        losses, sizes = [], []
        for batch in iterator:
            losses.append(step_fn(batch)["loss"].detach())
            sizes.append(len(batch[1]))
            if training and not self.progress.disable:
                self.progress.advance(self.task, 1 / len(iterator))
        # Read once for all batches: each reading would wait for a graphics card.
        loss = float(np.average(torch.stack(losses).tolist(), weights=sizes))
        if not math.isfinite(loss):
            raise ValueError(f"the loss became {loss} in epoch {len(self.history)}; a lower learning_rate may help")
        self.history.record(f"{prefix}_loss", loss)

    def train_step(self, batch: tuple[torch.Tensor, torch.Tensor], **fit_params: Any) -> dict[str, Any]:
        """Learn from a batch."""
        # What the optimizer's zero_grad does, less its record for the profiler: a tenth of a small network's step.
        for weight in self.optimizer_.param_groups[0]["params"]:
            weight.grad = None
        step = self.compute_step(batch)
        step["loss"].backward()
        self.optimizer_.step()
        return step

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], **fit_params: Any) -> dict[str, Any]:
        """Return the loss and the values of a batch of held-out examples."""
        with torch.no_grad():
            return self.compute_step(batch)

    def compute_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> dict[str, Any]:
        """Return the loss and the values of a batch."""
        inputs, targets = batch[0].to(self.device), batch[1].to(self.device)
        with mixed_precision(self.device):
            values = self.module_(inputs)
            return {"loss": self.criterion_(values, targets), "y_pred": values}


def mixed_precision(device: str) -> AbstractContextManager[Any]:
    """Return the context that computes in bfloat16 where that is precise enough, on cards that have it."""
    return torch.autocast(device, dtype=torch.bfloat16) if has_bfloat16(device) else nullcontext()


@cache
def has_bfloat16(device: str) -> bool:
    """Return whether it is a card that computes in bfloat16 without emulating it."""
    return device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


@contextmanager
def limited_threads(count: int | None) -> Iterator[None]:
    """Compute on so many threads in the block; None leaves their number."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Told(Callback):
    """Tells of each epoch and its loss on the held-out examples."""

    def __init__(self, on_epoch: Callable[[int, float], None] | None) -> None:
        """Keep whom to tell, if anybody."""
        self.on_epoch = on_epoch

    def on_epoch_end(self, net: Trainer, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        """Tell; what that raises ends the fit."""
        if self.on_epoch:
            self.on_epoch(len(net.history), float(net.history[-1, "valid_loss"]))


class Checkpoint(Callback):
    """Keeps the whole state of training in a file, and continues from it."""

    KEPT_OF_STOPPING = ("misses_", "dynamic_threshold_", "best_epoch_", "best_model_weights_")

    def __init__(self, path: Path | None) -> None:
        """Keep the path of the file; None keeps no state."""
        self.path = path

    def on_train_begin(self, net: Trainer, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Continue where the file ends, if there is one."""
        self.written_ = perf_counter()
        if self.path is None or not self.path.exists():
            return
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        net.module_.load_state_dict(state["module"])
        net.optimizer_.load_state_dict(state["optimizer"])
        net.history = History(state["history"])
        vars(dict(net.callbacks_)["stopping"]).update(state["stopping"])
        torch.set_rng_state(state["random"])
        torch.cuda.set_rng_state_all(state["random_cuda"])

    def on_epoch_end(self, net: Trainer, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        """Write the state, unless that was done a moment ago."""
        if perf_counter() - self.written_ >= CHECKPOINT_SECONDS:
            self.write(net)

    def on_train_end(self, net: Trainer, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Write the state, so that what fails after training does not cost the training."""
        self.write(net)

    def write(self, net: Trainer) -> None:
        """Replace the file at once: a kill leaves the old one or the new one."""
        if self.path is None:
            return
        stopping = dict(net.callbacks_)["stopping"]
        state = {
            "module": net.module_.state_dict(),
            "optimizer": net.optimizer_.state_dict(),
            "history": net.history.to_list(),
            "stopping": {name: getattr(stopping, name) for name in self.KEPT_OF_STOPPING},
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all(),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(self.path)
        self.written_ = perf_counter()
