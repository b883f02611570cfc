"""What the service tells of its work: lines of JSON for its log, and counts that Prometheus scrapes.

Of what a client sent, the log has the path and the id alone.
"""

import logging
import logging.config
import os
import re
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import uuid4

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic_core import to_json

# What is taken from a client as the id of its request.
REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
LONGEST_PATH = 100

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Names a folder where worker processes add up what they count.
SHARED = "PROMETHEUS_MULTIPROC_DIR"

# No line tells them, so they are not looked up for every request.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

logger = logging.getLogger(__name__)


class JsonFormatter(logging.Formatter):
    """Writes a record as a line of JSON: its own members, and those that the call gave as `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return to_json(line, fallback=str).decode()


# Everything goes to the standard output, that of the web server included.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonFormatter}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": "INFO"},
}


class RequestLog:
    """One request: its id, and what is told of it when it has been answered."""

    def __init__(self, method: str, path: str, request_id: str | None) -> None:
        """Take over the client's id, or make one."""
        self.id = request_id if request_id and REQUEST_ID.fullmatch(request_id) else uuid4().hex
        self.method = method
        self.path = path
        self.status = 500
        self.rows = 0
        self.model: str | None = None
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
        if self.model:
            fields |= {"rows": self.rows, "model": self.model}
        logger.info("request", extra={"fields": fields})
        return seconds


class Counts:
    """Requests, rows and seconds of predictions."""

    def __init__(self) -> None:
        """Start all counts at zero, apart from those of any other app in the process."""
        self._registry = CollectorRegistry()
        self._requests = Counter("predict_requests", "Requests to predict.", ["status"], registry=self._registry)
        self._rows = Counter("predicted_rows", "Predictions given.", registry=self._registry)
        self._seconds = Histogram("predict_seconds", "Time to answer.", registry=self._registry)

    def add(self, status: int, rows: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(status).inc()
        self._rows.inc(rows)
        self._seconds.observe(seconds)

    def text(self) -> bytes:
        """Return all counts in Prometheus' text format."""
        registry = self._registry
        if SHARED in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
