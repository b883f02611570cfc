"""Tools for people who work on the template."""

import sys
from typing import NoReturn

from mlscaffold._errors import MlscaffoldError


def stop(error: MlscaffoldError) -> NoReturn:
    """End with what is wrong and the next step."""
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
