"""Whether a template has something newer, without cloning it: its tags and its last commit say so."""

from pathlib import Path

from packaging.version import InvalidVersion, Version

from mlscaffold import _git, _record
from mlscaffold._errors import MlscaffoldError
from mlscaffold._merge import ANSWERS_FILE

# What Copier takes in place of a URL.
_SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}


def newer(folder: Path) -> tuple[str, str]:
    """Return the version that a project has of its template, and the one that an update would bring.

    Raises:
        MlscaffoldError: the project names no template, or that is out of reach.
    """
    if lack := _git.lack():
        raise MlscaffoldError(*lack)
    recorded = _record.recorded(folder)
    location, before = str(recorded["_src_path"]), str(recorded["_commit"])
    try:
        commits = _git.remote_commits(address(location))
    except MlscaffoldError as error:
        if _is_path(location):
            raise gone(location, folder) from error
        raise MlscaffoldError(f"cannot reach the template at {location}: {error.message}", error.hint) from error
    return before, _newest(commits, before)


def gone(location: str, folder: Path) -> MlscaffoldError:
    """Return the error for a project whose template is no longer where it was."""
    return MlscaffoldError(
        f"the template of this project is gone: {location} does not exist or is not a git repository",
        f"If it moved, write its new place as _src_path in {folder / ANSWERS_FILE} and commit that.",
    )


def address(location: str) -> str:
    """Return where git finds a template, given as projects record it."""
    for short, url in _SHORT.items():
        if location.startswith(short):
            return url + location.removeprefix(short).lstrip("/")
    return str(Path(location).expanduser()) if _is_path(location) else location.removeprefix("git+")


def _newest(commits: dict[str, str], before: str) -> str:
    """Return the newest tag, or the last commit if there is none; `before` if the project has that, or a later one."""
    tags = {name: version for name in commits if (version := _version(name)) and not version.is_prerelease}
    newest = max(tags, key=lambda name: tags[name], default="")
    commit = commits.get(newest or "HEAD", "")
    had = _version(before)
    later = had is not None and bool(newest) and had >= tags[newest]
    # What is no tag is recorded as the commit's short name, after the last tag before it.
    described = commit.startswith(before.rpartition("-g")[2])
    if later or described or commits.get(before) == commit or (newest and before.startswith(f"{newest}-")):
        return before
    return newest or commit[:7]


def _version(name: str) -> Version | None:
    try:
        return Version(name)
    except InvalidVersion:
        return None


def _is_path(location: str) -> bool:
    return "://" not in location and ":" not in location.partition("/")[0]
