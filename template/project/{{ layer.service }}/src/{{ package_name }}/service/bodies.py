"""Read the body of a request: within its limits of size and time, and within the memory of the process."""

import asyncio
from collections.abc import Awaitable, Callable
from threading import Lock
from types import TracebackType
from typing import Any, Self

from .problems import RequestProblem
from .settings import ServiceSettings

# So much of each body is not counted, so that those who take all of the memory do not stop small requests.
UNCOUNTED = 65_536

Receive = Callable[[], Awaitable[Any]]


class Budget:
    """Bytes that all requests of a process share."""

    def __init__(self, total: int) -> None:
        """Start with nothing taken."""
        self.total = total
        self._left = total
        self._lock = Lock()

    def take(self, count: int) -> None:
        """Take some of it. Raises RequestProblem (503) when too little is left."""
        with self._lock:
            if count > self._left:
                raise RequestProblem(503, "The memory for requests is taken; try again.", retry_after=1)
            self._left -= count

    def give_back(self, count: int) -> None:
        """Give some of it back."""
        with self._lock:
            self._left += count


class Share:
    """What one request has taken; given back when the block ends."""

    def __init__(self, budget: Budget) -> None:
        """Start with nothing."""
        self._budget = budget
        self._taken = 0

    def __enter__(self) -> Self:
        """Begin the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give everything back."""
        if self._taken:
            self._budget.give_back(self._taken)
            self._taken = 0

    def take(self, count: int) -> None:
        """Take more. Raises RequestProblem (503) when too little is left."""
        self._budget.take(count)
        self._taken += count


async def read_body(receive: Receive, settings: ServiceSettings, share: Share) -> bytes:
    """Return the body. Raises RequestProblem: 413 when it is too large, 408 when it is late, 503 without memory."""
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(settings.timeout):
            while more:
                message = await receive()
                # A client that went away leaves half a body, which the payload refuses.
                part, more = message.get("body", b""), message.get("more_body", False)
                size += len(part)
                if size > settings.max_bytes:
                    raise RequestProblem(
                        413, f"The body is larger than {settings.max_bytes} bytes; send less at a time."
                    )
                share.take(min(len(part), max(0, size - UNCOUNTED)))
                parts.append(part)
    except TimeoutError:
        raise RequestProblem(408, f"The body did not arrive within {settings.timeout:g} seconds.") from None
    return b"".join(parts)
