"""Figures of the fit itself: how the network learned."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from sklearn.pipeline import Pipeline

from .plots import COLOR, MUTED, PALETTE, figure_of, new_axes


def diagnose(model: Pipeline) -> dict[str, Figure]:
    """Return the learning curves."""
    return {"learning_curves": draw_learning_curves(model[-1].history_)}


def draw_learning_curves(history: dict[str, list[float]]) -> Figure:
    """Draw the loss of each epoch, on the examples learned from and on those held out; mark the epoch that was kept."""
    axes = new_axes("Learning curves", "epoch", "loss")
    epochs = np.arange(1, len(history["train_loss"]) + 1)
    kept = int(np.argmin(history["valid_loss"])) + 1
    axes.plot(epochs, history["train_loss"], color=COLOR, label="learned from")
    axes.plot(epochs, history["valid_loss"], color=PALETTE[1], label="held out")
    axes.axvline(kept, color=MUTED, linestyle="--", label=f"kept (epoch {kept})")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure_of(axes)
