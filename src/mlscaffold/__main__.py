"""Run the command line: `mlscaffold` or `python -m mlscaffold`."""

import io
import sys

from mlscaffold._cli import cli


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal cannot show is no reason to fail after the work is done.
            stream.reconfigure(errors="replace")
    cli(prog_name="mlscaffold")


if __name__ == "__main__":
    main()
