"""Typed settings, read from params.yaml."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from .errors import ConfigError
from .schema import DataSettings

# The probability from which on something is predicted, if nothing else is asked for.
HALF = 0.5


class Range(BaseModel, frozen=True, extra="forbid"):
    """Numbers from low to high, both included: whole ones if both are, spread evenly by their logarithms if `log`."""

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low must be less than high, and {self.low} is not less than {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"with log, low must be above 0, and {self.low} is not")
        return self


class ModelSettings(BaseModel, frozen=True, extra="forbid"):
    """The hyper-parameters of one model, and the values that tuning tries."""

    params: dict[str, Any] = {}
    grid: dict[str, list[Any] | Range] = {}


class TuningSettings(BaseModel, frozen=True, extra="forbid"):
    """How the values are tried, how many candidates at most, and for how long."""

    search: str | None = None
    trials: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)


class Costs(BaseModel, frozen=True, extra="forbid"):
    """What wrong predictions cost: one that is positive, and a positive that is missed."""

    false_positive: float = Field(default=1.0, ge=0)
    false_negative: float = Field(default=1.0, ge=0)


class EvaluationSettings(BaseModel, frozen=True, extra="forbid"):
    """How models are compared: `metric` ranks them, `floor` is the least that `evaluate --check` accepts.

    Without a floor, it accepts what is better than the naive baseline. `floors` are those of other metrics.
    """

    metric: str
    floor: float | None = None
    floors: dict[str, float] = {}
    folds: int = Field(default=5, ge=2)
    threshold: float | str = HALF
    costs: Costs = Costs()


class TrainingSettings(BaseModel, frozen=True, extra="forbid"):
    """What a saved model has learned from, and how much each class counts.

    `final_fit` is the examples to train on, or all of them, once it was measured without; `class_weight` is `balanced`
    or a number for each class.
    """

    final_fit: Literal["train", "all"] = "train"
    class_weight: Literal["balanced"] | dict[str, float] | None = None


class Limits(BaseModel, frozen=True, extra="forbid"):
    """How far new data may be from the data of the run before.

    `fewer` is the share of examples that may be gone; `share` how much the share of a word, or of missing values, may
    differ; `mean` by how many standard deviations the mean of a number may.
    """

    fewer: float = Field(default=0.1, ge=0, le=1)
    share: float = Field(default=0.1, ge=0, le=1)
    mean: float = Field(default=0.5, ge=0)


class PipelineSettings(BaseModel, frozen=True, extra="forbid"):
    """Where new data comes from, how far it may differ, and when a new model takes the place of the one that answers.

    Files in `drop` are read once they have not changed for `settled` seconds, and refused above so many `megabytes`.
    A challenger is promoted if it gains `margin` in the metric, and some in the share `confidence` of `samples`.
    """

    drop: str = "data/drop"
    settled: float = Field(default=5, ge=0)
    megabytes: float = Field(default=1_000, gt=0)
    limits: Limits = Limits()
    margin: float = Field(default=0, ge=0)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    samples: int = Field(default=500, ge=20)


class DriftSettings(BaseModel, frozen=True, extra="forbid"):
    """From where on recent data has drifted from that which a model was made from.

    A column has if chance explains its shift less often than `chance`, over all columns, and its stability index or
    distance reaches `effect`; or if so large a `share` more or less of it is missing, is new to the model, or would be
    refused. `loss` is how large a share of the metric may be lost.
    """

    chance: float = Field(default=0.01, gt=0, lt=1)
    effect: float = Field(default=0.1, gt=0)
    share: float = Field(default=0.05, gt=0, le=1)
    loss: float = Field(default=0.05, ge=0)


class Config(DataSettings, frozen=True, extra="forbid"):
    """Everything that shapes a run. Paths are relative to `root`, the folder of params.yaml.

    `changes` are the values that the command line put in the place of the file's, by their keys.
    """

    root: Path = Field(exclude=True)
    changes: dict[str, Any] = Field(default={}, exclude=True)
    seed: int = Field(ge=0)
    model: str
    models: dict[str, ModelSettings]
    tuning: TuningSettings = TuningSettings()
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings
    pipeline: PipelineSettings = PipelineSettings()
    drift: DriftSettings = DriftSettings()

    @model_validator(mode="after")
    def _model_is_listed(self) -> Self:
        if self.model not in self.models:
            raise ValueError(f"model: {self.model!r} is not listed under models ({', '.join(self.models)})")
        return self

    @property
    def data_path(self) -> Path:
        """The data that the model learns from."""
        return self.root / self.data.path

    @property
    def schema_path(self) -> Path:
        """What is known of the data."""
        return self.root / "data" / "schema.json"

    @property
    def drop_dir(self) -> Path:
        """Where people and programs put new data."""
        return self.root / self.pipeline.drop

    @property
    def models_dir(self) -> Path:
        """One folder for each saved model."""
        return self.root / "models"

    @property
    def reports_dir(self) -> Path:
        """One folder of figures and pages for each run."""
        return self.root / "reports"

    @property
    def runs_dir(self) -> Path:
        """One record of each run, which stays when models and reports go."""
        return self.root / "runs"


class _Loader(yaml.SafeLoader):
    """Reads numbers as Python and JSON do: 1e-3 is one."""


# Of the oldest stubs, the methods have no types.
_loader: Any = _Loader
_loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def read_yaml(text: str) -> Any:
    """Return what the text holds. Raises yaml.YAMLError."""
    loader: Any = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def load_config(path: Path, changes: Iterable[str] = ()) -> Config:
    """Read the settings; `changes` are those to put in their place, each as key=value.

    Raises ConfigError that names the key, and what is wrong with it.
    """
    try:
        settings = read_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; run this in the project's folder, or pass --params") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} holds no settings")
    changed = dict(read_change(change) for change in changes)
    for key, value in changed.items():
        change_setting(settings, key, value)
    try:
        config = Config(**settings, root=path.resolve().parent, changes=changed)
    except (ValidationError, TypeError) as error:
        where = f"{path} with {', '.join(f'--set {key}' for key in changed)}" if changed else path
        raise ConfigError(f"{where}: {_explain(error)}") from None
    return config


def read_change(change: str) -> tuple[str, Any]:
    """Return key and value of `key=value`, the value read as params.yaml is. Raises ConfigError."""
    key, equals, text = change.partition("=")
    if not equals or not all(key.split(".")):
        raise ConfigError(f"--set {change}: write it as key=value, such as evaluation.folds=3")
    try:
        return key, read_yaml(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {change}: {text!r} is not valid YAML; put text in quotes") from None


def change_setting(settings: dict[str, Any], key: str, value: Any) -> None:
    """Put a value under a dotted key. Raises ConfigError where a model is not listed, or a value has no keys below."""
    *above, last = key.split(".")
    if above[:1] == ["models"] and isinstance(models := settings.get("models"), dict):
        name = (above[1:] or [last])[0]
        if name not in models:
            raise ConfigError(f"--set {key}: {name!r} is not listed under models ({', '.join(map(str, models))})")
    place = settings
    for number, name in enumerate(above):
        # A key without a value, or left out, is one without anything below.
        if place.get(name) is None:
            place[name] = {}
        place = place[name]
        if not isinstance(place, dict):
            raise ConfigError(f"--set {key}: {'.'.join(above[: number + 1])} is one value, with no keys below")
    place[last] = value


def check_changes(config: Config, trained: Iterable[str]) -> None:
    """Raise ConfigError where the command line changed a model that is none of those to be trained."""
    for key in config.changes:
        first, *names = key.split(".")
        if first == "models" and names and names[0] not in trained:
            raise ConfigError(f"--set {key}: {config.model} is trained, and not {names[0]}; add --model {names[0]}")


def _explain(error: ValidationError | TypeError) -> str:
    """Say which key is wrong, one line each."""
    if isinstance(error, TypeError):
        return "the keys must be text, and 'root' and 'changes' may not be among them"
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        message = "unknown key" if problem["type"] == "extra_forbidden" else message
        if problem["type"] == "string_type" and isinstance(problem["input"], bool | int | float | date):
            message = f"YAML takes it for {str(problem['input']).lower()}, which is no text; put it in quotes"
        lines.append(f"{key}: {message}" if key else message)
    return "\n".join(lines)


def write_params(path: Path, model: str, params: Mapping[str, Any]) -> None:
    """Put hyper-parameters of a model into params.yaml; all else stays as it is written.

    Raises ConfigError where they are not on one line, as `params: {...}`.
    """
    text = path.read_text(encoding="utf-8")
    start = rf"^  {re.escape(model)}:[^\n]*\n(?:    (?!params:)[^\n]*\n)*    params: "
    line = re.compile(f"({start})" + "[{][^\\n}]*[}]", re.MULTILINE)
    changed = line.sub(lambda found: found[1] + as_yaml(params), text, count=1)
    expected = read_yaml(text)
    expected["models"][model]["params"] = dict(params)
    if read_yaml(changed) != expected:
        raise ConfigError(f"{path}: models.{model}.params is not on one line; put it there: params: {as_yaml(params)}")
    path.write_text(changed, encoding="utf-8")


def as_yaml(params: Mapping[str, Any]) -> str:
    """Return hyper-parameters as one line of YAML."""
    return yaml.safe_dump(dict(params), default_flow_style=True, sort_keys=False, width=10_000).strip()
