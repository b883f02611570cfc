"""The commands. What they run is imported when they run, so that --help answers at once."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from .errors import ProjectError
from .inference.naming import write_number
from .pipeline.commands import pipeline
from .training.commands import runs
from .training.options import PARAMS, Changes, ModelName, Params, RunLabel, RunName, changes_of, shown

if TYPE_CHECKING:
    from .config import Config
    from .evaluation.evaluate import Evaluation
    from .training.train import Run
    from .training.tune import Choice

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(runs, name="runs")
app.add_typer(pipeline, name="pipeline")

# Longer tables are in the report alone.
MOST_SHOWN = 20
# The exit code of drift, which is no failure.
DRIFTED = 3


def main() -> None:
    """Run the command line; an error that a person can mend is printed without a traceback."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger(__package__).setLevel(logging.INFO)
    try:
        app()
    except ProjectError as error:
        typer.secho(f"Error: {error}", fg="red", err=True)
        raise SystemExit(1) from None
    except OSError as error:
        # A full disk, a folder that may not be written to: the file is named, and no line of code would help.
        if error.filename is None:
            raise
        typer.secho(f"Error: {error.filename}: {error.strerror}", fg="red", err=True)
        raise SystemExit(1) from None


@app.command()
def data(
    params: Params = PARAMS,
    refresh: Annotated[bool, typer.Option(help="Infer the schema anew, for data that changed on purpose.")] = False,
) -> None:
    """Check the data against its schema, and write a page that explores it."""
    from .config import load_config
    from .data.load import read_data
    from .evaluation.explore import summarize, write_exploration

    config = load_config(params)
    found, schema = read_data(config, refresh=refresh)
    page = write_exploration(found, schema, config.reports_dir / "data")
    typer.echo(f"{summarize(found, schema)} fit {shown(config.schema_path)}")
    typer.echo(f"Page: {shown(page)}")


@app.command()
def train(
    params: Params = PARAMS,
    changes: Changes = None,
    model: ModelName = None,
    name: RunLabel = None,
    every: Annotated[
        bool, typer.Option("--all", help="Train every model of params.yaml, one after the other.")
    ] = False,
    place: Annotated[
        str | None,
        typer.Option(
            help="Save it in models/.PLACE, over the one before; it answers only if it is promoted by --run .PLACE."
        ),
    ] = None,
) -> None:
    """Train the model that params.yaml names, evaluate it and save it."""
    from .config import load_config
    from .training.train import train as run
    from .training.train import train_all

    config = load_config(params, changes_of(changes, model))
    if every and (model or place):
        raise typer.BadParameter("--all trains every model, and --model or --place is for one; leave one out")
    if place:
        show_run(run(config, name, place))
        return
    for finished in train_all(config, name) if every else [run(config, name)]:
        report_run(finished, config)


@app.command()
def tune(
    params: Params = PARAMS,
    changes: Changes = None,
    model: ModelName = None,
    name: RunLabel = None,
    jobs: Annotated[int, typer.Option(help="Processes at a time; -1 for one on each core.")] = -1,
    write: Annotated[bool, typer.Option("--write", help="Put the best values into params.yaml.")] = False,
) -> None:
    """Search the model's grid for the best hyper-parameters, and train with them."""
    from .config import load_config
    from .training.tune import tune as run

    config = load_config(params, changes_of(changes, model))
    finished = run(config, jobs=jobs, label=name)
    report_run(finished, config)
    typer.echo(f"Candidates: {shown(finished.report.with_name('search.html'))}")
    report_choice(finished.choice, config, params if write else None)


@app.command()
def compare(params: Params = PARAMS, changes: Changes = None, name: RunLabel = None) -> None:
    """Fit every model of params.yaml on the same folds, and show them in one table; no model is saved."""
    from .config import load_config
    from .training.compare import compare as run

    comparison = run(load_config(params, changes_of(changes, None)), name)
    metric = comparison.metric
    table = Table("model", f"{metric} (mean ± spread)", "seconds to fit")
    for row in comparison.table.to_dict("records"):
        spread = row[f"{metric}_std"]
        table.add_row(
            row["model"], f"{write_number(row[metric])} ± {write_number(spread, 2)}", f"{row['fit_seconds']:.2g}"
        )
    Console().print(table)
    best, *others = comparison.as_good
    near = f"; within its spread: {', '.join(others)}" if others else ""
    typer.echo(f"{best} has the best {metric}{near}")
    typer.echo(f"All metrics: {shown(comparison.page)}")


@app.command()
def evaluate(
    params: Params = PARAMS,
    run: RunName = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 below the floor of params.yaml, or the baseline.")
    ] = False,
    numbers: Annotated[
        Path | None, typer.Option("--json", help="Write the numbers to this file, and no figures.")
    ] = None,
) -> None:
    """Measure a saved model on what it has not seen, and write its figures again."""
    from .config import load_config
    from .evaluation.evaluate import evaluate_saved
    from .evaluation.floor import check_floor
    from .evaluation.report import write_numbers, write_run_report
    from .training.runs import read_lineage

    config = load_config(params)
    folder, evaluation = evaluate_saved(config, run)
    page = numbers or config.reports_dir / folder.name / "index.html"
    # Without figures, nothing was measured anew, and the page is that of the training.
    if numbers:
        write_numbers(evaluation, numbers)
    elif evaluation.figures:
        write_run_report(folder.name, evaluation, read_lineage(folder).origin(), page.parent)
    show_metrics(evaluation)
    typer.echo(f"Model:  {shown(folder)}\nReport: {shown(page)}")
    if check:
        typer.echo(check_floor(evaluation, config.evaluation))


@app.command()
def predict(
    source: Annotated[Path, typer.Argument(help="What to predict, in the form of the training data.")],
    output: Annotated[Path, typer.Argument(help="The CSV file to write the predictions to.")],
    params: Params = PARAMS,
    run: RunName = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out what does not fit, and list it in a file beside the output.")
    ] = False,
) -> None:
    """Predict data of any length, and write a CSV file."""
    from .config import load_config
    from .inference.bundle import load_bundle
    from .inference.predict import predict as score
    from .inference.versions import find_answering

    bundle = load_bundle(find_answering(load_config(params).models_dir, run))
    rows = score(bundle, source, output, skip_bad=skip_bad)
    typer.echo(f"{rows} rows scored by {bundle.name} ({bundle.predictor.engine}): {shown(output)}")


@app.command()
def drift(
    source: Annotated[Path, typer.Argument(help="Recent data, in the form of the training data.")],
    params: Params = PARAMS,
    run: RunName = None,
    output: Annotated[
        Path | None, typer.Option(help="The folder for the page, drift.json and drift.prom, if not reports/drift.")
    ] = None,
) -> None:
    """Compare recent data with that which the model was made from; exit with 3 if it has drifted."""
    from .config import load_config
    from .evaluation.drift import find_drift
    from .evaluation.drift_metrics import write_metrics
    from .evaluation.drift_page import write_drift
    from .inference.versions import find_answering

    config = load_config(params)
    found = find_drift(config, find_answering(config.models_dir, run), source)
    page = write_drift(found, output or config.reports_dir / "drift")
    write_metrics(found, page.parent)
    for reason in found.reasons[:MOST_SHOWN]:
        typer.echo(f"- {reason}")
    if len(found.reasons) > MOST_SHOWN:
        typer.echo(f"- and {len(found.reasons) - MOST_SHOWN} more, on the page")
    said = "have drifted from" if found.reasons else "are like"
    typer.echo(f"{found.examples} examples of {source} {said} the {found.examples_before} that made {found.model}")
    typer.echo(f"Page: {shown(page)}")
    if found.reasons:
        raise typer.Exit(DRIFTED)


@app.command()
def models(params: Params = PARAMS) -> None:
    """List the saved models with what they measured, the newest last, and mark the one that answers."""
    from .config import load_config
    from .inference.bundle import list_bundles, measured_metrics
    from .inference.naming import find_metric
    from .inference.versions import find_answering
    from .training.tracking import models_elsewhere

    config = load_config(params)
    others = models_elsewhere(config)
    answering = None if others and not list_bundles(config.models_dir) else find_answering(config.models_dir).name
    for name in list_bundles(config.models_dir):
        metrics = measured_metrics(config.models_dir / name)
        metric = find_metric(config.evaluation.metric, metrics)
        number = metrics[metric]
        value = "is not defined" if number is None else write_number(number)
        typer.echo(f"{'*' if name == answering else ' '} {name}  {metric} {value}")
    for line in others:
        typer.echo(f"  {line}")


@runs.command()
def show(
    names: Annotated[list[str], typer.Argument(help="Names of runs, or how these end; one, or several to compare.")],
    params: Params = PARAMS,
) -> None:
    """Show all that is known of a run, or what differs between several."""
    from .training.listing import show_runs

    show_runs(params, names)


@app.command()
def promote(params: Params = PARAMS, run: RunName = None) -> None:
    """Let a saved model answer from now on; newer ones wait until they are promoted."""
    from .config import load_config
    from .inference.bundle import digest_of, find_bundle
    from .inference.versions import promote as act
    from .training.tracking import bring_models, follow_promotion

    config = load_config(params)
    models = config.models_dir
    bring_models(config, run)
    if run and run.startswith("."):
        from .training.train import adopt

        run = adopt(config, find_bundle(models, run), config.reports_dir / run)
    name = act(models, run)
    typer.echo(f"{name} answers now")
    follow_promotion(config)
    typer.echo(f"SHA-256 of its checksums, to know it by elsewhere: {digest_of(models / name)}")


@app.command()
def rollback(params: Params = PARAMS) -> None:
    """Let the model answer again that did so before the last promotion."""
    from .config import load_config
    from .inference.versions import roll_back
    from .training.tracking import bring_models, follow_promotion

    config = load_config(params)
    bring_models(config, None)
    typer.echo(f"{roll_back(config.models_dir)} answers now")
    follow_promotion(config)


def report_run(run: "Run", config: "Config") -> None:
    """Print what a run measured, where its files are, which model answers, and a floor if params.yaml has none."""
    from .evaluation.floor import propose_floor
    from .inference.versions import find_answering
    from .training.saving import compare_with_before

    show_run(run)
    if config.training.final_fit == "all":
        typer.echo("The saved model has learned from all examples; the numbers are of the same without those held out.")
    if worse := compare_with_before(run.bundle, config.evaluation.metric):
        typer.secho(worse, fg="yellow")
    answering = find_answering(config.models_dir).name
    if answering != run.name:
        typer.echo(f"{answering} was promoted, and still answers; the promote command lets this one")
    if config.evaluation.floor is None and (floor := propose_floor(run.evaluation, config.evaluation)):
        typer.echo(f"To let evaluate --check ask for as much, put this under evaluation in params.yaml:\n  {floor}")


def show_run(run: "Run") -> None:
    """Print what a run measured, and where its files are."""
    show_metrics(run.evaluation)
    typer.echo(f"Model:  {shown(run.bundle)}\nReport: {shown(run.report)}")


def report_choice(choice: "Choice", config: "Config", params: Path | None) -> None:
    """Print what a search chose and what that gains; write it into these settings, or print the line to paste."""
    from .config import as_yaml, write_params

    if not choice.gain:
        typer.echo(f"No candidate has a better {choice.metric} than what params.yaml says: {as_yaml(choice.values)}")
        return
    typer.echo(
        f"Best: {as_yaml(choice.values)}; {choice.metric} {choice.gain:+.4g} (spread over folds {choice.spread:.2g})"
    )
    for edge in choice.edges:
        typer.echo(f"  {edge}: the best may lie beyond")
    if params:
        write_params(params, config.model, choice.params)
        typer.echo(f"These are in {shown(params)} now")
    else:
        typer.echo(f"To keep it, put this under models.{config.model} in params.yaml, or use --write:")
        typer.echo(f"  params: {as_yaml(choice.params)}")


def show_metrics(evaluation: "Evaluation") -> None:
    """Print the metrics beside those of the naive baseline."""
    table = Table("metric", "model", "naive baseline", "folds that chose" if evaluation.folds_chose else "folds")
    for name, value in evaluation.metrics.items():
        spread = f"{write_number(evaluation.folds_mean[name])} ± {write_number(evaluation.folds_std[name], 2)}"
        table.add_row(name, write_number(value), write_number(evaluation.baseline[name]), spread)
    Console().print(table)
    for name, part in evaluation.tables.items():
        if len(part) <= MOST_SHOWN:
            rows = Table(*part.columns, title=name)
            for row in part.itertuples(index=False):
                rows.add_row(*(write_number(value) if isinstance(value, float) else str(value) for value in row))
            Console().print(rows)
