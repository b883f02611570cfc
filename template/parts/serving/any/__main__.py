"""`python -m acme_ml` runs the command line, with the service among its commands."""

from .cli import app, main
from .serve import serve

app.command()(serve)
main()
