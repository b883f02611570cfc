"""What requests meet before the app: an id, a line of log, and an answer to those that predict.

The layers of the app behind it would take longer than a small model.
"""

import asyncio
import logging

from fastapi import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .api import Answer, Api, stopping
from .bodies import read_body
from .problems import MEDIA_TYPE, Problem, RequestProblem, describe_problem
from .telemetry import RequestLog

logger = logging.getLogger(__name__)


class RequestMiddleware:
    """What all requests meet first and last: an id, a line of log, and a count of those that predict."""

    def __init__(self, app: ASGIApp, api: Api) -> None:
        """Keep what lies behind it."""
        self._app = app
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on; an error that nobody expected is answered and logged."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_log = RequestLog(
            scope["method"], scope["path"], headers.get("x-request-id"), headers.get("traceparent")
        )
        predicts = request_log.path == self._api.settings.predict_path

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                mark(message, request_log)
            await send(message)

        if predicts:
            self._api.counts.begin()
        try:
            answer = await predict(self._api, scope, headers, receive, request_log) if predicts else self._app
            await answer(scope, receive, send_marked)
        except Exception:
            logger.exception("failed", extra={"fields": {"request_id": request_log.id}})
            failed = problem_response(describe_problem(500, "The service failed; its log says why."))
            await failed(scope, receive, send_marked)
        finally:
            seconds = request_log.finish()
            if predicts:
                self._api.counts.end(request_log, seconds)


async def predict(api: Api, scope: Scope, headers: Headers, receive: Receive, request_log: RequestLog) -> Response:
    """Return the answer to a request to predict; its body is parsed once, by the API."""
    if scope["method"] != "POST":
        return problem_response(describe_problem(405, "Method Not Allowed"), {"allow": "POST"})
    try:
        api.check_key(headers.get)
        with api.share() as share:
            # A slow client takes no slot: it does not predict yet.
            body = await read_body(receive, api.settings, share)
            with api.slot():
                query = scope["query_string"].decode("latin-1")
                answer = await find_answer(api, body, headers.get("content-type", ""), query)
    except RequestProblem as error:
        return problem_response(error.body, error.headers)
    request_log.rows, request_log.model = answer.rows, answer.model
    return Response(answer.body, media_type="application/json")


async def find_answer(api: Api, body: bytes, media_type: str, query: str) -> Answer:
    """Return the answer to a body. Raises RequestProblem as the API does, and 503 when it takes too long."""
    if len(body) <= api.bytes_at_once:
        return api.answer(body, media_type, query)
    try:
        return await asyncio.wait_for(asyncio.to_thread(api.answer, body, media_type, query), api.settings.timeout)
    except TimeoutError:
        late = f"The answer took longer than {api.settings.timeout:g} seconds."
        raise RequestProblem(503, late, retry_after=1) from None


def mark(message: Message, request_log: RequestLog) -> None:
    """Note the status of an answer that starts, and add its headers."""
    request_log.status = message["status"]
    headers = [(name.lower().encode(), value.encode()) for name, value in request_log.headers().items()]
    if stopping.is_set():
        headers.append((b"connection", b"close"))
    message["headers"] = [*message.get("headers", ()), *headers]


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Return the answer that says why there is no other."""
    return Response(problem.model_dump_json(), problem.status, headers, media_type=MEDIA_TYPE)
