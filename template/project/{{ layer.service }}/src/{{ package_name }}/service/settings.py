"""What the environment decides about the service."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Read from environment variables of the same names with SERVICE_ before them; an empty one counts as not set."""

    model_config = SettingsConfigDict(env_prefix="SERVICE_", env_ignore_empty=True, frozen=True)

    models_dir: Path = Path("models")
    run: str | None = None
    # How often to look for another model, in seconds; 0 is never.
    reload_seconds: float = Field(default=5, ge=0)

    # What clients must send as X-API-Key; nothing if there is none.
    api_key: SecretStr | None = Field(default=None, min_length=16)
    # A platform may prescribe other paths.
    predict_path: str = Field(default="/predict", pattern=r"^/[\w/-]+$")
    ready_path: str = Field(default="/ready", pattern=r"^/[\w/-]+$")

    max_rows: int = Field(default=1_000, ge=1)
    max_bytes: int = Field(default=10_000_000, ge=1)
    # Predictions at a time; more are refused, and may be tried again.
    max_concurrency: int = Field(default=32, ge=1)
    # For a body to arrive, and for its answer, in seconds.
    timeout: float = Field(default=30, gt=0)

    workers: int = Field(default=1, ge=1)
    # How long new requests are still answered after a stop signal, until load balancers have seen that it is not ready.
    drain_seconds: float = Field(default=1, ge=0)
