"""A page that shows the texts before anything is learned from them."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from ..data.scripts import Finder
from ..data.summary import Summary
from ..schema import Schema
from .plots import COLOR
from .report import write_page

MAX_CLASSES = 20
MAX_TEXTS = 20_000
MAX_COMPARED = 5_000
COMPARED_AT_ONCE = 500
SHOWN_WORDS = 12
SHOWN_TEXTS = 3
SHOWN_PAIRS = 5
SHOWN_CHARACTERS = 200
# What is worth a word: a class's share of that of even ones, the cosine of two texts' words, and how much longer than
# most a text is.
RARE, ALIKE, LONG = 0.25, 0.9, 20


def write_exploration(frame: pd.DataFrame, schema: Schema, folder: Path) -> Path:
    """Write figures and one page about the texts; return the page. Words are counted in a sample of many texts."""
    texts = frame[schema.text]
    sample = frame.sample(MAX_TEXTS, random_state=0) if len(frame) > MAX_TEXTS else frame
    counts, words = count_words(sample[schema.text])
    lengths = pd.Series([sum(1 for _ in Finder()(text)) for text in texts], index=frame.index)
    near = near_duplicates(sample, counts, schema)
    summary = Summary.model_validate(frame.attrs["summary"])
    facts = {
        "rows read": summary.rows,
        "texts": len(frame),
        "classes": len(schema.target.categories),
        "repeated texts": int(texts.duplicated().sum()),
        "different words": len(words),
        "words in the longest text": int(lengths.max()),
    }
    tables = {
        "Findings": pd.DataFrame(find_all(frame, lengths, near, schema), columns=["what", "what can be done"]),
        "The texts": pd.DataFrame(facts.items(), columns=["what", "count"]),
        "Its classes": describe_classes(frame, lengths, schema),
        "Examples": pick_examples(sample, schema),
        "Nearly the same": near.head(SHOWN_PAIRS),
        "Left out": pd.DataFrame(summary.columns_left_out.items(), columns=["column", "because it"]),
    }
    figures = {
        "distributions": draw_distributions(frame, lengths, schema),
        "words": draw_words(counts, words, sample[schema.target.name], schema),
    }
    page = write_page(folder, f"Data: {schema.source}", tables, figures)
    summary.save(folder)
    return page


def summarize(frame: pd.DataFrame, schema: Schema) -> str:
    """Return how much data there is, in words."""
    return f"{len(frame)} texts of {len(schema.target.categories)} classes"


def find_all(
    frame: pd.DataFrame, lengths: "pd.Series[int]", near: pd.DataFrame, schema: Schema
) -> Iterator[tuple[str, str]]:
    """Yield what deserves a look before anything is learned, and what can be done about it."""
    classes = frame[schema.target.name].value_counts()
    if (share := classes.min() / len(frame)) < RARE / len(classes):
        yield f"{classes.idxmin()!r} has {share:.1%} of the texts", "training.class_weight: balanced; more of them"
    kinds = frame.groupby(schema.text)[schema.target.name].nunique()
    if mixed := int((kinds > 1).sum()):
        yield f"{mixed} texts are there with several classes", "which is true? the model can learn neither"
    if repeated := int(frame[schema.text].duplicated().sum()):
        yield f"{repeated} texts repeat another", "they are never cut apart; remove them, if they are copies"
    if len(near):
        across = int((near["class"] != near["class of the other"]).sum())
        apart = f", {across} of them of different classes" if across else ""
        yield f"{len(near)} pairs of texts are nearly the same{apart}", "data.group, if they are of one origin"
    if empty := int((lengths == 0).sum()):
        yield f"{empty} texts have no words", "remove them, or see what they are for"
    if (longest := int(lengths.max())) > LONG * max(1, lengths.median()):
        yield f"the longest text has {longest} words, most have about {lengths.median():g}", "is it one text?"


def count_words(texts: "pd.Series[str]") -> tuple[csr_matrix, NDArray[np.str_]]:
    """Return whether each word is in each text, shape (texts, words), and the words; none where there are none."""
    counter = CountVectorizer(tokenizer=list_words, token_pattern=None, binary=True)
    try:
        counts = counter.fit_transform(texts)
    except ValueError:
        return csr_matrix((len(texts), 0)), np.array([], dtype=str)
    return counts, np.asarray(counter.get_feature_names_out(), dtype=str)


def list_words(text: str) -> list[str]:
    """Return the words of a text."""
    return list(Finder()(text))


def near_duplicates(frame: pd.DataFrame, counts: csr_matrix, schema: Schema) -> pd.DataFrame:
    """Return pairs of texts, among some, whose words are nearly the same but whose letters are not, closest first."""
    # A column of zeros, as there may be no word at all.
    padded = hstack([counts[:MAX_COMPARED], csr_matrix((min(MAX_COMPARED, len(frame)), 1))], format="csr")
    some = normalize(padded.astype(np.float32))
    texts, classes = (frame[name].to_numpy()[:MAX_COMPARED] for name in (schema.text, schema.target.name))
    found: list[tuple[int, int, float]] = []
    for start in range(0, some.shape[0], COMPARED_AT_ONCE):
        together = (some[start : start + COMPARED_AT_ONCE] @ some.T).tocoo()
        close = (together.data >= ALIKE) & (together.row + start < together.col)
        found += zip(together.row[close] + start, together.col[close], together.data[close], strict=True)
    rows = [
        {
            "alike": float(score),
            "class": classes[one],
            "text": shorten(texts[one]),
            "class of the other": classes[other],
            "the other": shorten(texts[other]),
        }
        for one, other, score in sorted(found, key=lambda pair: -pair[2])
        if texts[one] != texts[other]
    ]
    return pd.DataFrame(rows, columns=["alike", "class", "text", "class of the other", "the other"])


def shorten(text: str) -> str:
    """Return the beginning of a text."""
    return textwrap.shorten(text, SHOWN_CHARACTERS)


def describe_classes(frame: pd.DataFrame, lengths: "pd.Series[int]", schema: Schema) -> pd.DataFrame:
    """Return how many texts each class has, and how many words are in them."""
    grouped = lengths.groupby(frame[schema.target.name])
    table = grouped.agg(texts="size", median="median", most="max").reset_index()
    return table.set_axis(["class", "texts", "words, median", "words, most"], axis="columns")


def pick_examples(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the beginnings of some texts of each class."""
    name = schema.target.name
    rows = frame.groupby(name).head(SHOWN_TEXTS).sort_values(name, kind="stable")
    return pd.DataFrame({"class": rows[name], "text": rows[schema.text].map(shorten)})


def draw_distributions(frame: pd.DataFrame, lengths: "pd.Series[int]", schema: Schema) -> Figure:
    """Draw how many texts each class has, and how long they are."""
    classes = frame[schema.target.name]
    counts = classes.value_counts().head(MAX_CLASSES)
    figure = Figure(figsize=(10, 1.5 + 0.28 * max(8, len(counts))), layout="constrained")
    bars, boxes = figure.subplots(1, 2)
    sns.barplot(x=counts.to_numpy(), y=counts.index, ax=bars, color=COLOR)
    bars.set(title="Texts of each class", xlabel="texts", ylabel="")
    groups = [lengths[classes == name].clip(lower=1) for name in reversed(counts.index)]
    boxes.boxplot(
        groups, tick_labels=list(reversed(counts.index)), orientation="horizontal", flierprops={"markersize": 2}
    )
    boxes.set(title="Length", xlabel="words in a text", xscale="log")
    for axes in (bars, boxes):
        sns.despine(ax=axes)
    return figure


def draw_words(counts: csr_matrix, words: NDArray[np.str_], classes: "pd.Series[str]", schema: Schema) -> Figure:
    """Draw the words of each class that set it apart with most certainty."""
    named = [name for name in schema.target.categories if (classes == name).any()][:MAX_CLASSES]
    across = min(3, len(named))
    down = -(-len(named) // across)
    figure = Figure(figsize=(4 * across, 0.6 + 2.8 * down), layout="constrained")
    figure.suptitle("Words that set each class apart: share of its texts that hold them")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for name, axes in zip(named, panels, strict=False):
        inside = (classes == name).to_numpy()
        telling = np.argsort(-weigh(counts, inside), kind="stable")[:SHOWN_WORDS]
        shares = 100 * np.asarray(counts[inside][:, telling].mean(axis=0)).ravel()
        axes.set_axis_on()
        sns.barplot(x=shares, y=words[telling], ax=axes, color=COLOR)
        axes.set(title=name, xlabel="percent of texts", ylabel="")
        sns.despine(ax=axes)
    return figure


def weigh(counts: csr_matrix, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return for each word how surely it is more frequent in these texts than in the others, in standard deviations.

    It is the logarithm of the ratio of odds, drawn to that of all texts: Monroe, Colaresi and Quinn, Fightin' Words,
    Political Analysis 16, 2008. What is as frequent everywhere, such as "the", weighs nothing.
    """
    prior = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel()
    own, rest = (np.asarray(counts[rows].sum(axis=0), dtype=np.float64).ravel() + prior for rows in (inside, ~inside))
    odds = [found / (found.sum() - found).clip(min=1) for found in (own, rest)]
    return np.asarray(np.log(odds[0] / odds[1]) / np.sqrt(1 / own + 1 / rest))
