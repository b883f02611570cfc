"""Figures of a regressor on rows it has not seen."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ..data.dataset import Dataset
from .plots import COLOR, MUTED, figure_of, new_axes

Values = NDArray[np.float64]


def draw(model: BaseEstimator, dataset: Dataset) -> dict[str, Figure]:
    """Return predictions against true values, and the residuals (true minus predicted) two ways."""
    target = dataset.test.target.to_numpy()
    predicted = np.asarray(model.predict(dataset.test.features))
    name = dataset.schema.target.name
    return {
        "predictions": draw_predictions(target, predicted, name),
        "residuals": draw_residuals(predicted, target - predicted, name),
        "residual_distribution": draw_distribution(target - predicted, name),
    }


def draw_predictions(target: Values, predicted: Values, name: str) -> Figure:
    """Draw each row's predicted against its true value."""
    axes = new_axes("Predicted and true values", f"true {name}", f"predicted {name}")
    ends = [min(target.min(), predicted.min()), max(target.max(), predicted.max())]
    axes.plot(ends, ends, color=MUTED, linestyle="--", label="perfect")
    axes.scatter(target, predicted, color=COLOR, alpha=0.6, edgecolor="none")
    axes.legend()
    return figure_of(axes)


def draw_residuals(predicted: Values, residuals: Values, name: str) -> Figure:
    """Draw each row's residual against its predicted value."""
    axes = new_axes("Residuals", f"predicted {name}", "true minus predicted")
    axes.axhline(0, color=MUTED, linestyle="--")
    axes.scatter(predicted, residuals, color=COLOR, alpha=0.6, edgecolor="none")
    return figure_of(axes)


def draw_distribution(residuals: Values, name: str) -> Figure:
    """Draw how the residuals are spread."""
    axes = new_axes(f"Spread of the residuals of {name}", "true minus predicted", "rows")
    sns.histplot(x=residuals, kde=True, ax=axes, color=COLOR)
    axes.axvline(0, color=MUTED, linestyle="--")
    return figure_of(axes)
