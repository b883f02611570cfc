"""A page that shows the table before anything is learned from it."""

import textwrap
from math import ceil
from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..columns import Column
from ..data.summary import Summary
from ..schema import Schema
from .plots import COLOR, figure_of, new_axes
from .report import write_page

MAX_COLUMNS = 24
MAX_ROWS = 20_000
MAX_SHOWN = 100


def write_exploration(frame: pd.DataFrame, schema: Schema, folder: Path) -> Path:
    """Write figures and one page about the table's columns; return the page. Large tables are sampled."""
    columns = list(schema.held[:MAX_COLUMNS])
    sample = frame.sample(MAX_ROWS, random_state=0) if len(frame) > MAX_ROWS else frame
    figures = {"distributions": draw_distributions(sample, columns), "missing": draw_missing(frame, schema)}
    if sum(column.kind == "number" for column in columns) > 1:
        figures["correlations"] = draw_correlations(sample, columns)
    summary = Summary.model_validate(frame.attrs["summary"])
    facts = {
        "rows read": summary.rows,
        **{f"rows left out: {reason}": count for reason, count in summary.rows_left_out.items()},
        "rows": len(frame),
        "columns": len(schema.columns),
        "repeated rows": int(frame.duplicated().sum()),
    }
    left_out = summary.columns_left_out | dict.fromkeys(summary.columns_unknown, "is not known to the schema")
    tables = {
        "The table": pd.DataFrame(facts.items(), columns=["what", "count"]),
        "Its columns": pd.DataFrame([describe_column(frame, column) for column in columns]),
        "Left out": pd.DataFrame(left_out.items(), columns=["column", "because it"]),
    }
    page = write_page(folder, f"Data: {schema.source}", tables, figures)
    summary.save(folder)
    return page


def summarize(frame: pd.DataFrame, schema: Schema) -> str:
    """Return how much data there is, in words."""
    return f"{len(frame)} rows and {len(schema.columns)} columns"


def describe_column(frame: pd.DataFrame, column: Column) -> dict[str, object]:
    """Return what is known of the column, as one row of a table."""
    return {
        "column": column.name,
        "kind": column.kind,
        "missing": int(frame[column.name].isna().sum()),
        "values": textwrap.shorten(column.seen, MAX_SHOWN) or "True, False",
    }


def draw_distributions(frame: pd.DataFrame, columns: list[Column]) -> Figure:
    """Draw one small histogram or bar chart for each column."""
    across = min(3, len(columns))
    down = ceil(len(columns) / across)
    figure = Figure(figsize=(4 * across, 2.6 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for column, axes in zip(columns, panels, strict=False):
        draw_distribution(axes, frame[column.name], column)
    for axes in panels[len(columns) :]:
        axes.set_axis_off()
    return figure


def draw_distribution(axes: Axes, values: pd.Series, column: Column) -> None:
    """Draw one column: a histogram of numbers or dates, or a bar for each category."""
    if column.kind == "number":
        bins = "auto" if values.nunique() > 10 else 10
        sns.histplot(x=values.dropna().astype(float), ax=axes, color=COLOR, bins=bins)
    elif column.kind == "date":
        with rc_context({"date.converter": "concise"}):
            sns.histplot(x=pd.to_datetime(values.dropna(), unit="s"), ax=axes, color=COLOR)
    else:
        counts = values.dropna().astype(str).value_counts().head(12)
        sns.barplot(x=counts.to_numpy(), y=counts.index, ax=axes, color=COLOR)
    axes.set(title=column.name, xlabel="", ylabel="")
    sns.despine(ax=axes)


def draw_missing(frame: pd.DataFrame, schema: Schema) -> Figure:
    """Draw the share of missing values of each column that has any."""
    share = 100 * frame[[column.name for column in schema.columns]].isna().mean()
    share = share[share > 0].sort_values().tail(MAX_COLUMNS)
    axes = new_axes("Missing values", "percent of rows", "", size=(6, 1 + 0.35 * max(2, len(share))))
    if share.empty:
        axes.text(0.5, 0.5, "No value is missing", ha="center", va="center", transform=axes.transAxes)
        axes.set_yticks([])
    axes.barh(share.index, share.to_numpy(), color=COLOR)
    return figure_of(axes)


def draw_correlations(frame: pd.DataFrame, columns: list[Column]) -> Figure:
    """Draw Pearson's correlation of every pair of numeric columns."""
    table = frame[[column.name for column in columns if column.kind == "number"]].corr()
    size = 2.5 + 0.55 * len(table)
    axes = new_axes("Correlations", "", "", size=(size + 1, size))
    sns.heatmap(table, ax=axes, vmin=-1, vmax=1, cmap="vlag", annot=len(table) <= 12, fmt=".2f", square=True)
    axes.grid(visible=False)
    return figure_of(axes)
