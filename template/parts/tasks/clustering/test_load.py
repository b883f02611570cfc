"""Rows to find groups in and rows to measure them on are apart; both models label new rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from acme_ml.config import Config
from acme_ml.data.load import load
from acme_ml.errors import ConfigError
from acme_ml.inference.bundle import load_bundle
from acme_ml.training.model import HierarchicalClustering, build_model
from acme_ml.training.train import train


def test_no_row_is_in_both_parts(trained: tuple[Config, object]) -> None:
    dataset = load(trained[0])
    assert not set(dataset.train.features.index) & set(dataset.test.features.index)


def test_hierarchical_clusters_are_kept_and_served(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    config = edit_params({"model": "hierarchical"})
    run = train(config)
    assert "dendrogram" in run.evaluation.figures
    assert run.evaluation.metrics["silhouette"] > run.evaluation.baseline["silhouette"]
    assert (run.bundle / "model.onnx").exists()


def test_a_new_row_joins_its_nearest_neighbour() -> None:
    points = np.array([[0.0], [0.2], [5.0], [5.2], [9.0], [9.2]])
    clustering = HierarchicalClustering(n_clusters=3).fit(points)
    assert clustering.predict(points).tolist() == clustering.labels_.tolist()
    near = clustering.predict(np.array([[0.1], [5.1], [9.1]]))
    assert near.tolist() == clustering.labels_[[0, 2, 4]].tolist()


def test_the_two_models_find_much_the_same_groups(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    labels = []
    for name in ("k_means", "hierarchical"):
        config = edit_params({"model": name})
        dataset = load(config)
        model = build_model(config, dataset.schema).fit(dataset.train.features)
        labels.append(model.predict(dataset.test.features))
    assert adjusted_rand_score(*labels) > 0.6


def test_one_cluster_has_no_silhouette(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    run = train(edit_params({"models": {"k_means": {"params": {"n_clusters": 1}}}}))
    assert np.isnan(run.evaluation.metrics["silhouette"])
    assert load_bundle(run.bundle).metrics["metrics"] == {"silhouette": None, "davies_bouldin": None}


def test_a_value_that_does_not_suit_the_model_is_refused(edit_params: Callable[[dict[str, Any]], Config]) -> None:
    config = edit_params({"models": {"k_means": {"params": {"n_clusters": 0}}}})
    with pytest.raises(ConfigError, match="n_clusters"):
        train(config)
