"""The HTTP service, on FastAPI. Routes of your own are added as to any app, in `add_routes` or to what it returns."""

from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from .api import Api, Health, ModelFacts, Readiness
from .counts import CONTENT_TYPE
from .front import RequestMiddleware, problem_response
from .lifespan import living
from .openapi import TITLE, describe_service
from .problems import FieldError, RequestProblem, describe_problem
from .settings import ServiceSettings, read_settings
from .tracing import App, trace

# What draws the page of the documentation: from a package, as a browser may reach no other host.
ASSETS = Path(fastapi_offline.__file__).parent / "static"


class Service(FastAPI):
    """An app that documents what `api` answers, beside its routes; requests to predict do not pass through these."""

    def __init__(self, api: Api) -> None:
        """Let the app look for other models as long as it runs."""
        self.api = api
        super().__init__(title=TITLE, lifespan=lambda _: living(api), openapi_url=None, docs_url=None, redoc_url=None)
        self._first = RequestMiddleware(super().__call__, api)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._first(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document for the model that answers now, and for routes that were added."""
        return describe_service(self.api, get_openapi(title=TITLE, version="", routes=self.routes))


def create_app(settings: ServiceSettings | None = None) -> Service:
    """Return the app; it serves the model that is to answer, or answers 503 until there is one."""
    app = Service(Api(settings or read_settings(ServiceSettings)))
    app.add_exception_handler(RequestProblem, answer_problem)
    app.add_exception_handler(HTTPException, answer_http_exception)
    app.add_exception_handler(RequestValidationError, answer_invalid_request)
    add_routes(app)
    add_documentation(app)
    return app


def create_asgi_app(settings: ServiceSettings | None = None) -> App:
    """Return what the server runs."""
    app = create_app(settings)
    return trace(app, TITLE, app.api.paths)


def add_routes(app: Service) -> None:
    """Add what the service answers beside predictions."""
    api, settings = app.api, app.api.settings

    def check_key(request: Request) -> None:
        api.check_key(request.headers.get)

    @app.get("/health")
    async def health() -> Health:
        return api.health()

    @app.get(settings.ready_path)
    async def ready() -> Readiness:
        return api.ready()

    @app.get("/model", dependencies=[Depends(check_key)])
    async def model() -> ModelFacts:
        return api.facts()

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        api.check_key(request.headers.get, public=settings.public_metrics)
        return Response(api.counts.text(), headers={"content-type": CONTENT_TYPE})


def add_documentation(app: Service) -> None:
    """Add the document, and a page that shows it; addresses are relative, so that a proxy may put something before."""
    api, settings = app.api, app.api.settings

    def check_key(request: Request) -> None:
        api.check_key(request.headers.get, public=settings.public_docs)

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return RedirectResponse(f"{settings.root_path}/docs" if settings.root_path else "docs")

    @app.get("/openapi.json", include_in_schema=False, dependencies=[Depends(check_key)])
    async def document() -> dict[str, Any]:
        return app.openapi()

    @app.get("/docs", include_in_schema=False, dependencies=[Depends(check_key)])
    async def page() -> Response:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=TITLE,
            swagger_js_url="docs/swagger-ui-bundle.js",
            swagger_css_url="docs/swagger-ui.css",
            swagger_favicon_url="docs/favicon.png",
        )

    app.mount("/docs", StaticFiles(directory=ASSETS))


async def answer_problem(request: Request, error: Exception) -> Response:
    """Answer a refused request with its status and reason."""
    assert isinstance(error, RequestProblem)
    return problem_response(error.body, error.headers)


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer a request for an unknown path or with an unknown method."""
    assert isinstance(error, HTTPException)
    return problem_response(describe_problem(error.status_code, error.detail), dict(error.headers or {}))


async def answer_invalid_request(request: Request, error: Exception) -> Response:
    """Answer a request that does not suit a route that was added."""
    assert isinstance(error, RequestValidationError)
    found = [FieldError(field=".".join(map(str, each["loc"])), message=each["msg"]) for each in error.errors()]
    return problem_response(describe_problem(422, "The request does not suit this route.", found))
