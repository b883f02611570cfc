"""A page that shows the table before anything is learned from it."""

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..columns import Column, Outliers
from ..data.outliers import find_limits
from ..data.summary import Summary
from ..schema import Schema
from .associations import with_target
from .findings import find_all, strongest_pairs
from .panels import draw_against, draw_correlations, draw_distributions, draw_missing, draw_pairs
from .report import write_page

MAX_COLUMNS = 24
MAX_ROWS = 20_000
MAX_SHOWN = 100
FIRST_ROWS = 5
PAIRS = 6
PATTERNS = 8
QUANTILES = {"lowest": 0.0, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "highest": 1.0}


def write_exploration(frame: pd.DataFrame, schema: Schema, folder: Path) -> Path:
    """Write figures and one page about the table's columns; return the page. Large tables are sampled."""
    summary = Summary.model_validate(frame.attrs["summary"])
    held = frame[[column.name for column in schema.held]]
    target = next((column for column in schema.held if column not in schema.columns), None)
    columns = list(schema.columns)
    sample = held.sample(MAX_ROWS, random_state=0) if len(held) > MAX_ROWS else held
    tables = {
        "Findings": pd.DataFrame(find_all(sample, columns, target), columns=["what", "what can be done"]),
        "The table": pd.DataFrame(tell_rows(held, schema, summary).items(), columns=["what", "count"]),
        "The first rows": first_rows(held),
        "Its numbers and dates": describe_numbers(held, schema),
        "Its words": describe_words(held, schema),
    }
    if target:
        tables["What goes with the target"] = with_target(sample, columns, target)
    left_out = summary.columns_left_out | dict.fromkeys(summary.columns_unknown, "is not known to the schema")
    tables |= {
        "Values missing together": patterns_of_missing(held),
        "Left out": pd.DataFrame(left_out.items(), columns=["column", "because it"]),
    }
    page = write_page(folder, f"Data: {schema.source}", tables, draw_all(sample, columns, target))
    summary.save(folder)
    return page


def draw_all(frame: pd.DataFrame, columns: list[Column], target: Column | None) -> dict[str, Figure]:
    """Return the figures of the page; of many columns, the first are drawn."""
    shown = [*([target] if target else []), *columns][:MAX_COLUMNS]
    figures = {"distributions": draw_distributions(frame, shown), "missing": draw_missing(frame)}
    if target:
        figures["against_target"] = draw_against(frame, columns[:MAX_COLUMNS], target)
    if pairs := strongest_pairs(frame, columns, PAIRS):
        figures["pairs"] = draw_pairs(frame, pairs, target)
        figures["correlations"] = draw_correlations(frame, shown)
    return figures


def summarize(frame: pd.DataFrame, schema: Schema) -> str:
    """Return how much data there is, in words."""
    return f"{len(frame)} rows and {len(schema.columns)} columns"


def first_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the first rows with their numbers in the file."""
    rows = frame.head(FIRST_ROWS)
    return pd.DataFrame({"row": rows.index + 1, **{str(name): cells for name, cells in rows.items()}})


def tell_rows(frame: pd.DataFrame, schema: Schema, summary: Summary) -> dict[str, int]:
    """Return how many rows and columns there are, and what became of others."""
    return {
        "rows read": summary.rows,
        **{f"rows left out: {reason}": count for reason, count in summary.rows_left_out.items()},
        "rows": len(frame),
        "columns": len(schema.columns),
        "rows that repeat an earlier one": int(frame.duplicated().sum()),
        "rows with a missing value": int(frame.isna().any(axis="columns").sum()),
    }


def describe_numbers(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return for each column of numbers or dates what is missing, its mean and quantiles, and how many are outliers."""
    return pd.DataFrame(
        [
            {"column": column.name, "kind": column.kind, "missing": int(frame[column.name].isna().sum())}
            | numbers_of(frame[column.name].astype(np.float64), column)
            for column in schema.held
            if column.kind in ("number", "date")
        ]
    )


def numbers_of(values: pd.Series, column: Column) -> dict[str, object]:
    """Return mean, spread, quantiles and outliers of a column; dates as days."""
    if column.kind == "date":
        moments = pd.to_datetime(values, unit="s")
        days = {name: day_of(moments.quantile(share)) for name, share in QUANTILES.items()}
        return {"mean": day_of(moments.mean()), "spread": "", **days}
    found = {name: values.quantile(share) for name, share in QUANTILES.items()}
    beyond = int(find_limits(values.to_numpy(), Outliers()).beyond(values.to_numpy()).sum())
    return {"mean": values.mean(), "spread": values.std(), **found, "outliers": beyond}


def day_of(moment: object) -> str:
    """Return the day of a moment."""
    return str(moment)[:10]


def describe_words(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return for each column of words or truths what is missing, and which are most frequent."""
    rows = []
    for column in schema.held:
        if column.kind in ("category", "boolean"):
            counts = frame[column.name].value_counts()
            frequent = ", ".join(f"{word} ({count})" for word, count in counts.head(12).items())
            missing = int(frame[column.name].isna().sum())
            rows.append(
                {
                    "column": column.name,
                    "kind": column.kind,
                    "missing": missing,
                    "different": len(counts),
                    "most frequent": textwrap.shorten(frequent, MAX_SHOWN),
                }
            )
    return pd.DataFrame(rows)


def patterns_of_missing(frame: pd.DataFrame) -> pd.DataFrame:
    """Return which columns are missing in the same rows, the most frequent first."""
    absent = frame.isna()
    names = absent.columns[absent.any()]
    if not len(names):
        return pd.DataFrame()
    counts = absent[names].value_counts().head(PATTERNS + 1)
    told = [(", ".join(names[list(missing)]) or "nothing", count) for missing, count in counts.items()]
    return pd.DataFrame(told, columns=["missing", "rows"])
