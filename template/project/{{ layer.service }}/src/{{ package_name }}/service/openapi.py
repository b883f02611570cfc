"""The OpenAPI document of the service, whichever web framework carries it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from .api import SKIP_BAD, Api, Health, ModelFacts, Predictions, Readiness
from .payload import PAYLOAD_PROBLEMS
from .problems import MEDIA_TYPE, Problem

MODELS = (Health, ModelFacts, Predictions, Readiness, Problem)
KEY = "apiKey"
BEARER = "bearer"
TITLE = (__package__ or "service").partition(".")[0]

PREDICT_PROBLEMS = {
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    500: "The service failed.",
    503: "No model is loaded, or too many requests came at a time, or the answer took too long.",
    **PAYLOAD_PROBLEMS,
}
SKIP_PARAMETER = {
    "name": SKIP_BAD,
    "in": "query",
    "description": "Leave out what does not fit, and list it under `refused`; otherwise the whole body is refused.",
    "schema": {"type": "boolean", "default": False},
}
UNREADY = {503: "No model is loaded, or the service is stopping."}
UNKNOWN_KEY = {401: "The key is missing or wrong."}


def describe_service(api: Api, others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document for the model that answers now; `others` describes the routes that are added to these."""
    settings = api.settings
    components: dict[str, Any] = {**others.get("components", {})}
    components["schemas"] = {**components.get("schemas", {}), **schemas()}
    paths = describe_paths(api)
    if settings.api_key is not None:
        components["securitySchemes"] = {
            KEY: {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            BEARER: {"type": "http", "scheme": "bearer"},
        }
        closed = {settings.predict_path, "/model"} | (set() if settings.public_metrics else {"/metrics"})
        for operation in (each for path in closed for each in paths[path].values()):
            operation["security"] = [{KEY: []}, {BEARER: []}]
            operation["responses"] |= problem_responses(UNKNOWN_KEY)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": api.served.bundle.name if api.served else "no model"},
        # Where the paths are, seen from this document, unless a setting says so.
        "servers": [{"url": settings.root_path or ".", "description": "this service"}],
        "paths": {
            **paths,
            **{path: described for path, described in others.get("paths", {}).items() if path not in paths},
        },
        "components": components,
    }


def describe_paths(api: Api) -> dict[str, dict[str, Any]]:
    """Return what the service itself answers, by path and method."""
    settings = api.settings
    predict = operation("Predict all that the body holds, or say why not.", Predictions, PREDICT_PROBLEMS)
    predict["parameters"] = [SKIP_PARAMETER]
    predict["requestBody"] = {"required": True, "content": api.document()}
    scraped = {"description": HTTPStatus.OK.phrase, "content": {"text/plain": {"schema": {"type": "string"}}}}
    model = operation("Say which model answers, how it runs, and how good it was.", ModelFacts, UNREADY)
    return {
        settings.predict_path: {"post": predict},
        settings.ready_path: {"get": operation("Say whether a model is loaded.", Readiness, UNREADY)},
        "/health": {"get": operation("Say that the process is alive.", Health, {})},
        "/model": {"get": model},
        "/metrics": {"get": {"summary": "Count what was done, for Prometheus.", "responses": {"200": scraped}}},
    }


def schemas() -> dict[str, Any]:
    """Return the forms of all answers by their names."""
    described = models_json_schema(
        [(model, "serialization") for model in MODELS], ref_template="#/components/schemas/{model}"
    )
    return dict(described[1]["$defs"])


def operation(summary: str, model: type[Any], refused: dict[int, str]) -> dict[str, Any]:
    """Return an operation that answers with the model, or refuses."""
    answered = {"description": HTTPStatus.OK.phrase, "content": content(model)}
    return {"summary": summary, "responses": {"200": answered, **problem_responses(refused)}}


def problem_responses(described: dict[int, str]) -> dict[str, Any]:
    """Return the responses that say why there is no other, by status."""
    found = sorted(described.items())
    return {str(status): {"description": text, "content": content(Problem, MEDIA_TYPE)} for status, text in found}


def content(model: type[Any], media_type: str = "application/json") -> dict[str, Any]:
    """Return a body of JSON in the form of the model."""
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
