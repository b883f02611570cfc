"""What Prometheus scrapes."""

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Names a folder where worker processes add up what they count.
SHARED = "PROMETHEUS_MULTIPROC_DIR"


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
