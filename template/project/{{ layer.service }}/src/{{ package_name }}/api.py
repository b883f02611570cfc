"""What the service answers, whichever web framework carries it."""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_json

from .bundle import Bundle, find_bundle, load_bundle
from .errors import BundleError
from .payload import build_rows
from .prediction import Prediction, describe
from .schema import RowEncoder
from .settings import ServiceSettings

MAX_PROBLEMS = 10


class Predictions(BaseModel):
    """One prediction for each row, in the order of the rows, and the model that made them."""

    predictions: list[Prediction]
    model: str


class Problem(BaseModel):
    """One thing that is wrong with a request; rows count from 1."""

    row: int | None = None
    field: str | None = None
    message: str

    def __str__(self) -> str:
        """Say where and what, in one line."""
        place = f"row {self.row}, {self.field}: " if self.field else f"row {self.row}: " if self.row else ""
        return place + self.message


class Refusal(BaseModel):
    """Why a request was not answered."""

    error: str
    problems: list[Problem] = []


class ModelFacts(BaseModel):
    """Which model answers, how it runs, and how good it was on held-out rows."""

    name: str
    engine: str
    metrics: dict[str, float | None]


class RequestRefused(Exception):
    """The request cannot be answered; carries the HTTP status and what to tell the client."""

    def __init__(self, status: int, error: str, problems: list[Problem] | None = None) -> None:
        """Keep the status and the answer."""
        super().__init__(error)
        self.status = status
        self.refusal = Refusal(error=error, problems=problems or [])


class Api:
    """Parses rows, predicts, and says what is wrong with a request. Stays up without a model."""

    def __init__(self, settings: ServiceSettings) -> None:
        """Load the model that the settings name, or remember why there is none."""
        self.settings = settings
        self.bundle: Bundle | None = None
        self.reason = ""
        try:
            self.bundle = load_bundle(find_bundle(settings.models_dir, settings.run))
            self.encoder = RowEncoder(self.bundle.schema)
            self.rows = build_rows(self.bundle.schema, settings.max_rows)
        except BundleError as error:
            self.reason = str(error)

    def ready_bundle(self) -> Bundle:
        """Return the loaded model. Raises RequestRefused (503) when there is none."""
        if self.bundle is None:
            raise RequestRefused(503, f"No model is loaded: {self.reason}")
        return self.bundle

    def parse(self, body: bytes) -> list[dict[str, Any]]:
        """Return the rows of a request. Raises RequestRefused: 400 for broken JSON, 422 for wrong rows, 503."""
        self.ready_bundle()
        try:
            return self.rows.validate_json(body)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=True)
        if found[0]["type"] == "json_invalid":
            raise RequestRefused(400, "The body is not valid JSON.", [Problem(message=found[0]["msg"])])
        problems = [_explain(problem) for problem in found]
        more = f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""
        raise RequestRefused(422, f"{problems[0]}{more}", problems[:MAX_PROBLEMS])

    def predict(self, rows: list[dict[str, Any]]) -> bytes:
        """Return the predictions of parsed rows as JSON, in the form of `Predictions`."""
        bundle = self.ready_bundle()
        scores = bundle.predictor.scores(self.encoder.encode(rows))
        return to_json({"predictions": describe(scores, bundle.schema), "model": bundle.name})

    def facts(self) -> ModelFacts:
        """Return what is known of the loaded model. Raises RequestRefused (503) when there is none."""
        bundle = self.ready_bundle()
        return ModelFacts(name=bundle.name, engine=bundle.predictor.engine, metrics=bundle.metrics["metrics"])


def _explain(problem: ErrorDetails) -> Problem:
    """Say in plain words what pydantic found, and where."""
    place = problem["loc"]
    row = int(place[0]) + 1 if place else None
    field = str(place[1]) if len(place) > 1 else None
    context = problem.get("ctx", {})
    words = {
        "extra_forbidden": "unknown field",
        "missing": "is missing, and training saw no missing value here",
        "literal_error": f"must be one of {context.get('expected')}",
        "too_short": "send at least one row",
        "too_long": f"send at most {context.get('max_length')} rows at a time",
        "list_type": "the body must be a list of rows",
        "dict_type": "must be an object with the fields of a row",
        "less_than_equal": "is larger than a model can take",
        "greater_than_equal": "is smaller than a model can take",
    }
    return Problem(row=row, field=field, message=words.get(problem["type"], problem["msg"]))
