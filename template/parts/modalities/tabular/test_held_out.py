"""What is held out is told apart by what it holds: rows may be moved, and what belongs together stays so."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acme_ml.config import Config, load_config
from acme_ml.data.load import load, read_examples
from acme_ml.errors import BundleError, DataError
from acme_ml.evaluation.evaluate import evaluate_saved
from acme_ml.evaluation.metrics import scorer
from acme_ml.evaluation.rivals import compare_rivals, read_known
from acme_ml.inference.storage import load_model
from acme_ml.training.train import Run, train, train_candidate

pytestmark = pytest.mark.usefixtures("no_figures")
Edit = Callable[[dict[str, Any]], Config]


@pytest.fixture
def copied(trained: tuple[Config, Run], workspace: Path) -> tuple[Config, Run]:
    """The trained model beside data that may be changed."""
    _, run = trained
    shutil.copytree(run.bundle, workspace / "models" / run.name)
    return load_config(workspace / "params.yaml"), run


def lines_of(config: Config) -> tuple[str, list[str]]:
    header, *rows = config.data_path.read_text(encoding="utf-8").splitlines()
    return header, rows


def test_rows_that_moved_and_new_ones_change_nothing(copied: tuple[Config, Run]) -> None:
    config, run = copied
    header, rows = lines_of(config)
    name = next(column.name for column in load(config).schema.columns if column.kind == "number")
    cells = rows[0].split(",")
    cells[header.split(",").index(name)] = "0.125"
    config.data_path.write_text("\n".join([header, ",".join(cells), *sorted(rows)]), encoding="utf-8")
    assert evaluate_saved(config)[1].metrics == pytest.approx(run.evaluation.metrics, rel=1e-6)


def test_a_candidate_keeps_to_the_split_of_the_model_it_is_compared_with(copied: tuple[Config, Run]) -> None:
    config, run = copied
    header, rows = lines_of(config)
    # One new row for every third, which differ from all others in a number.
    name = next(column.name for column in load(config).schema.columns if column.kind == "number")
    place = header.split(",").index(name)
    new = [",".join(cell if at != place else f"{number / 7:.4f}" for at, cell in enumerate(row.split(",")))
           for number, row in enumerate(rows[::3], start=1)]  # fmt: skip
    config.data_path.write_text("\n".join([header, *rows, *new]), encoding="utf-8")
    rival = config.models_dir / run.name
    candidate = train_candidate(config.model_copy(update={"seed": config.seed + 1}), rival)
    (learned, held_out), (new_learned, new_held_out) = read_known(rival), read_known(candidate.bundle)
    assert set(learned) <= set(new_learned)
    assert set(held_out) <= set(new_held_out)
    assert set(new_held_out) > set(held_out)
    found = compare_rivals(config, rival, candidate.bundle)
    assert found.examples == len(new_held_out)


def test_rows_that_are_gone_are_counted_and_too_few_are_refused(
    copied: tuple[Config, Run], caplog: pytest.LogCaptureFixture
) -> None:
    config, _ = copied
    held_out = set(load(config).test.features.index)
    header, rows = lines_of(config)
    total = len(held_out)
    for kept, said in ((total - 3, "3 of the"), (3, None)):
        gone = set(sorted(held_out)[kept:])
        left = [row for place, row in enumerate(rows) if place not in gone]
        config.data_path.write_text("\n".join([header, *left]), encoding="utf-8")
        if said:
            evaluate_saved(config)
            assert f"{said} {total} examples that were held out are gone" in caplog.text
        else:
            with pytest.raises(BundleError, match=f"of the {total} examples .* 3 are left, too few"):
                evaluate_saved(config)


def test_a_model_that_has_learned_from_all_rows_is_measured_on_new_ones(edit_params: Edit) -> None:
    config = edit_params({})
    header, rows = lines_of(config)
    config.data_path.write_text("\n".join([header, *rows[30:]]), encoding="utf-8")
    config = edit_params({"training": {"final_fit": "all"}})
    run = train(config)
    config.data_path.write_text("\n".join([header, *rows[11:]]), encoding="utf-8")
    assert evaluate_saved(config)[1].metrics == run.evaluation.metrics
    config.data_path.write_text("\n".join([header, *rows]), encoding="utf-8")
    again = evaluate_saved(config)[1]
    assert again.metrics != run.evaluation.metrics
    examples, schema, _ = read_examples(config)
    new = examples.take(np.arange(30))
    assert again.metrics == scorer(schema)(load_model(run.bundle), new.features, new.target)
    assert again.folds_mean == run.evaluation.folds_mean


def with_column(config: Config, name: str, values: list[Any]) -> pd.DataFrame:
    frame = pd.read_csv(config.data_path, dtype=str, keep_default_na=False).assign(**{name: values})
    frame.to_csv(config.data_path, index=False)
    return frame


def settings_of(config: Config) -> dict[str, Any]:
    return config.data.model_dump(exclude_defaults=True)


def test_rows_of_one_group_are_on_one_side_and_the_group_is_no_feature(edit_params: Edit) -> None:
    config = edit_params({})
    rows = len(lines_of(config)[1])
    people = [f"person {number % 37}" for number in range(rows)]
    with_column(config, "person", people)
    config = edit_params({"data": {**settings_of(config), "group": "person"}})
    dataset = load(config)
    sides = [{people[row] for row in part.features.index} for part in (dataset.train, dataset.test)]
    assert not sides[0] & sides[1]
    assert sides[0] | sides[1] == set(people)
    assert dataset.schema.ignored["person"] == "says which rows belong together, by data.group"
    for parts in dataset.splitter(3).split():
        left, right = ({people[row] for row in dataset.train.features.index[part]} for part in parts)
        assert not left & right


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%Y"])
def test_later_rows_are_held_out(edit_params: Edit, form: str) -> None:
    config = edit_params({})
    rows = len(lines_of(config)[1])
    days = np.random.default_rng(0).permutation(pd.date_range("1990-01-31", periods=rows, freq="31D"))
    with_column(config, "when", [f"{pd.Timestamp(day):{form}}" for day in days])
    dataset = load(edit_params({"data": {**settings_of(config), "time": "when"}}))
    years = pd.Series([pd.Timestamp(day).year for day in days])
    early, late = (years[part.features.index] for part in (dataset.train, dataset.test))
    assert early.max() <= late.min()
    for before, after in dataset.splitter(3).split():
        assert early.iloc[before].max() <= early.iloc[after].min()


def test_what_rows_are_split_by_has_to_be_there(edit_params: Edit) -> None:
    config = edit_params({})
    rows = len(lines_of(config)[1])
    with_column(config, "person", ["a", "", *["b"] * (rows - 2)])
    with pytest.raises(DataError, match=r"row 2: the column that data\.group names holds nothing here"):
        load(edit_params({"data": {**settings_of(config), "group": "person"}}))
    with pytest.raises(DataError, match="column 'person' is no time"):
        load(edit_params({"data": {**settings_of(config), "time": "person"}}))
    with pytest.raises(DataError, match="no column 'ghost'"):
        load(edit_params({"data": {**settings_of(config), "group": "ghost"}}))
    with_column(config, "person", [str(number % 9) for number in range(rows)])
    with pytest.raises(DataError, match=r"data\.group and data\.time: say one of them"):
        load(edit_params({"data": {**settings_of(config), "group": "person", "time": "person"}}))


def test_copies_of_a_row_are_on_one_side(edit_params: Edit, caplog: pytest.LogCaptureFixture) -> None:
    config = edit_params({})
    header, rows = lines_of(config)
    config.data_path.write_text("\n".join([header, *rows * 3]), encoding="utf-8")
    caplog.set_level(logging.INFO)
    dataset = load(config)
    left, right = ({row % len(rows) for row in part.features.index} for part in (dataset.train, dataset.test))
    assert not left & right
    assert "examples are copies of others" in caplog.text
