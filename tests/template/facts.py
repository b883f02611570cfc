"""What the tests know of each task and each framework, written down here and not taken from the template.

test_facts.py says which row is missing, here or in the README, for what is in the catalogue.
"""

from typing import NamedTuple

from scripts.composition import CODE_QUESTIONS


class Task(NamedTuple):
    """A task: the words that only its projects may hold, and the files that it adds to them."""

    words: str
    files: str


class Framework(NamedTuple):
    """A framework: what its projects import, how long their tests may take, their words and the files it adds."""

    modules: str
    # So many seconds may a processor of usual speed work on a project's own tests; zygote.py says what is usual.
    most_seconds: int
    words: str
    files: str
    # Frameworks that stand on this one.
    below: str = ""


# What projects of each framework import, in their code or through their tests.
COMMON = """
fastapi.testclient fastapi_offline flask flask_swagger_ui httpx2 matplotlib.figure mypy.version numpy onnx onnxruntime
openpyxl pandas prometheus_client pydantic_settings pytest rich.progress scipy.cluster.hierarchy seaborn skl2onnx
sklearn.ensemble sklearn.model_selection skops.io typer.testing yaml
"""
SHIPPED = "data/schema.json data/raw/.gitignore data/raw/example.csv tests/data/schema.json tests/data/raw/example.csv"
READ = """
@/data/cells.py @/data/dialect.py @/data/objects.py @/data/parquet.py @/data/reading.py @/data/summary.py
@/data/workbook.py tests/test_intake.py tests/test_reading.py tests/test_sheets.py
"""
LEAKS = "@/data/leaks.py tests/test_leaks.py"
CLASSES = "@/data/classes.py tests/test_metrics.py"
SHUFFLED = "@/data/splitting.py tests/test_splitting.py"
RECORDS = "@/inference/records.py tests/test_records.py"
TABLE = f"""
{SHIPPED} {READ} {SHUFFLED} {RECORDS} @/columns.py @/data/making.py @/data/prepare.py @/evaluation/associations.py
@/evaluation/findings.py @/evaluation/panels.py @/training/cleaning.py @/training/features.py @/training/graph.py
@/training/preprocessing.py @/data/infer.py @/data/kinds.py @/data/outliers.py @/data/table.py tests/test_cleaning.py
tests/test_explore.py tests/test_held_out.py tests/test_kinds.py tests/test_making.py tests/test_preprocessing.py
tests/test_table.py
"""
NETWORK = "@/training/network.py @/training/objective.py @/training/trainer.py tests/test_network.py"

TASKS = {
    "classification": Task(r"penguin|species|adelie|\bisland\b|bill_length", f"{TABLE} {CLASSES} {LEAKS}"),
    "regression": Task(r"\bmpg\b|horsepower|cylinders|chevrolet|\br2\b", f"{TABLE} {LEAKS}"),
    "clustering": Task(
        r"\bwine\b|alcohol|proline|flavanoid|k_?means|silhouette|davies|dendrogram|agglomerative"
        r"|hierarchical(?![\s-]namespace)",
        TABLE,
    ),
    "text-classification": Task(
        r"stemm|tokeni[sz]|vocabular|tf_?idf|word2vec|fasttext|gensim|docstring|stop_?words|snowball",
        f"""
        {READ} {SHUFFLED} {CLASSES} {RECORDS} @/data/example.py @/training/features.py @/data/scripts.py @/data/texts.py
        @/inference/words.py tests/test_explore.py tests/test_features.py tests/test_model.py tests/test_texts.py
        tests/test_words.py
        """,
    ),
    "image-classification": Task(
        r"pixel|\bcv2\b|opencv|augment|\bdigits\b|multipart",
        f"""
        {SHUFFLED} {CLASSES} @/data/example.py @/data/folder.py @/data/images.py @/data/pixels.py
        tests/test_explore.py tests/test_folder.py tests/test_image_intake.py tests/test_images.py tests/test_model.py
        tests/test_pixels.py
        """,
    ),
    "forecasting": Task(
        r"forecast|(?<!plymouth )horizon\b|\blags?\b|season|\bmase\b|\bco2\b|mauna",
        f"""
        {SHIPPED} @/training/forecaster.py @/data/frequency.py @/training/graph.py @/data/history.py
        {READ} @/data/kinds.py @/data/times.py @/data/windows.py @/evaluation/decomposition.py tests/test_explore.py
        tests/test_forecaster.py tests/test_frequency.py tests/test_history.py tests/test_times.py
        tests/test_windows.py
        """,
    ),
}

FRAMEWORKS = {
    # Its words are everywhere, as everything is one of its estimators.
    "scikit-learn": Framework(COMMON, 60, "", ""),
    "pytorch": Framework(
        f"{COMMON} torch torch.onnx skorch safetensors.torch", 100, r"torch|skorch", NETWORK, below="transformers"
    ),
    "tensorflow": Framework(f"{COMMON} tensorflow keras tf2onnx", 200, r"tensorflow|keras|tf2onnx", NETWORK),
    "transformers": Framework(
        f"{COMMON} torch torch.onnx skorch safetensors.torch transformers tokenizers", 120, "", NETWORK
    ),
}
# Words of several tasks, or of several frameworks.
SHARED_WORDS = [
    (
        "task",
        "classification text-classification image-classification",
        r"(?<!is_)(?<!dummy)(?<!kneighbors)classif(?!ier=)|logistic|confusion|roc_auc|\bpr_auc|average[ _]precision|"
        r"precision[-_,]? ?recall|\brecall\b(?!\()|\bf1\b|calibrat",
    ),
    ("task", "regression forecasting", r"rmse|(?<!logistic)(?<!logistic[ _])regress|residual|\bmae\b|\bridge\b"),
    ("task", "classification regression image-classification forecasting", r"decision_?tree|random_?forest"),
    ("framework", "pytorch tensorflow transformers", r"checkpoint|neural|\bnetworks?\b|safetensors"),
]

# The code trees whose own tests `make test` runs; `make prove` runs all. Each task, each framework, each tuner, each
# tracker and each way to serve is in one; the default project's own tests are part of a whole life.
# Task, framework, tuner, tracker and way to serve; a task that has one framework is not asked for it.
TREES = [
    {name: value for name, value in zip(CODE_QUESTIONS, values.split(), strict=True) if value != "-"}
    for values in (
        "classification pytorch optuna local flask",
        "regression tensorflow grid local none",
        "clustering - halving local flask",
        "text-classification transformers grid local fastapi",
        "image-classification scikit-learn grid local fastapi",
        "forecasting scikit-learn grid mlflow fastapi",
    )
]
