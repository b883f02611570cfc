"""The HTTP service, on FastAPI."""

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .api import BYTES_AT_ONCE, Answer, Api, stopping
from .openapi import TITLE, describe_service
from .problems import Problem, RequestProblem
from .settings import ServiceSettings
from .telemetry import CONTENT_TYPE, Counts, RequestLog

logger = logging.getLogger(__name__)


class Service(FastAPI):
    """An app that documents what `api` answers."""

    def __init__(self, api: Api) -> None:
        """Let the app look for other models as long as it runs."""

        @asynccontextmanager
        async def watch(app: FastAPI) -> AsyncIterator[None]:
            api.watch()
            delay_stop(api.settings.drain_seconds)
            yield

        super().__init__(title=TITLE, lifespan=watch, redoc_url=None)
        self.api = api

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document for the model that answers now."""
        return describe_service(self.api)


class RequestMiddleware:
    """What all requests meet first and last: an id, a line of log, and a count of those that predict.

    Those are answered here, as the layers of the app behind it would take longer than a small model.
    """

    def __init__(self, app: ASGIApp, api: Api, counts: Counts) -> None:
        """Keep what lies behind it."""
        self._app = app
        self._api = api
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on; an error that nobody expected is answered and logged."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_log = RequestLog(scope["method"], scope["path"], Headers(scope=scope).get("x-request-id"))
        predicts = request_log.path == self._api.settings.predict_path

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                mark(message, request_log)
            await send(message)

        try:
            answer = await predict(self._api, Request(scope, receive), request_log) if predicts else self._app
            await answer(scope, receive, send_marked)
        except Exception:
            logger.exception("failed", extra={"fields": {"request_id": request_log.id}})
            failed = problem_response(500, Problem(error="The service failed; its log says why."))
            await failed(scope, receive, send_marked)
        finally:
            seconds = request_log.finish()
            if predicts:
                self._counts.add(request_log.status, request_log.rows, seconds)


async def predict(api: Api, request: Request, request_log: RequestLog) -> Response:
    """Return the answer to a request to predict; its body is parsed once, by the API."""
    if request.method != "POST":
        return problem_response(405, Problem(error="Method Not Allowed"), {"allow": "POST"})
    try:
        api.check_key(request.headers.get("x-api-key"))
        with api.slot():
            body = await read_body(request, api.settings)
            query = request.scope["query_string"].decode("latin-1")
            answer = await find_answer(api, body, request.headers.get("content-type", ""), query)
    except RequestProblem as error:
        return problem_response(error.status, error.body)
    request_log.rows, request_log.model = answer.rows, answer.model
    return Response(answer.body, media_type="application/json")


def delay_stop(seconds: float) -> None:
    """Let the stop signal wait while load balancers see that the service is not ready any more."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop, stop = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def begin(number: int, frame: Any) -> None:
        stopping.set()
        if callable(stop):
            loop.call_soon_threadsafe(loop.call_later, seconds, stop, number, frame)

    signal.signal(signal.SIGTERM, begin)


def create_app(settings: ServiceSettings | None = None) -> ASGIApp:
    """Return the app; it serves the model that is to answer, or answers 503 until there is one."""
    api, counts = Api(settings or ServiceSettings()), Counts()
    app = Service(api)
    app.add_exception_handler(RequestProblem, answer_problem)
    app.add_exception_handler(HTTPException, answer_http_exception)
    add_routes(app, api, counts)
    return RequestMiddleware(app, api, counts)


def add_routes(app: FastAPI, api: Api, counts: Counts) -> None:
    """Add what the service answers beside predictions. The documents are the API's own."""

    async def health(request: Request) -> Response:
        return write(api.health())

    async def ready(request: Request) -> Response:
        return write(api.ready())

    async def model(request: Request) -> Response:
        api.check_key(request.headers.get("x-api-key"))
        return write(api.facts())

    async def metrics(request: Request) -> Response:
        return Response(counts.text(), headers={"content-type": CONTENT_TYPE})

    app.add_route(api.settings.ready_path, ready)
    app.add_route("/health", health)
    app.add_route("/model", model)
    app.add_route("/metrics", metrics)


async def read_body(request: Request, settings: ServiceSettings) -> bytes:
    """Return the body. Raises RequestProblem: 413 as soon as it is too large, 408 when it does not arrive in time."""
    body, more = b"", True
    try:
        async with asyncio.timeout(settings.timeout):
            while more:
                message = await request.receive()
                # A client that went away leaves half a body, which the payload refuses.
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > settings.max_bytes:
                    limit = f"The body is larger than {settings.max_bytes} bytes"
                    raise RequestProblem(413, f"{limit}; send less at a time.")
    except TimeoutError:
        raise RequestProblem(408, f"The body did not arrive within {settings.timeout:g} seconds.") from None
    return body


async def find_answer(api: Api, body: bytes, media_type: str, query: str) -> Answer:
    """Return the answer to a body. Raises RequestProblem as the API does, and 503 when it takes too long."""
    if len(body) <= BYTES_AT_ONCE:
        return api.answer(body, media_type, query)
    try:
        return await asyncio.wait_for(asyncio.to_thread(api.answer, body, media_type, query), api.settings.timeout)
    except TimeoutError:
        raise RequestProblem(503, f"The answer took longer than {api.settings.timeout:g} seconds.") from None


def mark(message: Message, request_log: RequestLog) -> None:
    """Note the status of an answer that starts, and add its headers."""
    request_log.status = message["status"]
    headers = MutableHeaders(scope=message)
    headers.update(request_log.headers())
    if stopping.is_set():
        headers["connection"] = "close"


async def answer_problem(request: Request, error: Exception) -> Response:
    """Answer a refused request with its status and reason."""
    assert isinstance(error, RequestProblem)
    return problem_response(error.status, error.body)


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer a request for an unknown path or with an unknown method."""
    assert isinstance(error, HTTPException)
    return problem_response(error.status_code, Problem(error=error.detail), dict(error.headers or {}))


def problem_response(status: int, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Return the answer that says why there is no other."""
    return Response(problem.model_dump_json(), status, headers, media_type="application/json")


def write(model: BaseModel) -> Response:
    """Return an answer in JSON."""
    return Response(model.model_dump_json(), media_type="application/json")
