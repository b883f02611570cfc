"""A model card: what a reader should know before using a model.

Mitchell et al., Model Cards for Model Reporting, FAT* 2019.
"""

from pathlib import Path
from typing import Any

from ..data.dataset import Dataset
from ..inference.naming import write_number
from .runs import Lineage

FLATTERED = " The hyper-parameters are the best on these folds, so the folds flatter the model."


def write_model_card(name: str, metrics: dict[str, Any], dataset: Dataset, lineage: Lineage, folder: Path) -> None:
    """Write model_card.md: intended use, data, metrics, limits and origin."""
    learned = dataset.whole or dataset.train
    sections = [
        f"# Model {name}",
        f"A `{lineage.model}` trained on {len(learned.features)} examples of `{dataset.schema.source}`.",
        "## Metrics",
        f"{tell_fit(dataset)}; across folds: mean ± spread.{FLATTERED if metrics['folds']['chose'] else ''}",
        metrics_table(metrics),
        *(text for name, rows in metrics["tables"].items() for text in (f"## {name}", markdown_table(shortened(rows)))),
        "## Inputs",
        markdown_table(dataset.schema.facts()),
        "## Limits",
        limits(metrics["onnx"]),
        "## Origin",
        origin_list(lineage),
    ]
    (folder / "model_card.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")


def tell_fit(dataset: Dataset) -> str:
    """Say which fit the metrics are those of."""
    tested, trained = len(dataset.test.features), len(dataset.train.features)
    if dataset.whole is None:
        return f"On {tested} examples that the model has not seen"
    return (
        f"Of a fit on {trained} examples, on {tested} that it had not seen. The model here was then fitted on all "
        f"{len(dataset.whole.features)} with the same settings, and there is nothing left to measure it on"
    )


def metrics_table(metrics: dict[str, Any]) -> str:
    """Return the metrics as a Markdown table: model, naive baseline, folds."""
    mean, spread = metrics["folds"]["mean"], metrics["folds"]["std"]
    return markdown_table(
        [
            {
                "metric": name,
                "model": write_number(value),
                "naive baseline": write_number(metrics["baseline"][name]),
                "folds": f"{write_number(mean[name])} ± {write_number(spread[name], 2)}",
            }
            for name, value in metrics["metrics"].items()
        ]
    )


def shortened(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the rows with numbers as they are read."""
    return [
        {key: write_number(value) if isinstance(value, float) else str(value) for key, value in row.items()}
        for row in rows
    ]


def markdown_table(rows: list[dict[str, str]]) -> str:
    """Return the rows as a Markdown table; they have the same keys."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(row.values() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def limits(onnx: dict[str, Any]) -> str:
    """Say what the model was not tested for."""
    served = "Predictions use" if onnx["served"] else "Predictions do not use"
    return (
        "The model knows no more than its training data: check it again when the data changes, and do not use it for "
        "decisions about people without examining groups apart.\n\n"
        f"{served} the exported ONNX graph, which agrees with the native model on {onnx['agreement']:.2%} of the test "
        f"examples (largest difference {onnx['largest_difference']:.2g})."
    )


def origin_list(lineage: Lineage) -> str:
    """Return what is needed to train the same model again, as a Markdown list."""
    versions = ", ".join(f"{name} {number}" for name, number in lineage.versions.items())
    params = ", ".join(f"{name}={value}" for name, value in lineage.params.items()) or "defaults"
    return "\n".join(
        [
            f"- hyper-parameters: {params}",
            f"- seed: {lineage.settings['seed']}",
            f"- data SHA-256: {lineage.data_sha256}",
            f"- code commit: {lineage.code_commit or 'not in a git repository'}",
            f"- versions: {versions}",
            f"- seconds to fit: {lineage.fit_seconds}",
        ]
    )
