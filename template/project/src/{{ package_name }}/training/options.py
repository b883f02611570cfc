"""Options that several commands share, and paths as a person would type them. It is imported by --help."""

from pathlib import Path
from typing import Annotated

import typer

PARAMS = Path("params.yaml")

Params = Annotated[Path, typer.Option(help="The settings; paths in them are relative to this file.")]
RunName = Annotated[
    str | None, typer.Option("--run", help="A folder below models/, or the end of its name; the newest if not given.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Another value for a key of params.yaml, such as seed=7."),
]
ModelName = Annotated[str | None, typer.Option("--model", help="Another model than the one params.yaml names.")]

RunLabel = Annotated[str | None, typer.Option("--name", help="What to call the run, behind the time of its start.")]
Sort = Annotated[str, typer.Option(help="By age, name, model, metric, data or commit.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Page = Annotated[bool, typer.Option("--page", help="Write a page that compares them, reports/runs/index.html.")]


def changes_of(changes: list[str] | None, model: str | None) -> list[str]:
    """Return what is to be changed in the settings, the model's name among it."""
    return [*(changes or []), *([f"model={model}"] if model else [])]


def shown(path: Path) -> str:
    """Return the path as a person would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
