"""The processes and threads that carry the service, by gunicorn. As a script it listens where HOST and PORT say."""

import os
import threading
from tempfile import TemporaryDirectory
from types import FrameType

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from .api import stopping
from .settings import ServiceSettings


class DrainingWorker(ThreadWorker):
    """Answers on for a while after a stop signal, while load balancers see that the service is not ready any more."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Close each connection after its next answer, and stop later."""
        if not stopping.is_set():
            stopping.set()
            self.max_keepalived = -1
            threading.Timer(ServiceSettings().drain_seconds, super().handle_exit, [sig, frame]).start()


class Server(BaseApplication):
    """Runs the app in as many processes as the settings say."""

    def __init__(self, address: str, settings: ServiceSettings) -> None:
        """Keep the address to listen on, and the settings."""
        self._address = address
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what it has to know."""
        # Imported where it is used: what counts must know by then whether there are other processes.
        from .telemetry import LOGGING

        options = {
            "bind": self._address,
            "workers": self._settings.workers,
            "worker_class": DrainingWorker,
            # One more than predict at a time, so that checks of health never wait.
            "threads": self._settings.max_concurrency + 1,
            "graceful_timeout": 10 + int(self._settings.drain_seconds),
            # Its messages go where all others go; it logs no requests, as the app does.
            "logconfig_dict": {**LOGGING, "loggers": {"gunicorn.error": {"propagate": True}}},
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app, in each process its own."""
        from .app import create_app

        app = create_app(self._settings)
        app.api.watch()
        return app


def run(host: str, port: int) -> None:
    """Serve until a signal says stop."""
    settings = ServiceSettings()
    with TemporaryDirectory() as shared:
        if settings.workers > 1:
            # Where the processes add up what they count.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        Server(f"{host}:{port}", settings).run()


if __name__ == "__main__":
    run(os.environ["HOST"], int(os.environ["PORT"]))
