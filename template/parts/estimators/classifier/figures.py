"""Figures of a classifier on examples it has not seen."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_curve, roc_auc_score, roc_curve

from ..config import HALF
from ..data.dataset import Dataset
from ..inference.prediction import decide
from ..schema import Schema
from .plots import MUTED, PALETTE, figure_of, new_axes
from .threshold import Counts, count

MAX_CURVES = len(PALETTE)


def draw(model: BaseEstimator, dataset: Dataset) -> dict[str, Figure]:
    """Return the confusion matrix, and for each class its ROC, precision-recall and calibration curves."""
    probabilities = model.predict_proba(dataset.test.features)
    target, schema = dataset.test.target.to_numpy(), dataset.schema
    predicted = model.classes_[decide(probabilities, model.classes_.tolist(), schema)]
    truth = target[:, None] == model.classes_
    drawn = np.flatnonzero(truth.any(axis=0) & ~truth.all(axis=0))
    curves = [(model.classes_[place], truth[:, place], probabilities[:, place]) for place in drawn][:MAX_CURVES]
    figures = {
        "confusion": draw_confusion(target, predicted, model.classes_),
        "roc": draw_roc(curves),
        "precision_recall": draw_precision_recall(curves),
        "calibration": draw_calibration(curves),
    }
    for name, truth, probability in curves if schema.positive else ():
        if name == schema.positive:
            figures["threshold"] = draw_threshold(count(probability, truth), schema)
    return figures


Curve = tuple[str, NDArray[np.bool_], NDArray[np.float64]]


def draw_confusion(target: NDArray[np.str_], predicted: NDArray[np.str_], classes: NDArray[np.str_]) -> Figure:
    """Count each pair of true and predicted class."""
    size = 3 + 0.5 * len(classes)
    axes = new_axes("Confusion matrix", "", "", size=(size + 1, size))
    counts = confusion_matrix(target, predicted, labels=classes)
    sns.heatmap(
        counts, ax=axes, annot=len(classes) <= 20, fmt="d", cmap="Blues", xticklabels=classes, yticklabels=classes
    )
    axes.set(xlabel="predicted", ylabel="true")
    axes.grid(visible=False)
    return figure_of(axes)


def draw_roc(curves: list[Curve]) -> Figure:
    """Draw the true against the false positive rate of each class."""
    axes = new_axes("ROC curve", "false positive rate", "true positive rate")
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", label="chance")
    for color, (name, truth, probability) in zip(PALETTE, curves, strict=False):
        false_positive, true_positive, _ = roc_curve(truth, probability)
        axes.plot(false_positive, true_positive, color=color, label=f"{name} ({roc_auc_score(truth, probability):.3f})")
    axes.legend(title="class (area)")
    return figure_of(axes)


def draw_precision_recall(curves: list[Curve]) -> Figure:
    """Draw precision against recall of each class."""
    axes = new_axes("Precision-recall curve", "recall", "precision")
    for color, (name, truth, probability) in zip(PALETTE, curves, strict=False):
        precision, recall, _ = precision_recall_curve(truth, probability)
        area = average_precision_score(truth, probability)
        axes.step(recall, precision, where="post", color=color, label=f"{name} ({area:.3f})")
    axes.set_ylim(0, 1.05)
    if curves:
        axes.legend(title="class (average precision)")
    return figure_of(axes)


def draw_threshold(counts: Counts, schema: Schema) -> Figure:
    """Draw what comes of each threshold, and mark the one that predictions turn at."""
    axes = new_axes(f"Thresholds for {schema.positive}", "predicted from this probability on", "share")
    for color, name in zip(PALETTE, ("precision", "recall", "f1"), strict=False):
        shares = getattr(counts, name)
        axes.step(counts.thresholds[counts.found > 0], shares[counts.found > 0], where="post", color=color, label=name)
    axes.axvline(
        schema.threshold or HALF, color=MUTED, linestyle="--", label=f"the model's: {schema.threshold or HALF:.3g}"
    )
    axes.set(xlim=(0, 1), ylim=(0, 1.05))
    axes.legend()
    return figure_of(axes)


def draw_calibration(curves: list[Curve]) -> Figure:
    """Draw how often each class came true against how probable it was called."""
    axes = new_axes("Calibration", "predicted probability", "observed frequency")
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", label="perfect")
    for color, (name, truth, probability) in zip(PALETTE, curves, strict=False):
        observed, predicted = calibration_curve(truth, probability, n_bins=8)
        axes.plot(predicted, observed, marker="o", color=color, label=name)
    axes.legend()
    return figure_of(axes)
