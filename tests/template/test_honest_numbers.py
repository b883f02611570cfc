"""What docs/honest-numbers.md says is measured is what a project measures."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from .rendering import ROOT, Renderer
from .test_code_trees import shell

PAGE = ROOT / "docs" / "honest-numbers.md"
# Data, what params.yaml says of it, and what is measured.
EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```yaml\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
MEASURE = """
import json, sys
from pathlib import Path
import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import accuracy_score, r2_score, recall_score
from sklearn.model_selection import train_test_split
from my_ml_project.config import load_config
from my_ml_project.data.load import read_examples
from my_ml_project.evaluation.evaluate import evaluate_saved
from my_ml_project.training.model import build_model
from my_ml_project.training.train import train

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

code, settings = json.load(sys.stdin)
random = np.random.default_rng(0)
names = {"random": random, "np": np}
exec(code, names)
table = pd.DataFrame(names["columns"], columns=list("abcd"))
table = table.assign(**{name: names[name] for name in ("person", "day", "label") if name in names})
table.to_csv("own.csv", index=False)
own = load_config(Path("params.yaml"))
seed = settings.pop("seed", own.seed)
data = own.data.model_copy(update={"path": "own.csv", **settings["data"]})
evaluation = own.evaluation.model_copy(update=settings["evaluation"])
config = own.model_copy(update={"data": data, "evaluation": evaluation, "model": settings["model"]})
found = careless(config, seed)
run = train(config)
_, again = evaluate_saved(config.model_copy(update={"seed": seed}), run.name)
metric = config.evaluation.metric
print(json.dumps([*found, again.metrics[metric], again.baseline[metric]]))
"""


@pytest.mark.test
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_page_says_what_a_project_measures(renderer: Renderer, task: str) -> None:
    examples = [
        (code, yaml.safe_load(settings), [float(number) for number in re.findall(r"-?[0-9]+\.[0-9]+", told)])
        for code, settings, told in EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    ]
    assert len(examples) == PAGE.read_text(encoding="utf-8").count("```python") > 5
    own = [each for each in examples if (each[1]["evaluation"]["metric"] == "r2") == (task == "regression")]
    assert own
    with renderer.project({"task": task, "serving": "none"}) as project:
        environment = {**shell(), "PYTHONPATH": str(project.folder / "src")}
        for code, settings, told in own:
            found = subprocess.run(
                [sys.executable, "-c", MEASURE],
                cwd=project.folder,
                env=environment,
                input=json.dumps([code, settings]),
                capture_output=True,
                text=True,
            )
            assert found.returncode == 0, found.stderr
            assert json.loads(found.stdout.splitlines()[-1]) == pytest.approx(told, abs=0.02), settings
