"""Which of two saved models is better, on the same examples, of which neither has learned."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel
from rich.progress import track

from ..config import Config
from ..data.load import read_examples
from ..errors import BundleError
from ..inference.bundle import HELD_OUT_FILE, LEARNED_FILE, LINEAGE_FILE, read_json
from ..inference.naming import find_metric, write_number
from ..inference.predictor import load_native
from ..schema import Schema
from .bootstrap import Places, cut_blocks, draw_samples
from .evaluate import LEAST_NEW, find_held_out, has_learned_all, read_keys, read_own_schema
from .metrics import LOWER_IS_BETTER, answer, rate

# Of the samples, at least this share must define the metric.
LEAST_DEFINED = 0.5


class Comparison(BaseModel, frozen=True):
    """What a challenger gains over the champion, in a metric on the same examples; a positive gain is an improvement.

    In the share `confidence` of samples drawn from the examples, the gain is above `least`.
    """

    champion: str
    challenger: str
    metric: str
    examples: int
    champion_value: float
    challenger_value: float
    gain: float
    least: float
    confidence: float
    margin: float

    @property
    def won(self) -> bool:
        """Whether the gain reaches the margin, and is not by chance."""
        return self.gain >= self.margin and self.least > 0

    def describe(self) -> str:
        """Return the numbers and what they mean, in a sentence."""
        both = f"{write_number(self.challenger_value)} against {write_number(self.champion_value)}"
        numbers = (
            f"{self.metric} of {self.challenger} is {both} of {self.champion}, on {self.examples} examples new to both"
        )
        if self.gain < self.margin or self.gain <= 0:
            return f"{numbers}: the gain, {write_number(self.gain)}, is below the margin of {self.margin:g}"
        chance = f"in {self.confidence:.0%} of samples, the gain is above {write_number(self.least, 2)}"
        return f"{numbers}: {chance}{'' if self.won else ', so that it may be by chance'}"


class Rated(NamedTuple):
    """What a model answers for the examples, and its schema, which has its threshold."""

    answers: pd.DataFrame
    schema: Schema


def compare_rivals(config: Config, champion: Path, challenger: Path) -> Comparison:
    """Measure both models anew, on the examples that were held out from both, or are new to the champion.

    Chance is told by a paired bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993): samples are
    drawn from the examples, group by group where they have groups, and in blocks of neighbouring times where they have
    times (Carlstein, Annals of Statistics 14, 1986). Raises BundleError when they cannot be compared.
    """
    examples, schema, ties = read_examples(config)
    schemas = [read_own_schema(folder, schema, config) for folder in (champion, challenger)]
    if has_learned_all(challenger):
        raise BundleError(
            f"{challenger.name} has learned from all examples, and there is none left to compare it on; "
            "set training.final_fit to train in params.yaml"
        )
    held_out = find_held_out(examples, challenger, config.data_path)
    places = held_out[examples.take(held_out).unlike(read_keys(champion, LEARNED_FILE))]
    if len(places) < LEAST_NEW:
        raise BundleError(
            f"{len(places)} examples are new to both {champion.name} and {challenger.name}, too few to compare them; "
            f"it takes {LEAST_NEW}"
        )
    test = examples.take(places)
    models = [
        Rated(answer(load_native(folder), test.features), own)
        for folder, own in zip((champion, challenger), schemas, strict=True)
    ]
    units = ties.groups[places] if ties.times is None else cut_blocks(ties.times[places])
    return weigh(models, test.target, units, config, (name_of(champion), name_of(challenger)))


def weigh(models: list[Rated], target: Any, units: Places, config: Config, names: tuple[str, str]) -> Comparison:
    """Return by how much the second model is better than the first, and how sure that is. Raises BundleError."""
    settings = config.pipeline
    whole = [rate(model.answers, target, model.schema) for model in models]
    metric = find_metric(config.evaluation.metric, whole[0])
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    before, after = (measured[metric] for measured in whole)

    def gain(places: Places) -> float:
        truth = None if target is None else target.iloc[places]
        first, second = (rate(model.answers.iloc[places], truth, model.schema, metric)[metric] for model in models)
        return sign * (second - first)

    samples = track(draw_samples(units, settings.samples, config.seed), "Comparing", total=settings.samples)
    gains = np.array([gain(places) for places in samples])
    defined = gains[np.isfinite(gains)]
    if len(defined) < LEAST_DEFINED * len(gains) or not np.isfinite(after - before):
        raise BundleError(f"{metric} is not defined on the {len(units)} examples that are new to both models")
    return Comparison(
        champion=names[0],
        challenger=names[1],
        metric=metric,
        examples=len(units),
        champion_value=before,
        challenger_value=after,
        gain=sign * (after - before),
        least=float(np.quantile(defined, 1 - settings.confidence)),
        confidence=settings.confidence,
        margin=settings.margin,
    )


def name_of(folder: Path) -> str:
    """Return the name of the run that made a saved model."""
    return str(read_json(folder / LINEAGE_FILE).get("run") or folder.name)


def read_known(folder: Path) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the keys of what a saved model has learned from, and of what was held out. Raises BundleError."""
    return read_keys(folder, LEARNED_FILE), read_keys(folder, HELD_OUT_FILE)
