"""Compare recent data, and a model's answers to it, with what the model was made from."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from ..config import Config, DriftSettings
from ..errors import DataError
from ..inference.bundle import Bundle, load_bundle, measured_metrics
from ..inference.naming import find_metric, write_number
from ..inference.predictor import load_native
from ..inference.reference import Reference
from ..schema import Schema
from .bootstrap import draw_samples
from .metrics import LOWER_IS_BETTER, answer, answer_from, rate
from .recent import ASKED_AT_ONCE, answers_of, read_recent
from .shifts import Shift, find_shifts
from .tallies import Tally, tally

# Fewer examples tell nothing.
LEAST_EXAMPLES = 20
# The model is asked about so many of the examples at most, evenly spread.
MOST_ASKED = 20_000
# How sure a metric is, is told from so many of them.
MOST_SAMPLED = 5_000
# Over time, the metric is that of so many parts at most.
PERIODS = 10
SAMPLES = 200
SURE = 0.95


class Period(BaseModel, frozen=True):
    """The metric of neighbouring examples, by their numbers from 1."""

    first: int
    last: int
    value: float | None


class MetricShift(BaseModel, frozen=True):
    """A metric then and now; in the share `SURE` of samples drawn from recent examples, it is no better than `best`."""

    metric: str
    before: float
    now: float
    best: float
    examples: int
    periods: tuple[Period, ...]
    reasons: tuple[str, ...] = ()


class Drift(BaseModel, frozen=True):
    """What was found: of the columns, the model's answers, and the metric where it is known what is true."""

    model: str
    source: str
    examples: int
    examples_before: int
    refused: dict[str, int]
    columns: tuple[Shift, ...]
    answers: tuple[Shift, ...]
    metric: MetricShift | None = None
    reasons: tuple[str, ...] = ()


class Examples(NamedTuple):
    """Some examples by their places among all, what a model takes of them, and what is true of them where known."""

    places: NDArray[np.intp]
    features: Any
    target: Any

    def take(self, some: NDArray[np.intp]) -> "Examples":
        """Return some of them."""
        return Examples(*(pick(each, some) for each in self))


@dataclass
class Sample:
    """Some of the examples that the model takes, evenly spread, however many there are."""

    step: int = 1
    seen: int = 0
    kept: int = 0
    parts: list[Examples] = field(default_factory=list)

    def add(self, features: Any, target: Any) -> None:
        """Keep some of these examples; once there are too many, every other is let go."""
        chosen = np.arange(-self.seen % self.step, len(features), self.step)
        self.parts.append(Examples(chosen + self.seen, pick(features, chosen), pick(target, chosen)))
        self.seen += len(features)
        self.kept += len(chosen)
        while self.kept > MOST_ASKED:
            self.step *= 2
            self.parts = [part.take(np.flatnonzero(part.places % self.step == 0)) for part in self.parts]
            self.kept = sum(len(part.places) for part in self.parts)

    def whole(self) -> Examples:
        """Return the examples that are kept."""
        return Examples(*map(joined, zip(*self.parts, strict=True)))


class Answers(NamedTuple):
    """What a model answers for some examples: its scores, and where it is measured, what is rated."""

    examples: Examples
    scores: NDArray[Any]
    rated: pd.DataFrame | None


def find_drift(config: Config, folder: Path, source: Path) -> Drift:
    """Compare the recent examples of `source` with those that a saved model was made from.

    Raises DataError when they cannot be read or are too few, BundleError when the model does not say what was.
    """
    reference = Reference.read(folder)
    bundle = load_bundle(folder)
    columns = {name: tally(each) for name, each in reference.columns.items()}
    refused: Counter[str] = Counter()
    sample, examples, tied, is_measured = Sample(), 0, 1, False
    for part in read_recent(source, bundle.schema):
        examples, tied = examples + part.examples, max(tied, part.tied)
        refused.update(part.refused)
        for name, values in part.watched.items():
            columns[name].add(values)
        sample.add(part.features, part.target)
        is_measured = part.is_measured
    if examples < LEAST_EXAMPLES:
        raise DataError(f"{source} holds {examples} examples; to tell drift from chance, it takes {LEAST_EXAMPLES}")
    asked = ask(sample.whole(), bundle, folder, is_measured) if sample.kept else None
    answers = count_answers(asked, reference, bundle.schema)
    shifts, answered = (find_shifts(found, config.drift, tied) for found in map(with_values, (columns, answers)))
    metric = measure_over_time(asked, bundle.schema, config, measured_metrics(folder), tied)
    return Drift(
        model=bundle.name,
        source=str(source),
        examples=examples,
        examples_before=reference.examples,
        refused=dict(refused.most_common()),
        columns=tuple(shifts),
        answers=tuple(answered),
        metric=metric,
        reasons=tuple(reasons_of(shifts, answered, metric, sum(refused.values()) / examples, config.drift)),
    )


def with_values(columns: dict[str, Tally]) -> dict[str, Tally]:
    """Return the columns that recent examples have, such as what is predicted where it is known."""
    return {name: each for name, each in columns.items() if each.count or each.missing}


def pick(table: Any, places: NDArray[np.intp]) -> Any:
    """Return some rows of a table or array, if there is one."""
    return table if table is None else table.iloc[places] if hasattr(table, "iloc") else table[places]


def joined(parts: Sequence[Any]) -> Any:
    """Return the rows of tables or arrays in one, if there are any."""
    if parts[0] is None:
        return None
    return pd.concat(parts) if hasattr(parts[0], "iloc") else np.concatenate(parts)


def ask(examples: Examples, bundle: Bundle, folder: Path, is_measured: bool) -> Answers:
    """Return what the saved model answers, and what is rated of that, if it is measured."""
    parts = [
        examples.take(np.arange(start, min(start + ASKED_AT_ONCE, len(examples.places)))).features
        for start in range(0, len(examples.places), ASKED_AT_ONCE)
    ]
    scores = np.concatenate([bundle.predictor.scores(bundle.encoder.encode_features(part)) for part in parts])
    if not is_measured:
        return Answers(examples, scores, None)
    rated = answer_from(scores, bundle.schema)
    if rated is None:
        native = load_native(folder)
        rated = pd.concat([answer(native, part) for part in parts], ignore_index=True)
    return Answers(examples, scores, rated)


def count_answers(asked: Answers | None, reference: Reference, schema: Schema) -> dict[str, Tally]:
    """Return the model's answers beside those that it gave to the examples held out."""
    found = {name: tally(each) for name, each in reference.answers.items()}
    if asked:
        for name, values in answers_of(asked.scores, asked.examples.target, schema).items():
            found[name].add(values)
    return found


def measure_over_time(
    asked: Answers | None, schema: Schema, config: Config, before: dict[str, float | None], tied: int
) -> MetricShift | None:
    """Return the metric of recent examples, as a whole and over time; None where it is not known, or not defined."""
    name = find_metric(config.evaluation.metric, before)
    was = before[name]
    if was is None or asked is None or asked.rated is None:
        return None
    answers, places, truth = asked.rated, asked.examples.places, asked.examples.target

    def measure(some: NDArray[np.intp]) -> float:
        return rate(answers.iloc[some], pick(truth, some), schema, name)[name]

    everything = np.arange(len(answers))
    sign = -1.0 if name in LOWER_IS_BETTER else 1.0
    some = everything[:: max(len(everything) // MOST_SAMPLED, 1)]
    samples = [measure(some[sample]) for sample in draw_samples(places[some] // tied, SAMPLES, config.seed)]
    defined = sign * np.array(samples)
    defined, now = defined[np.isfinite(defined)], measure(everything)
    # Where all answers are alike, some metrics are not.
    if not len(defined) or not np.isfinite(now):
        return None
    best = sign * float(np.quantile(defined, SURE))
    periods = tuple(
        Period(first=int(places[part[0]]) + 1, last=int(places[part[-1]]) + 1, value=none_if_undefined(measure(part)))
        for part in np.array_split(everything, min(PERIODS, max(len(everything) // LEAST_EXAMPLES, 1)))
    )
    lost = sign * (was - now)
    reasons: tuple[str, ...] = ()
    if sign * best < sign * was and lost > config.drift.loss * abs(was):
        reasons = (f"{name} is {write_number(now)}, and was {write_number(was)} when the model was saved",)
    return MetricShift(
        metric=name, before=was, now=now, best=best, examples=len(answers), periods=periods, reasons=reasons
    )


def none_if_undefined(value: float) -> float | None:
    """Return a number that JSON can hold."""
    return float(value) if np.isfinite(value) else None


def reasons_of(
    columns: list[Shift], answers: list[Shift], metric: MetricShift | None, refused: float, settings: DriftSettings
) -> Iterator[str]:
    """Yield why there is drift, the gravest first."""
    if metric:
        yield from metric.reasons
    if refused >= settings.share:
        yield f"{refused:.1%} of the examples cannot be used as they are; the page says why"
    for what, shifts in (("answer", answers), ("column", columns)):
        yield from (f"{what} {shift.column!r}: {reason}" for shift in shifts for reason in shift.reasons)
