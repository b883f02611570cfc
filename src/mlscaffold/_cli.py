"""The command line. Copier and all that comes with it is imported only by the commands that need it."""

from pathlib import Path

import click

from mlscaffold._errors import MlscaffoldError, Stopped
from mlscaffold._later import COMMANDS, check_json, json_alone, set_answers, takes_json


class _Group(click.Group):
    """A group whose commands end in a message and an exit code, never in a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MlscaffoldError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            where = f": {error.filename}" if error.filename else ""
            click.echo(f"error: {error.strerror or error}{where}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt as error:
            stopped = error if isinstance(error, Stopped) else Stopped()
            click.echo(f"\n{stopped.message}", err=True)
            ctx.exit(stopped.exit_code)


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from mlscaffold._source import version

        click.echo(f"mlscaffold {version()}")
        ctx.exit()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
def cli() -> None:
    """Make machine-learning projects that work, and keep them up to date."""
    from mlscaffold._git import forget_outer_repository

    forget_outer_repository()


@cli.command()
@click.argument("path", required=False)
@set_answers
@click.option("--answers", "file", metavar="FILE", type=Path, help="Read answers from a YAML or JSON file; --set wins.")
@click.option("--defaults", is_flag=True, help="Ask nothing; take the default of every other question.")
@click.option("--dry-run", is_flag=True, help="Show the files it would make, and make none.")
@click.option("--no-git", is_flag=True, help="Make no repository and no first commit.")
@click.option(
    "--data",
    metavar="PATH",
    type=Path,
    help="Learn from this table, or folder of images; it is copied.",
)
@click.option("--target", metavar="COLUMN", help="The column of the table that is to be predicted.")
@click.option(
    "--param", "params", metavar="KEY=VALUE", multiple=True, help="With --data, a value of params.yaml; repeatable."
)
@click.option(
    "--on-conflict",
    type=click.Choice(["keep", "replace", "stop"]),
    help="What becomes of a README and the like that are there already; a terminal asks.",
)
@click.option("--run", is_flag=True, help="Then set the project up and train its model.")
@click.option("--plain", is_flag=True, help="Ask line by line, for screen readers and simple terminals.")
@click.option("--link-data", is_flag=True, help="Put a link to the table into the project instead of a copy.")
@takes_json
def new(
    path: str | None,
    assignments: tuple[str, ...],
    file: Path | None,
    defaults: bool,
    dry_run: bool,
    no_git: bool,
    data: Path | None,
    target: str | None,
    params: tuple[str, ...],
    link_data: bool,
    run: bool,
    on_conflict: str | None,
    plain: bool,
    as_json: bool,
) -> None:
    """Make a project in PATH, a new or empty folder, or a repository with nothing but a README and a licence.

    In a terminal it asks what it needs to know. With --data it looks at a table of yours, says what it holds, and
    proposes what to predict and how. The environment variable MLSCAFFOLD_TEMPLATE, a folder or a git URL, replaces the
    template.
    """
    if run and dry_run:
        raise click.UsageError("--dry-run makes nothing that --run could train")
    check_json(as_json, defaults)
    if run and as_json:
        raise click.UsageError("with --run, make says what it does: leave --json out")
    if run:
        from mlscaffold import _run

        _run.check_ready()
    from mlscaffold import _answers, _ask, _params, _source

    answers, source = _answers.gather(assignments, file), _source.find_source()
    said = _params.read_params(params)
    place = _ask.begin(path, defaults, plain)
    from mlscaffold import _decide, _new, _report

    request = _decide.Request(
        path, answers, defaults, dry_run, not no_git, source, data, target, link_data, on_conflict, plain, said, place
    )
    with json_alone(as_json):
        created = _new.create_project(request)
    _report.notes(created.notes)
    if as_json:
        click.echo(_report.as_json(created, not dry_run))
    else:
        click.echo(_report.planned(created) if dry_run else _report.created(created, trained=run))
    if run:
        page = _run.set_up_and_train(created.folder)
        click.echo(f"\nReport: {page}\nNext: {_report.into(created)}make {_run.next_target(created.folder)}")


@cli.command()
@takes_json
def options(as_json: bool) -> None:
    """List the questions, their choices and what they mean."""
    from mlscaffold import _options, _source

    found = _options.read_options(_source.find_source())
    click.echo(_options.as_json(found) if as_json else _options.as_text(found))


for _command in COMMANDS:
    cli.add_command(_command)
