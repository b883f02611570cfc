"""A project whose owner has put other data in: it reads, learns, measures and predicts, and its own tests are green."""

import csv
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from _pytest.mark import ParameterSet
from PIL import Image

from .facts import TREES
from .rendering import ONLY_FRAMEWORK, Renderer, code_trees, label
from .test_code_trees import shell, start

RANDOM = Random(0)
Row = list[str]


def rows_of_houses() -> Iterator[Row]:
    """Yield a German table: codes, dates, amounts, missing areas, two classes of which one is rare."""
    yield ["Kunde", "verkauft am", "Preis", "Fläche", "Zone", "Keller", "Notiz", "teuer"]
    for number in range(360):
        area, zone = RANDOM.uniform(40, 200), RANDOM.choice(["Nord", "Süd", "West"])
        price = 3_000 * area + (90_000 if zone == "Süd" else 0) + RANDOM.gauss(0, 15_000)
        day = date(2022, 1, 1) + timedelta(days=RANDOM.randrange(700))
        amount = f"{price:,.2f} €".replace(",", " ").replace(".", ",").replace(" ", ".", 1)
        shown = "k.A." if number % 30 == 7 else f"{area:.1f}".replace(".", ",")
        note = f"Notiz; Nr. {number}"
        cellar = RANDOM.choice(["TRUE", "FALSE"])
        yield [
            f"{number:05}",
            f"{day:%d.%m.%Y}",
            amount,
            shown,
            zone,
            cellar,
            note,
            "ja" if price > 530_000 else "nein",
        ]


def rows_of_groups() -> Iterator[Row]:
    """Yield rows around three centres."""
    yield ["id", "breadth", "height", "colour"]
    for number in range(240):
        centre = number % 3 * 10
        point = [f"{centre + RANDOM.gauss(0, 1):.3f}", f"{-centre + RANDOM.gauss(0, 1):.3f}"]
        yield [f"A{number}", *point, ["red", "green", "blue"][number % 3]]


def rows_of_texts() -> Iterator[Row]:
    """Yield texts of two kinds, of which one is rare, with ids that are not used."""
    yield ["id", "said", "mood"]
    words = {
        "glad": ["sun", "swim", "song", "cake", "play", "dance", "smile"],
        "sad": ["rain", "grey", "cold", "lost", "late", "alone", "ill"],
    }
    for number in range(320):
        mood = "sad" if number % 4 == 0 else "glad"
        yield [str(number), " ".join(RANDOM.choices(words[mood] + ["the", "a", "was", "and"], k=9)), mood]


def rows_of_shops() -> Iterator[Row]:
    """Yield the sales of two shops, day by day."""
    yield ["shop", "day", "sales"]
    for shop, level in (("NA", 100), ("Süd", 300)):
        for number in range(260):
            weekly = math.sin(2 * math.pi * number / 7)
            sales = level * (1 + 0.3 * weekly + 0.001 * number) + RANDOM.gauss(0, 2)
            yield [shop, f"{date(2023, 1, 2) + timedelta(days=number)}", f"{sales:.2f}"]


def write_table(rows: Callable[[], Iterator[Row]], settings: dict[str, Any]) -> Callable[[Path], dict[str, Any]]:
    """Return what writes a table, and says what to change under data."""

    def write(folder: Path) -> dict[str, Any]:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "own.csv"
        with path.open("w", encoding="cp1252", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows())
        return {"path": f"data/raw/{path.name}", **settings}

    return write


def write_images(folder: Path) -> dict[str, Any]:
    """Write pictures of lines in three directions, of two sizes and any colour."""
    for name, across, down in (("lying", 0, 1), ("standing", 1, 0), ("leaning", 1, 1)):
        (folder / "own" / name).mkdir(parents=True)
        for number in range(30):
            size, start_at = ((24, 20) if number % 2 else (20, 28)), RANDOM.randrange(6)
            picture = Image.new("RGB", size, tuple(RANDOM.randrange(80) for _ in range(3)))
            for x in range(size[0]):
                for y in range(size[1]):
                    if (across * x + down * y + start_at) % 6 < 3:
                        picture.putpixel((x, y), (200, 180, 160))
            picture.save(folder / "own" / name / f"{number}.png")
    return {"path": "data/raw/own"}


SHOPS = {"time": "day", "target": "sales", "series": "shop", "known": [], "horizon": 7, "lags": 15, "season": 7}
DATA: dict[str, Callable[[Path], dict[str, Any]]] = {
    "classification": write_table(rows_of_houses, {"target": "teuer", "missing": ["k.A."]}),
    "regression": write_table(rows_of_houses, {"target": "Preis"}),
    "clustering": write_table(rows_of_groups, {}),
    "text-classification": write_table(rows_of_texts, {"text": "said", "target": "mood"}),
    "image-classification": write_images,
    "forecasting": write_table(rows_of_shops, SHOPS),
}
# Columns of the owner's own, each one line of prepare.py.
MADE = {
    "classification": '"per metre": c["Preis"] / c["Fläche"],',
    "regression": '"Fläche": c["Fläche"] ** 2,',
    "clustering": '"slope": c["height"] / c["breadth"],',
}
SOONER = [{"task": "classification", "framework": "scikit-learn"}, {"task": "forecasting", "framework": "scikit-learn"}]


def by_tier() -> list[ParameterSet]:
    """Return each task with each framework, with its tier."""
    pairs = {(each["task"], each.get("framework", ONLY_FRAMEWORK)) for each in [*code_trees(), *TREES]}
    trees = [{"task": task, "framework": framework} for task, framework in sorted(pairs)]
    return [
        *(
            pytest.param(tree, ["tests/test_own_data.py"], id=f"{label(tree)} soon", marks=pytest.mark.test)
            for tree in SOONER
        ),
        *(pytest.param(tree, [], id=label(tree), marks=pytest.mark.prove) for tree in trees),
    ]


def add_column(folder: Path, line: str) -> None:
    """Write the one line that makes a column."""
    (path,) = (folder / "src").glob("*/data/prepare.py")
    text = path.read_text(encoding="utf-8")
    assert text.count("    return {\n") == 1
    path.write_text(text.replace("    return {\n", f"    return {{\n        {line}\n"), encoding="utf-8")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("answers", "which"), by_tier())
def test_a_project_works_on_its_owners_data(renderer: Renderer, answers: dict[str, str], which: list[str]) -> None:
    with renderer.project({**answers, "serving": "none"}) as project:
        params = project.folder / "params.yaml"
        settings = yaml.safe_load(params.read_text(encoding="utf-8"))
        settings["data"] |= DATA[answers["task"]](project.folder / "data" / "raw")
        if answers["task"] in MADE:
            settings["cleaning"] |= {"duplicates": "drop", "outliers": {"treat": "clip"}, "rare": 2}
            add_column(project.folder, MADE[answers["task"]])
        params.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        source, predictions = project.folder / settings["data"]["path"], project.folder / "predictions.csv"
        for words in (["data"], ["train"], ["evaluate", "--check"], ["predict", str(source), str(predictions)]):
            result = start(project.folder / "src", "my_ml_project", *words, "--params", str(params))
            assert result.returncode == 0, result.stdout
        assert len(predictions.read_text(encoding="utf-8").splitlines()) > 2
        result = start(project.folder, "pytest", "-q", "-p", "no:cacheprovider", *which)
        assert result.returncode == 0, result.stdout
        assert "skipped" not in result.stdout


@pytest.mark.prove
def test_where_the_data_is_kept_elsewhere_the_example_stands_in(renderer: Renderer) -> None:
    with renderer.project({"task": "regression", "serving": "none"}) as project:
        params = project.folder / "params.yaml"
        text = params.read_text(encoding="utf-8")
        params.write_text(text.replace("data/raw/example.csv", "data/raw/sales.csv"), encoding="utf-8")
        result = start(project.folder, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_own_data.py")
        assert "2 passed" in result.stdout
        environment = {**shell(), "PYTHONPATH": str(project.folder / "src")}
        command = [sys.executable, str(project.folder / "tests" / "rehearse.py")]
        done = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "is not in this copy of the project: the example of the tests stands in" in done.stdout
        assert "0.75 is asked" in done.stdout.replace("at least ", "")
        assert not (project.folder / "models").exists()
