"""What a project holds for its answers, written down here and not taken from the template."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from .facts import FRAMEWORKS, SHARED_WORDS, TASKS

# Here and in facts.py, @ is the folder of the package.
ALWAYS = """
.copier-answers.yml .editorconfig .gitignore .python-version AGENTS.md LICENSE Makefile README.md params.yaml
pyproject.toml
@/__init__.py @/__main__.py @/cli.py @/config.py @/errors.py @/schema.py
@/data/__init__.py @/data/dataset.py @/data/load.py
@/inference/__init__.py @/inference/batches.py @/inference/bundle.py @/inference/encoder.py @/inference/naming.py
@/inference/predict.py @/inference/prediction.py @/inference/predictor.py @/inference/storage.py @/inference/trusted.py
@/inference/reference.py @/inference/versions.py
@/evaluation/__init__.py @/evaluation/bootstrap.py @/evaluation/diagnostics.py @/evaluation/evaluate.py
@/evaluation/explore.py
@/evaluation/figures.py @/evaluation/floor.py @/evaluation/metrics.py @/evaluation/plots.py @/evaluation/report.py
@/evaluation/drift.py @/evaluation/drift_metrics.py @/evaluation/drift_page.py @/evaluation/recent.py
@/evaluation/rivals.py @/evaluation/shifts.py @/evaluation/tallies.py @/evaluation/threshold.py
@/training/__init__.py @/training/commands.py @/training/compare.py @/training/estimators.py @/training/export.py
@/training/grid.py @/training/lineage.py @/training/listing.py @/training/model.py @/training/model_card.py
@/training/options.py @/training/runs.py @/training/runs_page.py @/training/saving.py @/training/search.py
@/training/tracking.py @/training/train.py @/training/trials.py @/training/tune.py
@/pipeline/__init__.py @/pipeline/commands.py @/pipeline/ingest.py @/pipeline/intake.py @/pipeline/ledger.py
@/pipeline/order.py @/pipeline/profile.py @/pipeline/results.py @/pipeline/run.py @/pipeline/steps.py
@/pipeline/validate.py
tests/conftest.py tests/rehearse.py tests/test_batches.py tests/test_cli.py tests/test_config.py tests/test_load.py
tests/test_drift.py tests/test_own_data.py tests/test_pipeline.py tests/test_predicting.py tests/test_recent.py
tests/test_rivals.py
tests/test_runs.py tests/test_training.py tests/test_trusted.py tests/test_tuning.py tests/test_versions.py
tests/data/params.yaml
"""

SERVICE = """
@/service/__init__.py @/service/api.py @/service/app.py @/service/bodies.py @/service/connections.py
@/service/counts.py @/service/front.py @/service/lifespan.py @/service/openapi.py @/service/outcomes.py
@/service/payload.py @/service/problems.py @/service/ranges.py @/service/samples.py @/service/server.py
@/service/settings.py @/service/source.py @/service/summary.py @/service/telemetry.py @/service/tracing.py
@/service/watching.py @/pipeline/reload.py tests/clients.py tests/test_payload.py tests/test_reload.py
tests/test_service.py tests/test_watching.py
"""
# What proposes a newer template.
PROPOSE = "scripts/propose_update.sh"
# What builds the image, and ships a version tag.
RELEASE = "deploy/forge.sh deploy/login.sh deploy/release.sh"
RELEASES = {
    "github": f".github/workflows/image.yml .github/workflows/release.yml {RELEASE}",
    "gitlab": f".gitlab/ci/image.yml .gitlab/ci/tools.yml {RELEASE}",
}

MONITORING = """
monitoring/README.md monitoring/alertmanager.yml monitoring/alerts.yml
monitoring/alerts_test.yml monitoring/dashboard.json monitoring/days_test.yml monitoring/prometheus.yml
monitoring/provisioning/dashboards/dashboards.yml monitoring/provisioning/datasources/prometheus.yml
"""
OPERATOR = "deploy/kubernetes/base/prometheusrule.yaml deploy/kubernetes/base/servicemonitor.yaml"

# The answers that must all be given, and the files they add.
WHEN: list[tuple[dict[str, str], str]] = [
    ({"environment": "conda"}, "environment.yml"),
    ({"serving": "fastapi"}, SERVICE),
    ({"serving": "flask"}, SERVICE),
    ({"tuner": "halving"}, "tests/test_search.py"),
    ({"tuner": "optuna"}, "tests/test_search.py"),
    ({"tracking": "mlflow"}, "@/training/remote.py conftest.py tests/test_tracking.py"),
    ({"tracking": "mlflow", "serving": "fastapi"}, "tests/test_source.py"),
    ({"tracking": "mlflow", "serving": "flask"}, "tests/test_source.py"),
    ({"data_versioning": "dvc"}, ".dvc/.gitignore .dvc/config .dvcignore dvc.yaml"),
    ({"orchestration": "prefect"}, "flows/deploy.py flows/retrain.py flows/steps.txt"),
    ({"monitoring": "prometheus"}, MONITORING),
    ({"monitoring": "prometheus", "deployment": "kubernetes"}, OPERATOR),
    ({"orchestration": "airflow"}, "dags/retrain.py dags/steps.txt"),
    ({"ci": "github"}, ".github/dependabot.yml .github/actions/setup/action.yml"),
    ({"ci": "github"}, ".github/workflows/ci.yml .github/workflows/retrain.yml .github/workflows/update.yml"),
    ({"ci": "github"}, PROPOSE),
    ({"ci": "gitlab"}, f".gitlab-ci.yml .gitlab/ci/setup.yml .gitlab/ci/update.yml {PROPOSE}"),
    *(
        ({"task": "text-classification", "framework": framework}, "@/training/lengths.py tests/test_lengths.py")
        for framework in ("pytorch", "tensorflow", "transformers")
    ),
]
IMAGE = ".dockerignore Dockerfile compose.yaml deploy/docker/requirements.py"
# What each target adds to the image.
DEPLOYMENTS = {
    "aws": """
    deploy/aws/deploy.sh deploy/aws/pipeline.yaml deploy/aws/repository.yaml
    deploy/aws/sagemaker.yaml deploy/aws/service.yaml
    """,
    "azure": "deploy/azure/deploy.sh deploy/azure/alarms.json deploy/azure/containerapp.yaml deploy/azure/job.yaml",
    "docker": "",
    "gcp": """
    deploy/gcp/deploy.sh deploy/gcp/alarms.yaml deploy/gcp/job.yaml deploy/gcp/model_alarms.yaml deploy/gcp/service.yaml
    """,
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
    lists.append(TASKS[answers["task"]].files if "task" in answers else "")
    lists.append(FRAMEWORKS[answers["framework"]].files if "framework" in answers else "")
    if answers.get("serving", "none") != "none" and answers.get("task") != "image-classification":
        lists.append("@/service/rows.py")
    if answers.get("serving", "none") != "none" and answers.get("task") != "forecasting":
        lists.append("@/service/sampling.py tests/test_sampling.py")
    if answers.get("serving", "none") != "none" and answers.get("task") not in ("forecasting", "image-classification"):
        lists.append("@/service/appending.py")
    if answers.get("deployment", "none") != "none":
        lists += [IMAGE, DEPLOYMENTS[answers["deployment"]]]
        lists.append(RELEASES.get(answers["ci"], ""))
    return {path.replace("@", f"src/{package}") for files in lists for path in files.split()}


class Foreign(NamedTuple):
    """A pattern in lower case that no file may contain unless the question has one of the answers."""

    question: str
    answers: str
    pattern: re.Pattern[str]
    # Files whose path starts so use the word for something else.
    elsewhere: str = "-"


def _foreign(question: str, answers: str, pattern: str, elsewhere: str = "-") -> Foreign:
    # Texts are searched in lower case, which takes half as long as to ignore the case.
    return Foreign(question, answers, re.compile(pattern.lower()), elsewhere)


# Words that every project may use are left out: "environment", "test", "score". So are scikit-learn's own names where
# they are used for something else: is_classifier, classifier=, DummyClassifier, KNeighborsClassifier, sklearn.compose.
FOREIGN = [
    *(_foreign("task", name, task.words) for name, task in TASKS.items()),
    # Those of Kubernetes and of AWS are none of its words.
    _foreign("task", "clustering", r"cluster", elsewhere="deploy/"),
    *(
        _foreign("framework", f"{name} {framework.below}", framework.words)
        for name, framework in FRAMEWORKS.items()
        if framework.words
    ),
    *(_foreign(*shared) for shared in SHARED_WORDS),
    _foreign("accelerator", "cpu", r"pytorch-cpu|tensorflow-cpu|whl/cpu"),
    _foreign("accelerator", "gpu", r"and-cuda|pytorch-gpu|tensorflow-gpu"),
    _foreign("tuner", "halving", r"halving|loguniform"),
    _foreign("tuner", "optuna", r"optuna|\bstud(y|ies)\b|parzen|pruner"),
    _foreign("tracking", "mlflow", r"mlflow|alembic|sqlalchemy|registered model"),
    _foreign("data_versioning", "dvc", r"\bdvc\b|dvc\."),
    _foreign("monitoring", "prometheus", r"grafana|alertmanager|promtool|runbook"),
    _foreign("orchestration", "prefect", r"prefect|\bflows?\b"),
    _foreign("orchestration", "airflow", r"airflow|\bdags?\b"),
    _foreign("orchestration", "prefect airflow", r"orchestrat"),
    _foreign("environment", "uv", r"\buv\b|astral"),
    _foreign("environment", "venv", r"\bBASES\b|\bpy -m venv|setup-python|Activate\.ps1"),
    _foreign("environment", "uv venv", r"\.venv\b"),
    _foreign("environment", "conda", r"conda|mamba|environment\.yml|-core\b|-base\b"),
    _foreign("serving", "fastapi", r"fastapi|starlette"),
    _foreign("serving", "flask", r"flask|werkzeug|\bwsgi"),
    _foreign("serving", "fastapi flask", r"prometheus|httpx|pydantic.settings|openapi|swagger"),
    _foreign("serving", "fastapi flask", r"uvicorn|uvloop|httptools|\basgi"),
    _foreign(
        "serving",
        "fastapi flask",
        r"(?<!prefect )\bserv(e|es|ing|er|ice)\b(?! marks)|endpoint",
        elsewhere="tests/test_tracking.py",
    ),
    # What keeps the runs may be a server, too.
    _foreign(
        "serving",
        "fastapi flask",
        r"127\.0\.0\.1(?!:4200)|localhost|:8000|\bport\b",
        elsewhere="tests/test_tracking.py",
    ),
    _foreign(
        "deployment",
        " ".join(["docker", *(DEPLOYMENTS.keys() - {"docker"})]),
        # skl2onnx calls so what it writes a graph into.
        r"docker|container(?!: Any|\))|(?<!sklearn\.)(?<!onnx\.)\bcompose\b|10001|deploy/",
    ),
    _foreign("deployment", " ".join(set(DEPLOYMENTS) - {"docker"}), r"deploy\.sh|make deploy|^deploy:  ##|federat"),
    # Those where something may run at its hours.
    _foreign(
        "deployment",
        " ".join(set(DEPLOYMENTS) - {"docker"}),
        r"\bAS trainer|--target trainer|TRAINER_IMAGE",
    ),
    _foreign("deployment", "aws", r"\baws|amazon|sagemaker|cloudformation|fargate|\bec[rs]\b|/ping\b|invocations"),
    _foreign("deployment", "azure", r"azure|\baz\b|azurecr|key ?vault|container ?apps?\b|resource group"),
    # Docstrings follow Google's convention.
    _foreign("deployment", "gcp", r"\bgcp|gcloud|(?<!convention = \")google|cloud run|artifact ?registry|knative"),
    _foreign("deployment", "kubernetes", r"kubernetes|kubectl|kustomi|\bk8s\b|\bpods?\b"),
    _foreign("ci", "github", r"github(?!\.com/conda)|ghcr|dependabot|pinned by commit|ACTIONS_|persist-credentials"),
    _foreign(
        "ci", "gitlab", r"gitlab|merge request|id_tokens|CI_[A-Z]+_|\bdind\b|\.cache/|\bapk\b|apt-get|condaforge/"
    ),
    _foreign(
        "ci",
        "github gitlab",
        r"workflow|\bCI\b|make secrets|detect-secrets|pip-audit|build/scan",
    ),
    _foreign("ci", "github gitlab", r"identity_token|vouches|propose_update|template_token"),
    _foreign("license", "MIT", r"\bMIT\b"),
    _foreign("license", "Apache-2.0", r"apache(?!-airflow)"),
    _foreign("license", "BSD-3-Clause", r"\bBSD\b"),
    _foreign("license", "Proprietary", r"proprietary"),
    _foreign("python_version", "3.13", r"python:3\.13|python 3\.13|^3\.13"),
    _foreign("python_version", "3.14", r"python:3\.14|python 3\.14|^3\.14"),
]


def is_chosen(foreign: Foreign, answers: Mapping[str, str]) -> bool:
    """Return whether the pattern belongs to an answer that was given."""
    return answers.get(foreign.question, "none") in foreign.answers.split()
