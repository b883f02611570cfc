"""Figures of the fit itself: what the features weigh, where the model says so."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from .plots import COLOR, figure_of, new_axes

SHOWN = 20


def diagnose(model: Pipeline) -> dict[str, Figure]:
    """Return the weights of the features that weigh most; nothing for a model without weights or names."""
    weights, names = weights_of(model[-1]), names_of(model[:-1])
    return {} if weights is None or names is None else {"weights": draw_weights(names, weights)}


def weights_of(estimator: object) -> NDArray[np.float64] | None:
    """Return one weight for each feature: its importance to trees, or its largest absolute coefficient."""
    if hasattr(estimator, "feature_importances_"):
        return np.asarray(estimator.feature_importances_)
    if hasattr(estimator, "coef_"):
        return np.abs(np.atleast_2d(estimator.coef_)).max(axis=0)
    return None


def names_of(steps: Pipeline) -> NDArray[np.str_] | None:
    """Return the names of the features that the steps give, if each of them names its own."""
    named = all(hasattr(step, "get_feature_names_out") for _, step in steps.steps)
    return np.asarray(steps.get_feature_names_out(), dtype=str) if named else None


def draw_weights(names: NDArray[np.str_], weights: NDArray[np.float64]) -> Figure:
    """Draw the largest weights, the largest on top."""
    largest = np.argsort(weights)[-SHOWN:]
    axes = new_axes("What the features weigh", "weight", "", size=(6, 1 + 0.28 * max(4, len(largest))))
    axes.barh([name.split("__")[-1] for name in names[largest]], weights[largest], color=COLOR)
    return figure_of(axes)
