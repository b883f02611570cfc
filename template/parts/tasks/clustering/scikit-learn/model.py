"""The clusterers that params.yaml can name."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator
from .features import build_pipeline


class HierarchicalClustering(ClusterMixin, BaseEstimator):
    """Agglomerative clustering; a new row joins the cluster of the nearest row that was clustered.

    Ward's method: J. Am. Stat. Assoc. 58, 1963. Memory grows with the square of the rows.
    """

    def __init__(self, n_clusters: int = 3, linkage: str = "ward") -> None:
        """Store the settings, as scikit-learn expects of an estimator."""
        self.n_clusters = n_clusters
        self.linkage = linkage

    def fit(self, features: NDArray[Any], target: None = None) -> Self:
        """Cluster the rows, shape (rows, columns)."""
        clustering = AgglomerativeClustering(self.n_clusters, linkage=self.linkage, compute_distances=True)
        self.labels_ = clustering.fit_predict(features)
        self.merges_ = clustering.children_
        self.distances_ = clustering.distances_
        self.predictor_ = KNeighborsClassifier(n_neighbors=1).fit(features, self.labels_)
        return self

    def predict(self, features: NDArray[Any]) -> NDArray[np.int64]:
        """Return the cluster of each row's nearest neighbour, shape (rows,)."""
        return np.asarray(self.predictor_.predict(features))


CLUSTERERS = {"k_means": KMeans, "hierarchical": HierarchicalClustering}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from the table's columns to a cluster's number. Raises ConfigError."""
    clusterer = make_estimator(CLUSTERERS, config)
    return build_pipeline(schema, config, clusterer, scale=True)
