"""A page that shows the images before anything is learned from them."""

from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ..data.dataset import Inventory
from ..data.pixels import ReadImages
from ..schema import Schema
from .plots import COLOR
from .report import write_page

MAX_LABELS = 20
SHOWN = 10  # of each label


def write_exploration(found: Inventory, schema: Schema, folder: Path) -> Path:
    """Write figures and one page about the images; return the page."""
    images = found.images
    facts = {"images": len(images), "labels": images["label"].nunique(), "left out": len(found.left_out)}
    tables = {
        "The folder": pd.DataFrame(facts.items(), columns=["what", "count"]),
        "Its labels": describe_labels(images),
        "Left out": pd.DataFrame(found.left_out.items(), columns=["file", "because it"]),
    }
    figures = {"examples": draw_examples(images, schema), "distributions": draw_distributions(images)}
    return write_page(folder, f"Data: {schema.source}", tables, figures)


def summarize(found: Inventory, schema: Schema) -> str:
    """Return how much data there is, in words."""
    left_out = f" ({len(found.left_out)} left out)" if found.left_out else ""
    return f"{len(found.images)} images{left_out} and {len(schema.target.categories)} labels"


def describe_labels(images: pd.DataFrame) -> pd.DataFrame:
    """Return how many images each label has, and how large they are."""
    rows = [
        {
            "label": label,
            "images": len(part),
            "width": f"{part['width'].min()} to {part['width'].max()}",
            "height": f"{part['height'].min()} to {part['height'].max()}",
        }
        for label, part in images.groupby("label")
    ]
    return pd.DataFrame(rows)


def draw_examples(images: pd.DataFrame, schema: Schema) -> Figure:
    """Draw some images of each label, in the size and colour that a model takes."""
    labels = schema.target.categories[:MAX_LABELS]
    reader = ReadImages(schema.size, schema.colour, schema.on_bad_file)
    figure = Figure(figsize=(1 + 0.8 * SHOWN, 0.5 + 0.8 * len(labels)), layout="constrained")
    figure.suptitle("Examples of each label, as a model takes them")
    panels = figure.subplots(len(labels), SHOWN, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for label, row in zip(labels, panels, strict=True):
        paths = images.loc[images["label"] == label, "path"]
        row[0].set_title(label, loc="left", fontsize=9)
        for path, axes in zip(paths.sample(min(SHOWN, len(paths)), random_state=0), row, strict=False):
            axes.imshow(reader.read(path).squeeze(), cmap="gray", vmin=0, vmax=255)
    return figure


def draw_distributions(images: pd.DataFrame) -> Figure:
    """Draw how many images each label has, and how wide and high they are."""
    counts = images["label"].value_counts().sort_index().head(MAX_LABELS)
    figure = Figure(figsize=(10, 1.5 + 0.28 * max(8, len(counts))), layout="constrained")
    labels, sizes = figure.subplots(1, 2)
    sns.barplot(x=counts.to_numpy(), y=counts.index, ax=labels, color=COLOR)
    labels.set(title="Images of each label", xlabel="images", ylabel="")
    sns.scatterplot(images, x="width", y="height", ax=sizes, color=COLOR, alpha=0.4, edgecolor="none")
    sizes.set(title="Sizes", xlabel="width in pixels", ylabel="height in pixels", xlim=(0, None), ylim=(0, None))
    for axes in (labels, sizes):
        sns.despine(ax=axes)
    return figure
