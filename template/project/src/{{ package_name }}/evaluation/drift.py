"""Compare recent data, and a model's answers to it, with what the model was made from."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from ..config import Config, DriftSettings
from ..errors import DataError
from ..inference.bundle import Bundle, load_bundle, measured_metrics
from ..inference.naming import find_metric, write_number
from ..inference.reference import Reference
from ..inference.storage import load_model
from ..schema import Schema
from .metrics import LOWER_IS_BETTER, answer, rate
from .recent import Part, answers_of, read_recent
from .rivals import draw_samples
from .shifts import Shift, find_shifts
from .tallies import Tally, tally

# Fewer examples tell nothing.
LEAST_EXAMPLES = 20
# The model is asked about so many of the examples at most, evenly spread.
MOST_ASKED = 50_000
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


@dataclass
class Asked:
    """What the model was asked, and answered: some of the examples, evenly spread, however many there are."""

    step: int = 1
    seen: int = 0
    kept: int = 0
    places: list[NDArray[np.intp]] = field(default_factory=list)
    tables: dict[str, list[Any]] = field(default_factory=dict)

    def wanted(self, count: int) -> NDArray[np.intp]:
        """Return which of the next examples are asked about."""
        return np.arange(-self.seen % self.step, count, self.step)

    def add(self, count: int, chosen: NDArray[np.intp], **tables: Any) -> None:
        """Keep what is known of the chosen ones of so many examples; once they are too many, every other is let go."""
        self.places.append(chosen + self.seen)
        for name, table in tables.items():
            self.tables.setdefault(name, []).append(table)
        self.seen += count
        self.kept += len(chosen)
        if self.kept > MOST_ASKED:
            self.step *= 2
            places = self.whole_places()
            keep = np.flatnonzero(places % self.step == 0)
            self.places = [places[keep]]
            self.tables = {name: [self.whole(name).iloc[keep]] for name in self.tables}
            self.kept = len(keep)

    def whole_places(self) -> NDArray[np.intp]:
        """Return the places of those that are kept."""
        return np.concatenate(self.places)

    def whole(self, name: str) -> Any:
        """Return all of a table that is kept."""
        return pd.concat(self.tables[name], ignore_index=True)


def find_drift(config: Config, folder: Path, source: Path) -> Drift:
    """Compare the recent examples of `source` with those that a saved model was made from.

    Raises DataError when they cannot be read or are too few, BundleError when the model does not say what was.
    """
    reference = Reference.read(folder)
    bundle = load_bundle(folder)
    columns = {name: tally(each) for name, each in reference.columns.items()}
    refused: Counter[str] = Counter()
    asked, examples, native, tied = Asked(), 0, None, 1
    for part in read_recent(source, bundle.schema):
        examples, tied = examples + part.examples, max(tied, part.tied)
        refused.update(part.refused)
        for name, values in part.watched.items():
            columns[name].add(values)
        # Scores alone need no more than the graph.
        native = native or (load_model(folder) if part.is_measured else None)
        ask(asked, part, bundle, native)
    if examples < LEAST_EXAMPLES:
        raise DataError(f"{source} holds {examples} examples; to tell drift from chance, it takes {LEAST_EXAMPLES}")
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


def ask(asked: Asked, part: Part, bundle: Bundle, native: Any) -> None:
    """Let the model answer for some of the examples that it takes; keep what is true of them where that is known."""
    count = len(part.features)
    chosen = asked.wanted(count)
    tables: dict[str, Any] = {}
    if len(chosen):
        features = part.features.iloc[chosen] if hasattr(part.features, "iloc") else part.features[chosen]
        scores = bundle.predictor.scores(bundle.encoder.encode_features(features))
        tables["scores"] = pd.DataFrame(scores)
        if part.is_measured:
            tables["rated"] = answer(native, features)
            tables["truth"] = pd.DataFrame() if part.target is None else part.target.iloc[chosen].reset_index(drop=True)
    asked.add(count, chosen, **tables)


def count_answers(asked: Asked, reference: Reference, schema: Schema) -> dict[str, Tally]:
    """Return the model's answers beside those that it gave to the examples held out."""
    found = {name: tally(each) for name, each in reference.answers.items()}
    if "scores" in asked.tables:
        truth = asked.whole("truth") if "truth" in asked.tables else None
        for name, values in answers_of(asked.whole("scores").to_numpy(), truth, schema).items():
            found[name].add(values)
    return found


def measure_over_time(
    asked: Asked, schema: Schema, config: Config, before: dict[str, float | None], tied: int
) -> MetricShift | None:
    """Return the metric of recent examples, as a whole and over time; None where it is not known, or not defined."""
    name = find_metric(config.evaluation.metric, before)
    was = before[name]
    if was is None or "rated" not in asked.tables:
        return None
    answers, truth = asked.whole("rated"), asked.whole("truth")
    known = None if not len(truth) else truth.squeeze(axis="columns") if truth.shape[-1] == 1 else truth
    places = asked.whole_places()

    def measure(some: NDArray[np.intp]) -> float:
        return rate(answers.iloc[some], None if known is None else known.iloc[some], schema, name)[name]

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
