"""The command about the pipeline."""

from typing import Annotated

import typer

from ..training.options import PARAMS, Params

pipeline = typer.Typer(
    help="Take new data in, train, and let the new model answer if it is better.", no_args_is_help=True
)


@pipeline.command()
def run(
    params: Params = PARAMS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept the data, however much it differs from that of the run before.")
    ] = False,
) -> None:
    """Take all steps, one after the other; after a run that was killed or failed, go on from what it had done."""
    from ..config import load_config
    from .run import plan, run_pipeline

    config = load_config(params)
    if dry_run:
        for line in plan(config):
            typer.echo(line)
    else:
        run_pipeline(config, accept=accept)


@pipeline.command()
def step(
    name: Annotated[str, typer.Argument(help="Its name; `pipeline steps` lists them.")],
    params: Params = PARAMS,
) -> None:
    """Take one step, after those before it, and print what it found as a line of JSON."""
    from ..config import load_config
    from .run import take_step

    typer.echo(take_step(load_config(params), name).model_dump_json())


@pipeline.command()
def steps() -> None:
    """List the steps in their order."""
    from .order import STEPS

    for name in STEPS:
        typer.echo(name)
