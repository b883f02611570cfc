"""The HTTP service, on Flask. Routes of your own are added as to any app, in `add_routes` or to what it returns."""

import inspect
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Blueprint, Flask, Response, g, redirect, request
from flask_swagger_ui import get_swaggerui_blueprint
from pydantic import BaseModel
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException

from .api import Answer, Api, stopping
from .counts import CONTENT_TYPE
from .front import REFUSED, Bridge
from .openapi import TITLE, describe_service
from .problems import MEDIA_TYPE, Problem, RequestProblem, describe_problem
from .settings import ServiceSettings, read_settings
from .telemetry import RequestLog
from .tracing import App, trace

logger = logging.getLogger(__name__)

DOCUMENTATION = "documentation"
# A part of a route that stands for a value, with or without its kind: <int:number>.
ARGUMENT = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


class Service(Flask):
    """An app that carries what `api` answers."""

    def __init__(self, api: Api) -> None:
        """Keep the API, and a pool whose threads can be left behind when they take too long."""
        super().__init__(__name__, static_folder=None)
        self.api = api
        self.pool = ThreadPoolExecutor(api.settings.max_concurrency)


def create_app(settings: ServiceSettings | None = None) -> Service:
    """Return the app; it serves the model that is to answer, or answers 503 until there is one."""
    app = Service(Api(settings or read_settings(ServiceSettings)))
    add_middleware(app)
    add_routes(app)
    add_documentation(app)
    return app


def create_asgi_app(settings: ServiceSettings | None = None) -> App:
    """Return what the server runs: the app, with bodies read before a thread takes a request."""
    app = create_app(settings)
    return trace(Bridge(app, app.api), TITLE, app.api.paths)


def add_middleware(app: Service) -> None:
    """Add what all requests meet first and last: an id, a line of log, and a count of those that predict."""

    @app.before_request
    def begin() -> None:
        ids = (request.headers.get(name) for name in ("X-Request-ID", "traceparent"))
        g.request_log = RequestLog(request.method, request.path, *ids)
        if g.request_log.path == app.api.settings.predict_path:
            app.api.counts.begin()

    @app.after_request
    def end(response: Response) -> Response:
        request_log: RequestLog = g.request_log
        request_log.status = response.status_code
        response.headers.update(request_log.headers())
        if stopping.is_set():
            response.headers["Connection"] = "close"
        seconds = request_log.finish()
        if request_log.path == app.api.settings.predict_path:
            app.api.counts.end(request_log, seconds)
        return response

    @app.errorhandler(RequestProblem)
    def answer_problem(error: RequestProblem) -> Response:
        return problem_response(error.body, error.headers)

    @app.errorhandler(HTTPException)
    def answer_http_exception(error: HTTPException) -> Response | HTTPException:
        if error.code is None or error.code < 400:
            return error
        headers = {name: value for name, value in error.get_headers() if name == "Allow"}
        return problem_response(describe_problem(error.code, error.name), headers)

    @app.errorhandler(Exception)
    def answer_failure(error: Exception) -> Response:
        logger.exception("failed", extra={"fields": {"request_id": g.request_log.id}})
        return problem_response(describe_problem(500, "The service failed; its log says why."))


def add_routes(app: Service) -> None:
    """Add what the service answers. Bodies and documents are the API's own, so that nothing is parsed twice."""
    api, settings = app.api, app.api.settings

    @app.post(settings.predict_path)
    def predict() -> Response:
        api.check_key(request.headers.get)
        body = read_body(settings)
        with api.slot():
            media_type, query = request.headers.get("Content-Type", ""), request.query_string.decode("latin-1")
            answer = find_answer(app, body, media_type, query)
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
        api.check_key(request.headers.get)
        return write(api.facts())

    @app.get("/metrics")
    def metrics() -> Response:
        api.check_key(request.headers.get, public=settings.public_metrics)
        return Response(api.counts.text(), content_type=CONTENT_TYPE)


def add_documentation(app: Service) -> None:
    """Add the document, and a page that shows it; addresses are relative, so that a proxy may put something before."""
    api, settings = app.api, app.api.settings
    # The page comes with all it needs in a package, as a browser may reach no other host.
    pages: Blueprint = get_swaggerui_blueprint(".", "../openapi.json", blueprint_name=DOCUMENTATION)

    @pages.before_request
    def check_key() -> None:
        api.check_key(request.headers.get, public=settings.public_docs)

    @app.get("/", endpoint=f"{DOCUMENTATION}-home")
    def home() -> Any:
        return redirect(f"{settings.root_path}/docs/" if settings.root_path else "docs/")

    @app.get("/openapi.json", endpoint=f"{DOCUMENTATION}-json")
    def document() -> Response:
        check_key()
        return Response(to_json(describe_service(api, describe_routes(app))), mimetype="application/json")

    app.register_blueprint(pages, url_prefix="/docs")


def describe_routes(app: Flask) -> dict[str, Any]:
    """Return what OpenAPI says of an app's routes: their methods, and the first line of what each says of itself."""
    paths: dict[str, Any] = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(DOCUMENTATION):
            continue
        path = ARGUMENT.sub(r"{\1}", rule.rule)
        summary = (inspect.getdoc(app.view_functions[rule.endpoint]) or rule.endpoint).splitlines()[0]
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in rule.arguments
        ]
        answered = {"summary": summary, "parameters": parameters, "responses": {"200": {"description": "OK"}}}
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        paths.setdefault(path, {}).update({method.lower(): answered for method in methods})
    return {"paths": paths}


def read_body(settings: ServiceSettings) -> bytes:
    """Return the body. Raises RequestProblem when it could not be read, or is too large (413)."""
    if problem := request.environ.get(REFUSED):
        raise problem
    body = request.stream.read(settings.max_bytes + 1)
    if len(body) > settings.max_bytes:
        raise RequestProblem(413, f"The body is larger than {settings.max_bytes} bytes; send less at a time.")
    return body


def find_answer(app: Service, body: bytes, media_type: str, query: str) -> Answer:
    """Return the answer to a body. Raises RequestProblem as the API does, and 503 when it takes too long."""
    if len(body) <= app.api.bytes_at_once:
        return app.api.answer(body, media_type, query)
    seconds = app.api.settings.timeout
    try:
        return app.pool.submit(app.api.answer, body, media_type, query).result(seconds)
    except TimeoutError:
        raise RequestProblem(503, f"The answer took longer than {seconds:g} seconds.", retry_after=1) from None


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Return the answer that says why there is no other."""
    return Response(problem.model_dump_json(), problem.status, headers, mimetype=MEDIA_TYPE)


def write(model: BaseModel) -> Response:
    """Return an answer in JSON."""
    return Response(model.model_dump_json(), mimetype="application/json")
