"""The commands for a project that is there already. What they need is imported by those that need it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import click

set_answers = click.option(
    "--set", "assignments", metavar="NAME=VALUE", multiple=True, help="Answer one question; repeatable."
)
_project = click.option(
    "--project", metavar="PATH", default=".", type=Path, help="The project, if not the current folder."
)
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
takes_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def check_json(wanted: bool, defaults: bool) -> None:
    """Make sure that nothing is asked where a program reads.

    Raises:
        UsageError: it would be.
    """
    if wanted and not defaults:
        raise click.UsageError("--json is for programs, which nothing can be asked: add --defaults")


@contextmanager
def json_alone(wanted: bool) -> Iterator[None]:
    """Keep all but the JSON at the end from a program that reads the output; people see it beside."""
    if wanted:
        with redirect_stdout(sys.stderr):
            yield
    else:
        yield


@click.command()
@click.argument("path", default=".", type=Path)
@set_answers
@_dry_run
@click.option("--check", is_flag=True, help="Only say whether there is something newer; the exit code is 2 if so.")
@takes_json
@click.pass_context
def update(
    ctx: click.Context, path: Path, assignments: tuple[str, ...], dry_run: bool, check: bool, as_json: bool
) -> None:
    """Bring a project to the newest template.

    --set changes answers. Every line of yours is kept: in its place, in a conflict that is named, or in a copy that is
    named. Where both sides changed the same lines, the file shows both, and the exit code is 1.
    """
    from mlscaffold import _answers

    given = _answers.gather(assignments, None)
    if check:
        _check(ctx, path.resolve(), given, as_json)
    else:
        _change(ctx, path, given, newest=True, dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("assignments", metavar="NAME=VALUE...", nargs=-1, required=True)
@_project
@_dry_run
@takes_json
@click.pass_context
def add(ctx: click.Context, assignments: tuple[str, ...], project: Path, dry_run: bool, as_json: bool) -> None:
    """Change answers of a project.

    For example deployment=kubernetes or tracking=mlflow. Its template stays at the same version, and your lines are
    kept as by update.
    """
    from mlscaffold import _answers

    _change(ctx, project, _answers.gather(assignments, None), newest=False, dry_run=dry_run, as_json=as_json)


@click.command()
@click.argument("assignments", metavar="[NAME=VALUE...]", nargs=-1)
@_project
@click.option("--patch", is_flag=True, help="Print a patch that git apply takes.")
@takes_json
@click.pass_context
def diff(ctx: click.Context, assignments: tuple[str, ...], project: Path, patch: bool, as_json: bool) -> None:
    """Show what add or update would do.

    With answers it is what add would do with them, else update: file by file, and nothing is written.
    """
    from mlscaffold import _answers

    given = _answers.gather(assignments, None)
    _change(ctx, project, given, newest=not given, dry_run=True, as_json=as_json, patch=patch)


@click.command()
@click.argument("path", default=".", type=Path)
@takes_json
@click.pass_context
def doctor(ctx: click.Context, path: Path, as_json: bool) -> None:
    """Look at a project, and say what is wrong.

    It looks at its tools, environment, data, model, service and template, and changes nothing. The exit code is 1 if
    something is wrong.
    """
    from mlscaffold import _doctor

    findings = _doctor.examine(path.resolve())
    click.echo(_doctor.as_json(findings) if as_json else _doctor.as_text(findings))
    ctx.exit(1 if any(each.state == "wrong" for each in findings) else 0)


@click.command()
@click.argument("path", default=".", type=Path)
@set_answers
@click.option("--answers", "file", metavar="FILE", type=Path, help="Read answers from a YAML or JSON file; --set wins.")
@click.option("--defaults", is_flag=True, help="Ask nothing; take the default of every other question.")
@_dry_run
@takes_json
def adopt(
    path: Path, assignments: tuple[str, ...], file: Path | None, defaults: bool, dry_run: bool, as_json: bool
) -> None:
    """Add to a project made in another way.

    What one from the template would have is put beside what is there. No file is overwritten; those that the template
    would make in another way are named.
    """
    check_json(as_json, defaults)
    from mlscaffold import _answers, _ask, _source

    answers, source = _answers.gather(assignments, file), _source.find_source()
    _ask.begin(str(path), defaults, plain=False)
    from mlscaffold import _adopt, _decide, _report

    request = _decide.Request(str(path), answers, defaults, dry_run, git=False, source=source)
    with json_alone(as_json):
        found = _adopt.adopt(request, path.resolve())
    _report.notes(found.notes)
    click.echo((_adopt.as_json if as_json else _adopt.as_text)(found, not dry_run))


def _change(
    ctx: click.Context,
    path: Path,
    given: dict[str, str],
    *,
    newest: bool,
    dry_run: bool,
    as_json: bool,
    patch: bool = False,
) -> None:
    from mlscaffold import _changes, _report, _update

    outlook = (_update.look_ahead if dry_run else _update.change)(path.resolve(), given, newest)
    _report.notes(outlook.notes)
    tell = _changes.as_json if as_json else _changes.as_text
    click.echo(outlook.patch if patch else tell(outlook, not dry_run), nl=not patch)
    ctx.exit(1 if outlook.plan.conflicts and not dry_run else 0)


def _check(ctx: click.Context, path: Path, given: dict[str, str], as_json: bool) -> None:
    import json

    from mlscaffold import _versions

    if given:
        raise click.UsageError("--check looks at versions alone: leave --set out")
    before, after = _versions.newer(path)
    if as_json:
        click.echo(json.dumps({"folder": str(path), "before": before, "after": after, "newer": before != after}))
    elif before == after:
        click.echo(f"Already up to date with the template, {after}.")
    else:
        click.echo(f"The template has something newer: {before} -> {after}. mlscaffold diff shows what it changes.")
    ctx.exit(2 if before != after else 0)


COMMANDS = (update, add, diff, doctor, adopt)
