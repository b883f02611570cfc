"""The HTTP service, on FastAPI."""

from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from .api import Api, ModelFacts, Predictions
from .payload import PAYLOAD_REFUSALS
from .refusals import Refusal, RequestRefused
from .settings import ServiceSettings

# To parse and answer a larger body would keep other requests waiting: a thread does.
BYTES_AT_ONCE = 4_096

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal, "description": description}
    for status, description in {413: "The body is too large.", 503: "No model is loaded.", **PAYLOAD_REFUSALS}.items()
}


class DirectRoute(APIRoute):
    """Hands the request over as it comes: the bytes of the body are parsed once, by the payload."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint itself; it takes the request and gives a response."""
        return self.endpoint


class Metrics:
    """What Prometheus scrapes."""

    def __init__(self) -> None:
        """Start all counts at zero, apart from those of any other app in the process."""
        self.registry = CollectorRegistry()
        self.requests = Counter("predict_requests", "Requests to /predict.", ["status"], registry=self.registry)
        self.rows = Counter("predicted_rows", "Predictions given.", registry=self.registry)
        self.seconds = Histogram("predict_seconds", "Time to answer /predict.", registry=self.registry)


def create_app(settings: ServiceSettings | None = None) -> FastAPI:
    """Return the app; it serves the newest model, or answers 503 until there is one."""
    api = Api(settings or ServiceSettings())
    app = FastAPI(title=__package__ or "service", version=api.bundle.name if api.bundle else "no model")
    app.add_exception_handler(RequestRefused, answer_refusal)
    add_predict_route(app, api)
    add_status_routes(app, api)
    return app


def add_predict_route(app: FastAPI, api: Api) -> None:
    """Add the route that predicts, and the one that counts what it did."""
    metrics = Metrics()

    async def predict(request: Request) -> Response:
        """Predict what the body holds: all of it, or nothing with the reason."""
        started, status = perf_counter(), 500
        try:
            body = await read_body(request, api.settings.max_bytes)
            media_type = request.headers.get("content-type", "")
            if len(body) > BYTES_AT_ONCE:
                answer, rows = await run_in_threadpool(api.answer, body, media_type)
            else:
                answer, rows = api.answer(body, media_type)
            metrics.rows.inc(rows)
            status = 200
            return Response(answer, media_type="application/json")
        except RequestRefused as error:
            status = error.status
            raise
        finally:
            metrics.requests.labels(status).inc()
            metrics.seconds.observe(perf_counter() - started)

    app.router.add_api_route(
        "/predict",
        predict,
        methods=["POST"],
        responses={200: {"model": Predictions}, **REFUSALS},
        openapi_extra={"requestBody": {"required": True, "content": api.document()}},
        route_class_override=DirectRoute,
    )

    @app.get("/metrics")
    async def scrape() -> Response:
        """Return the counts in Prometheus' text format."""
        return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4")


def add_status_routes(app: FastAPI, api: Api) -> None:
    """Add the routes that tell how the service is."""

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the process is alive."""
        return {"status": "ok"}

    @app.get("/ready", responses={503: REFUSALS[503]})
    async def ready() -> dict[str, str]:
        """Say whether a model is loaded."""
        return {"status": "ready", "model": api.ready_bundle().name}

    @app.get("/model", responses={503: REFUSALS[503]})
    async def model() -> ModelFacts:
        """Say which model answers, how it runs, and how good it was on held-out examples."""
        return api.facts()


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body. Raises RequestRefused (413) as soon as it is larger than the limit."""
    body, more = b"", True
    while more:
        message = await request.receive()
        # A client that went away leaves half a body, which the payload refuses.
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise RequestRefused(413, f"The body is larger than {limit} bytes; send less at a time.")
    return body


async def answer_refusal(request: Request, error: Exception) -> Response:
    """Answer a refused request with its status and reason."""
    assert isinstance(error, RequestRefused)
    return Response(error.refusal.model_dump_json(), status_code=error.status, media_type="application/json")
