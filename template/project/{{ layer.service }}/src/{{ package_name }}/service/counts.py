"""What Prometheus scrapes: requests, rows, seconds, and what a model is asked and answers.

No value of a request is among it: columns, classes and the ends of parts are the model's own.
"""

import os
from collections import Counter as Tally
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from ..inference.naming import started
from ..schema import Inputs
from .outcomes import Outcomes
from .ranges import USUAL
from .telemetry import RequestLog
from .watching import Watch

# When each count began is a time series, too, as many as the counts; nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

# In seconds: a small model takes less than a thousandth.
BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Names a folder where worker processes add up what they count.
SHARED = "PROMETHEUS_MULTIPROC_DIR"

# Of a model, so many classes and so many columns are told apart; each is a time series of its own.
MOST_ANSWERS, MOST_COLUMNS = 100, 100
OTHERS = "(others)"
REFUSED = "refused"
# So many rows are counted at once; with fewer, what was asked is counted when somebody looks, or after a second.
AT_ONCE = 200
# The model that answers and the one before, which requests may still be under way with.
KEPT_MODELS = 2


class ModelCounts:
    """What a model is asked and answers, counted some at a time: one by one would take as long as a small model."""

    def __init__(self, model: str, watch: Watch, outcomes: Outcomes, counts: "Counts") -> None:
        """Start at zero, so that the first of each is seen as a rise."""
        self._model = model
        self._watch = watch
        self._outcomes = outcomes
        self._counter = counts.answers
        self._noted: deque[tuple[int, Any, list[Any]]] = deque()
        self._waiting = 0
        self._answers: dict[str, Counter] = {}
        for name in outcomes.names:
            self._answer(name)
        found = [*watch.findings, (OTHERS, USUAL), (OTHERS, REFUSED)]
        columns = dict.fromkeys(column for column, _ in found)
        shown = {column: column if place < MOST_COLUMNS else OTHERS for place, column in enumerate(columns)}
        self._found = {(column, what): counts.inputs.labels(model, shown[column], what) for column, what in found}

    def note(self, rows: list[Any], inputs: Inputs, predictions: list[Any]) -> None:
        """Keep a request and its answer until they are counted; of its values, what the counts need."""
        self._noted.append((len(rows), self._watch.note(rows, inputs), predictions))
        self._waiting += len(rows)
        if self._waiting >= AT_ONCE:
            self.count()

    def count(self) -> None:
        """Count what waits for it."""
        self._waiting = 0
        noted = list(self._take())
        if not noted:
            return
        predictions = chain.from_iterable(made for *_, made in noted)
        for name, count in self._outcomes.count(predictions).items():
            self._answer(name).inc(count)
        for place, count in self._watch.find([values for _, values, _ in noted]):
            self._found[place].inc(count)
        # Beside what is refused and of no column.
        self._found[OTHERS, USUAL].inc(sum(rows for rows, *_ in noted))

    def refuse(self, fields: Iterable[str | None]) -> None:
        """Count values that were refused, by the column that a field is or ends with, or as those of no column."""
        for field in fields:
            name = field or ""
            known = ((column, REFUSED) for column in (name, name.rpartition(".")[2]))
            self._found[next((each for each in known if each in self._found), (OTHERS, REFUSED))].inc()

    def _take(self) -> Iterator[tuple[int, Any, list[Any]]]:
        """Yield what waits; other threads add to it, and may take of it, too."""
        try:
            while True:
                yield self._noted.popleft()
        except IndexError:
            return

    def _answer(self, name: str) -> Counter:
        """Return the count of an answer."""
        counter = self._answers.get(name)
        if counter is None:
            shown = name if len(self._answers) < MOST_ANSWERS else OTHERS
            counter = self._answers[name] = self._counter.labels(self._model, shown)
        return counter


class Counts:
    """All counts of an app, and what its process takes of its machine."""

    def __init__(self) -> None:
        """Start all counts at zero, apart from those of any other app in the process."""
        self._registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self._registry}
        self._requests = Counter("predict_requests", "Requests to predict.", ["model", "status"], **own)
        self._rows = Counter("predicted_rows", "Predictions given.", ["model"], **own)
        self._seconds = Histogram("predict_seconds", "Time to answer.", ["model"], buckets=BUCKETS, **own)
        self._waiting = Gauge("predict_in_flight", "Requests under way.", multiprocess_mode="livesum", **own)
        told = "Predictions by class, or by the part of the numbers that they lie in."
        self.answers = Counter("predicted_answers", told, ["model", "answer"], **own)
        told = "Values by what is found: missing, unseen in training, below or above its range, refused, or usual."
        self.inputs = Counter("input_values", told, ["model", "column", "found"], **own)
        self._loaded = Gauge("model_loaded", "Whether a model answers.", multiprocess_mode="livemin", **own)
        told = "Which model answers: 1, or 0 once it does no more."
        self._model = Gauge("model_info", told, ["model"], multiprocess_mode="livemax", **own)
        told = "When the model that answers was trained, in seconds since 1970; 0 where its name does not say it."
        self._trained = Gauge("model_trained_timestamp_seconds", told, multiprocess_mode="livemin", **own)
        # Counts of requests by model and status.
        self._known: dict[tuple[str, int], tuple[Counter, Histogram, Counter]] = {}
        self._models: dict[str, ModelCounts] = {}
        ProcessCollector(**own)

    def begin(self) -> None:
        """Count a request that begins."""
        self._waiting.inc()

    def end(self, request_log: RequestLog, seconds: float) -> None:
        """Count a request that has been answered."""
        requests, times, rows = self._of(request_log.model or "", request_log.status)
        self._waiting.dec()
        requests.inc()
        times.observe(seconds)
        if request_log.rows:
            rows.inc(request_log.rows)

    def answer_with(self, model: str, watch: Watch, outcomes: Outcomes) -> ModelCounts:
        """Tell which model answers from now on, and return what counts its work; models long gone are forgotten."""
        if self._models:
            self._model.labels(next(reversed(self._models))).set(0)
        self._models.pop(model, None)
        work = self._models[model] = ModelCounts(model, watch, outcomes, self)
        for name in list(self._models)[:-KEPT_MODELS]:
            del self._models[name]
            self._forget(name)
        time = started(model)
        self._trained.set(time.timestamp() if time else 0)
        self._model.labels(model).set(1)
        self._loaded.set(1)
        return work

    def count(self) -> None:
        """Count what the models have answered since."""
        for work in list(self._models.values()):
            work.count()

    @property
    def model(self) -> str | None:
        """The name of the model that answers, if there is one."""
        return next(reversed(self._models), None)

    def values(self) -> Tally[tuple[str, str, str]]:
        """Return how many values there were in this process by model, by column, and by what was found."""
        self.count()
        samples = [sample for metric in self.inputs.collect() for sample in metric.samples]
        return Tally({(each["model"], each["column"], each["found"]): int(n) for _, each, n, *_ in samples})

    def text(self) -> bytes:
        """Return all counts in Prometheus' text format."""
        self.count()
        registry = self._registry
        if SHARED in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _of(self, model: str, status: int) -> tuple[Counter, Histogram, Counter]:
        """Return the counts of a model and a status; to look them up takes longer than to count."""
        known = self._known.get((model, status))
        if known is None:
            known = self._requests.labels(model, status), self._seconds.labels(model), self._rows.labels(model)
            self._known[model, status] = known
        return known

    def _forget(self, model: str) -> None:
        """Drop the counts of a model. Processes that count together keep them until they end: files cannot forget."""
        if SHARED in os.environ:
            return
        self._known = {key: known for key, known in self._known.items() if key[0] != model}
        for metric in (self._requests, self._rows, self._seconds, self.answers, self.inputs, self._model):
            metric.remove_by_labels({"model": model})
