"""Write pages that open anywhere: one HTML file with its figures inside, and the figures as PNG beside it."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from pydantic_core import to_json

from ..inference.naming import write_number
from .evaluate import Evaluation
from .plots import COLOR, figure_of, new_axes

# What folds are called, and those that the hyper-parameters were chosen on, which flatter the model.
FOLDS = ("folds", "folds that chose")
# The figure of a search has a line for each of the best candidates, the table has all.
MOST_CANDIDATES = 40
HALF_PAGE = 9.0  # inches
DPI = 110

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
table { display: block; overflow-x: auto; }
th, td { padding: .3rem .9rem .3rem 0; text-align: left; border-bottom: 1px solid #ddd; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
img { width: calc(50% - .5rem); height: auto; align-self: flex-start; }
img.wide { width: 100%; }
.row { display: flex; gap: 1rem; }
.row figure { flex: 1; min-width: 0; margin: 0; }
figcaption { font-size: 12px; overflow-wrap: anywhere; }
"""


def write_run_report(name: str, evaluation: Evaluation, origin: Mapping[str, Any], folder: Path) -> Path:
    """Write a run's metrics, origin and figures, and its tables of examples as CSV; return the page."""
    metrics = pd.DataFrame(
        {
            "metric": list(evaluation.metrics),
            "model": list(evaluation.metrics.values()),
            "naive baseline": list(evaluation.baseline.values()),
            f"{FOLDS[evaluation.folds_chose]}, mean": list(evaluation.folds_mean.values()),
            "spread": list(evaluation.folds_std.values()),
        }
    )
    tables = {
        "Metrics": metrics,
        **evaluation.tables,
        "Origin": pd.DataFrame(origin.items(), columns=["what", "value"]),
    }
    page = write_page(folder, f"Run {name}", tables, evaluation.figures)
    for file, rows in evaluation.files.items():
        rows.to_csv(folder / f"{file}.csv", index=False)
    return page


def write_numbers(evaluation: Evaluation, path: Path) -> None:
    """Write what was measured as JSON: of the model, of the naive baseline, and over the folds."""
    numbers = {"model": evaluation.metrics, "baseline": evaluation.baseline, "folds": evaluation.folds_mean}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_json(numbers, indent=2, inf_nan_mode="null") + b"\n")


def write_search_report(results: pd.DataFrame, metric: str, shares: Mapping[str, float], folder: Path) -> Path:
    """Write the table of a search's candidates as CSV, and a page with its plots; return the page.

    `shares` is how much of the metric's variance each hyper-parameter explains alone.
    """
    results.to_csv(folder / "search.csv", index=False)
    shown = results.head(MOST_CANDIDATES)
    values = shown[results.columns[: results.columns.get_loc(metric)]]
    names = values.apply(
        lambda row: ", ".join(f"{name}={shorten(value)}" for name, value in row.items()), axis="columns"
    )
    figures = {"search": draw_ranking("Candidates", names, shown, metric)}
    if shares:
        figures["importance"] = draw_shares(shares, metric)
    return write_page(folder, "Search", {"Candidates": results}, figures, file="search.html")


def shorten(value: Any) -> str:
    """Return a number in few figures, and anything else as it is."""
    return write_number(value) if isinstance(value, float) else str(value)


def draw_shares(shares: Mapping[str, float], metric: str) -> Figure:
    """Draw how much of the variance of a metric each hyper-parameter explains alone, the largest share on top."""
    size = (6, 1.2 + 0.4 * len(shares))
    axes = new_axes("Importance of hyper-parameters", f"share of the variance of {metric}", "", size=size)
    axes.barh(list(shares)[::-1], list(shares.values())[::-1], color=COLOR)
    axes.set_xlim(0, 1)
    return figure_of(axes)


def write_comparison(table: pd.DataFrame, metric: str, folder: Path) -> Path:
    """Write the table of all models as CSV, and a page with its plot; return the page."""
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "comparison.csv", index=False)
    figure = draw_ranking("Models", table["model"], table, metric)
    return write_page(folder, "Comparison", {"Models": table}, {"comparison": figure})


def draw_ranking(what: str, names: pd.Series, table: pd.DataFrame, metric: str) -> Figure:
    """Draw the metric's mean and spread over the folds, the best on top, which is the first."""
    axes = new_axes(f"{what}, the best on top", metric, "", size=(8, 1 + 0.3 * len(table)))
    spread = table[f"{metric}_std"][::-1]
    axes.errorbar(table[metric][::-1], names[::-1], xerr=spread, fmt="o", color=COLOR, capsize=3)
    return figure_of(axes)


def write_page(
    folder: Path,
    title: str,
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, Figure],
    file: str = "index.html",
    beside: Mapping[str, Sequence[Path]] | None = None,
) -> Path:
    """Write one self-contained page, and each figure as PNG beside it; return the page.

    `beside` are PNG files by what they belong to: those of the same name stand beside each other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f"<h1>{escape(title)}</h1>"]
    for heading, table in tables.items():
        if len(table):
            parts += [f"<h2>{escape(heading)}</h2>", html_table(table)]
    parts += ['<h2>Figures</h2><div class="figures">']
    for name, figure in figures.items():
        image = draw_png(figure)
        (folder / f"{name}.png").write_bytes(image)
        parts.append(html_image(name, image, wide=figure.get_figwidth() > HALF_PAGE))
    parts += ["</div>", *rows_of_images(beside or {})]
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    page = folder / file
    page.write_text("\n".join([head, *parts, "</html>\n"]), encoding="utf-8")
    return page


def html_image(name: str, image: bytes, *, wide: bool = False) -> str:
    """Return a PNG image as HTML that holds it."""
    size = ' class="wide"' if wide else ""
    return f'<img{size} alt="{escape(name)}" src="data:image/png;base64,{base64.b64encode(image).decode()}">'


def rows_of_images(files: Mapping[str, Sequence[Path]]) -> Iterator[str]:
    """Yield HTML in which the images of one name stand in a row, each below what it belongs to."""
    names = dict.fromkeys(path.stem for paths in files.values() for path in paths)
    for name in names:
        cells = [
            f"<figure><figcaption>{escape(owner)}</figcaption>{html_image(name, path.read_bytes(), wide=True)}</figure>"
            for owner, paths in files.items()
            for path in paths
            if path.stem == name
        ]
        yield f'<h2>{escape(name)}</h2><div class="row">{"".join(cells)}</div>'


def html_table(table: pd.DataFrame) -> str:
    """Return the table as HTML, with every text escaped."""
    return table.to_html(index=False, border=0, float_format=write_number)


def draw_png(figure: Figure) -> bytes:
    """Return the figure as a PNG image."""
    figure.set_dpi(DPI)
    # `savefig` draws a figure twice, the first time for its layout; this makes the layout alone, and draws once.
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine("none")
    buffer = BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def put_section(page: Path, heading: str, table: pd.DataFrame) -> None:
    """Put a table into a page before its figures, in the place of one with this heading; without a page, do nothing."""
    if not page.exists():
        return
    text = page.read_text(encoding="utf-8")
    opened, closed = f'<section id="{heading.lower()}">', "</section>"
    before, start, rest = text.partition(opened)
    text = before + rest.partition(closed)[2].lstrip("\n") if start else text
    section = f"{opened}<h2>{escape(heading)}</h2>{html_table(table)}{closed}\n"
    page.write_text(text.replace("<h2>Figures</h2>", f"{section}<h2>Figures</h2>", 1), encoding="utf-8")
