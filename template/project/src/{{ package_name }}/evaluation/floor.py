"""The least that is asked of a model."""

from ..config import EvaluationSettings
from ..errors import ProjectError
from ..inference.naming import find_metric, write_number
from .evaluate import Evaluation
from .metrics import LOWER_IS_BETTER


def check_floor(evaluation: Evaluation, settings: EvaluationSettings) -> str:
    """Say that the metrics keep to the floors of params.yaml, or are better than the baseline's if there is none.

    Raises ProjectError when one does not, and ConfigError when a floor is that of no metric.
    """
    known = evaluation.metrics
    asked = [(find_metric(settings.metric, known), settings.floor)]
    asked += [(find_metric(name, known, "evaluation.floors"), floor) for name, floor in settings.floors.items()]
    checked = [check_metric(name, floor, evaluation) for name, floor in asked]
    said = "\n".join(line for line, _ in checked)
    if not all(good for _, good in checked):
        raise ProjectError(f"{said}: the model is too poor to ship")
    return said


def check_metric(metric: str, floor: float | None, evaluation: Evaluation) -> tuple[str, bool]:
    """Return what is asked of a metric, in words, and whether it is so."""
    value, baseline = evaluation.metrics[metric], evaluation.baseline[metric]
    if floor is None:
        asked = f"better than {write_number(baseline)}, as the naive baseline has it,"
        good = is_better(metric, value, baseline)
    else:
        asked = f"{'at most' if metric in LOWER_IS_BETTER else 'at least'} {floor:g}"
        good = value == floor or is_better(metric, value, floor)
    return f"{metric} is {write_number(value)}; {asked} is asked", good


def is_better(metric: str, value: float, other: float) -> bool:
    """Return whether a value of a metric is better than another; none is that is no number."""
    return value < other if metric in LOWER_IS_BETTER else value > other


def propose_floor(evaluation: Evaluation, settings: EvaluationSettings) -> str | None:
    """Return a floor for params.yaml, two spreads below the folds' mean, or None if that beats no baseline.

    Where the folds flatter the model, it is below what was measured on the held-out examples if that is worse.
    """
    metric = find_metric(settings.metric, evaluation.metrics)
    worse = 1 if metric in LOWER_IS_BETTER else -1
    mean, spread = evaluation.folds_mean[metric], evaluation.folds_std[metric]
    held_out = evaluation.metrics[metric]
    start = held_out if evaluation.folds_chose and is_better(metric, mean, held_out) else mean
    floor = float(f"{start + worse * 2 * spread:.3g}")
    if not is_better(metric, floor, evaluation.baseline[metric]):
        return None
    return (
        f"floor: {floor:g}  # {metric} in {settings.folds} folds: {write_number(mean)} \u00b1 {write_number(spread, 2)}"
    )
