"""Write and read a fitted pipeline as a skops file, which may hold classes of these names alone.

That keeps a file from running code. It does not say who made the file; neither do checksums, as whoever made it wrote
them. The digest of the checksums, kept elsewhere, does: `bundle.py` compares it.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from skops.io import dump, get_untrusted_types, load

from ..errors import BundleError

# What the models of this project need beside the estimators of scikit-learn, which skops knows. A class that is listed
# here is made, and filled, with whatever the file says: list no function, and no class that acts on what it is given.
TRUSTED = (
    "numpy.dtype",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.tree._tree.Tree",
)
# Where the estimators of this project itself are.
ROOMS = tuple(f"{__name__.partition('.')[0]}.{room}." for room in ("data", "training"))


def dump_trusted(model: Any, path: Path) -> None:
    """Write a fitted pipeline. Raises BundleError when `load_trusted` would refuse it."""
    dump(model, path)
    check_names(path)


def load_trusted(path: Path) -> Any:
    """Read a fitted pipeline. Raises BundleError for a name that is not trusted, before anything of it is made."""
    try:
        return load(path, trusted=check_names(path))
    except (FileNotFoundError, ImportError, AttributeError) as error:
        raise BundleError(f"{path} does not suit the code of this project, train again: {error}") from error


def check_names(path: Path) -> list[str]:
    """Return the names in a file that skops does not know and this project trusts. Raises BundleError for others."""
    found = get_untrusted_types(file=path)
    if refused := [name for name in found if not is_trusted(name)]:
        raise BundleError(
            f"{path} holds {', '.join(refused)}, which no model of this project needs; do not load it, unless you made "
            f"it with a class of your own: then list its exact name under TRUSTED in {Path(__file__).name}"
        )
    return list(found)


def is_trusted(name: str) -> bool:
    """Return whether a name is listed, or that of an estimator of this project, and leads to the class it says."""
    own = name.startswith(ROOMS)
    if not own and name not in TRUSTED:
        return False
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute)
    # A module also holds what it imports: functions that run programs are among that.
    named = isinstance(found, type) and f"{found.__module__}.{found.__qualname__}" == name
    return named and (not own or issubclass(found, BaseEstimator))
