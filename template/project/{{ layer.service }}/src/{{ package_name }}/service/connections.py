"""The connections of the service: a header that is too large or too slow closes its own, and keeps nobody waiting."""

from asyncio import TimerHandle, Transport
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .problems import MEDIA_TYPE, describe_problem
from .settings import ServiceSettings, read_settings


@cache
def limits() -> ServiceSettings:
    """Return the settings, read once for all connections."""
    return read_settings(ServiceSettings)


class LimitedProtocol(HttpToolsProtocol):
    """Speaks HTTP as uvicorn does, with limits on the size of a header and on the time until it is there."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Wait for a header."""
        super().__init__(*arguments, **named)
        self._header: int | None = 0
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Give the first header its time."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(limits().header_timeout, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Count what belongs to a header."""
        self._header = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count a part of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a line."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the body take its own time, unless the header was refused."""
        if self.transport.is_closing():
            return
        self._header = None
        self._stop_timer()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read on; a header that is not there yet has its time from its first byte on."""
        super().data_received(data)
        if self._header is None or self.transport.is_closing():
            return
        # The parser tells of a line only when it is whole.
        self._count(len(data))
        if self._timer is None:
            self._timer = self.loop.call_later(limits().header_timeout, self._give_up)

    def _count(self, size: int) -> None:
        """Refuse a header that is too large."""
        if self._header is not None:
            self._header += size
            if self._header > limits().max_header_bytes:
                self._refuse(431, f"The header is larger than {limits().max_header_bytes} bytes.")

    def _give_up(self) -> None:
        """Refuse a header that has begun, and hang up on who said nothing."""
        self._timer = None
        if self._header:
            self._refuse(408, f"The header did not arrive within {limits().header_timeout:g} seconds.")
        elif not self.transport.is_closing():
            self.transport.close()

    def _stop_timer(self) -> None:
        """Forget the timer, if one runs."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int, detail: str) -> None:
        """Answer with a problem, and hang up."""
        if self.transport.is_closing():
            return
        body = to_json(describe_problem(status, detail))
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {MEDIA_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
