"""The few git commands that the command line runs itself."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlscaffold._errors import MlscaffoldError

_UNMERGED = {"DD", "AU", "UD", "UA", "DU", "AA", "UU"}
# The first that merges trees without touching files.
LEAST = (2, 38)
_OUTER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")


@dataclass(frozen=True)
class Change:
    """One line of `git status`; the path is relative to the folder that was asked about."""

    code: str
    path: str

    @property
    def kind(self) -> str:
        """Return conflict, removed, added or changed."""
        if self.code in _UNMERGED:
            return "conflict"
        if "D" in self.code:
            return "removed"
        return "added" if self.code in {"??", "A "} else "changed"


def forget_outer_repository() -> None:
    """Drop the variables that a git hook sets: with them, every git below would work on that other repository."""
    for name in _OUTER:
        os.environ.pop(name, None)


def is_installed() -> bool:
    """Return whether there is a git to run."""
    return shutil.which("git") is not None


def version() -> tuple[int, ...]:
    """Return the version of the git that is installed."""
    numbers = re.findall(r"[0-9]+", _git("--version").stdout)
    return tuple(map(int, numbers[:3]))


def lack() -> tuple[str, str] | None:
    """Return what keeps the git of this machine from merging updates, and the next step."""
    least = ".".join(map(str, LEAST))
    if not is_installed():
        return "git is not installed", f"Install git {least} or later: updates are merged with it."
    if version() < LEAST:
        said = ".".join(map(str, version()))
        return f"git {said} is too old to merge updates with", f"Install git {least} or later."
    return None


def check_clean(folder: Path, advice: str) -> None:
    """Make sure that git has all that is in `folder`, a part of a repository.

    Raises:
        MlscaffoldError: there are changes; it ends with the advice.
    """
    if changes := status(folder):
        first = ", ".join(change.path for change in changes[:3]) + (", …" if len(changes) > 3 else "")
        raise MlscaffoldError(f"{folder} has changes that are not committed: {first}", advice)


def check_ready(folder: Path) -> None:
    """Make sure that a first commit in `folder`, which need not exist, can work.

    Raises:
        MlscaffoldError: git is missing or has no identity, or the folder lies in another repository.
    """
    if not is_installed():
        raise MlscaffoldError("git is not installed", "Install git, or use --no-git for a project without a commit.")
    outer = enclosing_repository(folder)
    if outer and outer != folder:
        raise MlscaffoldError(
            f"{folder} is inside the git repository {outer}",
            "Choose a folder outside it, or use --no-git: the project then becomes part of that repository.",
        )
    # Without useConfigOnly git may guess an identity from the host name; nobody wants that in a first commit.
    if any(
        _git("-c", "user.useConfigOnly=true", "var", f"GIT_{who}_IDENT").returncode for who in ("AUTHOR", "COMMITTER")
    ):
        raise MlscaffoldError(
            "git does not know who you are, so it cannot make the first commit",
            'Run git config --global user.name "Your Name" and git config --global user.email you@example.com, '
            "or use --no-git.",
        )


def author() -> tuple[str, str]:
    """Return the name and the address that git signs commits with, each empty where it knows none."""
    if not is_installed():
        return "", ""
    name, email = (_git("config", f"user.{each}").stdout.strip() for each in ("name", "email"))
    return name, email


def shared_origin(clone: Path, commit: str) -> str:
    """Return the URL where others find a commit of a clone, without anybody's name or password; nothing if nowhere."""
    url = _git("remote", "get-url", "origin", cwd=clone).stdout.strip()
    scheme, separator, rest = url.partition("://")
    # Without a scheme it is host:path, or a path, which has no colon before its first slash.
    if scheme == "file" or (not separator and ":" not in url.partition("/")[0]):
        return ""
    if not _git("branch", "--remotes", "--contains", commit, "--list", "origin/*", cwd=clone).stdout.strip():
        return ""
    if separator and scheme.startswith("http"):
        host, slash, path = rest.partition("/")
        url = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return url if url.endswith(".git") or url.startswith("git@") else f"git+{url}"


def enclosing_repository(folder: Path) -> Path | None:
    """Return the root of the repository that `folder` lies in, or would lie in, if any."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    answer = _git("rev-parse", "--show-toplevel", cwd=existing)
    if answer.returncode == 0:
        return Path(answer.stdout.removesuffix("\n"))
    return existing if "dubious ownership" in answer.stderr else None


def first_commit(folder: Path) -> str:
    """Make `folder` a repository with everything in one commit on main; return the short commit."""
    _run("init", "--quiet", cwd=folder)
    _run("symbolic-ref", "HEAD", "refs/heads/main", cwd=folder)
    # A person's own global ignore file must not keep files of the project out of its first commit.
    _run("-c", f"core.excludesFile={os.devnull}", "add", "--all", cwd=folder)
    _run("commit", "--quiet", "--message", "Start the project with mlscaffold", cwd=folder)
    return _run("rev-parse", "--short", "HEAD", cwd=folder).strip()


def commit_into(folder: Path, files: Sequence[str]) -> str:
    """Commit these files, but for ignored ones, in the repository of `folder`, which is made if it is none yet.

    Raises:
        MlscaffoldError: git refuses; the repository is as it was.
    """
    made = not (folder / ".git").exists()
    if made:
        _run("init", "--quiet", cwd=folder)
        _run("symbolic-ref", "HEAD", "refs/heads/main", cwd=folder)
    own = ("-c", f"core.excludesFile={os.devnull}")
    # What the project itself ignores, such as its data, cannot be added by name.
    there = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *files)
    kept = [name for name in _run(*own, *there, cwd=folder).split("\0") if name]
    try:
        _run(*own, "add", "--", *kept, cwd=folder)
        _run("commit", "--quiet", "--message", "Start the project with mlscaffold", "--", *kept, cwd=folder)
    except BaseException:
        _git("reset", "--quiet", "--", *kept, cwd=folder)
        if made:
            shutil.rmtree(folder / ".git")
        raise
    return _run("rev-parse", "--short", "HEAD", cwd=folder).strip()


def is_safe(folder: Path, name: str) -> bool:
    """Return whether the last commit has a file just as it is."""
    known = _git("ls-files", "--error-unmatch", "--", name, cwd=folder).returncode == 0
    return known and _git("diff", "--quiet", "HEAD", "--", name, cwd=folder).returncode == 0


def head(folder: Path) -> str:
    """Return the last commit of a repository."""
    return _run("rev-parse", "HEAD", cwd=folder).strip()


def remote_commits(url: str) -> dict[str, str]:
    """Return the commits that HEAD and the tags of a repository elsewhere name.

    Raises:
        MlscaffoldError: it is out of reach.
    """
    found: dict[str, str] = {}
    for line in _run("ls-remote", "--", url, "HEAD", "refs/tags/*", cwd=Path.cwd()).splitlines():
        commit, _, name = line.partition("\t")
        # An annotated tag is named twice, the second time with the commit that it stands for.
        found[name.removeprefix("refs/tags/").removesuffix("^{}")] = commit
    return found


def branch(folder: Path) -> str:
    """Return the branch of a repository, main for a new one."""
    return _git("symbolic-ref", "--quiet", "--short", "HEAD", cwd=folder).stdout.strip() or "no branch"


def status(folder: Path) -> list[Change]:
    """Return what differs from the last commit within `folder`."""
    root = Path(_run("rev-parse", "--show-toplevel", cwd=folder).removesuffix("\n"))
    lines = _run("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", ".", cwd=folder)
    entries = [line for line in lines.split("\0") if line]
    return [Change(entry[:2], (root / entry[3:]).relative_to(folder.resolve()).as_posix()) for entry in entries]


def own_file(folder: Path, name: str) -> Path:
    """Return where git has a file of its own for the repository that `folder` is in."""
    return folder / _run("rev-parse", "--git-path", name, cwd=folder).removesuffix("\n")


def _git(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )


def _run(*arguments: str, cwd: Path) -> str:
    result = _git(*arguments, cwd=cwd)
    if result.returncode:
        said = (result.stderr or result.stdout).strip()
        raise MlscaffoldError(f"git {arguments[0] if arguments[0] != '-c' else arguments[2]} failed: {said}")
    return result.stdout
