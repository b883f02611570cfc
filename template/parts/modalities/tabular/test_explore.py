"""The page about the data finds what deserves a look, and says what can be done about it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acme_ml.columns import Column
from acme_ml.config import Config
from acme_ml.data.load import read_data
from acme_ml.evaluation.associations import associate, with_target
from acme_ml.evaluation.explore import (
    describe_numbers,
    first_rows,
    patterns_of_missing,
    write_exploration,
)
from acme_ml.evaluation.findings import find_all, strongest_pairs
from acme_ml.evaluation.panels import (
    bins_of,
    draw_against,
    draw_distributions,
    draw_pairs,
)

RANDOM = np.random.default_rng(0)
ROWS = 400
BASE = RANDOM.normal(size=ROWS)
KIND = np.where(BASE > 0, "high", "low")


def number(name: str) -> Column:
    """Return a column of numbers."""
    return Column(name=name, kind="number", nullable=True, minimum=0, maximum=1)


def words(name: str) -> Column:
    """Return a column of words."""
    return Column(name=name, kind="category", nullable=True, categories=("high", "low"))


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        (number("base"), number("falling"), -1.0, -0.99),
        (number("base"), words("kind"), 0.8, 0.95),
        (words("kind"), number("base"), 0.8, 0.95),
        (words("kind"), words("same"), 1.0, 1.0),
        (words("kind"), words("chance"), 0.0, 0.2),
        (number("base"), number("chance number"), -0.2, 0.2),
    ],
)
def test_columns_of_any_kinds_are_compared(one: Column, other: Column, low: float, high: float) -> None:
    frame = pd.DataFrame(
        {
            "base": BASE,
            "falling": -np.exp(BASE),
            "kind": KIND,
            "same": np.where(BASE > 0, "up", "down"),
            "chance": RANDOM.choice(["a", "b"], ROWS),
            "chance number": RANDOM.normal(size=ROWS),
        }
    )
    assert low - 1e-9 <= associate(frame, one, other) <= high + 1e-9


def test_a_column_of_one_value_goes_with_nothing() -> None:
    frame = pd.DataFrame({"base": BASE, "one": 1.0})
    assert np.isnan(associate(frame, number("base"), number("one")))


def test_what_rises_and_falls_again_is_found_by_mutual_information() -> None:
    frame = pd.DataFrame({"bent": BASE, "chance": RANDOM.normal(size=ROWS), "goal": BASE**2})
    table = with_target(frame, [number("chance"), number("bent")], number("goal"))
    assert table["column"].tolist() == ["bent", "chance"]
    assert abs(table["goes with the target"][0]) < 0.2
    assert table["mutual information"].round(1).tolist()[0] > 0.4 > 0.1 > table["mutual information"][1]


def found(frame: pd.DataFrame, columns: list[Column], target: Column | None = None) -> str:
    """Return all findings as one text."""
    return "\n".join(f"{what}: {todo}" for what, todo in find_all(frame, columns, target))


def test_what_deserves_a_look_is_told_with_what_to_do() -> None:
    frame = pd.DataFrame(
        {
            "far": np.append(RANDOM.normal(size=ROWS - 1), 1e9),
            "often": np.where(np.arange(ROWS) % 5 < 2, np.nan, BASE),
            "one": np.append(np.zeros(ROWS - 1), 1.0),
            "base": BASE,
            "copy": BASE + 1e-6,
            "tail": RANDOM.pareto(1.2, ROWS),
        }
    )
    told = found(pd.concat([frame, frame.head(3)]), [number(name) for name in frame])
    for expected in (
        "3 rows repeat an earlier one: cleaning.duplicates",
        "'far' has 1 outlier, up to 1e+09: are they true? cleaning.outliers",
        "'often' is missing in 40% of the rows: ask why",
        "'one' is 0.0 in 99.8% of the rows: data.ignore",
        '\'tail\' has a long tail: its logarithm, in prepare.py: "tail": np.log1p(c["tail"])',
        "'base' and 'copy' say nearly the same (rank correlation 1.00): data.ignore",
    ):
        assert expected in told


def test_what_the_target_gives_away_is_told() -> None:
    rare = np.where(np.arange(ROWS) < 12, "yes", "no")
    missing = np.where((rare == "yes") | (RANDOM.random(ROWS) < 0.05), np.nan, BASE)
    frame = pd.DataFrame({"telling": missing, "leak": np.where(rare == "yes", "a", "b"), "answer": rare})
    told = found(frame, [number("telling"), words("leak")], words("answer"))
    assert "'yes' is in 3.0% of the rows: training.class_weight" in told
    assert "'leak' alone gives 'answer' away: data.ignore" in told
    assert "whether 'telling' is missing goes with 'answer'" in told


def test_a_table_without_oddities_has_no_findings() -> None:
    frame = pd.DataFrame({"base": BASE, "chance": RANDOM.normal(size=ROWS)})
    assert found(frame, [number("base"), number("chance")]) == ""


def test_pairs_are_the_strongest_first() -> None:
    frame = pd.DataFrame(
        {"base": BASE, "chance": RANDOM.normal(size=ROWS), "near": BASE + 0.1 * RANDOM.normal(size=ROWS)}
    )
    columns = [number(name) for name in frame]
    (first, *_) = strongest_pairs(frame, columns, 2)
    assert [column.name for column in first] == ["base", "near"]


def test_numbers_are_described_by_their_quantiles_and_rows_by_their_numbers(trained: tuple[Config, object]) -> None:
    frame, schema = read_data(trained[0])
    table = describe_numbers(frame, schema)
    name = table["column"][0]
    assert table["median"][0] == pytest.approx(frame[name].median())
    assert table["25 %"][0] == pytest.approx(frame[name].quantile(0.25))
    assert first_rows(frame)["row"].tolist() == [1, 2, 3, 4, 5]


def test_values_that_are_missing_together_are_counted() -> None:
    frame = pd.DataFrame({"a": [1, np.nan, np.nan, np.nan], "b": [1, np.nan, np.nan, 1], "c": [1, 1, 1, 1]})
    assert patterns_of_missing(frame).to_dict("list") == {"missing": ["a, b", "nothing", "a"], "rows": [2, 1, 1]}
    assert patterns_of_missing(frame[["c"]]).empty


def test_whole_numbers_have_a_bin_each() -> None:
    assert bins_of(np.array([1.0, 2.0, 4.0])) == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert bins_of(np.array([0.0, 1e6])) == 30


@pytest.mark.parametrize("target", [number("goal"), words("goal")])
def test_figures_have_a_panel_for_each_column(target: Column) -> None:
    day = Column(name="day", kind="date")
    truth = Column(name="truth", kind="boolean")
    columns = [number("base"), words("kind"), day, truth]
    goal = BASE if target.kind == "number" else KIND
    frame = pd.DataFrame(
        {"base": BASE, "kind": KIND, "day": 1e9 + 86_400 * np.arange(ROWS), "truth": BASE > 1, "goal": goal}
    )
    for figure in (draw_against(frame, columns, target), draw_distributions(frame, columns)):
        titles = [axes.get_title() for axes in figure.axes if axes.axison]
        assert titles == ["base", "kind", "day", "truth"]
    assert len(draw_pairs(frame, [(number("base"), day)], target).axes) == 1


def test_the_page_shows_all_of_it(trained: tuple[Config, object], tmp_path: Path) -> None:
    frame, schema = read_data(trained[0])
    page = write_exploration(frame, schema, tmp_path / "page").read_text(encoding="utf-8")
    for heading in ("The first rows", "Its numbers and dates", "Values missing together"):
        assert heading in page or heading == "Values missing together"
    figures = {path.stem for path in (tmp_path / "page").glob("*.png")}
    assert figures >= {"distributions", "missing", "pairs", "correlations"}
    assert (
        ("against_target" in figures)
        == ("What goes with the target" in page)
        == (len(schema.held) > len(schema.columns))
    )
