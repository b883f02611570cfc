"""From accepted data to the model that answers: train, evaluate, register, promote."""

import logging
import shutil
from pathlib import Path

import pandas as pd

from ..config import Config
from ..errors import BundleError
from ..evaluation.evaluate import read_metrics
from ..evaluation.floor import check_floor
from ..evaluation.report import put_section
from ..evaluation.rivals import Comparison, compare_rivals, name_of, read_known
from ..inference.bundle import digest_of, list_bundles
from ..inference.versions import find_answering, promoted
from ..inference.versions import promote as let_answer
from ..schema import SCHEMA_FILE
from ..training.lineage import code_sha256, current_commit, data_sha256
from ..training.runs import read_lineage
from ..training.saving import CANDIDATE, LAST_FIT, copy_whole
from ..training.tracking import bring_models, follow_promotion
from ..training.train import adopt, train_candidate
from .results import StepResult

# Models that have learned from all examples were measured as they were before; these are kept to be compared.
MEASURED = ".measured"

log = logging.getLogger(__name__)


class Trained(StepResult, frozen=True):
    """The candidate: the name of its run, the champion that it is to be compared with, and whether it was there."""

    name: str
    champion: str | None
    kept: bool

    def describe(self) -> str:
        """Return what was trained."""
        return f"{self.name}{', which nothing has changed since' if self.kept else ''}"


class Evaluated(StepResult, frozen=True):
    """Whether a candidate is to be promoted, why, and the numbers it was decided by."""

    name: str
    champion: str | None
    won: bool
    why: str
    comparison: Comparison | None = None

    def describe(self) -> str:
        """Return the decision."""
        return self.why


class Registered(StepResult, frozen=True):
    """A model among the saved ones, and the digest of its checksums."""

    name: str
    digest: str

    def describe(self) -> str:
        """Return what was registered."""
        return f"{self.name} is among the saved models, {self.digest[:12]}"


class Promoted(StepResult, frozen=True):
    """The model that answers now, the one before it if it was promoted by this run, and why."""

    answering: str
    before: str | None
    promoted: bool

    def describe(self) -> str:
        """Return which model answers."""
        return f"{self.answering} answers {'now' if self.promoted else 'as before'}"


def train(config: Config) -> Trained:
    """Train a candidate to be compared with the champion, the model that answers now.

    One that was trained on the same data with the same settings and code, for the same champion, is kept: a run that
    was killed after it goes on there. Raises as training does.
    """
    bring_models(config, None)
    champion = find_champion(config)
    name = champion.name if champion else None
    if (kept := keep_candidate(config, champion)) is not None:
        return Trained(name=kept, champion=name, kept=True)
    run = train_candidate(config, rival=comparable(config, champion))
    return Trained(name=run.name, champion=name, kept=False)


def find_champion(config: Config, *, dry: bool = False) -> Path | None:
    """Return the model that answers now, or None; one that does so as the newest is promoted, unless `dry`."""
    if not list_bundles(config.models_dir):
        return None
    champion = find_answering(config.models_dir)
    if not dry and not promoted(config.models_dir):
        let_answer(config.models_dir, champion.name)
        log.info("%s, the newest model, is promoted: it answers until another one is", champion.name)
    return champion


def comparable(config: Config, champion: Path | None) -> Path | None:
    """Return the model to compare with for the champion: as it was measured, if it has learned from all since.

    None where it does not say what it has learned from, as models do not that were saved by an earlier version.
    """
    if champion is None:
        return None
    measured = config.models_dir / MEASURED / champion.name
    found = measured if measured.exists() else champion
    try:
        read_known(found)
    except BundleError as error:
        log.warning("%s", error)
        return None
    return found


def keep_candidate(config: Config, champion: Path | None) -> str | None:
    """Return the name of the candidate, if it was made of what is there now; else None."""
    folder = config.models_dir / CANDIDATE
    if not (folder / SCHEMA_FILE).exists():
        return None
    lineage = read_lineage(folder)
    if lineage.run is None or (champion and champion.name not in (lineage.run, lineage.rival)):
        return None
    found = (lineage.data_sha256, lineage.code_sha256, lineage.code_commit, without_pipeline(lineage.settings))
    now = (data_sha256(config.data_path), code_sha256(), current_commit(config.root))
    return lineage.run if found == (*now, without_pipeline(config.model_dump(mode="json"))) else None


def without_pipeline(settings: dict[str, object]) -> dict[str, object]:
    """Return the settings that shape a model."""
    return {key: value for key, value in settings.items() if key != "pipeline"}


def evaluate(config: Config, trained: Trained) -> Evaluated:
    """Measure candidate and champion on what is new to both, and decide; the report shows the numbers.

    Raises ProjectError when the candidate is below the floor of params.yaml: then it is not registered.
    """
    folder = config.models_dir / CANDIDATE
    floor = check_floor(read_metrics(folder), config.evaluation)
    found = decide(config, trained, floor)
    if found.champion == found.name:
        # What it was promoted for stays in its report.
        return found
    numbers = found.comparison.model_dump() if found.comparison else {}
    rows = {"promote": "yes" if found.won else "no", "why": found.why, **numbers}
    table = pd.DataFrame({"what": [name.replace("_", " ") for name in rows], "value": list(rows.values())})
    put_section(config.reports_dir / CANDIDATE / "index.html", "Decision", table)
    return found


def decide(config: Config, trained: Trained, floor: str) -> Evaluated:
    """Return whether the candidate is to be promoted."""
    name, champion = trained.name, trained.champion
    if champion is None:
        return Evaluated(name=name, champion=None, won=True, why=f"no model answers yet, and {floor}")
    if champion == name:
        return Evaluated(name=name, champion=champion, won=False, why=f"{name} answers already")
    rival = comparable(config, config.models_dir / champion) or config.models_dir / champion
    try:
        comparison = compare_rivals(config, rival, config.models_dir / CANDIDATE)
    except BundleError as error:
        why = f"{error}. To take {name} all the same, promote it by its name"
        return Evaluated(name=name, champion=champion, won=False, why=why)
    why = comparison.describe()
    return Evaluated(name=name, champion=champion, won=comparison.won, why=why, comparison=comparison)


def register(config: Config, evaluated: Evaluated) -> Registered:
    """Put the candidate among the saved models, with its report, its record and the decision; done once, whole.

    Raises BundleError when it is damaged, or another one than was decided on.
    """
    models, name = config.models_dir, evaluated.name
    candidate, last = models / CANDIDATE, models / LAST_FIT
    if evaluated.champion == name:
        return Registered(name=name, digest=digest_of(models / name))
    if name_of(candidate) != name:
        raise BundleError(f"{candidate} is another model than {name} by now; run the pipeline again")
    if last.exists():
        copy_whole(candidate, models / MEASURED / name)
    decision = evaluated.model_dump(mode="json", exclude={"name"})
    adopt(config, last if last.exists() else candidate, config.reports_dir / CANDIDATE, decision)
    for old in (models / MEASURED).glob("[!.]*"):
        if not (models / old.name).exists():
            shutil.rmtree(old)
    return Registered(name=name, digest=digest_of(models / name))


def promote(config: Config, evaluated: Evaluated) -> Promoted:
    """Let the model answer, if that was decided. Raises BundleError when it is missing or damaged."""
    models = config.models_dir
    before = next(reversed(promoted(models)), None)
    if evaluated.won:
        let_answer(models, evaluated.name)
        follow_promotion(config)
    answering = find_answering(models).name
    return Promoted(answering=answering, before=before, promoted=answering != before)


def go_back(config: Config, found: Promoted) -> str:
    """Let the model before answer again, if this run has promoted one; return what was done, in words."""
    if not found.promoted:
        return "no model was promoted by this run, and none is rolled back"
    if found.before is None:
        return "it is the first model, and there is none to go back to"
    let_answer(config.models_dir, found.before)
    follow_promotion(config)
    return f"{found.before} answers again"
