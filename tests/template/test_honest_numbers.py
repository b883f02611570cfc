"""What docs/honest-numbers.md says is measured is what a project measures."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from .rendering import ROOT, Renderer
from .test_code_trees import shell

PAGE = ROOT / "docs" / "honest-numbers.md"
# Data, what params.yaml says of it, and what is measured.
EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```yaml\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
# What all examples do first: make the data, and change params.yaml.
PREPARE = """
import json, sys
from pathlib import Path
import cv2
import numpy as np
import pandas as pd
from my_ml_project.config import load_config
from my_ml_project.data.load import load, read_examples
from my_ml_project.evaluation.evaluate import evaluate_saved
from my_ml_project.evaluation.metrics import scorer
from my_ml_project.training.model import build_model
from my_ml_project.training.train import train

code, settings = json.load(sys.stdin)
random = np.random.default_rng(0)
names = {"random": random, "np": np}
exec(code, names)
own = load_config(Path("params.yaml"))
seed = settings.pop("seed", own.seed)
path = "own" if "pixels" in names else "own.csv"
data = type(own.data)(**(own.data.model_dump(exclude_defaults=True) | settings["data"] | {"path": path}))
evaluation = own.evaluation.model_copy(update=settings["evaluation"])
config = own.model_copy(update={"data": data, "evaluation": evaluation, "model": settings["model"]})
metric = config.evaluation.metric

def measured(config):
    "Return the metric on the held-out examples."
    dataset = load(config)
    model = build_model(config, dataset.schema).fit(*dataset.train)
    return scorer(dataset.schema)(model, *dataset.test)[metric]
"""
TABLE = """
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import accuracy_score, r2_score, recall_score
from sklearn.model_selection import train_test_split

def careless(config, seed):
    "Cut at random and average over the classes; a model of another seed may have seen what it is measured on."
    rows, schema, _ = read_examples(config)
    places = np.arange(len(rows.target))
    labels = rows.target if schema.target.categories else None
    learned, tested = train_test_split(places, test_size=0.2, stratify=labels, random_state=config.seed)
    _, again = train_test_split(places, test_size=0.2, stratify=labels, random_state=seed)
    part, rest = rows.take(learned), rows.take(again)
    naive = (DummyRegressor() if labels is None else DummyClassifier(strategy="prior"))
    models = build_model(config, schema).fit(*part), naive.fit(*part)
    macro = lambda truth, found: recall_score(truth, found, average="macro")
    score = {"r2": r2_score, "accuracy": accuracy_score, "recall": macro}[config.evaluation.metric]
    return [score(rest.target, model.predict(rest.features)) for model in models]

table = pd.DataFrame(names["columns"], columns=list("abcd"))
table = table.assign(**{name: names[name] for name in ("person", "day", "label") if name in names})
table.to_csv("own.csv", index=False)
found = careless(config, seed)
run = train(config)
_, again = evaluate_saved(config.model_copy(update={"seed": seed}), run.name)
print(json.dumps([*found, again.metrics[metric], again.baseline[metric]]))
"""
SERIES = """
day = pd.Timestamp("2001-01-01") + pd.to_timedelta(names["step"], unit="D")
table = pd.DataFrame({"day": day, "label": names["label"]} | ({"shop": names["shop"]} if "shop" in names else {}))
table.to_csv("own.csv", index=False)
run = train(config)
dataset = load(config)
features, truth = dataset.test.features, dataset.test.target.to_numpy()
model = build_model(config, dataset.schema).fit(*dataset.train)
if "shop" in names:
    model[-1].series_margins_ = {}
    parts = [[part.xs(name, level="series", drop_level=False) for part in dataset.test] for name in ("loud", "quiet")]
    measured = [scorer(dataset.schema)(model, *part)["coverage"] for part in parts]
    table = run.evaluation.tables["series"].set_index("series")["coverage"]
    print(json.dumps([*measured, table["loud"], table["quiet"]]))
else:
    last = features.to_numpy()[:, config.data.lags - config.data.season :][:, : config.data.horizon]
    season = np.abs(truth - last).mean() / model[-1].naive_errors(features).mean()
    evaluation = run.evaluation
    print(json.dumps([evaluation.metrics[metric], season, evaluation.metrics[metric], evaluation.baseline[metric]]))
"""
CLEANING = """
from my_ml_project.evaluation.evaluate import cross_validate
from sklearn.base import clone

def in_folds(**changes):
    "Return the metric's mean over the folds, and at least the least that the page shows."
    config.schema_path.unlink(missing_ok=True)
    own = config.model_copy(update={part: type(getattr(config, part))(**what) for part, what in changes.items()})
    own = own.model_copy(update={"data": config.data.model_copy(update={"ignore": tuple(ignored)})})
    dataset = load(own)
    model = build_model(own, dataset.schema)
    folds = cross_validate(lambda part: clone(model).fit(*part), dataset, 5)
    return max(-9.99, np.mean([fold[metric] for fold in folds]))

pd.DataFrame(names["columns"]).assign(label=names["label"]).to_csv("own.csv", index=False)
careless = settings["careless"]
ignored = careless.pop("ignore", [])
found = [in_folds(**careless)]
ignored = []
print(json.dumps([*found, in_folds(cleaning=settings["cleaning"])]))
"""
WORDS = """
pd.DataFrame({"text": names["text"], "label": names["label"]}).to_csv("own.csv", index=False)
chosen = config.models[config.model]
other = chosen.model_copy(update={"params": {**chosen.params, **settings["careless"]}})
print(json.dumps([measured(config.model_copy(update={"models": {config.model: each}})) for each in (other, chosen)]))
"""
TEXTS = """
pd.DataFrame({"text": names["text"], "label": names["label"]}).to_csv("own.csv", index=False)
chosen = config.models[config.model]
cut = chosen.model_copy(update={"params": {**chosen.params, "text__max_length": 24}})
print(json.dumps([measured(config.model_copy(update={"models": {config.model: each}})) for each in (cut, chosen)]))
"""
IMAGES = """
for number, (label, pixels) in enumerate(zip(names["label"], names["pixels"])):
    Path("own", f"colour{label}").mkdir(parents=True, exist_ok=True)
    cv2.imwrite(f"own/colour{label}/{number}.png", pixels[..., ::-1].astype(np.uint8))
small = config.data.model_copy(update={"size": (16, 16), "colour": "grey"})
careless = measured(config.model_copy(update={"data": small}))
config.schema_path.unlink()
print(json.dumps([careless, measured(config)]))
"""
# How the examples of a task are measured, and in which projects.
HOW: dict[str, tuple[str, dict[str, str]]] = {
    "classification": (TABLE, {}),
    "regression": (TABLE, {}),
    "forecasting": (SERIES, {}),
    "text-classification": (TEXTS, {"framework": "pytorch"}),
    "image-classification": (IMAGES, {}),
    "cleaning of classification": (CLEANING, {}),
    "cleaning of regression": (CLEANING, {}),
    "words of text-classification": (WORDS, {}),
}


# The others take longer, and are proved.
SOONER = ("classification", "forecasting")


def task_of(settings: dict[str, Any]) -> str:
    """Return the task that an example is of, and what of it is shown."""
    data = settings["data"]
    if "cleaning" in settings:
        return f"cleaning of {'regression' if settings['evaluation']['metric'] == 'r2' else 'classification'}"
    if "careless" in settings:
        return "words of text-classification"
    if "horizon" in data:
        return "forecasting"
    if "text" in data:
        return "text-classification"
    if "on_bad_file" in data:
        return "image-classification"
    return "regression" if settings["evaluation"]["metric"] == "r2" else "classification"


@pytest.mark.parametrize(
    "task", [pytest.param(task, marks=pytest.mark.test if task in SOONER else pytest.mark.prove) for task in HOW]
)
def test_the_page_says_what_a_project_measures(renderer: Renderer, task: str) -> None:
    examples = [
        (code, yaml.safe_load(settings), [float(number) for number in re.findall(r"-?[0-9]+\.[0-9]+", told)])
        for code, settings, told in EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    ]
    assert len(examples) == PAGE.read_text(encoding="utf-8").count("```python") > 5
    own = [each for each in examples if task_of(each[1]) == task]
    assert own
    measure, answers = HOW[task]
    with renderer.project({"task": task.split()[-1], "serving": "none", **answers}) as project:
        environment = {**shell(), "PYTHONPATH": str(project.folder / "src")}
        for code, settings, told in own:
            found = subprocess.run(
                [sys.executable, "-c", PREPARE + measure],
                cwd=project.folder,
                env=environment,
                input=json.dumps([code, settings]),
                capture_output=True,
                text=True,
            )
            assert found.returncode == 0, found.stderr
            assert json.loads(found.stdout.splitlines()[-1]) == pytest.approx(told, abs=0.02), settings
