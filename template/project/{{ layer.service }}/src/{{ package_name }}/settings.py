"""What the environment decides about the service."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Read from environment variables of the same names with SERVICE_ before them."""

    model_config = SettingsConfigDict(env_prefix="SERVICE_", frozen=True)

    models_dir: Path = Path("models")
    run: str | None = None
    max_rows: int = Field(default=1_000, ge=1)
    max_bytes: int = Field(default=10_000_000, ge=1)
