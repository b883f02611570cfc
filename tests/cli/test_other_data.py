"""Texts, series and images of one's own, and values of params.yaml that are said before there is one."""

import json
import re
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from mlscaffold._errors import UsageError
from mlscaffold._params import of_block, read_params, write_params

from .conftest import Invoke
from .test_data import refused

PARAMS = """\
# Every number.
seed: 0

data:
  path: data/raw/example.csv  # your own table
  # decimal: ","              # what stands before decimals
  test_size: 0.2              # share

models:
  ridge:
    params: {alpha: 1}

evaluation:
  folds: 5                    # of cross-validation
"""


def made(invoke: Invoke, *arguments: object) -> str:
    result = invoke("new", "acme", "--defaults", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def settings(project: Path) -> dict[str, dict[str, object]]:
    found = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def write_series(file: Path, houses: tuple[str, ...], days: int = 200) -> Path:
    rows = ["day,kwh" + (",house" if houses else "")]
    for house in houses or ("",):
        for day in range(days):
            when = date(2024, 1, 1) + timedelta(day)
            rows.append(f"{when},{10 + 3 * (day % 7) + day % 5 / 10}{',' + house if house else ''}")
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


# Values of params.yaml.


def test_values_are_put_where_they_belong(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS)
    write_params(tmp_path, read_params(["data.decimal=,", "seed=7", "evaluation.folds=2", "data.group=Über uns"]))
    text = (tmp_path / "params.yaml").read_text(encoding="utf-8")
    assert text.splitlines()[1] == "seed: 7"
    assert '  decimal: ","                # what stands before decimals\n' in text
    assert "  folds: 2                    # of cross-validation\n" in text
    before, after = yaml.safe_load(PARAMS), yaml.safe_load(text)
    assert after["data"] == {**before["data"], "decimal": ",", "group": "Über uns"}
    assert after["models"] == before["models"]


def test_values_of_a_block_are_known_by_their_names() -> None:
    said = read_params(["data.day_first=true", "data.missing=[k.A., '-']", "evaluation.folds=3", "seed=1"])
    assert of_block(said, "data") == {"day_first": True, "missing": ["k.A.", "-"]}


@pytest.mark.parametrize("assignment", ["folds", "=2", "a.b.c=2", "Data.x=1", "data.=1", "data x=1"])
def test_what_is_no_value_is_refused(assignment: str) -> None:
    with pytest.raises(UsageError, match="this is not name=value"):
        read_params([assignment])


def test_what_json_cannot_hold_stays_a_text(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS)
    said = read_params(["data.since=2024-01-31", "data.decimal= , ", "data.days={2024-01-31: 1}"])
    assert said == {"data.since": "2024-01-31", "data.decimal": ",", "data.days": "{2024-01-31: 1}"}
    write_params(tmp_path, said)
    assert yaml.safe_load((tmp_path / "params.yaml").read_text())["data"]["since"] == "2024-01-31"


@pytest.mark.parametrize("text", ["\udcff", "'\udcff'"])
def test_bytes_that_are_no_text_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="this is not valid text"):
        read_params([f"data.group={text}"])


def test_a_block_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS)
    with pytest.raises(UsageError, match="no block 'dada'") as error:
        write_params(tmp_path, {"dada.decimal": ","})
    assert "It has data, models, evaluation." in str(error.value)


def test_a_value_without_data_is_refused(workshop: Path, invoke: Invoke) -> None:
    code, said = refused(invoke, "--param", "data.decimal=,")
    assert (code, "--target, --param and --link-data are about your data" in said) == (2, True)


@pytest.mark.test
def test_what_can_be_read_in_two_ways_is_read_as_it_is_said(workshop: Path, invoke: Invoke) -> None:
    file = workshop / "prices.csv"
    rows = (f"{row % 9 + 1},{100 + row};{row * 7 % 50}" for row in range(120))
    file.write_text("price;area\n" + "\n".join(rows) + "\n")
    code, said = refused(invoke, "--data", file, "--target", "area")
    assert (code, "say which in params.yaml" in said, "--param data.decimal=," in said) == (1, True, True)
    said = made(invoke, "--data", file, "--target", "area", "--param", "data.decimal=,")
    assert re.search(r"price +number +1\.1 to 9\.2", said)
    assert settings(workshop / "acme")["data"]["decimal"] == ","


@pytest.mark.test
def test_an_unknown_value_is_refused_by_the_project(workshop: Path, invoke: Invoke) -> None:
    file = write_series(workshop / "kwh.csv", ())
    code, said = refused(invoke, "--data", file, "--target", "kwh", "--param", "evaluation.fold=2")
    assert (code, "evaluation.fold: unknown key" in said) == (1, True)
    code, said = refused(invoke, "--data", file, "--target", "kwh", "--param", "data.decimal=;")
    assert (code, "decimal" in said) == (1, True)


# Texts.


@pytest.mark.test
def test_texts_become_a_project(workshop: Path, invoke: Invoke) -> None:
    words = {"gut": "wirklich schön und gut gemacht wie immer", "schlecht": "leider ganz schlecht und viel zu langsam"}
    names = [*words] * 60
    rows = [f"{row};{words[name]} {row} mal;{name}" for row, name in enumerate(names)]
    file = workshop / "kritik.csv"
    file.write_text("\n".join(["Nr;Kritik;Urteil", *rows]) + "\n", encoding="utf-8")
    said = made(invoke, "--data", file, "--target", "Urteil")
    assert "task: text-classification, as it holds 2 different words, and all else is texts, in 'Kritik'" in said
    data = settings(workshop / "acme")["data"]
    assert (data["path"], data["text"], data["target"]) == ("data/raw/kritik.csv", "Kritik", "Urteil")
    readme = (workshop / "acme/README.md").read_text(encoding="utf-8")
    assert "It predicts `Urteil` from the texts in `Kritik` of `data/raw/kritik.csv`." in readme
    assert "docstrings" not in readme
    assert json.loads((workshop / "acme/data/schema.json").read_text())


@pytest.mark.prove
def test_a_table_with_texts_among_others_says_what_reads_them(workshop: Path, invoke: Invoke) -> None:
    rows = (
        f"{row % 7},this is what customer {row} wrote to all of us,{'yes' if row % 3 else 'no'}" for row in range(90)
    )
    file = workshop / "mixed.csv"
    file.write_text("calls,note,churned\n" + "\n".join(rows) + "\n")
    said = made(invoke, "--data", file, "--target", "churned", "--dry-run")
    assert "task: classification" in said
    assert "'note' holds texts, which this task does not read" in said
    said = made(invoke, "--data", file, "--target", "churned", "--set", "task=text-classification")
    assert settings(workshop / "acme")["data"]["text"] == "note"


# Series.


@pytest.mark.test
@pytest.mark.parametrize(("houses", "series"), [pytest.param((), None, marks=pytest.mark.prove), (("A", "B"), "house")])
def test_a_table_of_times_becomes_a_forecaster(
    workshop: Path, invoke: Invoke, houses: tuple[str, ...], series: str | None
) -> None:
    file = write_series(workshop / "kwh.csv", houses)
    code, said = refused(invoke, "--data", file, "--target", "kwh")
    assert (code, "189 with evaluation.folds: 2" in said, "--param evaluation.folds=2" in said) == (1, True, True)
    said = made(invoke, "--data", file, "--target", "kwh", "--param", "evaluation.folds=2")
    assert "task: forecasting, as it holds numbers, " in said
    found = settings(workshop / "acme")
    assert (found["data"]["time"], found["data"]["target"], found["data"]["series"]) == ("day", "kwh", series)
    assert found["evaluation"]["folds"] == 2
    assert not (workshop / "acme/data/raw/example.csv").exists()
    assert "It forecasts `kwh` of `data/raw/kwh.csv` by the times in `day`" in (workshop / "acme/README.md").read_text()


# Images.


def write_images(folder: Path) -> Path:
    # The first tier collects this file, and has neither.
    cv2, numpy = import_module("cv2"), import_module("numpy")
    random = numpy.random.default_rng(0)
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 255, (24, 24, 3), dtype=numpy.uint8)
            cv2.imwrite(str(folder / label / f"{number}.png"), pixels)
    return folder


@pytest.mark.test
@pytest.mark.parametrize("link", [False, pytest.param(True, marks=pytest.mark.prove)])
def test_a_folder_of_images_becomes_a_project(workshop: Path, invoke: Invoke, link: bool) -> None:
    folder = write_images(workshop / "my pets")
    said = made(invoke, "--data", folder, *["--link-data"] * link)
    assert "24 files in folders, one for each label\n  cat (12), dog (12)" in said
    assert "task: image-classification, as it holds a folder for each label" in said
    assert "Data: data/raw, which git leaves out." in said
    raw = workshop / "acme/data/raw"
    assert [path.name for path in sorted(raw.iterdir()) if path.name != ".gitignore"] == ["cat", "dog"]
    assert (raw / "cat").is_symlink() == link
    assert json.loads((workshop / "acme/data/schema.json").read_text())["target"]["categories"] == ["cat", "dog"]
    assert len(list(folder.rglob("*.png"))) == 24


@pytest.mark.test
def test_a_folder_goes_with_images_alone(workshop: Path, invoke: Invoke) -> None:
    folder = write_images(workshop / "pets")
    code, said = refused(invoke, "--data", folder, "--set", "task=regression")
    assert (code, "task=regression does not learn from a folder of images" in said) == (2, True)
    code, said = refused(invoke, "--data", folder, "--target", "cat")
    assert (code, "which have no column 'cat'" in said) == (2, True)
    file = write_series(workshop / "kwh.csv", ())
    code, said = refused(invoke, "--data", file, "--target", "kwh", "--set", "task=image-classification")
    assert (code, "task=image-classification does not learn from a table" in said) == (2, True)
    (workshop / "pets/cat/0.png").unlink()
    for image in (workshop / "pets/dog").iterdir():
        image.write_text("no image")
    code, said = refused(invoke, "--data", folder)
    assert (code, "nothing can be learned from the data so: " in said) == (1, True)


# Excel and Parquet.


@pytest.mark.test
@pytest.mark.parametrize("suffix", ["xlsx", pytest.param("parquet", marks=pytest.mark.prove)])
def test_a_file_of_another_program_becomes_a_project(workshop: Path, invoke: Invoke, suffix: str) -> None:
    pandas = import_module("pandas")
    built = pandas.date_range("2001-01-01", periods=200)
    table = pandas.DataFrame({"rooms": [number % 7 for number in range(200)], "built": built})
    table["price"] = 1.234 + table["rooms"] * 100
    file = workshop / f"Meine Häuser.{suffix}"
    if suffix == "xlsx":
        table.to_excel(file, index=False)
    else:
        import_module("duckdb").from_df(table).write_parquet(str(file))
    said = made(invoke, "--data", file, "--target", "price")
    assert "task: regression" in said
    assert re.search(r"built +date +2001-01-01 to 2001-07-19", said)
    assert re.search(r"price +number +1\.234 to 601\.234", said)
    kept = workshop / "acme" / "data" / "raw" / f"Meine_Häuser.{suffix}"
    assert kept.read_bytes() == file.read_bytes()
    assert settings(workshop / "acme")["data"]["path"] == f"data/raw/Meine_Häuser.{suffix}"
