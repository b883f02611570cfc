"""Carry a WSGI app on an ASGI server: a thread takes a request once its body is there, and not before.

Slow clients so keep no thread. An answer is sent when it is whole.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, NamedTuple

from .api import Api
from .bodies import Receive, read_body
from .lifespan import living
from .problems import RequestProblem

# Where an app finds why the body of a request is missing.
REFUSED = "service.refused"
# Threads beside those that predict, so that checks of health never wait.
OTHERS = 4

Environ = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

logger = logging.getLogger(__name__)


class Answered(NamedTuple):
    """What an app answered."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Bridge:
    """An ASGI app that hands requests to a WSGI app."""

    def __init__(self, app: App, api: Api) -> None:
        """Keep the app, and the threads it runs in."""
        self.app = app
        self._api = api
        self._threads = ThreadPoolExecutor(api.settings.max_concurrency + OTHERS, "request")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or start and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            with self._api.share() as share:
                refused = {}
                try:
                    body = await read_body(receive, self._api.settings, share)
                except RequestProblem as error:
                    body, refused = b"", {REFUSED: error}
                environ = {**describe_request(scope, body), **refused}
                answered = await asyncio.get_running_loop().run_in_executor(self._threads, call, self.app, environ)
            await send({"type": "http.response.start", "status": answered.status, "headers": answered.headers})
            await send({"type": "http.response.body", "body": answered.body})

    async def _live(self, receive: Receive, send: Send) -> None:
        """Do what the service does as long as the server runs."""
        await receive()
        async with living(self._api):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def describe_request(scope: dict[str, Any], body: bytes) -> Environ:
    """Return a request as WSGI describes it (PEP 3333)."""
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": (scope["server"] or ("", 0))[0],
        "SERVER_PORT": str((scope["server"] or ("", 0))[1]),
        "REMOTE_ADDR": (scope["client"] or ("", 0))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        # An underscore and a hyphen are the same there: a client could take the place of a header of a proxy.
        if b"_" not in name:
            key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
            told = value.decode("latin-1")
            environ[key] = f"{environ[key]},{told}" if key in environ else told
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    # The body is whole, however it came.
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def call(app: App, environ: Environ) -> Answered:
    """Return what the app answers."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], None]:
        started.append((status, headers))
        return written.append

    parts = app(environ, start)
    try:
        written += parts
    finally:
        if hasattr(parts, "close"):
            parts.close()
    status, headers = started[-1]
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return Answered(int(status.partition(" ")[0]), encoded, b"".join(written))
