"""The processes that carry the service, by uvicorn. As a script it listens where HOST and PORT say."""

import os
from tempfile import TemporaryDirectory

import uvicorn

from .settings import ServiceSettings


def run(host: str, port: int) -> None:
    """Serve until a signal says stop."""
    workers = ServiceSettings().workers
    with TemporaryDirectory() as shared:
        if workers > 1:
            # Where the processes add up what they count.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        # Imported where it is used: what counts must know by then whether there are other processes.
        from .telemetry import LOGGING

        uvicorn.run(
            f"{__package__}.app:create_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_config=LOGGING,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )


if __name__ == "__main__":
    run(os.environ["HOST"], int(os.environ["PORT"]))
