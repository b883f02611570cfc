"""The command that starts the service."""

import os
from tempfile import TemporaryDirectory
from typing import Annotated

import typer


def serve(
    host: Annotated[str, typer.Option(envvar="HOST", help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="The port to listen on.")] = 8000,
) -> None:
    """Serve the model that is to answer over HTTP; its pages are at /docs."""
    # Imported where they are used, so that the other commands start at once.
    from .server import Server
    from .settings import ServiceSettings

    settings = ServiceSettings()
    with TemporaryDirectory() as shared:
        if settings.workers > 1:
            # Where the processes add up what they count.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        Server(f"{host}:{port}", settings).run()
