"""The steps of the pipeline, and what each takes of those before it."""

from collections.abc import Callable

from ..config import Config
from .ingest import ingest
from .reload import reload
from .results import Results, StepResult
from .steps import Evaluated, Promoted, Trained, evaluate, promote, register, train
from .validate import validate

STEPS: dict[str, Callable[[Config, Results], StepResult]] = {
    "ingest": lambda config, _: ingest(config),
    "validate": lambda config, _: validate(config),
    "train": lambda config, _: train(config),
    "evaluate": lambda config, done: evaluate(config, done.of("train", Trained)),
    "register": lambda config, done: register(config, done.of("evaluate", Evaluated)),
    "promote": lambda config, done: promote(config, done.of("evaluate", Evaluated)),
    "reload": lambda config, done: reload(config, done.of("promote", Promoted)),
}
