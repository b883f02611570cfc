"""A small template with every feature that the real one uses, in a git repository of its own."""

import subprocess
from pathlib import Path

TOY = {
    "copier.yml": """\
_min_copier_version: "9.19"
_subdirectory: template/project
_envops:
  undefined: jinja2.StrictUndefined
  trim_blocks: true
  lstrip_blocks: true
---
!include template/questions/project.yml
---
!include template/questions/model.yml
---
!include template/questions/computed.yml
""",
    "template/questions/project.yml": """\
reserved_names:
  type: yaml
  when: false
  default: "[click, json]"
project_name:
  type: str
  help: |
    What is the project called?
      Heads the README.
  default: My project
  validator: "{% if project_name | length > 30 %}use 30 at most; this has {{ project_name | length }}{% endif %}"
package_name:
  type: str
  help: |
    What is the package called?
      The name to import.
  default: "{{ project_name | lower | regex_replace('[^a-z0-9]+', '_') }}"
  validator: "{% if package_name in reserved_names %}{{ package_name }} is taken{% endif %}"
description:
  type: str
  help: What is it for?
  default: ""
""",
    "template/questions/model.yml": """\
task_catalogue:
  type: yaml
  when: false
  default: !include template/parts/tasks/*/task.yml
task:
  type: str
  help: |
    What should the model do?
      Decides the data.
  default: classification
  choices: |
    {% for part in task_catalogue | sort(attribute="order") %}
    {{ part.title | to_json }}: {{ part.key }}
    {% endfor %}
framework:
  type: str
  help: |
    Which library trains it?
      Decides the model code.
  when: "{{ (task_catalogue | selectattr('key', 'eq', task) | first).frameworks | length > 1 }}"
  default: "{{ (task_catalogue | selectattr('key', 'eq', task) | first).frameworks | first }}"
  choices: |
    {% for name in (task_catalogue | selectattr('key', 'eq', task) | first).frameworks %}
    {{ name }}: {{ name }}
    {% endfor %}
python_version:
  type: str
  help: Which version of Python?
  default: "3.12"
  choices: ["3.11", "3.12", "3.13", "3.14"]
serving:
  type: str
  help: Should it answer HTTP requests?
  default: fastapi
  choices: {FastAPI: fastapi, no service: none}
deployment:
  type: str
  help: Where does the service run?
  when: "{{ serving != 'none' }}"
  default: "{{ 'none' if serving == 'none' else 'docker' }}"
  choices: |
    {% if serving != "none" %}
    Docker: docker
    {% endif %}
    nowhere yet: none
""",
    "template/questions/computed.yml": """\
asked_first:
  type: yaml
  when: false
  default: [project_name, task, framework, serving]
megabytes:
  type: yaml
  when: false
  default: {framework: {scikit-learn: 610, pytorch: 1350}}
layer:
  type: yaml
  when: false
  default: |
    docker: "{{ '.' if deployment == 'docker' else '' }}"
""",
    "template/parts/tasks/classification/task.yml": """\
key: classification
title: "Classification: a category"
order: 1
frameworks: [scikit-learn, pytorch]
""",
    "template/parts/tasks/clustering/task.yml": """\
key: clustering
title: Clustering
order: 2
frameworks: [scikit-learn]
""",
    "template/project/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml -}}\n",
    "template/project/README.md.jinja": "# {{ project_name }}\n\n{{ description }}\n\nTask: {{ task }}.\n\nThe end.\n",
    "template/project/.gitignore": "*.log\n",
    "template/project/src/{{ package_name }}/__init__.py": "",
    "template/project/src/{{ package_name }}/model.py.jinja": 'FRAMEWORK = "{{ framework }}"\n',
    "template/project/{{ layer.docker }}/Dockerfile": "ARG PYTHON_IMAGE\nFROM ${PYTHON_IMAGE}\n",
}

# Two levels, because one range may not be long in Copier's sandbox.
ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}\n"


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def make_toy(folder: Path) -> Path:
    write(folder, TOY)
    git(folder, "init", "--quiet")
    release(folder, "v1.0.0", {})
    return folder


def release(folder: Path, tag: str, files: dict[str, str]) -> None:
    write(folder, files)
    commit(folder, tag)
    git(folder, "tag", tag)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return every path and content, git's own files left out; what is no file has None."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    return {
        name: path.read_bytes() if path.is_file() else None
        for name, path in found.items()
        if name.partition("/")[0] != ".git"
    }
