"""What the environment decides about the service."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ..errors import ProjectError

PREFIX = "SERVICE_"
SHORTEST_KEY = 16


class Sampling(NamedTuple):
    """Where requests are kept, and which share of them."""

    folder: Path
    share: float


Settings = TypeVar("Settings", bound=BaseSettings)


class SettingsError(ProjectError):
    """A setting of the service is wrong, or it would be open to everybody without anybody having said so."""


class ServiceSettings(BaseSettings):
    """Read from environment variables of the same names with SERVICE_ before them; an empty one counts as not set."""

    # What is wrong with a key may be told, and the key may not.
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True)

    models_dir: Path = Path("models")
    run: str | None = None
    # The digest of the one model that may answer, as the promote command tells it; any may if there is none.
    model_sha256: str | None = Field(default=None, pattern=r"^[0-9a-fA-F]{64}$")
    # How often to look for another model, in seconds; 0 is never.
    reload_seconds: float = Field(default=5, ge=0)

    # What clients must send as X-API-Key, or as a bearer token.
    api_key: SecretStr | None = None
    # Whether everybody may ask when there is no key.
    open: bool = False
    # Whether everybody may see these when there is a key.
    public_metrics: bool = False
    public_docs: bool = False

    # A platform may prescribe other paths.
    predict_path: str = Field(default="/predict", pattern=r"^/[\w/-]+$")
    ready_path: str = Field(default="/ready", pattern=r"^/[\w/-]+$")
    # What a proxy in front of the service takes off the paths.
    root_path: str = Field(default="", pattern=r"^(/[\w.~-]+)*$")

    max_rows: int = Field(default=1_000, ge=1)
    max_bytes: int = Field(default=10_000_000, ge=1)
    # What the bodies of all requests of a process may take together.
    max_held_bytes: int = Field(default=200_000_000, ge=1)
    max_header_bytes: int = Field(default=65_536, ge=1_024)
    # Predictions at a time; more are refused, and may be tried again.
    max_concurrency: int = Field(default=32, ge=1)
    # For a body to arrive, and for its answer, in seconds.
    timeout: float = Field(default=30, gt=0)
    # For a header to arrive, in seconds.
    header_timeout: float = Field(default=10, gt=0)
    # How long a connection without requests stays open: longer than load balancers keep theirs, which is 60 seconds.
    keep_alive: int = Field(default=75, ge=1)

    # How often the log tells what was counted, in seconds; 0 is never.
    log_counts_seconds: float = Field(default=0, ge=0)
    # A folder and a share of the requests, such as data/sampled,0.01: so many are kept there, values and all.
    sample_inputs: Annotated[Sampling | None, NoDecode] = None

    workers: int = Field(default=1, ge=1)
    # How long new requests are still answered after a stop signal, until load balancers have seen that it is not ready.
    drain_seconds: float = Field(default=1, ge=0)

    @field_validator("sample_inputs", mode="before")
    @classmethod
    def read_sampling(cls, given: object) -> Sampling | None:
        """Return the folder and the share. Raises ValueError for what says no share above 0, and of 1 at the most."""
        if given is None or isinstance(given, Sampling):
            return given
        folder, _, share = str(given).rpartition(",")
        try:
            told = float(share)
        except ValueError:
            told = 0
        if not folder.strip() or not 0 < told <= 1:
            raise ValueError("must be a folder and a share of the requests, such as data/sampled,0.01")
        return Sampling(Path(folder.strip()), told)

    @field_validator("api_key", mode="after")
    @classmethod
    def check_key(cls, key: SecretStr | None) -> SecretStr | None:
        """Return the key without the end of the line that files have. Raises ValueError for one that cannot be sent."""
        if key is None:
            return None
        stripped = key.get_secret_value().strip()
        if len(stripped) < SHORTEST_KEY:
            raise ValueError(f"has {len(stripped)} characters, and must have {SHORTEST_KEY} or more")
        if not (stripped.isascii() and stripped.isprintable()):
            raise ValueError("must be of printable ASCII characters, as headers are")
        return SecretStr(stripped)


def read_settings(kind: type[Settings]) -> Settings:
    """Return the settings that the environment gives. Raises SettingsError that names variables, and no values."""
    try:
        return kind()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    told = [f"{PREFIX}{str(each['loc'][0]).upper()} {each['msg'].removeprefix('Value error, ')}" for each in found]
    raise SettingsError("; ".join(told))


def is_local(host: str) -> bool:
    """Return whether an address is reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
