"""Bring a project to the newest version of its template, or to other answers."""

import shlex
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlscaffold import _apply, _copier, _git, _merge, _moves, _record, _versions
from mlscaffold._copier import Engine
from mlscaffold._errors import MlscaffoldError, Stopped
from mlscaffold._merge import Plan
from mlscaffold._questions import Questionnaire
from mlscaffold._source import Source
from mlscaffold._stage import signals_as_exceptions
from mlscaffold._store import Store, Tree
from mlscaffold._translate import DIRTY

PACKAGE = "package_name"
# What git leaves in its folder while something is not finished.
UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
}


@dataclass(frozen=True)
class Outlook:
    """What a newer template or other answers do to a project: the versions, and what becomes of its files.

    `places` are the lines of each conflict, `mentions` a person's files that name the package as it was called, and
    `patch` is all of it for git, if it is only looked at.
    """

    folder: Path
    before: str
    after: str
    plan: Plan
    places: Mapping[str, tuple[int, ...]]
    notes: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    patch: str = ""


def undo(folder: Path) -> str:
    """Return the command that undoes all; in another folder, it names this one, as it removes what is in no commit."""
    git = "git" if folder == Path.cwd() else f"git -C {shlex.quote(str(folder))}"
    return f"{git} reset --quiet -- . && {git} restore . && {git} clean -fd ."


def look_ahead(folder: Path, given: Mapping[str, str], newest: bool) -> Outlook:
    """Return what would be done, and do nothing; `newest` is for the newest template, else it stays the same.

    Raises:
        MlscaffoldError: the project or its template does not allow it.
    """
    with signals_as_exceptions(), _prepared(folder, given, newest) as (store, outlook):
        return replace(outlook, patch=store.patch(outlook.plan.before, outlook.plan.after))


def change(folder: Path, given: Mapping[str, str], newest: bool) -> Outlook:
    """Merge the newest template, or the same one with other answers, into the project; return what was done.

    Raises:
        MlscaffoldError: the project or its template does not allow it.
        Stopped: a person or the system stopped it.
    """
    with signals_as_exceptions(), _prepared(folder, given, newest) as (store, outlook):
        if not outlook.plan.empty:
            _apply.check_places(folder, outlook.plan)
            _write(store, outlook.plan)
        return outlook


@contextmanager
def _prepared(folder: Path, given: Mapping[str, str], newest: bool) -> Iterator[tuple[Store, Outlook]]:
    """Yield what is to be done, with a place that holds it."""
    recorded = _record.recorded(folder)
    _check_ready(folder)
    location, before = _location(folder, recorded), str(recorded["_commit"])
    with ExitStack() as stack:
        room = Path(stack.enter_context(TemporaryDirectory(prefix="mlscaffold-")))
        old = stack.enter_context(_as_it_was(location, before, room / "base"))
        new = _newest(stack, location, room / "theirs") if newest else old
        if new.is_before(old):
            raise MlscaffoldError(
                f"this project was made from version {before} of its template, and the newest there is {new.commit}",
                "An update does not go back. Nothing was changed.",
            )
        questionnaire = Questionnaire(new)
        questionnaire.check_names(given)
        answers = questionnaire.complete(given, recorded)
        store = Store(room / "store", folder)
        plan, theirs = _plan(store, room, (old, new), recorded, answers if given or not new.is_at(before) else None)
        was, now = str(recorded.get(PACKAGE, "")), str(answers.get(PACKAGE, ""))
        yield (
            store,
            Outlook(
                folder=folder,
                before=before,
                after=before if new.is_at(before) else str(new.commit),
                plan=plan,
                places=_merge.conflicting_lines(store, plan),
                notes=tuple(new.notes),
                mentions=tuple(_merge.mentions(store, plan, theirs, was)) if was and was != now else (),
            ),
        )


def _newest(stack: ExitStack, location: str, folder: Path) -> Engine:
    """Return the newest template that others can have, too: without changes of a clone that are not committed."""
    engine = stack.enter_context(_copier.open_template(Source(location), folder))
    if DIRTY in engine.notes:
        engine = stack.enter_context(_copier.open_template(Source(location, commit=_git.head(Path(location))), folder))
        engine.notes.append("the template has uncommitted changes, and they are left out")
    return engine


@contextmanager
def _as_it_was(location: str, version: str, folder: Path) -> Iterator[Engine]:
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(_copier.open_template(Source(location, commit=version), folder))
        except MlscaffoldError as error:
            raise MlscaffoldError(
                error.message,
                f"The project was made from version {version} of its template, which has to be there: push its commit "
                "or its tag. Nothing was changed.",
            ) from error
        yield engine


def _plan(
    store: Store,
    room: Path,
    engines: tuple[Engine, Engine],
    recorded: Mapping[str, object],
    answers: Mapping[str, object] | None,
) -> tuple[Plan, Tree]:
    """Return what becomes of the project, and what the template makes now; without answers, nothing has changed."""
    old, new = engines
    if answers is None:
        mine = store.head()
        return _merge.work_out(store, mine, mine, _merge.Places()), mine
    told = {name: value for name, value in recorded.items() if not name.startswith("_")}
    for engine, values, name in ((old, told, "base"), (new, answers, "theirs")):
        engine.render(room / name, values)
    base, theirs = store.add(room / "base"), store.add(room / "theirs")
    places = replace(_moves.by_answers(old, told, answers), then=_moves.by_versions(new, answers, theirs))
    return _merge.work_out(store, base, theirs, places), theirs


def _location(folder: Path, recorded: Mapping[str, object]) -> str:
    location = str(recorded["_src_path"])
    if not _copier.is_reachable(location):
        raise _versions.gone(location, folder)
    return location


def _check_ready(folder: Path) -> None:
    if lack := _git.lack():
        raise MlscaffoldError(*lack)
    if not _git.enclosing_repository(folder):
        raise MlscaffoldError(
            f"{folder} is not in a git repository, and updates are merged with git",
            'Run git init && git add --all && git commit -m "Start the project" there, then update.',
        )
    for name, what in UNFINISHED.items():
        if _git.own_file(folder, name).exists():
            raise MlscaffoldError(f"a {what} is not finished in {folder}", "Finish or abort it, then run this again.")
    _git.check_clean(folder, "Commit them, or put them aside with git stash --include-untracked, then update.")


def _write(store: Store, plan: Plan) -> None:
    """Write it; when that ends early, say truthfully whether something was left behind."""
    folder = store.project
    try:
        _apply.write(store, plan)
    except KeyboardInterrupt as error:
        if not _git.status(folder):
            raise
        code = error.exit_code if isinstance(error, Stopped) else 130
        raise Stopped(f"stopped half-way; in {folder} this undoes it: {undo(folder)}", code) from error
    except (MlscaffoldError, OSError) as error:
        left = f"It left changes; in {folder} this undoes them: {undo(folder)}"
        why = error.message if isinstance(error, MlscaffoldError) else f"{error.strerror}: {error.filename}"
        raise MlscaffoldError(
            f"the update stopped: {why}",
            left if _git.status(folder) else "Nothing was changed.",
        ) from error
