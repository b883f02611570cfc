"""`python -m acme_ml` runs the command line, with the service among its commands."""

from typing import Annotated

import typer

from .cli import app, main


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
) -> None:
    """Serve the model that is to answer over HTTP; its pages are at /docs."""
    # Imported where it is used, so that the other commands start at once.
    from .service.server import run

    run(host, port)


main()
