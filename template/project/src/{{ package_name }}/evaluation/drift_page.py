"""A page about drift: the worst first, with a picture of each column then and now."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..inference.naming import write_number
from .drift import Drift, MetricShift
from .plots import COLOR, MUTED, figure_of, new_axes
from .report import write_page
from .shifts import Shift, tell

NUMBERS_FILE = "drift.json"
# What has drifted is drawn, up to so many; at least the worst.
LEAST_DRAWN, MOST_DRAWN = 4, 12
# More parts of a column would not be readable.
MOST_PARTS = 12
LONGEST_NAME = 14


def write_drift(found: Drift, folder: Path) -> Path:
    """Write the page, its figures, and all numbers as JSON into the folder; return the page."""
    shifts = [*found.answers, *found.columns]
    worst = sorted(shifts, key=lambda shift: (not shift.reasons, -max(shift.index, shift.distance)))
    drawn = min(MOST_DRAWN, max(LEAST_DRAWN, sum(bool(shift.reasons) for shift in shifts)))
    figures = {f"shift_{number}": draw_shift(shift) for number, shift in enumerate(worst[:drawn], 1)}
    tables = {
        "Findings": pd.DataFrame({"what": list(found.reasons) or ["nothing has drifted"]}),
        "Compared": pd.DataFrame(
            [(found.model, found.examples_before, found.source, found.examples)],
            columns=["model", "examples it was made from", "recent data", "examples"],
        ),
        "The model's answers": pd.DataFrame(tell(found.answers)),
        "Columns": pd.DataFrame(tell(found.columns)),
    }
    if found.metric:
        figures = {"metric": draw_metric(found.metric), **figures}
    if found.refused:
        tables["Cannot be used"] = pd.DataFrame(found.refused.items(), columns=["because", "examples"])
    page = write_page(folder, f"Drift: {Path(found.source).name}", tables, figures)
    (folder / NUMBERS_FILE).write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return page


def draw_shift(shift: Shift) -> Figure:
    """Draw which share of a column lies in each part, then and now; of many parts, the largest."""
    sizes = np.maximum(shift.before, shift.now)
    shown = np.sort(np.argsort(-sizes, kind="stable")[:MOST_PARTS])
    title = f"{shift.column}: {'drifted' if shift.reasons else 'as before'} (index {write_number(shift.index)})"
    axes = new_axes(title, "", "share")
    places = np.arange(len(shown))
    axes.bar(places - 0.2, [shift.before[place] for place in shown], 0.4, color=MUTED, label="in training")
    axes.bar(places + 0.2, [shift.now[place] for place in shown], 0.4, color=COLOR, label="recently")
    names = [shift.parts[place] for place in shown]
    axes.set_xticks(places, [name[:LONGEST_NAME] for name in names], rotation=45, ha="right")
    axes.legend(frameon=False)
    return figure_of(axes)


def draw_metric(metric: MetricShift) -> Figure:
    """Draw the metric over time, beside what was measured when the model was saved."""
    axes = new_axes(f"{metric.metric} over time", "examples up to", metric.metric)
    ends = [period.last for period in metric.periods]
    values = [np.nan if period.value is None else period.value for period in metric.periods]
    axes.plot(ends, values, marker="o", color=COLOR, label="recently")
    axes.axhline(metric.before, color=MUTED, linestyle="--", label="when the model was saved")
    axes.legend(frameon=False)
    return figure_of(axes)
