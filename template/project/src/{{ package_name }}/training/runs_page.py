"""One page that compares runs: their metrics over time, their settings side by side, figures beside each other."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ..evaluation.plots import MUTED, PALETTE, figure_of, new_axes
from ..evaluation.report import write_page
from ..inference.naming import find_metric
from .runs import RunRecord, differences, summarize, write_row, write_value

# So many of the newest runs stand side by side; all are in the table and the first figure.
SIDE_BY_SIDE = 4
# So many times are written below the figure at most.
MOST_TIMES = 8
MARKERS = {"train": "o", "tune": "D", "compare": "x"}


def write_runs_page(records: Sequence[RunRecord], asked: str, reports: Path) -> Path:
    """Write reports/runs/index.html and return it; `asked` is the metric of params.yaml."""
    metrics = sorted({summarize(record, asked)["metric"] for record in records})
    tables = {f"Runs, by {', '.join(metrics)}": runs_table(records, asked)}
    newest = [record for record in records if record.command != "compare"][: -SIDE_BY_SIDE - 1 : -1]
    if len(newest) > 1:
        tables[f"What differs between the newest {len(newest)}"] = differences_table(newest)
    pictures = {record.name: sorted((reports / record.name).glob("*.png")) for record in newest}
    return write_page(
        reports / "runs", "Runs", tables, {"metric over time": draw_over_time(records, asked)}, beside=pictures
    )


def runs_table(records: Iterable[RunRecord], asked: str) -> pd.DataFrame:
    """Return one row for each run, the newest on top."""
    return pd.DataFrame([write_row(summarize(record, asked)) for record in reversed(list(records))])


def differences_table(records: Sequence[RunRecord]) -> pd.DataFrame:
    """Return one row for each thing that is not the same in all runs, and a column for each run."""
    names = [record.name for record in records]
    rows = [[key, *map(write_value, values)] for key, values in differences(records).items()]
    return pd.DataFrame(rows, columns=["", *names])


def draw_over_time(records: Sequence[RunRecord], asked: str) -> Figure:
    """Draw the metric of each run in their order, a color for each model, with the spread over the folds."""
    measured = [record.metrics or record.mean for record in records]
    metric = find_metric(asked, {name for each in measured for name in each})
    axes = new_axes(f"{metric} over time", "", metric, size=(10, 4))
    models = sorted({record.lineage.model for record in records})
    for place, (record, numbers) in enumerate(zip(records, measured, strict=True)):
        model, value = record.lineage.model, numbers.get(metric)
        if value is not None:
            axes.errorbar(
                [place],
                [value],
                record.spread.get(metric) or 0.0,
                fmt=MARKERS.get(record.command, "o"),
                color=PALETTE[models.index(model) % len(PALETTE)],
                ecolor=MUTED,
                capsize=3,
                label=f"{model}, {record.command}",
            )
    # Evenly spaced: runs come in bursts, with days between them.
    shown = range(0, len(records), len(records) // MOST_TIMES + 1)
    axes.set_xticks(list(shown), [write_start(records[place]) for place in shown])
    # One line in the legend for all runs of a kind.
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    if handles:
        axes.legend(handles.values(), handles.keys(), loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure_of(axes)


def write_start(record: RunRecord) -> str:
    """Return day and time, in UTC, when a run was started."""
    return f"{record.started:%Y-%m-%d\n%H:%M}" if record.started else ""
