"""The command about runs."""

from typing import Annotated

import typer

from .options import PARAMS, AsJson, Page, Params, Sort

runs = typer.Typer(help="List the runs with what they measured, the newest last; show tells what differs.")


@runs.callback(invoke_without_command=True)
def list_runs(
    context: typer.Context,
    params: Params = PARAMS,
    sort: Sort = "age",
    as_json: AsJson = False,
    page: Page = False,
    sync: Annotated[bool, typer.Option("--sync", help="Send to MLflow what it lacks.")] = False,
) -> None:
    """List the runs with what they measured, the newest last."""
    from ..config import load_config
    from .listing import list_runs as act

    if context.invoked_subcommand is not None:
        return
    if sync:
        from .remote import sync as send

        for name in send(load_config(params)):
            typer.echo(f"Sent: {name}")
        typer.echo("MLflow has all runs")
    else:
        act(params, sort=sort, as_json=as_json, page=page)
