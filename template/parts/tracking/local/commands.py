"""The command about runs."""

import typer

from .options import PARAMS, AsJson, Page, Params, Sort

runs = typer.Typer(help="List the runs with what they measured, the newest last; show tells what differs.")


@runs.callback(invoke_without_command=True)
def list_runs(
    context: typer.Context, params: Params = PARAMS, sort: Sort = "age", as_json: AsJson = False, page: Page = False
) -> None:
    """List the runs with what they measured, the newest last."""
    from .listing import list_runs as act

    if context.invoked_subcommand is None:
        act(params, sort=sort, as_json=as_json, page=page)
