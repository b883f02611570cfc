"""The ways to search that params.yaml can name."""

from collections.abc import Callable

from .grid import search_grid
from .trials import Task, Trial

SEARCHES: dict[str, Callable[[Task], list[Trial]]] = {"grid": search_grid}
