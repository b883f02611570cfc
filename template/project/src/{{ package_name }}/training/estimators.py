"""Make the estimator that params.yaml names."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from sklearn.pipeline import Pipeline

from ..config import Config
from ..errors import ConfigError

# Stands between the name of a pipeline's step and that of its hyper-parameter.
STEP = "__"
WEIGHT = "class_weight"


def make_estimator(known: Mapping[str, Callable[..., Any]], config: Config) -> Any:
    """Return the configured estimator, unfitted, seeded where it draws random numbers.

    Raises ConfigError when the model or one of its hyper-parameters is unknown, or it cannot weigh classes as asked.
    """
    if config.model not in known:
        raise ConfigError(f"model: {config.model!r} is unknown; src knows {', '.join(known)}")
    factory = known[config.model]
    accepted = signature(factory).parameters
    params = config.models[config.model].params
    own = {name: value for name, value in params.items() if STEP not in name}
    for name in own:
        if name not in accepted:
            raise ConfigError(f"models.{config.model}.params: {name!r} is unknown; known are {', '.join(accepted)}")
    settings: dict[str, Any] = {"random_state": config.seed} if "random_state" in accepted else {}
    if config.training.class_weight is not None:
        if WEIGHT not in accepted:
            able = [name for name, each in known.items() if WEIGHT in signature(each).parameters]
            others = f"; {', '.join(able)} can" if able else ""
            raise ConfigError(f"training.{WEIGHT}: {config.model} cannot weigh classes{others}")
        settings[WEIGHT] = weights_of(config.training.class_weight)
    return factory(**{**settings, **own})


def weights_of(classes: str | dict[str, float]) -> Any:
    """Return weights as scikit-learn looks them up: it takes a class called 7 for a number."""
    if isinstance(classes, str):
        return classes
    return {**classes, **{int(name): weight for name, weight in classes.items() if name.lstrip("+-").isdecimal()}}


def set_step_params(pipeline: Pipeline, config: Config) -> Pipeline:
    """Return the pipeline with the hyper-parameters of its other steps, such as `features__name`, set.

    Raises ConfigError when a step has no such hyper-parameter.
    """
    params = {name: value for name, value in config.models[config.model].params.items() if STEP in name}
    for name in params:
        if name not in pipeline.get_params():
            raise ConfigError(f"models.{config.model}.params: {name!r} is no hyper-parameter of a step of this model")
    return pipeline.set_params(**params)


def step_param(name: str) -> str:
    """Return the name by which the pipeline knows a hyper-parameter: that of its last step if none is named."""
    return name if STEP in name else f"model{STEP}{name}"
