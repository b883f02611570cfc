"""Values that a request lacks, or that training has not seen, are found; and what training has seen is not."""

from collections import Counter
from typing import Any

import pytest

from acme_ml.columns import Column
from acme_ml.config import Config
from acme_ml.data.load import load
from acme_ml.inference.bundle import Bundle, load_bundle
from acme_ml.service.payload import Payload
from acme_ml.service.samples import write_cell
from acme_ml.service.watching import Watch
from acme_ml.training.train import Run


@pytest.fixture(scope="module")
def bundle(trained: tuple[Config, Run]) -> Bundle:
    """The trained model."""
    return load_bundle(trained[1].bundle)


def found_in(bundle: Bundle, *rows: dict[str, Any]) -> dict[tuple[str, str], int]:
    """Return what is found of these rows, and is not usual."""
    watch = Watch(bundle.schema, None)
    found = dict(watch.find([watch.note([row], bundle.encoder.encode([row])) for row in rows]))
    assert found.keys() <= set(watch.findings)
    looked_at: Counter[str] = Counter()
    for (name, _), count in found.items():
        looked_at[name] += count
    assert looked_at == dict.fromkeys(looked_at, len(rows))
    return {place: count for place, count in found.items() if place[1] != "usual"}


def test_what_training_has_seen_is_only_counted_where_it_is_missing(
    trained: tuple[Config, Run], bundle: Bundle
) -> None:
    features = load(trained[0]).train.features
    found = dict(Watch(bundle.schema, None).find([bundle.encoder.encode_features(features)]))
    assert {what for _, what in found} <= {"missing", "usual"}
    for (name, what), count in found.items():
        missing = int((features[name].isna() | (features[name] == "(missing)")).sum())
        assert count == (missing if what == "missing" else len(features) - missing)


def test_numbers_beyond_those_seen_are_found(bundle: Bundle) -> None:
    row = Payload(bundle.schema, 1).example_row()
    column = next(column for column in bundle.schema.columns if column.kind == "number")
    low, high = column.minimum, column.maximum
    assert low is not None
    assert high is not None
    rows = [{**row, column.name: value} for value in (low, high, low - 1, high + 1, high + 2)]
    assert found_in(bundle, *rows) == {(column.name, "below"): 1, (column.name, "above"): 2}
    assert found_in(bundle, {**row, column.name: None}, row)[column.name, "missing"] == 1


def test_words_that_are_missing_or_new_are_found(bundle: Bundle) -> None:
    row = Payload(bundle.schema, 1).example_row()
    for name in bundle.schema.categories:
        assert found_in(bundle, row, {**row, name: "Ω"}, {**row, name: "Ψ"}) == {(name, "unseen"): 2}
        assert found_in(bundle, {**row, name: None}) == {(name, "missing"): 1}


@pytest.mark.parametrize(
    ("column", "value", "written"),
    [
        (Column(name="a", kind="number"), 1e-7, "1e-07"),
        (Column(name="a", kind="number", decimal=","), 1.5, "1,5"),
        (Column(name="a", kind="boolean"), True, "true"),
        (Column(name="a", kind="category"), 'O\'Neill, "x"', 'O\'Neill, "x"'),
        (Column(name="a", kind="date", form="ISO 8601"), 951_782_400.0, "2000-02-29"),
        (Column(name="a", kind="date", form="ISO 8601"), 951_786_000.0, "2000-02-29T01:00:00"),
        (Column(name="a", kind="date", form="%d.%m.%Y"), 951_782_400.0, "29.02.2000"),
        (Column(name="a", kind="number"), None, ""),
    ],
)
def test_a_value_is_kept_as_its_column_is_written(column: Column, value: Any, written: str) -> None:
    assert write_cell(value, column) == written
