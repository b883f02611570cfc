"""Copier's errors, warnings and remarks, in mlscaffold's own words."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO

import yaml
from copier.errors import CopierError, DirtyLocalWarning
from jinja2 import TemplateError
from plumbum import ProcessExecutionError

from mlscaffold._errors import MlscaffoldError

DIRTY = "the template has uncommitted changes, and they were used"


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Keep Copier's own remarks from the terminal; yield a list that gets its warnings."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught, redirect_stderr(StringIO()):
        warnings.simplefilter("always")
        try:
            yield notes
        finally:
            notes.extend(_note(warning.message) for warning in caught if isinstance(warning.message, UserWarning))


def _note(warning: Warning | str) -> str:
    if isinstance(warning, DirtyLocalWarning):
        return DIRTY
    return str(warning)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn whatever Copier and what it stands on raise into one error that starts with `doing`.

    Raises:
        MlscaffoldError: anything but an interrupt went wrong.
    """
    try:
        yield
    except ProcessExecutionError as error:
        said = str(error.stderr).strip().splitlines()
        raise MlscaffoldError(f"{doing}: git says: {said[-1] if said else f'exit code {error.retcode}'}") from error
    except TemplateError as error:
        raise MlscaffoldError(f"{doing}: {type(error).__name__}: {error}") from error
    except (CopierError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise MlscaffoldError(f"{doing}: {error}") from error
