"""A page that shows the series before anything is learned from them."""

from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..data.history import each_series
from ..data.summary import Summary
from ..schema import Schema
from .decomposition import Parts, decompose, find_places
from .plots import COLOR, MUTED, PALETTE, figure_of, new_axes
from .report import write_page

MAX_SERIES = len(PALETTE)
MAX_LISTED = 50
SEASONS_SHOWN = 3
MAX_TICKS = 12
# The median deviation of a normal distribution, in standard deviations.
NORMAL_DEVIATION = 0.6745
BINS = 30

# What is worth a word: how strong a season is, how many of them there are, and how far from the rest a value lies.
WEAK_SEASON, FEW_SEASONS = 0.1, 3
FAR = 6.0

Series = Sequence[tuple[str, pd.DataFrame]]


def write_exploration(frame: pd.DataFrame, schema: Schema, folder: Path) -> Path:
    """Write figures and one page about the series; return the page. Of many series, the first are drawn."""
    parts = list(each_series(frame, schema))
    shown = parts[:MAX_SERIES]
    figures = {
        "series": draw_series(shown, schema),
        "decomposition": draw_decomposition(shown, schema),
        "seasonal_profile": draw_profile(shown, schema),
        "autocorrelation": draw_autocorrelation(shown, schema),
        "distributions": draw_distributions(frame, shown, schema),
        "spans": draw_spans(shown, schema),
    }
    summary = Summary.model_validate(frame.attrs["summary"])
    facts = {
        "rows read": f"{summary.rows}",
        **{f"rows left out: {reason}": f"{count}" for reason, count in summary.rows_left_out.items()},
        "rows": f"{len(frame)}",
        "series": f"{len(parts)}",
        "frequency": schema.frequency.name,
        "gaps, repeated times": "none; the check refuses them",
    }
    tables = {
        "Findings": pd.DataFrame(find_all(parts, schema), columns=["what", "what can be done"]),
        "The data": pd.DataFrame(facts.items(), columns=["what", "found"]),
        "Its series": pd.DataFrame([describe_series(name, rows, schema) for name, rows in parts[:MAX_LISTED]]),
        "Left out": pd.DataFrame(summary.columns_left_out.items(), columns=["column", "because it"]),
    }
    page = write_page(folder, f"Data: {schema.source}", tables, figures)
    summary.save(folder)
    return page


def summarize(frame: pd.DataFrame, schema: Schema) -> str:
    """Return how much data there is, in words."""
    count = frame[schema.series].nunique() if schema.series else 1
    return f"{len(frame)} rows of {count} series, {schema.frequency.name},"


def describe_series(name: str, rows: pd.DataFrame, schema: Schema) -> dict[str, object]:
    """Return what is known of a series, as one row of a table."""
    values, times = rows[schema.target], rows[schema.time]
    split = take_apart(rows, schema)
    return {
        "series": name,
        "values": len(rows),
        "from": schema.write(times.iloc[0]),
        "to": schema.write(times.iloc[-1]),
        "lowest": values.min(),
        "mean": values.mean(),
        "highest": values.max(),
        "strength of the trend": split.trend_strength,
        "of the season": split.season_strength,
    }


def take_apart(rows: pd.DataFrame, schema: Schema) -> Parts:
    """Return trend, season and rest of a series."""
    return decompose(rows[schema.target].to_numpy(np.float64), find_places(rows[schema.time].tolist(), schema))


def find_all(parts: Series, schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield what deserves a look before anything is learned, and what can be done about it."""
    for name, rows in parts[:MAX_LISTED]:
        series = f"{name}: " if len(parts) > 1 else ""
        values, split = rows[schema.target], take_apart(rows, schema)
        if values.nunique() == 1:
            yield f"{series}the value never changes", "nothing is to be learned of it"
            continue
        if len(rows) < FEW_SEASONS * schema.season:
            yield (
                f"{series}{len(rows)} values are few for seasons of {schema.season}",
                "more of the past; a shorter season",
            )
        elif schema.season > 1 and split.season_strength < WEAK_SEASON:
            yield f"{series}a season of {schema.season} explains hardly anything", "see the autocorrelation for another"
        rest = jumps(values.to_numpy(np.float64) - split.season)
        if (far := np.abs(rest) > FAR).any():
            worst = int(np.abs(rest).argmax())
            when = schema.write(rows[schema.time].iloc[worst])
            yield f"{series}{far.sum()} values jump out of trend and season, most on {when}", "are they true?"


def jumps(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each value is from the middle of its neighbours, in robust standard deviations; 0 at both ends.

    Of neighbours that are far, only the farthest is.
    """
    away = np.zeros(len(values))
    away[1:-1] = values[1:-1] - (values[:-2] + values[2:]) / 2
    spread = np.median(np.abs(away - np.median(away))) / NORMAL_DEVIATION
    around = pd.Series(np.abs(away)).rolling(3, center=True, min_periods=1).max().to_numpy()
    return np.where(np.abs(away) == around, away / spread, 0.0) if spread > 0 else np.zeros(len(values))


def draw_series(parts: Series, schema: Schema) -> Figure:
    """Draw the values of each series over time."""
    axes = new_axes(f"{schema.target} over time", "", schema.target, size=(10, 4.5))
    for color, (name, rows) in zip(PALETTE, parts, strict=False):
        axes.plot(rows[schema.time], rows[schema.target], color=color, linewidth=1, label=name)
    name_series(axes, parts)
    return figure_of(axes)


def draw_decomposition(parts: Series, schema: Schema) -> Figure:
    """Draw trend, season and rest of the first series."""
    name, rows = parts[0]
    split = take_apart(rows, schema)
    figure = Figure(figsize=(10, 6), layout="constrained")
    figure.suptitle(f"Trend, season and rest{f' of {name}' if len(parts) > 1 else ''}")
    drawn = {"values": rows[schema.target], "trend": split.trend, "season": split.season, "rest": split.rest}
    for axes, (part, values) in zip(figure.subplots(len(drawn), 1, sharex=True), drawn.items(), strict=True):
        axes.plot(rows[schema.time], values, color=COLOR, linewidth=1)
        axes.set_ylabel(part)
        axes.grid(alpha=0.25)
        sns.despine(ax=axes)
    return figure


def draw_profile(parts: Series, schema: Schema) -> Figure:
    """Draw how the values at each place of the season differ from the mean of the season around them."""
    axes = new_axes(
        "Seasonal profile (median, 10 % to 90 %)",
        f"place in a season of {schema.season}",
        "difference from the season's mean",
    )
    axes.axhline(0, color=MUTED, linestyle="--")
    names: Sequence[str] = []
    for color, (name, rows) in zip(PALETTE, parts, strict=False):
        values = rows[schema.target]
        places, names = find_places(rows[schema.time].tolist(), schema)
        differences = values - values.rolling(schema.season, center=True).mean()
        by_place = differences.groupby(places)
        low, middle, high = (by_place.quantile(share) for share in (0.1, 0.5, 0.9))
        axes.fill_between(middle.index, low, high, color=color, alpha=0.2)
        axes.plot(middle.index, middle, color=color, marker="o", markersize=3, label=name)
    every = max(1, -(-len(names) // MAX_TICKS))
    axes.set_xticks(range(0, len(names), every), names[::every])
    name_series(axes, parts)
    return figure_of(axes)


def draw_autocorrelation(parts: Series, schema: Schema) -> Figure:
    """Draw how changes from one time to the next go with those some steps before."""
    axes = new_axes(
        "Autocorrelation of the changes", f"steps between (dotted: seasons of {schema.season})", "correlation"
    )
    axes.axhline(0, color=MUTED)
    farthest = max(SEASONS_SHOWN * schema.season, schema.lags)
    for step in range(schema.season, farthest + 1, schema.season):
        axes.axvline(step, color=MUTED, linestyle=":", linewidth=1)
    for color, (name, rows) in zip(PALETTE, parts, strict=False):
        found = autocorrelation(np.diff(rows[schema.target].to_numpy(np.float64)), farthest)
        axes.plot(np.arange(1, len(found) + 1), found, color=color, marker="o", markersize=3, label=name)
    name_series(axes, parts)
    return figure_of(axes)


def name_series(axes: Axes, parts: Series) -> None:
    """Say which colour is which, where there are several."""
    if len(parts) > 1:
        axes.legend()


def autocorrelation(values: NDArray[np.float64], farthest: int) -> NDArray[np.float64]:
    """Return the correlation of the values with those 1, 2, … steps before; 0 if they never change."""
    centred = values - values.mean()
    total = float(centred @ centred) or 1.0
    return np.array([centred[step:] @ centred[:-step] / total for step in range(1, min(farthest, len(values) - 1) + 1)])


def draw_distributions(frame: pd.DataFrame, parts: Series, schema: Schema) -> Figure:
    """Draw how often which value occurs: of the target, of its changes, of each known column."""
    changes = pd.concat([rows[schema.target].diff().dropna() for _, rows in parts])
    panels = {schema.target: frame[schema.target], f"change of {schema.target}": changes}
    panels |= {name: frame[name] for name in schema.known}
    across = min(3, len(panels))
    down = ceil(len(panels) / across)
    figure = Figure(figsize=(4 * across, 2.6 * down), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for axes, (name, values) in zip(grid, panels.items(), strict=False):
        sns.histplot(x=values, bins=BINS, ax=axes, color=COLOR)
        axes.set(title=name, xlabel="", ylabel="")
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    sns.despine(figure)
    return figure


def draw_spans(parts: Series, schema: Schema) -> Figure:
    """Draw from when to when each series reaches."""
    axes = new_axes("What time the series cover", "", "", size=(6, 1.2 + 0.35 * len(parts)))
    for name, rows in reversed(parts):
        axes.plot([rows[schema.time].iloc[0], rows[schema.time].iloc[-1]], [name, name], color=COLOR, linewidth=6)
    axes.margins(y=0.5)
    axes.tick_params(axis="x", rotation=30)
    return figure_of(axes)
