"""Traces of requests by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT names who collects them.

Nothing of it is imported otherwise. Its own variables set the rest: OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_HEADERS, …
"""

import os
from collections.abc import Awaitable, Callable, Collection
from importlib import import_module
from typing import Any

from .settings import SettingsError

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


def trace(app: App, name: str, paths: Collection[str]) -> App:
    """Return the app, with a span for each request if somebody collects them; the paths name spans.

    Raises SettingsError when the packages that this takes are missing.
    """
    if not os.environ.get(ENDPOINT):
        return app
    try:
        return Traced(app, name, paths)
    except ImportError as error:
        missing = f"{ENDPOINT} is set, and {error.name} is not there: install the project with its extra 'tracing'"
        raise SettingsError(missing) from None


class Traced:
    """An ASGI app in spans; what it hands on carries the ids of its span as the header traceparent."""

    def __init__(self, app: App, name: str, paths: Collection[str]) -> None:
        """Start what sends spans. Raises ImportError."""
        sdk, resources = import_module("opentelemetry.sdk.trace"), import_module("opentelemetry.sdk.resources")
        exporter = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter").OTLPSpanExporter()
        self._app = app
        self._paths = paths
        self._trace, self._propagate = import_module("opentelemetry.trace"), import_module("opentelemetry.propagate")
        resource = resources.Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", name)})
        provider = sdk.TracerProvider(resource=resource)
        provider.add_span_processor(import_module("opentelemetry.sdk.trace.export").BatchSpanProcessor(exporter))
        self._tracer = provider.get_tracer(name)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a request within a span, which is a part of the client's if that sent its ids."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        span = self._tracer.start_span(
            f"{method} {path}" if path in self._paths else method,
            context=self._propagate.extract(headers),
            kind=self._trace.SpanKind.SERVER,
            attributes={"http.request.method": method, "url.path": path, "url.scheme": scope["scheme"]},
        )
        self._propagate.inject(headers, self._trace.set_span_in_context(span))

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
                if message["status"] >= 500:
                    span.set_status(self._trace.StatusCode.ERROR)
            await send(message)

        told = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        try:
            await self._app({**scope, "headers": told}, receive, send_noted)
        finally:
            span.end()
