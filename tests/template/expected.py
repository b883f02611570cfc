"""What a project holds for its answers, written down here and not taken from the template."""

import re
from collections.abc import Mapping
from typing import NamedTuple

ALWAYS = """
.copier-answers.yml .editorconfig .gitignore .python-version LICENSE Makefile README.md params.yaml pyproject.toml
src/PACKAGE/__init__.py src/PACKAGE/__main__.py src/PACKAGE/batches.py src/PACKAGE/bundle.py src/PACKAGE/checksums.py
src/PACKAGE/cli.py
src/PACKAGE/config.py src/PACKAGE/data.py src/PACKAGE/dataset.py src/PACKAGE/diagnostics.py src/PACKAGE/encoder.py
src/PACKAGE/errors.py src/PACKAGE/estimators.py src/PACKAGE/evaluate.py src/PACKAGE/explore.py src/PACKAGE/export.py
src/PACKAGE/figures.py src/PACKAGE/inference.py src/PACKAGE/lineage.py src/PACKAGE/metrics.py src/PACKAGE/model.py
src/PACKAGE/model_card.py src/PACKAGE/plots.py src/PACKAGE/predict.py src/PACKAGE/prediction.py src/PACKAGE/report.py
src/PACKAGE/schema.py src/PACKAGE/source.py src/PACKAGE/storage.py src/PACKAGE/tracking.py src/PACKAGE/train.py
src/PACKAGE/tune.py src/PACKAGE/versions.py
tests/conftest.py tests/test_batches.py tests/test_cli.py tests/test_config.py tests/test_load.py
tests/test_predicting.py tests/test_training.py tests/test_tuning.py tests/test_versions.py
"""

SHIPPED = "data/schema.json data/raw/example.csv"
BY_TASK = {
    "classification regression clustering": f"""
    {SHIPPED} src/PACKAGE/features.py src/PACKAGE/reading.py src/PACKAGE/table.py tests/test_table.py
    """,
    "text-classification": """
    src/PACKAGE/example.py src/PACKAGE/features.py src/PACKAGE/reading.py src/PACKAGE/texts.py src/PACKAGE/words.py
    tests/test_features.py tests/test_model.py tests/test_texts.py tests/test_words.py
    """,
    "image-classification": """
    src/PACKAGE/example.py src/PACKAGE/folder.py src/PACKAGE/images.py src/PACKAGE/pixels.py
    tests/test_folder.py tests/test_images.py tests/test_model.py tests/test_pixels.py
    """,
    "forecasting": f"""
    {SHIPPED} src/PACKAGE/forecaster.py src/PACKAGE/frequency.py src/PACKAGE/graph.py src/PACKAGE/history.py
    src/PACKAGE/reading.py src/PACKAGE/windows.py
    tests/test_forecaster.py tests/test_frequency.py tests/test_history.py tests/test_windows.py
    """,
}
BY_FRAMEWORK = {
    "pytorch tensorflow transformers": """
    src/PACKAGE/network.py src/PACKAGE/objective.py src/PACKAGE/trainer.py tests/test_network.py
    """,
}

SERVICE = """
src/PACKAGE/api.py src/PACKAGE/counts.py src/PACKAGE/logs.py src/PACKAGE/openapi.py src/PACKAGE/payload.py
src/PACKAGE/refusals.py src/PACKAGE/serve.py src/PACKAGE/server.py src/PACKAGE/service.py src/PACKAGE/settings.py
tests/clients.py tests/test_payload.py tests/test_service.py
"""
# What builds the image, and ships a version tag.
RELEASE = "deploy/forge.sh deploy/login.sh deploy/release.sh"
RELEASES = {
    "github": f".github/workflows/image.yml .github/workflows/release.yml {RELEASE}",
    "gitlab": f".gitlab/ci/image.yml .gitlab/ci/tools.yml {RELEASE}",
}

# The answers that must all be given, and the files they add.
WHEN: list[tuple[dict[str, str], str]] = [
    ({"environment": "conda"}, "environment.yml"),
    ({"serving": "fastapi"}, SERVICE),
    ({"serving": "flask"}, SERVICE),
    ({"ci": "github"}, ".github/dependabot.yml .github/actions/setup/action.yml .github/workflows/ci.yml"),
    ({"ci": "gitlab"}, ".gitlab-ci.yml .gitlab/ci/setup.yml"),
]
IMAGE = ".dockerignore Dockerfile compose.yaml deploy/docker/requirements.py"
# What each target adds to the image.
DEPLOYMENTS = {
    "aws": "deploy/aws/deploy.sh deploy/aws/repository.yaml deploy/aws/sagemaker.yaml deploy/aws/service.yaml",
    "azure": "deploy/azure/deploy.sh deploy/azure/containerapp.yaml",
    "docker": "",
    "gcp": "deploy/gcp/deploy.sh deploy/gcp/service.yaml",
    "kubernetes": """
    deploy/kubernetes/deploy.sh
    deploy/kubernetes/base/cronjob.yaml deploy/kubernetes/base/deployment.yaml
    deploy/kubernetes/base/horizontalpodautoscaler.yaml deploy/kubernetes/base/ingress.yaml
    deploy/kubernetes/base/kustomization.yaml deploy/kubernetes/base/networkpolicy.yaml
    deploy/kubernetes/base/persistentvolumeclaim.yaml deploy/kubernetes/base/poddisruptionbudget.yaml
    deploy/kubernetes/base/service.yaml deploy/kubernetes/base/serviceaccount.yaml
    deploy/kubernetes/overlays/production/kustomization.yaml deploy/kubernetes/overlays/production/namespace.yaml
    deploy/kubernetes/overlays/staging/kustomization.yaml deploy/kubernetes/overlays/staging/namespace.yaml
    """,
}


def expected_files(answers: Mapping[str, str], package: str) -> set[str]:
    """Return the paths of all files of a project with these answers."""
    lists = [ALWAYS, *(files for needed, files in WHEN if needed.items() <= answers.items())]
    for name, table in (("task", BY_TASK), ("framework", BY_FRAMEWORK)):
        lists += [files for choices, files in table.items() if answers.get(name) in choices.split()]
    if answers.get("serving", "none") != "none" and answers.get("task") != "image-classification":
        lists.append("src/PACKAGE/rows.py")
    if answers.get("deployment", "none") != "none":
        lists += [IMAGE, DEPLOYMENTS[answers["deployment"]]]
        lists.append(RELEASES.get(answers["ci"], ""))
    return {path.replace("PACKAGE", package) for files in lists for path in files.split()}


class Foreign(NamedTuple):
    """A pattern that no file may contain unless the question has one of the answers."""

    question: str
    answers: str
    pattern: re.Pattern[str]
    # Files whose path starts so use the word for something else.
    elsewhere: str = "-"


def _foreign(question: str, answers: str, pattern: str, elsewhere: str = "-") -> Foreign:
    return Foreign(question, answers, re.compile(pattern, re.IGNORECASE), elsewhere)


# Words that every project may use are left out: "environment", "test", "score". So are scikit-learn's own names where
# they are used for something else: is_classifier, classifier=, DummyClassifier, KNeighborsClassifier, sklearn.compose.
FOREIGN = [
    _foreign("task", "classification", r"penguin|species|adelie|\bisland\b|bill_length"),
    _foreign(
        "task",
        "classification text-classification image-classification",
        r"(?<!is_)(?<!dummy)(?<!kneighbors)classif(?!ier=)|logistic|confusion|roc_auc|\bpr_auc|average[ _]precision|precision[-_,]? ?recall|\brecall\b(?!\()|\bf1\b|calibrat",
    ),
    _foreign("task", "regression", r"\bmpg\b|horsepower|cylinders|chevrolet"),
    _foreign("task", "regression", r"\br2\b"),
    _foreign("task", "regression forecasting", r"rmse|(?<!logistic)(?<!logistic[ _])regress|residual|\bmae\b|\bridge\b"),
    _foreign("task", "clustering", r"\bwine\b|alcohol|proline|flavanoid"),
    _foreign("task", "clustering", r"cluster", elsewhere="deploy/"),
    _foreign("task", "clustering", r"k_?means|silhouette|davies|dendrogram|hierarchical|agglomerative"),
    _foreign("task", "text-classification", r"stemm|tokeni[sz]|vocabular|tf_?idf|word2vec|fasttext|gensim|docstring"),
    _foreign("task", "text-classification", r"stop_?words|snowball"),
    _foreign("task", "image-classification", r"pixel|\bcv2\b|opencv|augment|\bdigits\b|multipart"),
    _foreign("task", "forecasting", r"forecast|(?<!plymouth )horizon\b|\blags?\b|season|\bmase\b|\bco2\b|mauna"),
    _foreign("task", "classification regression image-classification forecasting", r"decision_?tree|random_?forest"),
    _foreign("framework", "pytorch transformers", r"torch|skorch"),
    _foreign("framework", "tensorflow", r"tensorflow|keras|tf2onnx"),
    _foreign("framework", "pytorch tensorflow transformers", r"checkpoint|neural|\bnetworks?\b|safetensors"),
    _foreign("accelerator", "cpu", r"pytorch-cpu|tensorflow-cpu|whl/cpu"),
    _foreign("accelerator", "gpu", r"and-cuda|pytorch-gpu|tensorflow-gpu"),
    _foreign("environment", "uv", r"\buv\b|astral"),
    _foreign("environment", "venv", r"\bBASES\b|\bpy -m venv|setup-python|Activate\.ps1"),
    _foreign("environment", "uv venv", r"\.venv\b"),
    _foreign("environment", "conda", r"conda|mamba|environment\.yml|-core\b|-base\b"),
    _foreign("serving", "fastapi", r"fastapi|uvicorn|httptools|starlette|\basgi"),
    _foreign("serving", "flask", r"flask|gunicorn|werkzeug|swagger|\bwsgi"),
    _foreign("serving", "fastapi flask", r"prometheus|httpx|pydantic.settings|openapi"),
    _foreign(
        "serving", "fastapi flask", r"\bserv(e|es|ing|er|ice)\b(?! marks)|endpoint|127\.0\.0\.1|localhost|:8000|\bport\b"
    ),
    _foreign(
        "deployment",
        " ".join(["docker", *(DEPLOYMENTS.keys() - {"docker"})]),
        r"docker|container|(?<!sklearn\.)(?<!onnx\.)\bcompose\b|10001|deploy/",
    ),
    _foreign("deployment", " ".join(set(DEPLOYMENTS) - {"docker"}), r"deploy\.sh|make deploy|^deploy:|federat"),
    _foreign("deployment", "aws", r"\baws|amazon|sagemaker|cloudformation|fargate|\bec[rs]\b|/ping\b|invocations"),
    _foreign("deployment", "azure", r"azure|\baz\b|azurecr|key ?vault|container ?apps?\b|resource group"),
    # Docstrings follow Google's convention.
    _foreign("deployment", "gcp", r"\bgcp|gcloud|(?<!convention = \")google|cloud run|artifact ?registry|knative"),
    _foreign("deployment", "kubernetes", r"kubernetes|kubectl|kustomi|\bk8s\b|\bpods?\b|\bAS trainer|--target trainer"),
    _foreign("ci", "github", r"github(?!\.com/conda)|ghcr|dependabot|pinned by commit|ACTIONS_|persist-credentials"),
    _foreign("ci", "gitlab", r"gitlab|merge request|id_tokens|CI_[A-Z]+_|\bdind\b|\.cache/|\bapk\b|apt-get|condaforge/"),
    _foreign("ci", "github gitlab", r"workflow|\bCI\b|make secrets|detect-secrets|pip-audit|build/scan|identity_token|vouches"),
    _foreign("license", "MIT", r"\bMIT\b"),
    _foreign("license", "Apache-2.0", r"apache"),
    _foreign("license", "BSD-3-Clause", r"\bBSD\b"),
    _foreign("license", "Proprietary", r"proprietary"),
    _foreign("python_version", "3.13", r"python:3\.13|python 3\.13|^3\.13"),
    _foreign("python_version", "3.14", r"python:3\.14|python 3\.14|^3\.14"),
]


def is_chosen(foreign: Foreign, answers: Mapping[str, str]) -> bool:
    """Return whether the pattern belongs to an answer that was given."""
    return answers.get(foreign.question, "none") in foreign.answers.split()
