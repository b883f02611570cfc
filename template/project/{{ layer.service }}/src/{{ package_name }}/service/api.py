"""What the service answers, whichever web framework carries it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from threading import BoundedSemaphore, Event, Thread
from time import sleep
from typing import Annotated, Any
from urllib.parse import parse_qs

from pydantic import BaseModel, Field, TypeAdapter
from pydantic_core import to_json

from ..errors import BundleError
from ..inference.bundle import Bundle, load_bundle
from ..inference.prediction import Prediction, describe
from ..inference.reference import Reference
from ..schema import Inputs
from .bodies import Budget, Share
from .counts import Counts, ModelCounts
from .outcomes import Outcomes
from .payload import Payload
from .problems import FieldError, RequestProblem, numbers_of_kept
from .samples import make_sampler
from .settings import ServiceSettings, SettingsError
from .source import Source
from .summary import Summary
from .watching import Watch

# What a request may ask for after its path: that what does not fit is left out, and told beside the predictions.
SKIP_BAD = "skip_bad"
SKIPS = {"true": True, "1": True, "false": False, "0": False}

# What a prediction of a model's own example must be.
ONE: TypeAdapter[list[Any]] = TypeAdapter(Annotated[list[Prediction], Field(min_length=1, max_length=1)])

# Set once this process has been told to stop.
stopping = Event()

logger = logging.getLogger(__name__)


class Predictions(BaseModel):
    """One prediction for each part of the request, in its order, and the model that made them.

    With `skip_bad`, there is null for what was left out, and why it was.
    """

    predictions: list[Prediction | None]
    model: str
    refused: list[FieldError] = []


class Health(BaseModel):
    """That the process is alive."""

    status: str


class Readiness(BaseModel):
    """That a model is loaded, and which."""

    status: str
    model: str


class ModelFacts(BaseModel):
    """Which model answers, how it runs, and how good it was on held-out examples."""

    name: str
    engine: str
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class Served:
    """A model that answers, what reads requests to it, and what counts its work."""

    bundle: Bundle
    payload: Payload
    counts: ModelCounts

    def predict(self, rows: list[Any]) -> list[Any]:
        """Return what a person reads of each row, and count it."""
        predictions, inputs = predict(self.bundle, rows)
        self.counts.note(rows, inputs, predictions)
        return predictions


def prepare(folder: Path, settings: ServiceSettings, counts: Counts) -> Served:
    """Return the model of a folder, ready to answer. Raises BundleError when it does not predict its own example."""
    bundle = load_bundle(folder, settings.model_sha256)
    payload = Payload(bundle.schema, settings.max_rows)
    try:
        ONE.validate_python(predict(bundle, payload.parse(*payload.example()))[0])
    except Exception as error:
        raise BundleError(f"{bundle.name} does not predict its own example, so it answers nobody: {error}") from error
    reference = find_reference(folder)
    watch, outcomes = Watch(bundle.schema, reference), Outcomes(bundle.schema, reference)
    return Served(bundle, payload, counts.answer_with(bundle.name, watch, outcomes))


def predict(bundle: Bundle, rows: list[Any]) -> tuple[list[Any], Inputs]:
    """Return what a person reads of each row, and what the model was given."""
    inputs = bundle.encoder.encode(rows)
    return describe(bundle.predictor.scores(inputs), rows, bundle.schema), inputs


def find_reference(folder: Path) -> Reference | None:
    """Return what a model's data was like; what was trained by an earlier version does not say it."""
    try:
        return Reference.read(folder)
    except BundleError as error:
        logger.warning("less is counted", extra={"fields": {"reason": str(error)}})
        return None


@dataclass(frozen=True)
class Answer:
    """The predictions for a body as JSON, in the form of `Predictions`, how many they are, and what made them."""

    body: bytes
    rows: int
    model: str


def skips_bad(query: str) -> bool:
    """Return whether a request wants what does not fit left out. Raises RequestProblem (422) for another value."""
    asked = parse_qs(query, keep_blank_values=True).get(SKIP_BAD, ["false"])[-1]
    if asked not in SKIPS:
        raise RequestProblem(422, f"{SKIP_BAD} must be true or false, not {asked!r}.")
    return SKIPS[asked]


class Api:
    """Parses requests, predicts, and says what is wrong with a request. Stays up without a model."""

    # To parse and answer a larger body would keep other requests waiting: a thread does.
    bytes_at_once = 4_096

    def __init__(self, settings: ServiceSettings) -> None:
        """Load the model that is to answer, or remember why there is none.

        Raises SettingsError when there is no key, and nobody has said that everybody may ask; or when a sample of
        requests is asked for, and cannot be kept.
        """
        self.settings = settings
        self.counts = Counts()
        self.served: Served | None = None
        self._reason = ""
        self._source = Source(settings)
        self._slots = BoundedSemaphore(settings.max_concurrency)
        self._bodies = Budget(settings.max_held_bytes)
        self._sample = make_sampler(settings)
        self._key = settings.api_key.get_secret_value().encode() if settings.api_key else None
        if self._key is None:
            if not settings.open:
                raise SettingsError("SERVICE_API_KEY is not set, and SERVICE_OPEN=true does not say that all may ask")
            logger.warning("open: whoever reaches this service may ask it, as SERVICE_OPEN is true and there is no key")
        self.reload()

    @property
    def paths(self) -> set[str]:
        """The paths of what is answered."""
        return {self.settings.predict_path, self.settings.ready_path, "/health", "/model", "/metrics"}

    def reload(self) -> None:
        """Load the model that is to answer, if it is another; one that is damaged leaves the old one in place."""
        try:
            folder = self._source.find()
            if self.served is None or self.served.bundle.name != folder.name:
                # In one assignment: a request sees the old model or the new one.
                self.served = prepare(folder, self.settings, self.counts)
                self._reason = ""
                logger.info("model loaded", extra={"fields": {"model": folder.name}})
        except (BundleError, OSError) as error:
            if str(error) != self._reason:
                self._reason = str(error)
                logger.warning("model not loaded", extra={"fields": {"reason": self._reason}})

    def watch(self) -> None:
        """Count again and again; reload, and tell the log, unless never: each in a thread of its own."""

        def repeat(action: Callable[[], None], seconds: float) -> None:
            while not stopping.is_set():
                sleep(seconds)
                action()

        Thread(target=repeat, args=(self.counts.count, 1), name="count", daemon=True).start()
        if seconds := self.settings.reload_seconds:
            Thread(target=repeat, args=(self.reload, seconds), name="reload", daemon=True).start()
        if seconds := self.settings.log_counts_seconds:
            Thread(target=repeat, args=(Summary(self.counts).tell, seconds), name="summary", daemon=True).start()

    def check_key(self, header: Callable[[str], str | None], *, public: bool = False) -> None:
        """Compare the key in a request's headers with that of the settings, in constant time, unless all may see it.

        Raises RequestProblem (401).
        """
        if self._key is None or public:
            return
        scheme, _, token = (header("authorization") or "").partition(" ")
        bearer = token if scheme.lower() == "bearer" else ""
        if not compare_digest(self._key, (header("x-api-key") or bearer).strip().encode()):
            raise RequestProblem(401, "The key is missing or wrong: send it as X-API-Key, or as a bearer token.")

    def share(self) -> Share:
        """Return what a request takes of the memory that bodies share."""
        return Share(self._bodies)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the slots for predictions. Raises RequestProblem (503) when all are taken."""
        if not self._slots.acquire(blocking=False):
            raise RequestProblem(503, "Too many requests at a time; try again.", retry_after=1)
        try:
            yield
        finally:
            self._slots.release()

    def answer(self, body: bytes, media_type: str, query: str = "") -> Answer:
        """Predict what a body holds. Raises RequestProblem: 503 without a model, or as the payload does."""
        served = self._ready()
        refused: list[FieldError] | None = [] if query and skips_bad(query) else None
        try:
            rows = served.payload.parse(body, media_type, refused)
        except RequestProblem as error:
            served.counts.refuse(problem.field for problem in error.body.problems)
            raise
        name = served.bundle.name
        answer: dict[str, Any] = {"predictions": served.predict(rows), "model": name}
        if refused is not None:
            served.counts.refuse(problem.field for problem in refused)
            found = dict(zip(numbers_of_kept(len(rows), refused), answer["predictions"], strict=True))
            sent = len(found.keys() | {problem.row for problem in refused})
            answer |= {"predictions": [found.get(number + 1) for number in range(sent)], "refused": refused}
        if self._sample:
            self._sample(served.bundle.schema, rows, body, media_type)
        return Answer(to_json(answer), len(rows), name)

    def health(self) -> Health:
        """Say that the process is alive."""
        return Health(status="ok")

    def ready(self) -> Readiness:
        """Say which model is loaded. Raises RequestProblem (503) when there is none, or when the service stops."""
        if stopping.is_set():
            raise RequestProblem(503, "The service is stopping.", retry_after=1)
        return Readiness(status="ready", model=self._ready().bundle.name)

    def facts(self) -> ModelFacts:
        """Return what is known of the loaded model. Raises RequestProblem (503) when there is none."""
        bundle = self._ready().bundle
        return ModelFacts(name=bundle.name, engine=bundle.predictor.engine, metrics=bundle.metrics["metrics"])

    def document(self) -> dict[str, Any]:
        """Return what the body of a request may be, by media type, as OpenAPI describes it."""
        served = self.served
        return served.payload.document() if served else {"application/json": {"schema": {"type": "array"}}}

    def _ready(self) -> Served:
        """Return the loaded model. Raises RequestProblem (503) when there is none."""
        if self.served is None:
            wait = self.settings.reload_seconds or None
            raise RequestProblem(503, f"No model is loaded: {self._reason}", retry_after=wait)
        return self.served
