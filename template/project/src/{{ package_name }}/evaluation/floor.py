"""The least that is asked of a model."""

from ..config import EvaluationSettings
from ..errors import ProjectError
from ..inference.naming import find_metric
from .evaluate import Evaluation
from .metrics import LOWER_IS_BETTER


def check_floor(evaluation: Evaluation, settings: EvaluationSettings) -> str:
    """Say that the metric keeps to the floor of params.yaml, or is better than the baseline's if there is none.

    Raises ProjectError when it is not.
    """
    metric, floor = find_metric(settings.metric, evaluation.metrics), settings.floor
    value, baseline = evaluation.metrics[metric], evaluation.baseline[metric]
    bound = "at most" if metric in LOWER_IS_BETTER else "at least"
    if floor is None:
        said = f"{metric} is {value:.4g}; better than {baseline:.4g}, as the naive baseline has it, is asked"
        good = is_better(metric, value, baseline)
    else:
        said = f"{metric} is {value:.4g}; {bound} {floor:g} is asked"
        good = value == floor or is_better(metric, value, floor)
    if not good:
        raise ProjectError(f"{said}: the model is too poor to ship")
    return said


def is_better(metric: str, value: float, other: float) -> bool:
    """Return whether a value of a metric is better than another; none is that is no number."""
    return value < other if metric in LOWER_IS_BETTER else value > other


def propose_floor(evaluation: Evaluation, settings: EvaluationSettings) -> str | None:
    """Return a floor for params.yaml, two spreads below the folds' mean, or None if that beats no baseline."""
    metric = find_metric(settings.metric, evaluation.metrics)
    worse = 1 if metric in LOWER_IS_BETTER else -1
    mean, spread = evaluation.folds_mean[metric], evaluation.folds_std[metric]
    floor = float(f"{mean + worse * 2 * spread:.3g}")
    if not is_better(metric, floor, evaluation.baseline[metric]):
        return None
    return f"floor: {floor:g}  # {metric} in {settings.folds} folds: {mean:.4g} \u00b1 {spread:.2g}"
