"""Figures of a table's columns: each by itself, against the target, and two by two."""

from collections.abc import Callable, Sequence
from math import ceil

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ..columns import Column
from .associations import is_number
from .plots import COLOR, MUTED, PALETTE, figure_of, new_axes

MAX_WORDS = 12
MAX_POINTS = 2_000
BOX_SHARE = 0.18
ACROSS = 3


def draw_each(columns: Sequence[Column], draw: Callable[[Axes, Column], None], height: float = 2.8) -> Figure:
    """Return a figure with one small panel for each column, as a function draws it."""
    across = min(ACROSS, len(columns))
    down = ceil(len(columns) / across)
    figure = Figure(figsize=(4 * across, height * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for column, axes in zip(columns, panels, strict=False):
        draw(axes, column)
        sns.despine(ax=axes)
    for axes in panels[len(columns) :]:
        axes.set_axis_off()
    return figure


def draw_distributions(frame: pd.DataFrame, columns: Sequence[Column]) -> Figure:
    """Draw each column: a histogram of numbers or dates with a box above it, or a bar for each word."""

    def draw(axes: Axes, column: Column) -> None:
        values = frame[column.name].dropna()
        if column.kind in ("number", "date"):
            draw_histogram(axes, values, column)
        else:
            counts = values.astype(str).value_counts().head(MAX_WORDS)
            sns.barplot(x=counts.to_numpy(), y=counts.index, ax=axes, color=COLOR)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        axes.set(title=column.name, xlabel="", ylabel="")

    return draw_each(columns, draw)


def draw_histogram(axes: Axes, values: pd.Series, column: Column) -> None:
    """Draw a histogram, and a box plot in the upper part of the same axes."""
    numbers = as_shown(values, column)
    sns.histplot(x=numbers, ax=axes, color=COLOR, bins=bins_of(numbers))
    top = axes.get_ylim()[1] / (1 - BOX_SHARE)
    axes.set_ylim(0, top)
    axes.boxplot(
        numbers,
        orientation="horizontal",
        positions=[top * (1 - BOX_SHARE / 2)],
        widths=[top * BOX_SHARE / 2],
        manage_ticks=False,
        flierprops={"markersize": 2, "markeredgecolor": MUTED},
        medianprops={"color": PALETTE[1]},
    )
    scale_of(axes, values, column)


def as_shown(values: pd.Series, column: Column) -> NDArray[np.float64]:
    """Return numbers as they are, and dates in days since 1970, as matplotlib counts them."""
    numbers = values.to_numpy(np.float64)
    return numbers / 86_400 if column.kind == "date" else numbers


def bins_of(numbers: NDArray[np.float64]) -> int | Sequence[float] | str:
    """Return the bins of a histogram: one for each of a few whole numbers."""
    if len(numbers) and (numbers == np.floor(numbers)).all() and np.ptp(numbers) <= 40:
        return list(np.arange(numbers.min() - 0.5, numbers.max() + 1.5))
    return "auto" if len(np.unique(numbers)) > 10 and np.ptp(np.quantile(numbers, [0.25, 0.75])) else 30


def scale_of(axes: Axes, values: pd.Series, column: Column, along: str = "x") -> None:
    """Label the axis of a column: whole numbers by whole numbers, dates by dates."""
    axis = axes.xaxis if along == "x" else axes.yaxis
    if column.kind == "date":
        locator = AutoDateLocator(maxticks=5)  # type: ignore[no-untyped-call]
        axis.set_major_locator(locator)
        axis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    elif len(values) and (numbers := values.to_numpy(np.float64) == np.floor(values.to_numpy(np.float64))).all():
        axis.set_major_locator(MaxNLocator(integer=bool(numbers.all()), nbins=6))


def draw_against(frame: pd.DataFrame, columns: Sequence[Column], target: Column) -> Figure:
    """Draw each column against the target: points of two numbers, boxes of a number and words, shares of words."""

    def draw(axes: Axes, column: Column) -> None:
        rows = frame[[column.name, target.name]].dropna()
        words = [each for each in (column, target) if not is_number(each) or each.kind == "boolean"]
        if not words:
            draw_points(axes, rows, column, target)
        elif len(words) == 1:
            draw_boxes(axes, rows, words[0], column if words[0] is target else target)
        else:
            draw_shares(axes, rows, column, target)
        axes.set_title(column.name)

    figure = draw_each(columns, draw, height=3.0)
    figure.suptitle(f"Each column against {target.name}")
    return figure


def draw_points(axes: Axes, rows: pd.DataFrame, across: Column, up: Column) -> None:
    """Draw two numbers as points."""
    some = rows.sample(min(len(rows), MAX_POINTS), random_state=0)
    x, y = (as_shown(some[column.name], column) for column in (across, up))
    axes.scatter(x, y, s=8, alpha=0.35, color=COLOR, edgecolor="none")
    scale_of(axes, some[across.name], across)
    scale_of(axes, some[up.name], up, along="y")
    axes.set(xlabel=across.name, ylabel=up.name)


def draw_boxes(axes: Axes, rows: pd.DataFrame, words: Column, number: Column) -> None:
    """Draw a box of the number for each of the most frequent words."""
    shown = rows[words.name].astype(str)
    names = sorted(shown.value_counts().index[:MAX_WORDS], reverse=True)
    groups = [as_shown(rows.loc[shown == name, number.name], number) for name in names]
    axes.boxplot(
        groups,
        orientation="horizontal",
        tick_labels=names,
        flierprops={"markersize": 2, "markeredgecolor": MUTED},
        medianprops={"color": PALETTE[1]},
    )
    scale_of(axes, rows[number.name], number)
    axes.set(xlabel=number.name, ylabel="")


def draw_shares(axes: Axes, rows: pd.DataFrame, column: Column, target: Column) -> None:
    """Draw for each of the most frequent words of a column the shares of the target's."""
    texts = rows.astype(str)
    names = texts[column.name].value_counts().index[:MAX_WORDS]
    shares = pd.crosstab(texts[column.name], texts[target.name], normalize="index").loc[sorted(names, reverse=True)]
    start = np.zeros(len(shares))
    for color, (name, part) in zip(PALETTE, shares.items(), strict=False):
        axes.barh(shares.index, part, left=start, color=color, label=str(name))
        start += part.to_numpy()
    axes.set(xlabel=f"share of {target.name}", ylabel="", xlim=(0, 1))
    axes.legend(fontsize="x-small", loc="lower right")


def draw_pairs(frame: pd.DataFrame, pairs: Sequence[tuple[Column, Column]], target: Column | None) -> Figure:
    """Draw the pairs of columns that go together most as points, coloured by the target's words."""
    some = frame.sample(min(len(frame), MAX_POINTS), random_state=0)
    by = some[target.name].astype(str) if target and target.kind == "category" else None
    order = [] if by is None else sorted(by.unique())[: len(PALETTE)]
    across = min(ACROSS, len(pairs))
    figure = Figure(figsize=(4 * across, 3.4 * ceil(len(pairs) / across)), layout="constrained")
    figure.suptitle("The pairs that go together most")
    panels = figure.subplots(ceil(len(pairs) / across), across, squeeze=False).ravel()
    for axes, (one, other) in zip(panels, pairs, strict=False):
        for color, name in zip(PALETTE, order or [None], strict=False):
            rows = some if name is None else some[by == name]
            x, y = (as_shown(rows[column.name], column) for column in (one, other))
            axes.scatter(x, y, s=8, alpha=0.5, color=color, edgecolor="none", label=name)
        scale_of(axes, some[one.name].dropna(), one)
        scale_of(axes, some[other.name].dropna(), other, along="y")
        axes.set(xlabel=one.name, ylabel=other.name)
        sns.despine(ax=axes)
    if order:
        panels[0].legend(fontsize="small")
    for axes in panels[len(pairs) :]:
        axes.set_axis_off()
    return figure


def draw_missing(frame: pd.DataFrame) -> Figure:
    """Draw the share of missing values of each column that has any."""
    share = 100 * frame.isna().mean()
    share = share[share > 0].sort_values().tail(2 * MAX_WORDS)
    axes = new_axes("Missing values", "percent of rows", "", size=(6, 1 + 0.35 * max(2, len(share))))
    if share.empty:
        axes.text(0.5, 0.5, "No value is missing", ha="center", va="center", transform=axes.transAxes)
        axes.set_yticks([])
    axes.barh(share.index, share.to_numpy(), color=COLOR)
    return figure_of(axes)


def draw_correlations(frame: pd.DataFrame, columns: Sequence[Column]) -> Figure:
    """Draw Pearson's correlation of every pair of numbers."""
    table = frame[[column.name for column in columns if column.kind == "number"]].corr()
    size = 2.5 + 0.55 * len(table)
    axes = new_axes("Correlations", "", "", size=(size + 1, size))
    sns.heatmap(table, ax=axes, vmin=-1, vmax=1, cmap="vlag", annot=len(table) <= 12, fmt=".2f", square=True)
    axes.grid(visible=False)
    return figure_of(axes)
