"""New files become part of the data: each once, by its content, and all of it or nothing."""

import logging
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from time import time

from filelock import FileLock, Timeout

from ..config import Config
from ..errors import ProjectError
from ..inference.bundle import checksum
from .intake import Staged, complete, is_there, offered, stage
from .ledger import Entry, Outcome, add_to_ledger, now, read_ledger
from .results import StepResult

# What programs call a file that they still write.
PARTIAL = frozenset({".part", ".partial", ".tmp", ".crdownload", ".filepart", ".download", ".swp"})
LOCK_FILE = ".lock"
LOCK_SECONDS = 600
MEGABYTE = 1_000_000

log = logging.getLogger(__name__)


class Ingested(StepResult, frozen=True):
    """What became of the files in the drop folder."""

    entries: tuple[Entry, ...] = ()

    def describe(self) -> str:
        """Return how many files were taken, known, refused or left waiting."""
        counts = Counter(entry.outcome for entry in self.entries)
        told = [
            f"{counts[outcome]} {outcome}" for outcome in ("taken", "known", "refused", "waiting") if counts[outcome]
        ]
        added = sum(entry.examples for entry in self.entries)
        return f"{', '.join(told)}; {added} examples are new" if told else "no new file"


def ingest(config: Config, *, dry: bool = False) -> Ingested:
    """Take the files of the drop folder into the data; what does not fit is set aside in data/refused, with the reason.

    Nothing is written if `dry`. Files are known by their content, so the same under another name is not taken again. A
    run that was killed is completed by the next. Raises DataError when the data cannot be read, or not be added to.
    """
    if not config.drop_dir.is_dir():
        return Ingested()
    if dry:
        return Ingested(entries=tuple(entry for _, entry in settle(config, dry=True)))
    try:
        with FileLock(config.drop_dir / LOCK_FILE, timeout=LOCK_SECONDS):
            complete(config, read_ledger(config))
            return Ingested(entries=tuple(put_away(config, settle(config, dry=False))))
    except Timeout:
        raise ProjectError(f"{config.drop_dir} is read by another run; try again when it has ended") from None


def settle(config: Config, *, dry: bool) -> list[tuple[Path, Entry]]:
    """Return each file of the drop folder with what became of it; new ones are in the data then, unless `dry`."""
    looked = look_at_all(config)
    first = {entry.sha256: path for path, entry in reversed(looked.items()) if entry.outcome == "taken"}
    with stage(config, {path: digest for digest, path in first.items()}) if first else nullcontext() as staged:
        if staged:
            looked |= {path: judge(looked[path], path, staged) for path in first.values()}
        for path, entry in looked.items():
            if entry.outcome == "taken" and (same := first[entry.sha256]) != path:
                looked[path] = after_its_equal(entry, looked[same])
        lines = [entry for entry in looked.values() if entry.outcome != "waiting"]
        if lines and not dry:
            if staged:
                staged.prepare()
            # The ledger is first: what a killed run has not done after it, the next does.
            add_to_ledger(config, lines)
            if staged:
                staged.commit()
    return list(looked.items())


def after_its_equal(entry: Entry, same: Entry) -> Entry:
    """Return what becomes of a file with the content of another one in the folder."""
    if same.outcome == "taken":
        return entry.model_copy(update={"outcome": "known", "why": f"it is the same as {same.file}"})
    # Where it lies may make a difference, so that it is looked at by itself when the other is gone.
    return entry.model_copy(update={"outcome": "waiting", "why": f"it is the same as {same.file}"})


def judge(entry: Entry, path: Path, staged: Staged) -> Entry:
    """Return what becomes of a new file, now that its content was looked at."""
    if path in staged.refused:
        return entry.model_copy(update={"outcome": "refused", "why": staged.refused[path]})
    added = {"examples": staged.examples[path], "place": staged.places[path], "data_sha256": staged.digest}
    return entry.model_copy(update=added)


def look_at_all(config: Config) -> dict[Path, Entry]:
    """Return what is to become of each file in the drop folder, as far as its name, age, size and content tell."""
    taken = [line for line in read_ledger(config) if line.outcome == "taken"]
    known = {line.sha256 for line in taken if is_there(config, line)}
    looked = {path: look_at(path, config) for path in offered(config.drop_dir)}
    there = {"outcome": "known", "why": "its content is in the data already"}
    return {
        path: entry.model_copy(update=there) if entry.outcome == "taken" and entry.sha256 in known else entry
        for path, entry in looked.items()
    }


def look_at(path: Path, config: Config) -> Entry:
    """Return what is to become of a file, whether its content is known or not."""
    settings = config.pipeline
    name = path.relative_to(config.drop_dir).as_posix()

    def entry(outcome: Outcome, why: str = "", digest: str = "") -> Entry:
        return Entry(time=now(), file=name, outcome=outcome, why=why, sha256=digest)

    try:
        before = path.stat()
        age = time() - before.st_mtime
        if path.suffix.lower() in PARTIAL:
            return entry("waiting", f"its name ends in {path.suffix}, as that of a file still being written")
        if 0 <= age < settings.settled:
            return entry("waiting", f"it changed {age:.0f} s ago, and may still be written")
        if before.st_size > settings.megabytes * MEGABYTE:
            size = f"it has {before.st_size / MEGABYTE:,.0f} MB"
            return entry("refused", f"{size}, more than the {settings.megabytes:g} of pipeline.megabytes")
        if not before.st_size:
            return entry("refused", "it is empty")
        digest = checksum(path)
        after = path.stat()
    except OSError as error:
        return entry("waiting", f"it cannot be read: {error.strerror}")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return entry("waiting", "it changed while it was read")
    return entry("taken", digest=digest)


def put_away(config: Config, settled: Iterable[tuple[Path, Entry]]) -> list[Entry]:
    """Move each file to where files of its outcome are kept, with the reason beside it; return what became of them."""
    entries = []
    for path, entry in settled:
        log.log(
            logging.INFO if entry.outcome == "taken" else logging.WARNING,
            "%s: %s%s",
            entry.file,
            entry.outcome,
            f", {entry.why}" if entry.why else "",
        )
        entries.append(entry)
        if entry.outcome == "waiting" or not path.exists():
            continue
        folder = config.root / "data" / ("refused" if entry.outcome == "refused" else "taken")
        # The folders of a name are part of it, and the digest tells files of one name apart.
        kept = folder / "-".join([entry.sha256[:8] or now().replace(":", ""), *Path(entry.file).parts])
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(path, kept)
        if entry.outcome == "refused":
            kept.with_name(f"{kept.name}.reason.txt").write_text(f"{entry.why}\n", encoding="utf-8")
    return entries
