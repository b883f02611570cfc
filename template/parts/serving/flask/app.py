"""The HTTP service, on Flask."""

import logging
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, Response, g, request
from flask_swagger_ui import get_swaggerui_blueprint
from pydantic import BaseModel
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException

from .api import BYTES_AT_ONCE, Answer, Api, stopping
from .openapi import describe_service
from .problems import Problem, RequestProblem
from .settings import ServiceSettings
from .telemetry import CONTENT_TYPE, Counts, RequestLog

logger = logging.getLogger(__name__)


class Service(Flask):
    """An app that carries what `api` answers."""

    def __init__(self, api: Api) -> None:
        """Keep the API, and a pool whose threads can be left behind when they take too long."""
        super().__init__(__name__, static_folder=None)
        self.api = api
        self.counts = Counts()
        self.pool = ThreadPoolExecutor(api.settings.max_concurrency)


def create_app(settings: ServiceSettings | None = None) -> Service:
    """Return the app; it serves the model that is to answer, or answers 503 until there is one."""
    app = Service(Api(settings or ServiceSettings()))
    add_middleware(app)
    add_routes(app)
    app.register_blueprint(get_swaggerui_blueprint("/docs", "/openapi.json"))
    return app


def add_middleware(app: Service) -> None:
    """Add what all requests meet first and last: an id, a line of log, and a count of those that predict."""

    @app.before_request
    def begin() -> None:
        g.request_log = RequestLog(request.method, request.path, request.headers.get("X-Request-ID"))

    @app.after_request
    def end(response: Response) -> Response:
        request_log: RequestLog = g.request_log
        request_log.status = response.status_code
        response.headers.update(request_log.headers())
        if stopping.is_set():
            response.headers["Connection"] = "close"
        seconds = request_log.finish()
        if request_log.path == app.api.settings.predict_path:
            app.counts.add(request_log.status, request_log.rows, seconds)
        return response

    @app.errorhandler(RequestProblem)
    def answer_problem(error: RequestProblem) -> Response:
        return problem_response(error.status, error.body)

    @app.errorhandler(HTTPException)
    def answer_http_exception(error: HTTPException) -> Response:
        answer = problem_response(error.code or 500, Problem(error=error.name))
        answer.headers.update({name: value for name, value in error.get_headers() if name == "Allow"})
        return answer

    @app.errorhandler(Exception)
    def answer_failure(error: Exception) -> Response:
        logger.exception("failed", extra={"fields": {"request_id": g.request_log.id}})
        return problem_response(500, Problem(error="The service failed; its log says why."))


def add_routes(app: Service) -> None:
    """Add what the service answers. Bodies and documents are the API's own, so that nothing is parsed twice."""
    api, settings = app.api, app.api.settings

    @app.post(settings.predict_path)
    def predict() -> Response:
        api.check_key(request.headers.get("X-API-Key"))
        with api.slot():
            media_type, query = request.headers.get("Content-Type", ""), request.query_string.decode("latin-1")
            answer = find_answer(app, read_body(settings), media_type, query)
        request_log: RequestLog = g.request_log
        request_log.rows, request_log.model = answer.rows, answer.model
        return Response(answer.body, mimetype="application/json")

    @app.get(settings.ready_path)
    def ready() -> Response:
        return write(api.ready())

    @app.get("/health")
    def health() -> Response:
        return write(api.health())

    @app.get("/model")
    def model() -> Response:
        api.check_key(request.headers.get("X-API-Key"))
        return write(api.facts())

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(app.counts.text(), content_type=CONTENT_TYPE)

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(to_json(describe_service(api)), mimetype="application/json")


def read_body(settings: ServiceSettings) -> bytes:
    """Return the body. Raises RequestProblem: 413 when it is too large, 408 when it does not arrive in time."""
    # The socket of the web server, if that tells it: without a limit, a client that sends nothing would keep a thread.
    if connection := request.environ.get("gunicorn.socket"):
        connection.settimeout(settings.timeout)
    try:
        body = request.stream.read(settings.max_bytes + 1)
        if len(body) > settings.max_bytes:
            # gunicorn hangs up without a word on who sent more than was read: take some more, and drop it.
            request.stream.read(settings.max_bytes)
    except TimeoutError:
        raise RequestProblem(408, f"The body did not arrive within {settings.timeout:g} seconds.") from None
    if len(body) > settings.max_bytes:
        raise RequestProblem(413, f"The body is larger than {settings.max_bytes} bytes; send less at a time.")
    return body


def find_answer(app: Service, body: bytes, media_type: str, query: str) -> Answer:
    """Return the answer to a body. Raises RequestProblem as the API does, and 503 when it takes too long."""
    if len(body) <= BYTES_AT_ONCE:
        return app.api.answer(body, media_type, query)
    seconds = app.api.settings.timeout
    try:
        return app.pool.submit(app.api.answer, body, media_type, query).result(seconds)
    except TimeoutError:
        raise RequestProblem(503, f"The answer took longer than {seconds:g} seconds.") from None


def problem_response(status: int, problem: Problem) -> Response:
    """Return the answer that says why there is no other."""
    return Response(problem.model_dump_json(), status, mimetype="application/json")


def write(model: BaseModel) -> Response:
    """Return an answer in JSON."""
    return Response(model.model_dump_json(), mimetype="application/json")
