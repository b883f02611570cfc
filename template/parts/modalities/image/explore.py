"""A page that shows the images before anything is learned from them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
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
AVERAGED = 200  # of each label
SHOWN_NAMES = 5
CHANNEL_COLORS = {"grey": ("#444444",), "rgb": ("#9d0208", "#588157", "#2a6f97")}
# What is worth a word: a label's share of that of even ones, a side in pixels, and how often wider or higher than most.
RARE, TINY, STRETCHED = 0.25, 16, 2.0


def write_exploration(found: Inventory, schema: Schema, folder: Path) -> Path:
    """Write figures and one page about the images; return the page."""
    images = found.images
    facts = {"images": len(images), "labels": images["label"].nunique(), "left out": len(found.left_out)}
    tables = {
        "Findings": pd.DataFrame(find_all(images), columns=["what", "what can be done"]),
        "The folder": pd.DataFrame(facts.items(), columns=["what", "count"]),
        "Its labels": describe_labels(images),
        "Left out": pd.DataFrame(found.left_out.items(), columns=["file", "because it"]),
    }
    figures = {
        "examples": draw_examples(images, schema),
        "distributions": draw_distributions(images),
        "colours": draw_colours(images, schema),
    }
    return write_page(folder, f"Data: {schema.source}", tables, figures)


def summarize(found: Inventory, schema: Schema) -> str:
    """Return how much data there is, in words."""
    left_out = f" ({len(found.left_out)} left out)" if found.left_out else ""
    return f"{len(found.images)} images{left_out} and {len(schema.target.categories)} labels"


def find_all(images: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield what deserves a look before anything is learned, and what can be done about it."""
    counts = images["label"].value_counts()
    if (share := counts.min() / len(images)) < RARE / len(counts):
        yield f"{counts.idxmin()!r} has {share:.1%} of the images", "training.class_weight: balanced; more of them"
    equal = images.groupby("digest")
    labels, sizes = equal["label"].nunique(), equal.size()
    if mixed := int((labels > 1).sum()):
        names = ", ".join(Path(path).name for path in equal["path"].first()[labels > 1].head(SHOWN_NAMES))
        yield f"{mixed} images lie in the folders of several labels, such as {names}", "which label is true?"
    if repeated := int((sizes - 1).sum()):
        yield f"{repeated} files repeat another", "they are never cut apart; remove them, if they are there by mistake"
    for path in images.loc[images["cut"], "path"].head(SHOWN_NAMES):
        yield f"{Path(path).name} ends in even grey, as if its lower part were missing", "look at it; remove or mend it"
    tiny = images[images[["width", "height"]].min(axis=1) < TINY]
    if len(tiny):
        yield f"{len(tiny)} images have a side of fewer than {TINY} pixels", "are they thumbnails?"
    ratio = images["width"] / images["height"]
    if stretched := int(((ratio / ratio.median() > STRETCHED) | (ratio.median() / ratio > STRETCHED)).sum()):
        yield (
            f"{stretched} images are far wider or higher than most",
            "they are stretched to one form; crop them before",
        )


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
    reader = ReadImages(schema.size, schema.colour, schema.on_bad_file, schema.bits)
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


def draw_colours(images: pd.DataFrame, schema: Schema) -> Figure:
    """Draw the mean of some images of each label, and how bright they are, channel by channel."""
    labels = schema.target.categories[:MAX_LABELS]
    reader = ReadImages(schema.size, schema.colour, schema.on_bad_file, schema.bits)
    figure = Figure(figsize=(8, 0.5 + 0.9 * len(labels)), layout="constrained")
    figure.suptitle("The mean of each label's images, and how often which brightness occurs")
    panels = figure.subplots(len(labels), 2, squeeze=False, width_ratios=[1, 5])
    for label, (mean, shades) in zip(labels, panels, strict=True):
        paths = images.loc[images["label"] == label, "path"]
        pixels = reader.transform(paths.sample(min(AVERAGED, len(paths)), random_state=0).tolist())[:]
        mean.imshow(pixels.mean(axis=0).squeeze() / 255, cmap="gray", vmin=0, vmax=1)
        mean.set_axis_off()
        for channel, color in enumerate(CHANNEL_COLORS[schema.colour]):
            counts, edges = np.histogram(pixels[..., channel], bins=64, range=(0, 256))
            # The root shows what is rare beside what is frequent.
            shades.stairs(np.sqrt(counts / counts.sum()), edges, color=color)
        shades.set(xlim=(0, 256), yticks=[])
        shades.set_title(label, loc="left", fontsize=9)
        sns.despine(ax=shades, left=True)
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
