"""Figures of a clustering."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.cluster.hierarchy import dendrogram
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_samples
from sklearn.pipeline import Pipeline

from ..data.dataset import Dataset
from .plots import COLOR, MUTED, PALETTE, figure_of, new_axes

MAX_ROWS = 5_000
MAX_LEAVES = 30
# Of so many points t-SNE takes some seconds.
MAX_NEIGHBOURS = 1_500
LEAST_NEIGHBOURS = 10
PERPLEXITY = 30.0


def draw(model: Pipeline, dataset: Dataset) -> dict[str, Figure]:
    """Return the clusters in two dimensions, their sizes and silhouettes; the dendrogram if the model has one."""
    rows = dataset.train.features.head(MAX_ROWS)
    points, labels = np.asarray(model[:-1].transform(rows)), model.predict(rows)
    figures = {"clusters": draw_clusters(points, labels), "sizes": draw_sizes(labels)}
    if len(points) > LEAST_NEIGHBOURS:
        figures["neighbours"] = draw_neighbours(points, labels)
    if 1 < len(np.unique(labels)) < len(labels):
        figures["silhouettes"] = draw_silhouettes(points, labels)
    if hasattr(model[-1], "merges_"):
        figures["dendrogram"] = draw_dendrogram(model[-1].merges_, model[-1].distances_)
    return figures


def draw_clusters(points: NDArray[np.float64], labels: NDArray[np.int64]) -> Figure:
    """Draw the rows on the first two principal components, coloured by cluster."""
    components = min(2, points.shape[1])
    projection = PCA(components, random_state=0).fit(points)
    shares = projection.explained_variance_ratio_
    flat = projection.transform(points)
    across, up = flat[:, 0], flat[:, 1] if components == 2 else np.zeros(len(flat))
    axes = new_axes("Clusters", f"first component ({shares[0]:.0%} of variance)", "")
    if components == 2:
        axes.set_ylabel(f"second component ({shares[1]:.0%} of variance)")
    for cluster in np.unique(labels):
        inside = labels == cluster
        axes.scatter(across[inside], up[inside], color=color_of(cluster), alpha=0.7, edgecolor="none", label=cluster)
    axes.legend(title="cluster")
    return figure_of(axes)


def draw_neighbours(points: NDArray[np.float64], labels: NDArray[np.int64]) -> Figure:
    """Draw the points so that neighbours stay neighbours, coloured by cluster; distances between groups say nothing.

    van der Maaten and Hinton, Visualizing Data using t-SNE, J. Mach. Learn. Res. 9, 2008.
    """
    some, known = points[:MAX_NEIGHBOURS], labels[:MAX_NEIGHBOURS]
    perplexity = min(PERPLEXITY, (len(some) - 1) / 3)
    flat = TSNE(perplexity=perplexity, random_state=0).fit_transform(some)
    axes = new_axes("Clusters, by t-SNE", "", "")
    for cluster in np.unique(known):
        inside = known == cluster
        axes.scatter(*flat[inside].T, color=color_of(cluster), alpha=0.7, edgecolor="none", label=cluster)
    axes.set(xticks=[], yticks=[])
    axes.legend(title="cluster")
    return figure_of(axes)


def draw_sizes(labels: NDArray[np.int64]) -> Figure:
    """Draw the number of rows in each cluster."""
    clusters, counts = np.unique(labels, return_counts=True)
    axes = new_axes("Sizes", "cluster", "rows")
    axes.bar(clusters, counts, color=[color_of(cluster) for cluster in clusters])
    axes.set_xticks(clusters)
    return figure_of(axes)


def draw_silhouettes(points: NDArray[np.float64], labels: NDArray[np.int64]) -> Figure:
    """Draw each row's silhouette, sorted within its cluster."""
    silhouettes = silhouette_samples(points, labels)
    axes = new_axes("Silhouettes", "silhouette", "rows, by cluster")
    start = 0
    for cluster in np.unique(labels):
        values = np.sort(silhouettes[labels == cluster])
        axes.fill_betweenx(np.arange(start, start + len(values)), 0, values, color=color_of(cluster), label=cluster)
        start += len(values) + 2
    axes.axvline(silhouettes.mean(), color=MUTED, linestyle="--", label="mean")
    axes.set_yticks([])
    axes.legend(title="cluster")
    return figure_of(axes)


def draw_dendrogram(merges: NDArray[np.int64], distances: NDArray[np.float64]) -> Figure:
    """Draw the last merges of a hierarchical clustering; numbers in brackets count rows below a leaf."""
    rows = len(merges) + 1
    counts = np.ones(rows + len(merges))
    for place, (left, right) in enumerate(merges):
        counts[rows + place] = counts[left] + counts[right]
    axes = new_axes("Dendrogram", "rows", "distance", size=(8, 4.5))
    linkage = np.column_stack([merges, distances, counts[rows:]])
    dendrogram(linkage, truncate_mode="lastp", p=MAX_LEAVES, ax=axes, link_color_func=lambda _: COLOR, leaf_rotation=90)
    return figure_of(axes)


def color_of(cluster: int) -> str:
    """Return the cluster's colour."""
    return PALETTE[cluster % len(PALETTE)]
