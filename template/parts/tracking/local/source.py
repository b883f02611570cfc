"""Where the service finds the model that is to answer."""

from pathlib import Path

from ..inference.versions import find_answering
from .settings import ServiceSettings


class Source:
    """The folder of saved models."""

    def __init__(self, settings: ServiceSettings) -> None:
        """Read from the settings where it is."""
        self._settings = settings

    def find(self) -> Path:
        """Return the folder of the model that is to answer. Raises BundleError when there is none."""
        return find_answering(self._settings.models_dir, self._settings.run)
