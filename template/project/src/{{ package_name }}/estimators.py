"""Make the estimator that params.yaml names."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from .config import Config
from .errors import ConfigError


def make_estimator(known: Mapping[str, Callable[..., Any]], config: Config) -> Any:
    """Return the configured estimator, unfitted, seeded where it draws random numbers.

    Raises ConfigError when the model or one of its hyper-parameters is unknown.
    """
    if config.model not in known:
        raise ConfigError(f"model: {config.model!r} is unknown; src knows {', '.join(known)}")
    factory = known[config.model]
    accepted = signature(factory).parameters
    params = config.models[config.model].params
    for name in params:
        if name not in accepted:
            raise ConfigError(f"models.{config.model}.params: {name!r} is unknown; known are {', '.join(accepted)}")
    seed = {"random_state": config.seed} if "random_state" in accepted else {}
    return factory(**{**seed, **params})
