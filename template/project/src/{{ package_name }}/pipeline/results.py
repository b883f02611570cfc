"""What steps find, kept so that the next ones can be taken by processes of their own."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..config import Config
from ..errors import ProjectError

RESULTS_FILE = ".pipeline.json"


class StepResult(BaseModel, ABC, frozen=True):
    """What a step has found."""

    @abstractmethod
    def describe(self) -> str:
        """Return it in a sentence."""


Found = TypeVar("Found", bound=StepResult)


class Results(BaseModel):
    """What the steps of a run have found so far, by their names."""

    found: dict[str, dict[str, Any]] = {}

    def of(self, step: str, kind: type[Found]) -> Found:
        """Return what a step has found. Raises ProjectError when it was not taken yet."""
        if step not in self.found:
            raise ProjectError(f"step {step} was not taken yet; take it first, or run the whole pipeline")
        return kind.model_validate(self.found[step])

    def keep(self, step: str, found: StepResult, config: Config) -> None:
        """Write what a step has found. Raises OSError."""
        self.found[step] = found.model_dump(mode="json")
        path = results_path(config)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        unfinished.replace(path)


def results_path(config: Config) -> Path:
    """Return where results are kept."""
    return config.models_dir / RESULTS_FILE


def read_results(config: Config) -> Results:
    """Return what the steps of other processes have found. Raises ProjectError when it cannot be read."""
    path = results_path(config)
    try:
        return Results.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Results()
    except ValidationError:
        raise ProjectError(f"{path} cannot be read; remove it, and run the whole pipeline") from None
