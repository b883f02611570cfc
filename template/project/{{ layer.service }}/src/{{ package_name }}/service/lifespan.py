"""What the service does from its start to its end, beside answering."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from .api import Api, stopping


@asynccontextmanager
async def living(api: Api) -> AsyncIterator[None]:
    """Look for other models as long as the block runs, and let a stop signal wait."""
    api.watch()
    delay_stop(api.settings.drain_seconds)
    yield


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
