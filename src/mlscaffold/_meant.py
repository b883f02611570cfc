"""What a person may have meant by a word that is none of those there are."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

# Other names of the same, by the value that a question has.
ALSO = {
    "scikit-learn": "sklearn scikit scikitlearn sk-learn",
    "pytorch": "torch",
    "tensorflow": "tf keras",
    "transformers": "huggingface hf hugging-face bert",
    "venv": "pip virtualenv requirements",
    "conda": "mamba micromamba miniconda anaconda pixi",
    "kubernetes": "k8s kube kustomize helm",
    "docker": "compose container podman",
    "gcp": "google google-cloud cloud-run cloudrun",
    "aws": "amazon fargate sagemaker ecs",
    "azure": "microsoft container-apps",
    "github": "actions github-actions gha",
    "gitlab": "gitlab-ci",
    "Proprietary": "closed private",
    "Apache-2.0": "apache apache2 apache-2",
    "BSD-3-Clause": "bsd bsd-3 bsd3",
    "image-classification": "image images vision cv",
    "text-classification": "text texts nlp",
    "forecasting": "forecast time-series timeseries",
    "clustering": "cluster clusters segmentation",
    "none": "no nothing off false",
}
# What is not offered, by the value that comes nearest.
NEAREST = {
    "uv": "poetry pdm pipenv hatch rye",
    "scikit-learn": "xgboost lightgbm catboost statsmodels",
    "pytorch": "jax flax lightning mxnet",
    "fastapi": "django litestar starlette bentoml streamlit gradio grpc",
    "mlflow": "wandb neptune comet clearml tensorboard aim",
    "optuna": "hyperopt ray-tune bayesian random",
    "prefect": "dagster luigi metaflow kedro",
    "airflow": "argo kubeflow",
    "dvc": "lakefs git-lfs git-annex",
    "docker": "heroku fly render nomad",
    "prometheus": "grafana datadog newrelic cloudwatch evidently",
    "MIT": "isc unlicense cc0",
    "github": "circleci jenkins travis",
}


def meant(word: str, words: Iterable[str]) -> str:
    """Return what to add to a message about `word`: which of `words` it may stand for, or nothing."""
    known = {each.casefold(): each for each in words}
    folded = word.casefold().strip()
    if folded in known:
        return f"; did you mean {known[folded]}?"
    if found := _listed(folded, ALSO, known):
        return f"; did you mean {found}?"
    if found := _listed(folded, NEAREST, known):
        return f"; that is not offered, the nearest is {found}"
    # One version is not another that is written nearly the same.
    close = [] if re.fullmatch(r"[\d.]+", folded) else get_close_matches(folded, known, n=1)
    return f"; did you mean {known[close[0]]}?" if close else ""


def _listed(word: str, lists: dict[str, str], known: dict[str, str]) -> str:
    return next((value for value, others in lists.items() if value in known.values() and word in others.split()), "")
