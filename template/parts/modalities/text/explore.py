"""A page that shows the texts before anything is learned from them."""

import re
import textwrap
from collections import Counter
from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ..data.summary import Summary
from ..schema import Schema
from .plots import COLOR
from .report import write_page

MAX_CLASSES = 20
MAX_TEXTS = 20_000
SHOWN_WORDS = 12
SHOWN_TEXTS = 3
SHOWN_CHARACTERS = 200
WORD = re.compile(r"\w{3,}")


def write_exploration(frame: pd.DataFrame, schema: Schema, folder: Path) -> Path:
    """Write figures and one page about the texts; return the page. Words are counted in a sample of many texts."""
    texts = frame[schema.text]
    lengths = texts.str.split().str.len()
    sample = frame.sample(MAX_TEXTS, random_state=0) if len(frame) > MAX_TEXTS else frame
    summary = Summary.model_validate(frame.attrs["summary"])
    facts = {
        "rows read": summary.rows,
        "texts": len(frame),
        "classes": len(schema.target.categories),
        "repeated texts": int(texts.duplicated().sum()),
        "words in the longest text": int(lengths.max()),
    }
    tables = {
        "The texts": pd.DataFrame(facts.items(), columns=["what", "count"]),
        "Its classes": describe_classes(frame, lengths, schema),
        "Examples": pick_examples(sample, schema),
        "Left out": pd.DataFrame(summary.columns_left_out.items(), columns=["column", "because it"]),
    }
    figures = {"distributions": draw_distributions(frame, lengths, schema), "words": draw_words(sample, schema)}
    page = write_page(folder, f"Data: {schema.source}", tables, figures)
    summary.save(folder)
    return page


def summarize(frame: pd.DataFrame, schema: Schema) -> str:
    """Return how much data there is, in words."""
    return f"{len(frame)} texts of {len(schema.target.categories)} classes"


def describe_classes(frame: pd.DataFrame, lengths: "pd.Series[int]", schema: Schema) -> pd.DataFrame:
    """Return how many texts each class has, and how many words are in them."""
    grouped = lengths.groupby(frame[schema.target.name])
    table = grouped.agg(texts="size", median="median", most="max").reset_index()
    return table.set_axis(["class", "texts", "words, median", "words, most"], axis="columns")


def pick_examples(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the beginnings of some texts of each class."""
    name = schema.target.name
    rows = frame.groupby(name).head(SHOWN_TEXTS).sort_values(name, kind="stable")
    shown = rows[schema.text].map(lambda text: textwrap.shorten(text, SHOWN_CHARACTERS))
    return pd.DataFrame({"class": rows[name], "text": shown})


def draw_distributions(frame: pd.DataFrame, lengths: "pd.Series[int]", schema: Schema) -> Figure:
    """Draw how many texts each class has, and how long they are."""
    classes = frame[schema.target.name]
    counts = classes.value_counts().head(MAX_CLASSES)
    figure = Figure(figsize=(10, 1.5 + 0.28 * max(8, len(counts))), layout="constrained")
    bars, boxes = figure.subplots(1, 2)
    sns.barplot(x=counts.to_numpy(), y=counts.index, ax=bars, color=COLOR)
    bars.set(title="Texts of each class", xlabel="texts", ylabel="")
    groups = [lengths[classes == name] for name in reversed(counts.index)]
    boxes.boxplot(
        groups, tick_labels=list(reversed(counts.index)), orientation="horizontal", flierprops={"markersize": 2}
    )
    boxes.set(title="Length", xlabel="words in a text", xscale="log")
    for axes in (bars, boxes):
        sns.despine(ax=axes)
    return figure


def draw_words(frame: pd.DataFrame, schema: Schema) -> Figure:
    """Draw the words of each class that are most frequent for how frequent they are elsewhere."""
    documents = {name: count_words(texts) for name, texts in frame.groupby(schema.target.name)[schema.text]}
    together = sum(documents.values(), Counter())
    classes = [name for name in schema.target.categories if name in documents][:MAX_CLASSES]
    across = min(3, len(classes))
    down = -(-len(classes) // across)
    figure = Figure(figsize=(4 * across, 0.6 + 2.8 * down), layout="constrained")
    figure.suptitle("Words that set each class apart: share of its texts that hold them")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for name, axes in zip(classes, panels, strict=False):
        words = telling_words(documents[name], together)
        shares = [100 * documents[name][word] / (frame[schema.target.name] == name).sum() for word in words]
        axes.set_axis_on()
        sns.barplot(x=shares, y=words, ax=axes, color=COLOR)
        axes.set(title=name, xlabel="percent of texts", ylabel="")
        sns.despine(ax=axes)
    return figure


def count_words(texts: "pd.Series[str]") -> Counter[str]:
    """Return in how many of the texts each word is."""
    return Counter(word for text in texts for word in set(WORD.findall(text.lower())))


def telling_words(inside: Counter[str], together: Counter[str]) -> list[str]:
    """Return the words that are in many texts of a class, and in few of the others."""
    score = {word: count * count / together[word] for word, count in inside.items()}
    return sorted(score, key=lambda word: (-score[word], word))[:SHOWN_WORDS]
