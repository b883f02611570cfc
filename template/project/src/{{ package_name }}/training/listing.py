"""What the command about runs prints."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from ..config import Config, load_config
from ..errors import ProjectError
from .options import shown
from .runs import (
    RunRecord,
    describe_run,
    differences,
    find_run,
    read_runs,
    sort_rows,
    summarize,
    write_age,
    write_row,
    write_value,
)

# What a narrow terminal has room for, and which of it is a value of the metric.
NARROW, MEASURED = ["run", "held out", "folds", "age"], ("held out", "folds")
# In characters: from where on a terminal has room for all columns, and what a file gets.
LEAST_WIDE, WIDE = 130, 200


def list_runs(params: Path, *, sort: str, as_json: bool, page: bool) -> None:
    """Print the runs as a table, or as JSON; write the page that compares them, if it is wanted.

    Raises ProjectError when there are none.
    """
    config = load_config(params)
    records = known_runs(config)
    rows = sort_rows([summarize(record, config.evaluation.metric) for record in records], sort, lower_for(sort))
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
    else:
        print_table(rows)
    if page:
        # Drawing takes a second to import, and the list alone needs none of it.
        from .runs_page import write_runs_page

        written = write_runs_page(records, config.evaluation.metric, config.reports_dir)
        typer.echo(f"Page: {shown(written)}", err=as_json)


def lower_for(sort: str) -> frozenset[str]:
    """Return the metrics of which less is better, where the runs are sorted by one; they take a second to import."""
    if sort != "metric":
        return frozenset()
    from ..evaluation.metrics import LOWER_IS_BETTER

    return frozenset(LOWER_IS_BETTER)


def known_runs(config: Config) -> list[RunRecord]:
    """Return all runs, the newest last. Raises ProjectError when there are none."""
    if not (records := read_runs(config.runs_dir, config.models_dir)):
        raise ProjectError(f"{shown(config.runs_dir)} holds no run yet; run the train command first")
    return records


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print the table of runs; a narrow terminal has no room for some columns, and says so."""
    console = Console() if Console().is_terminal else Console(width=WIDE)
    now, metrics = datetime.now(UTC), {row["metric"] for row in rows}
    metric = f"{next(iter(metrics))},\n" if len(metrics) == 1 else ""
    described = [{**write_row(row), "age": write_age(row["started"], now)} for row in rows]
    narrow = console.width < LEAST_WIDE
    names = NARROW if narrow else list(described[0])
    heads = [f"{metric}{name}" if name in MEASURED else name for name in names]
    table = Table(*heads, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = True
    for each in described:
        table.add_row(*(each[name] for name in names))
    console.print(table)
    if narrow:
        typer.echo("A wider terminal has room for model, command, data, commit and changed settings; so has --json.")


def show_runs(params: Path, names: list[str]) -> None:
    """Print all that is known of a run, or what differs between several. Raises ProjectError for an unknown one."""
    records = known_runs(load_config(params))
    chosen = [find_run(records, name) for name in names]
    table = Table(Column("", overflow="fold"), *(Column(record.name, overflow="fold") for record in chosen))
    described = {key: [value] for key, value in describe_run(chosen[0]).items()}
    rows = differences(chosen) if chosen[1:] else described
    for key, values in rows.items():
        table.add_row(key, *map(write_value, values))
    Console().print(table if rows else "These runs are the same in all that is recorded.")
