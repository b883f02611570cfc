"""What the service answers, whichever web framework carries it."""

from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from .bundle import Bundle, find_bundle, load_bundle
from .errors import BundleError
from .payload import Payload
from .prediction import Prediction, describe
from .refusals import RequestRefused
from .settings import ServiceSettings


class Predictions(BaseModel):
    """One prediction for each part of the request, in its order, and the model that made them."""

    predictions: list[Prediction]
    model: str


class ModelFacts(BaseModel):
    """Which model answers, how it runs, and how good it was on held-out examples."""

    name: str
    engine: str
    metrics: dict[str, float | None]


class Api:
    """Parses requests, predicts, and says what is wrong with a request. Stays up without a model."""

    def __init__(self, settings: ServiceSettings) -> None:
        """Load the model that the settings name, or remember why there is none."""
        self.settings = settings
        self.bundle: Bundle | None = None
        self.reason = ""
        try:
            self.bundle = load_bundle(find_bundle(settings.models_dir, settings.run))
            self.payload = Payload(self.bundle.schema, settings.max_rows)
        except BundleError as error:
            self.reason = str(error)

    def ready_bundle(self) -> Bundle:
        """Return the loaded model. Raises RequestRefused (503) when there is none."""
        if self.bundle is None:
            raise RequestRefused(503, f"No model is loaded: {self.reason}")
        return self.bundle

    def answer(self, body: bytes, media_type: str) -> tuple[bytes, int]:
        """Return the predictions for a body as JSON, in the form of `Predictions`, and how many they are.

        Raises RequestRefused: 503 without a model, or as the payload does.
        """
        bundle = self.ready_bundle()
        rows = self.payload.parse(body, media_type)
        scores = bundle.predictor.scores(bundle.encoder.encode(rows))
        answer = {"predictions": describe(scores, rows, bundle.schema), "model": bundle.name}
        return to_json(answer), len(rows)

    def document(self) -> dict[str, Any]:
        """Return what the body of a request may be, by media type, as OpenAPI describes it."""
        return self.payload.document() if self.bundle else {"application/json": {"schema": {"type": "array"}}}

    def facts(self) -> ModelFacts:
        """Return what is known of the loaded model. Raises RequestRefused (503) when there is none."""
        bundle = self.ready_bundle()
        return ModelFacts(name=bundle.name, engine=bundle.predictor.engine, metrics=bundle.metrics["metrics"])
