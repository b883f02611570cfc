"""What the commands say at their end: only what happened."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path

import click

from mlscaffold._listing import in_terminal
from mlscaffold._new import Created


def notes(texts: Iterable[str]) -> None:
    """Print remarks beside the result."""
    for text in dict.fromkeys(texts):
        click.echo(f"note: {text}", err=True)


def planned(project: Created) -> str:
    """Return what a dry run found."""
    return (
        f"{project.folder}\n"
        + "\n".join(_tree(project.files))
        + f"\n\n{_data(project)}It would make {_count(project.files)}; nothing was written."
    )


def created(project: Created, trained: bool) -> str:
    """Return what was made and what to do next, unless it is `trained` at once."""
    made = f"Made {_count(project.files)} in {project.folder}."
    commit = f"First commit {project.commit} on {project.branch}." if project.commit else "No git commit was made."
    told = f"{made}\n{_data(project)}{commit}\n{_template(project)}"
    if trained:
        return told
    steps = [*into(project).split(" && ")[:-1], "make setup", "make train"]
    return told + "\n\nNext:\n" + "\n".join(f"  {step}" for step in steps)


def as_json(project: Created, done: bool) -> str:
    """Return the same for programs; `done` is whether it was made, or would be."""
    data, checked = project.data, project.checked
    found = {
        "folder": str(project.folder),
        "done": done,
        "answers": dict(project.answers),
        "files": list(project.files),
        "commit": project.commit,
        "branch": project.branch,
        "template": {"location": project.template, "version": project.template_version},
        "no_updates": project.no_updates,
        "notes": list(dict.fromkeys(project.notes)),
        "data": data
        and {
            "file": str(data.file),
            "rows": data.rows,
            "columns": [column.name for column in data.columns],
            "sampled": data.sampled,
            "told": list(checked.told),
            "findings": [{"what": what, "advice": advice} for what, advice in checked.findings],
        },
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


def into(project: Created) -> str:
    """Return the command that goes into the project, with what joins another to it; nothing for where one is."""
    return "" if project.path in {".", "./"} else f"cd {_quoted(project.path)} && "


def _quoted(path: str) -> str:
    """Return a path as it can be pasted: the shell knows the home of a person, unless that stands in quotes."""
    return f"~/{shlex.quote(path[2:])}" if path.startswith("~/") and path[2:] else shlex.quote(path)


def _data(project: Created) -> str:
    """Return where the data is, and what of it deserves a look."""
    if not project.data:
        return ""
    checked = project.checked
    place = "data/raw" if project.data.images else f"data/raw/{project.data.name}"
    lines = [f"Data: {place}, which git leaves out."]
    if project.data.sampled and project.data.images:
        lines.append("  Its images were counted, and not read; make data checks all of them, and writes their schema.")
    elif project.data.sampled:
        lines.append("  Only its beginning was looked at; make data checks all of it, and writes its schema.")
    lines += [in_terminal(f"  {line}") for line in checked.told]
    lines += ["What deserves a look:"] * bool(checked.findings)
    lines += [in_terminal(f"  {what}: {advice}") for what, advice in checked.findings]
    return "\n".join(lines) + "\n"


def _template(project: Created) -> str:
    version = f" {project.template_version}" if project.template_version else ""
    if project.no_updates:
        lines = [f"Updates: mlscaffold update cannot work for this project: {project.no_updates}."]
    else:
        condition = "" if project.commit else ", once the project is committed to git"
        lines = [f"Updates: mlscaffold update brings later versions of the template{condition}."]
        if Path(project.template).is_absolute() or "file:" in project.template:
            lines.append(
                "Only this machine has that template: for updates by colleagues and CI, make projects from a clone "
                "whose origin is on a server and has this commit."
            )
    return "\n".join([f"Template: {project.template}{version}.", *map(in_terminal, lines)])


def _count(files: tuple[str, ...]) -> str:
    return f"{len(files)} file{'' if len(files) == 1 else 's'}"


def _tree(files: Iterable[str], indent: str = "") -> list[str]:
    """Return the files as a drawn tree, folders before their content."""
    branches: dict[str, list[str]] = {}
    for file in files:
        first, _, rest = file.partition("/")
        branches.setdefault(first, []).extend([rest] if rest else [])
    lines = []
    for name, inside in branches.items():
        last = name == list(branches)[-1]
        lines.append(f"{indent}{'└── ' if last else '├── '}{name}{'/' if inside else ''}")
        lines += _tree(inside, indent + ("    " if last else "│   "))
    return lines
