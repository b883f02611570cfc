"""Where the service finds the model that is to answer: in a folder, or in MLflow's registry by plain downloads."""

import base64
import json
import os
import re
import shutil
import tempfile
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ..errors import BundleError
from ..inference.bundle import digest_of, verify_checksums
from ..inference.versions import find_answering
from .settings import PREFIX, ServiceSettings, read_settings

# What the registered model is called.
MODEL = __name__.partition(".")[0]
API = "api/2.0/mlflow"
# Artifacts that MLflow itself hands out; others lie where it only points to.
HANDED_OUT = "mlflow-artifacts"
# In seconds, for each answer to begin.
LONGEST_WAIT = 10
# For a way back, and for processes that still load one.
MOST_KEPT = 3
DIGEST = re.compile(r"[0-9a-f]{64}")
# Names come from elsewhere, and become those of files here.
PLAIN_NAME = re.compile(r"\w[\w.-]*")


class RegistrySettings(BaseSettings):
    """Read from environment variables of the same names with SERVICE_ before them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True)

    # The address of an MLflow, whose registered model answers; without one, it is a folder of models.
    models_uri: str | None = Field(default=None, pattern=r"^https?://\S+$")
    models_alias: str = "champion"
    # Where downloaded models are kept.
    cache_dir: Path = Path(tempfile.gettempdir()) / f"{MODEL}-models"


class Source:
    """The folder of saved models, or the registered model in MLflow."""

    def __init__(self, settings: ServiceSettings, registry: RegistrySettings | None = None) -> None:
        """Read from the settings which of them it is. Raises SettingsError."""
        self._settings = settings
        self._registry = registry or read_settings(RegistrySettings)

    def find(self) -> Path:
        """Return the folder of the model that is to answer, downloaded if it is not here yet.

        Raises BundleError when there is none, or it is not the one that was registered.
        """
        if self._registry.models_uri is None:
            return find_answering(self._settings.models_dir, self._settings.run)
        version = self._ask_for_version()
        tags = {tag["key"]: tag["value"] for tag in version.get("tags", ())}
        name, digest = tags.get("run", ""), tags.get("sha256", "")
        if not PLAIN_NAME.fullmatch(name) or not DIGEST.fullmatch(digest):
            raise BundleError(f"version {version['version']} of {MODEL} was not registered by this project's training")
        folder = self._registry.cache_dir / digest / name
        if not folder.exists():
            self._download(version["source"], folder)
        if (found := digest_of(folder)) != digest:
            raise BundleError(f"{folder} is another model than was registered: its digest is {found}, not {digest}")
        return folder

    def _ask_for_version(self) -> dict[str, Any]:
        """Return the version that the alias points to. Raises BundleError."""
        alias = self._registry.models_alias
        query = urlencode({"name": MODEL, "alias": alias})
        found: dict[str, Any] = self._json(f"{API}/registered-models/alias?{query}")
        return cast(dict[str, Any], found["model_version"])

    def _download(self, source: str, folder: Path) -> None:
        """Download a saved model into a folder that is there whole or not at all. Raises BundleError."""
        parts = urlsplit(source)
        if parts.scheme != HANDED_OUT:
            raise BundleError(
                f"MLflow keeps the model at {source}, and does not hand it out: bring it with the promote command, "
                f"and set {PREFIX}MODELS_DIR in the place of {PREFIX}MODELS_URI"
            )
        path = parts.path.strip("/")
        listed = self._json(f"{API}-artifacts/artifacts?{urlencode({'path': path})}").get("files", [])
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
        try:
            for each in listed:
                name = each["path"].rpartition("/")[2]
                if each.get("is_dir") or not PLAIN_NAME.fullmatch(name):
                    raise BundleError(f"the model in MLflow holds {each['path']!r}, which no saved model does")
                with self._open(f"{API}-artifacts/artifacts/{quote(f'{path}/{name}')}") as answer:
                    self._write(answer, staging / name)
            verify_checksums(staging)
            staging.rename(folder)
        except OSError as error:
            # Another process of the service may have been faster.
            if not folder.exists():
                raise BundleError(f"{folder} cannot be written: {error.strerror or error}") from None
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        self._forget()

    def _forget(self) -> None:
        """Remove downloaded models but the newest."""
        folders = sorted(self._registry.cache_dir.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in folders[:-MOST_KEPT]:
            shutil.rmtree(path, ignore_errors=True)

    @staticmethod
    def _write(answer: BinaryIO, path: Path) -> None:
        """Write what is downloaded to a file. Raises BundleError when it breaks off."""
        try:
            with path.open("wb") as file:
                shutil.copyfileobj(answer, file)
        except (OSError, HTTPException) as error:
            raise BundleError(f"{path.name} could not be downloaded: {error}") from None

    def _json(self, path: str) -> Any:
        """Return what MLflow answers. Raises BundleError."""
        with self._open(path) as answer:
            try:
                return json.load(answer)
            except (ValueError, OSError, HTTPException) as error:
                raise BundleError(f"{self._registry.models_uri} gives no answer that can be read: {error}") from None

    def _open(self, path: str) -> BinaryIO:
        """Return the body of an answer. Raises BundleError when MLflow cannot be reached, or refuses."""
        address = f"{str(self._registry.models_uri).rstrip('/')}/{path}"
        try:
            return cast(BinaryIO, urlopen(Request(address, headers=authorization()), timeout=LONGEST_WAIT))
        except HTTPError as error:
            said = error.read(2_000).decode(errors="replace")
            raise BundleError(f"{self._registry.models_uri} answers {error.code}: {reason_of(said)}") from None
        except (OSError, HTTPException) as error:
            raise BundleError(f"{self._registry.models_uri} cannot be reached: {error}") from None


def reason_of(body: str) -> str:
    """Return the message of an answer that refuses."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return " ".join(body.split())[:200]


def authorization() -> dict[str, str]:
    """Return the header that says who asks, from the variables that MLflow's own clients read."""
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    if user := os.environ.get("MLFLOW_TRACKING_USERNAME"):
        pair = f"{user}:{os.environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}
