"""`python -m acme_ml` runs the command line."""

from .cli import main

main()
