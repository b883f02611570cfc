"""The log of the service: lines of JSON, with the path and the id of a request alone of what a client sent."""

import logging
import logging.config
import re
from contextlib import nullcontext
from datetime import UTC, datetime
from secrets import token_hex
from time import perf_counter, time
from typing import Any, TextIO

from pydantic_core import to_json

# What is taken from a client as the id of its request.
REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
LONGEST_PATH = 100
# The ids of a trace and of the span in it that asks, as W3C's Trace Context writes them.
IDS = r"(?P<trace_id>(?!0{32})[0-9a-f]{32})-(?P<span_id>(?!0{16})[0-9a-f]{16})"
TRACEPARENT = re.compile("[0-9a-f]{2}-" + IDS + "-[0-9a-f]{2}")

# No line tells them, so they are not looked up for every request.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

logger = logging.getLogger(__name__)
# What the line of a request says.
REQUEST = "request"


class JsonFormatter(logging.Formatter):
    """Writes a record as a line of JSON: its own members, and those that the call gave as `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = getattr(record, "fields", {})
        if record.exc_info:
            fields = {**fields, "error": self.formatException(record.exc_info)}
        return write_line(record.created, record.levelname.lower(), record.name, record.getMessage(), fields).decode()


def write_line(created: float, level: str, name: str, message: str, fields: dict[str, Any]) -> bytes:
    """Return a line of JSON, without its end."""
    line = {"time": datetime.fromtimestamp(created, UTC), "level": level, "logger": name, "message": message, **fields}
    return to_json(line, fallback=str)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes to a stream what `JsonFormatter` makes of records, or the lines of requests."""

    def write(self, line: bytes) -> None:
        """Write a line past the layer that encodes texts, which is empty after each line."""
        with self.lock or nullcontext():
            self.stream.buffer.write(line + b"\n")
            self.stream.buffer.flush()


def log_request(fields: dict[str, Any]) -> None:
    """Log a request; where `LOGGING` alone decides, without logging's own way, which takes as long as a small model."""
    root = logger.root
    if len(root.handlers) == 1 and type(root.handlers[0]) is LineHandler and root.level == logging.INFO:
        root.handlers[0].write(write_line(time(), "info", logger.name, REQUEST, fields))
    else:
        logger.info(REQUEST, extra={"fields": fields})


# Everything goes to the standard output, that of the web server included.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonFormatter}},
    "handlers": {"stdout": {"()": LineHandler, "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": "INFO"},
}


class RequestLog:
    """One request: its id, and what is told of it when it has been answered."""

    def __init__(self, method: str, path: str, request_id: str | None, traceparent: str | None = None) -> None:
        """Take over the client's id, or make one; and the ids of its trace, if it sent any."""
        self.id = request_id if request_id and REQUEST_ID.fullmatch(request_id) else token_hex(16)
        self.method = method
        self.path = path
        self.status = 500
        self.rows = 0
        self.model: str | None = None
        self._traced = TRACEPARENT.fullmatch(traceparent) if traceparent else None
        self._started = perf_counter()

    def headers(self) -> dict[str, str]:
        """Return the headers that an answer carries: the id, and the model that predicted."""
        return {"X-Request-ID": self.id, **({"X-Model": self.model} if self.model else {})}

    def finish(self) -> float:
        """Write the line, and return the seconds that the request took."""
        seconds = perf_counter() - self._started
        fields: dict[str, Any] = {
            "request_id": self.id,
            "method": self.method,
            "path": self.path[:LONGEST_PATH],
            "status": self.status,
            "milliseconds": round(1000 * seconds, 2),
        }
        if self._traced:
            fields |= self._traced.groupdict()
        if self.model:
            fields |= {"rows": self.rows, "model": self.model}
        log_request(fields)
        return seconds
