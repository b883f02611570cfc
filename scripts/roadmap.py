"""Say where a project has what a road map asks for: `python -m scripts.roadmap` writes docs/roadmap.md."""

from __future__ import annotations

from typing import NamedTuple

from scripts.composition import ROOT

PAGE = ROOT / "docs/roadmap.md"
HEAD = """# The road map, item by item

Written by `python -m scripts.roadmap`. For each item: a project that has it, the file there, the words in it that a
test looks for (`tests/template/test_roadmap.py`), the command that does it, and the figure or the table that it leaves,
which a test makes.

| item | project | file | words | command | leaves |
|---|---|---|---|---|---|
"""


class Item(NamedTuple):
    """What is asked for, the answers of a project that has it, where it is, what does it, and what is left of it."""

    item: str
    answers: str
    file: str
    words: str
    command: str
    leaves: str = ""


TABLE = "task=classification"
NUMBER = "task=regression"
GROUPS = "task=clustering"
TEXT = "task=text-classification"
IMAGE = "task=image-classification"
SERIES = "task=forecasting"
# What is left of it: a file below reports/data or reports/<run>, or a heading of their page.
ITEMS = [
    Item("load CSV", TABLE, "data/reading.py", "read_csv", "make data", "The table"),
    Item("load JSON", TABLE, "data/objects.py", "def write_objects", "make data"),
    Item("inspect: first rows", TABLE, "evaluation/explore.py", "def first_rows", "make data", "The first rows"),
    Item("inspect: types", TABLE, "data/infer.py", "def infer_column", "make data", "Its words"),
    Item(
        "inspect: mean and quantiles", TABLE, "evaluation/explore.py", "QUANTILES", "make data", "Its numbers and dates"
    ),
    Item("clean: missing values", TABLE, "training/cleaning.py", "class Fill", "make train", "Cleaning"),
    Item("clean: rows with missing values", TABLE, "data/table.py", "def find_incomplete", "make train"),
    Item("clean: duplicates", TABLE, "data/table.py", "def find_repeated", "make train"),
    Item("clean: outliers", TABLE, "training/cleaning.py", "class Clip", "make train"),
    Item("clean: rare and many words", TABLE, "training/cleaning.py", "class TargetWords", "make train"),
    Item("explore: histograms", TABLE, "evaluation/panels.py", "histplot", "make data", "distributions.png"),
    Item("explore: bar charts", TABLE, "evaluation/panels.py", "barplot", "make data", "distributions.png"),
    Item("explore: box plots", TABLE, "evaluation/panels.py", "boxplot", "make data", "against_target.png"),
    Item("explore: scatter plots", TABLE, "evaluation/panels.py", "axes.scatter", "make data", "pairs.png"),
    Item("explore: heat map", TABLE, "evaluation/panels.py", "sns.heatmap", "make data", "correlations.png"),
    Item(
        "explore: what goes with the target",
        TABLE,
        "evaluation/associations.py",
        "adjusted_mutual_info_score",
        "make data",
        "What goes with the target",
    ),
    Item("explore: missing values", TABLE, "evaluation/panels.py", "def draw_missing", "make data", "missing.png"),
    Item("features of one's own", TABLE, "data/prepare.py", "def prepare", "make train"),
    Item("scaling", TABLE, "training/features.py", "StandardScaler", "make train"),
    Item("one-hot encoding", TABLE, "training/features.py", "OneHotEncoder", "make train"),
    Item("linear regression", NUMBER, "training/model.py", "LinearRegression", "make compare"),
    Item("ridge regression", NUMBER, "training/model.py", "Ridge", "make compare"),
    Item("logistic regression", TABLE, "training/model.py", "LogisticRegression", "make compare"),
    Item("decision tree", TABLE, "training/model.py", "DecisionTreeClassifier", "make compare"),
    Item("k nearest neighbours", TABLE, "training/model.py", "KNeighborsClassifier", "make compare"),
    Item("random forest", TABLE, "training/model.py", "RandomForestClassifier", "make compare"),
    Item("gradient boosting", TABLE, "training/model.py", "GradientBoostingClassifier", "make compare"),
    Item("hyper-parameters by GridSearchCV", TABLE, "training/grid.py", "GridSearchCV", "make tune"),
    Item(
        "hyper-parameters by halving",
        f"{TABLE} tuner=halving",
        "training/search.py",
        "HalvingGridSearchCV",
        "make tune",
    ),
    Item("hyper-parameters by Optuna", f"{TABLE} tuner=optuna", "training/search.py", "TPESampler", "make tune"),
    Item("which hyper-parameters matter", TABLE, "training/trials.py", "def influence", "make tune"),
    Item("records of runs", TABLE, "training/runs.py", "class RunRecord", "make train"),
    Item("runs compared on a page", TABLE, "training/runs_page.py", "def draw_over_time", "make runs"),
    Item("any setting from the command line", TABLE, "config.py", "def change_setting", "make train"),
    Item("retraining and model updating", TABLE, "pipeline/steps.py", "def decide", "make pipeline"),
    Item("drift of data and predictions", TABLE, "evaluation/shifts.py", "def find_shifts", "make train"),
    Item(
        "monitoring of requests, inputs and predictions",
        f"{TABLE} serving=fastapi",
        "service/counts.py",
        "class ModelCounts",
        "make serve",
    ),
    Item(
        "alerts with tests, and a dashboard",
        f"{TABLE} serving=fastapi monitoring=prometheus",
        "monitoring/alerts.yml",
        "UnusualInputs",
        "make serve",
    ),
    Item("new data, validated", TABLE, "pipeline/validate.py", "def differences", "make pipeline"),
    Item(
        "version control for data and models",
        f"{TABLE} data_versioning=dvc",
        "dvc.yaml",
        "models/.tracked",
        "make repro",
    ),
    Item(
        "workflow orchestration by Prefect",
        f"{TABLE} orchestration=prefect",
        "flows/retrain.py",
        "@flow",
        "make orchestrate",
    ),
    Item(
        "workflow orchestration by Airflow",
        f"{TABLE} orchestration=airflow",
        "dags/retrain.py",
        "BashOperator",
        "make orchestrate",
    ),
    Item("experiment tracking by MLflow", f"{TABLE} tracking=mlflow", "training/remote.py", "log_batch", "make train"),
    Item(
        "a registry of models", f"{TABLE} tracking=mlflow", "training/remote.py", "create_model_version", "make train"
    ),
    Item("cross-validation", TABLE, "evaluation/evaluate.py", "def cross_validate", "make train", "Metrics"),
    Item("confusion matrix", TABLE, "evaluation/figures.py", "confusion_matrix", "make train", "confusion.png"),
    Item("ROC curve", TABLE, "evaluation/figures.py", "roc_curve", "make train", "roc.png"),
    Item(
        "precision and recall",
        TABLE,
        "evaluation/figures.py",
        "precision_recall_curve",
        "make train",
        "precision_recall.png",
    ),
    Item(
        "importance of features",
        TABLE,
        "evaluation/diagnostics.py",
        "feature_importances_",
        "make train",
        "weights.png",
    ),
    Item("residuals", NUMBER, "evaluation/figures.py", "def draw_residuals", "make train", "residuals.png"),
    Item("k-means", GROUPS, "training/model.py", "KMeans", "make train", "clusters.png"),
    Item("hierarchical clustering", GROUPS, "training/model.py", "AgglomerativeClustering", "make compare"),
    Item("silhouettes", GROUPS, "evaluation/figures.py", "silhouette_samples", "make train", "silhouettes.png"),
    Item("PCA", GROUPS, "training/features.py", "PCA(", "make train", "clusters.png"),
    Item("t-SNE", GROUPS, "evaluation/figures.py", "TSNE(", "make train", "neighbours.png"),
    Item("neural network", f"{TABLE} framework=pytorch", "training/model.py", "class FeedForward", "make train"),
    Item(
        "neural network with Keras",
        f"{TABLE} framework=tensorflow",
        "training/model.py",
        "class FeedForward",
        "make train",
    ),
    Item("words of texts", TEXT, "inference/words.py", "class Words", "make train"),
    Item("stop words", TEXT, "inference/words.py", "stop_words", "make tune"),
    Item("stemming", TEXT, "inference/words.py", "snowballstemmer", "make tune"),
    Item("lemmatising", TEXT, "inference/words.py", "simplemma", "make tune"),
    Item("bag of words", TEXT, "training/features.py", "class WordCounts", "make compare"),
    Item("TF-IDF", TEXT, "training/model.py", "TfidfTransformer", "make train"),
    Item("Word2Vec", TEXT, "training/features.py", "Word2Vec", "make compare"),
    Item("fastText", TEXT, "training/features.py", "FastText", "make compare"),
    Item("naive Bayes", TEXT, "training/model.py", "MultinomialNB", "make compare"),
    Item("words that set classes apart", TEXT, "evaluation/explore.py", "def weigh", "make data", "words.png"),
    Item("recurrent network", f"{TEXT} framework=pytorch", "training/model.py", "GRU", "make compare"),
    Item("attention", f"{TEXT} framework=pytorch", "training/model.py", "Attention", "make train"),
    Item("transformers", f"{TEXT} framework=transformers", "training/model.py", "transformers", "make train"),
    Item("contact sheet of images", IMAGE, "evaluation/explore.py", "def draw_examples", "make data", "examples.png"),
    Item("colours of images", IMAGE, "evaluation/explore.py", "def draw_colours", "make data", "colours.png"),
    Item("convolutional network", f"{IMAGE} framework=pytorch", "training/model.py", "Conv2d", "make train"),
    Item("augmentation", f"{IMAGE} framework=pytorch", "training/model.py", "augment", "make train"),
    Item("transfer learning", f"{IMAGE} framework=pytorch", "training/model.py", "weights", "make compare"),
    Item("trend and season", SERIES, "evaluation/decomposition.py", "def decompose", "make data", "decomposition.png"),
    Item("autocorrelation", SERIES, "evaluation/explore.py", "def autocorrelation", "make data", "autocorrelation.png"),
    Item("forecasts with intervals", SERIES, "training/forecaster.py", "margins_", "make train", "forecasts.png"),
    Item("a model that is saved", TABLE, "training/saving.py", "def save_bundle", "make train"),
    Item("predictions for a file", TABLE, "inference/predict.py", "def predict", "make predict"),
    Item("predictions over HTTP", f"{TABLE} serving=fastapi", "service/app.py", "FastAPI", "make serve"),
]


def page() -> str:
    """Return the page that lists them."""
    rows = [
        f"| {each.item} | `{each.answers}` | `{each.file}` | `{each.words}` | `{each.command}` | {each.leaves} |\n"
        for each in ITEMS
    ]
    return HEAD + "".join(rows)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
