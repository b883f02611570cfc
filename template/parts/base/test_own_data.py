"""The project's own data, whatever it is: it fits its schema, and something can be learned from it."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from acme_ml.config import Config, load_config
from acme_ml.data.load import load, read_data
from acme_ml.evaluation.floor import is_better
from acme_ml.evaluation.metrics import fit_baseline, scorer
from acme_ml.inference.naming import find_metric
from acme_ml.training.model import build_model

TESTS = Path(__file__).parent
# More would only take longer.
MOST_EXAMPLES = 1_000


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The project's settings and schema, copied so that tests write nothing into the project; the data stays there.

    Where the data is kept elsewhere and not in this copy of the project, the example of the tests stands in.
    """
    folder = tmp_path_factory.mktemp("own")
    own, example = load_config(TESTS.parent / "params.yaml"), load_config(TESTS / "data" / "params.yaml")
    if not own.data_path.exists() and own.data.path != example.data.path:
        shutil.copytree(TESTS / "data", folder / "data")
        return example.model_copy(update={"root": folder})
    (folder / "data").mkdir()
    if own.schema_path.exists():
        shutil.copy(own.schema_path, folder / "data")
    # An example that is not there yet is written to the copy.
    path = str(own.data_path) if own.data_path.exists() else own.data.path
    return own.model_copy(update={"root": folder, "data": own.data.model_copy(update={"path": path})})


def test_the_data_fits_its_schema(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    known = config.schema_path.exists()
    caplog.set_level(logging.INFO)
    frame, _ = read_data(config)
    assert frame is not None
    assert not known or f"wrote {config.schema_path}" not in caplog.text, (
        "run the data command, and commit data/schema.json"
    )


def test_the_model_learns_more_than_the_naive_baseline(config: Config) -> None:
    read_data(config)
    dataset = load(config)
    train, test = (
        part.take(np.sort(np.random.default_rng(0).permutation(len(part.features))[:MOST_EXAMPLES]))
        for part in (dataset.train, dataset.test)
    )
    model = build_model(config, dataset.schema).fit(train.features, train.target)
    baseline = fit_baseline(model, train, config.seed)
    measure = scorer(dataset.schema)
    found, naive = (measure(each, test.features, test.target) for each in (model, baseline))
    metric = find_metric(config.evaluation.metric, found)
    assert is_better(metric, found[metric], naive[metric]), f"{metric}: {found[metric]:.4g}; naive: {naive[metric]:.4g}"
