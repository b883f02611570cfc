"""The ways to search that params.yaml can name: Optuna, whose studies go on where they were, and the whole grid."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from math import prod
from time import monotonic, perf_counter
from typing import Any

import numpy as np
import optuna
from filelock import FileLock, Timeout
from joblib import Parallel, delayed, effective_n_jobs
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sklearn.base import clone

from ..errors import ConfigError
from ..evaluation.metrics import LOWER_IS_BETTER
from .estimators import step_param
from .grid import search_grid
from .lineage import data_sha256
from .trials import Task, Trial, board

STUDIES_FILE = ".studies.db"
# So many candidates if params.yaml does not say.
MOST_TRIALS = 30
# As many are measured whole before any is given up for being worse than their median.
FEWEST_WHOLE = 5
FIGURES = 4
# What a trial keeps beside its values: spread and seconds, and whether it was a candidate at all.
SPREAD, SECONDS = "spread", "seconds"
# What params.yaml says is no trial of the study, as it may lie outside of what is tried.
KNOWN = "known"


@dataclass(frozen=True)
class Measured:
    """What one trial gave: the mean over the folds, None if it was given up; spread over the folds, seconds to fit."""

    mean: float | None
    spread: float
    seconds: float


def search_optuna(task: Task) -> list[Trial]:
    """Return what params.yaml says, and the candidates of this study, those of earlier calls too.

    A study belongs to data, settings and what is tried: with the same, it goes on where it was, however it ended.
    Candidates are drawn by tree-structured Parzen estimators: Bergstra et al., NeurIPS 2011. Raises ConfigError when
    none could be measured.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    total, started = task.config.tuning.trials or MOST_TRIALS, monotonic()
    with at_work(task), board(task, total + 1) as shown:
        study = open_study(task)
        shown.note([measure_known(study, task), *(as_trial(task, trial) for trial in finished(study))])
        while (left := total - len(finished(study))) > 0 and not (task.is_over(started) or is_exhausted(study, task)):
            for trial in run_batch(study, task, min(left, effective_n_jobs(task.jobs))):
                shown.note([trial])
    if not any(trial.counts for trial in shown.trials):
        raise ConfigError(f"models.{task.config.model}.grid: no candidate can be fitted; see reports/search/")
    # The same may have been drawn more than once.
    known, *drawn = shown.trials
    return [known, *{repr(trial.values): trial for trial in drawn}.values()]


@contextmanager
def at_work(task: Task) -> Iterator[None]:
    """Keep others from the study of this model while the block runs. Raises ConfigError where one is at work."""
    task.config.models_dir.mkdir(parents=True, exist_ok=True)
    path = task.config.models_dir / f".search-{task.config.model}.lock"
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        raise ConfigError(
            f"another search for {task.config.model} is at work ({path}); wait until it has ended"
        ) from None


def is_exhausted(study: optuna.Study, task: Task) -> bool:
    """Return whether every combination of the lists has been tried; of ranges, there is no end."""
    sizes = [len(tried) if isinstance(tried, list) else 0 for tried in task.grid.values()]
    seen = {json.dumps(trial.params) for trial in finished(study)}
    return bool(prod(sizes)) and len(seen) >= prod(sizes)


def open_study(task: Task) -> optuna.Study:
    """Return the study of this data, these settings and what is tried; trials that were cut off count as failed."""
    settings = task.config.model_dump(mode="json", exclude={"tuning", "models"})
    tried = task.config.models[task.config.model].model_dump(mode="json")
    identity = json.dumps([data_sha256(task.config.data_path), settings, tried], sort_keys=True, default=str)
    study = optuna.create_study(
        study_name=f"{task.config.model}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}",
        storage=RDBStorage(f"sqlite:///{task.config.models_dir / STUDIES_FILE}"),
        direction="minimize" if task.metric in LOWER_IS_BETTER else "maximize",
        pruner=MedianPruner(n_startup_trials=FEWEST_WHOLE),
        load_if_exists=True,
    )
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    return study


def run_batch(study: optuna.Study, task: Task, count: int) -> Iterator[Trial]:
    """Draw so many candidates, measure them at a time, and yield each as soon as the study knows it."""
    tried, done = distributions(task), len(finished(study))
    trials = []
    for place in range(count):
        # Drawn by what is known and by its place, so that a study that was cut off draws as an unbroken one.
        study.sampler = TPESampler(seed=task.config.seed + done + place, constant_liar=count > 1)
        trials.append(study.ask(tried))
    known = {json.dumps(trial.params): trial for trial in study.get_trials(states=(TrialState.COMPLETE,))}
    again = [trial for trial in trials if json.dumps(trial.params) in known]
    for trial in again:
        # With lists alone, the same is drawn more than once.
        yield tell(study, task, trial, measured_of(known[json.dumps(trial.params)]))
    new = [trial for trial in trials if trial not in again]
    work = (delayed(measure)(task, values_of(task, trial.params), partial(watch, trial)) for trial in new)
    for trial, measured in zip(new, Parallel(task.jobs, return_as="generator")(work), strict=True):
        yield tell(study, task, trial, measured)


def tell(study: optuna.Study, task: Task, trial: optuna.Trial, measured: Measured) -> Trial:
    """Let the study know what a trial gave, and return it."""
    trial.set_user_attr(SPREAD, measured.spread)
    trial.set_user_attr(SECONDS, measured.seconds)
    state = TrialState.PRUNED if measured.mean is None else TrialState.COMPLETE
    return as_trial(task, study.tell(trial, measured.mean, state))


def watch(trial: optuna.Trial, step: int, value: float) -> None:
    """Keep how a trial is doing. Raises TrialPruned where it is worse than the median of the others at that step."""
    trial.report(value, step)
    if trial.should_prune():
        raise optuna.TrialPruned


def measure(task: Task, values: dict[str, Any], watch: Callable[[int, float], None] | None = None) -> Measured:
    """Measure a candidate on the folds, unless whoever watches gives it up.

    What learns in epochs is watched in those of the first fold, by the loss on what it does not learn from; all else
    after each fold, by the metric. What cannot be fitted is given up, and told.
    """
    scorer, scores, seconds = task.measure(), [], []
    try:
        for fold, (train, test) in enumerate(task.splits()):
            part, rest = task.dataset.train.take(train), task.dataset.train.take(test)
            started = perf_counter()
            model = clone(task.model).set_params(**{step_param(name): value for name, value in values.items()})
            learner = model[-1]
            tells = hasattr(learner, "on_epoch")
            if watch and tells and not fold:
                sign = 1 if task.metric in LOWER_IS_BETTER else -1
                learner.on_epoch = lambda epoch, loss, sign=sign: watch(epoch, sign * loss)
            model.fit(*part)
            seconds.append(perf_counter() - started)
            scores.append(scorer(model, rest.features, rest.target)[task.metric])
            if watch and not tells:
                watch(fold, float(np.mean(scores)))
    except optuna.TrialPruned:
        return Measured(None, 0.0, float(np.mean(seconds or [0.0])))
    except ValueError as error:
        optuna.logging.get_logger(__name__).warning("%s cannot be fitted: %s", values, error)
        return Measured(None, 0.0, 0.0)
    mean = float(np.mean(scores))
    return Measured(None if np.isnan(mean) else mean, float(np.std(scores)), float(np.mean(seconds)))


def measure_known(study: optuna.Study, task: Task) -> Trial:
    """Return what params.yaml says; it is measured once."""
    if KNOWN not in study.user_attrs:
        study.set_user_attr(KNOWN, asdict(measure(task, task.known)))
    found = Measured(**study.user_attrs[KNOWN])
    if found.mean is None:
        raise ConfigError(f"models.{task.config.model}.params: the model cannot be fitted with these")
    return Trial(task.known, found.mean, found.spread, found.seconds)


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that came to an end, whole or given up, in their order."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def measured_of(trial: FrozenTrial) -> Measured:
    """Return what a finished trial gave."""
    mean = trial.value if trial.state is TrialState.COMPLETE else None
    return Measured(mean, trial.user_attrs.get(SPREAD, 0.0), trial.user_attrs.get(SECONDS, 0.0))


def as_trial(task: Task, trial: FrozenTrial) -> Trial:
    """Return a finished trial as all searches give theirs."""
    found = measured_of(trial)
    mean = float("nan") if found.mean is None else found.mean
    return Trial(values_of(task, trial.params), mean, found.spread, found.seconds, stopped=found.mean is None)


def distributions(task: Task) -> dict[str, BaseDistribution]:
    """Return what is drawn: numbers of a range, and places in a list, whose values may be anything."""
    found: dict[str, BaseDistribution] = {}
    for name, tried in task.grid.items():
        if isinstance(tried, list):
            found[name] = CategoricalDistribution(list(range(len(tried))))
        elif isinstance(tried.low, int) and isinstance(tried.high, int):
            found[name] = IntDistribution(tried.low, tried.high, log=tried.log)
        else:
            found[name] = FloatDistribution(tried.low, tried.high, log=tried.log)
    return found


def values_of(task: Task, drawn: dict[str, Any]) -> dict[str, Any]:
    """Return the values that were drawn, numbers of a range in as many figures as a person would type."""
    values = {}
    for name, tried in task.grid.items():
        value = drawn[name]
        if isinstance(tried, list):
            values[name] = tried[value]
        elif isinstance(value, float):
            values[name] = min(max(float(f"{value:.{FIGURES}g}"), tried.low), tried.high)
        else:
            values[name] = value
    return values


SEARCHES: dict[str, Callable[[Task], list[Trial]]] = {"optuna": search_optuna, "grid": search_grid}
