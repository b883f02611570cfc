"""The checks of the matrix notice what they are for: each finds the one flaw put into a sound project."""

from dataclasses import replace

import pytest

from .checks import (
    Check,
    check_commands,
    check_content,
    check_files,
    check_makefile,
    check_words,
    style_problems,
)
from .dependencies import check_dependencies
from .rendering import Project, Renderer

ANSWERS = {"task": "regression", "environment": "conda", "serving": "none", "ci": "github", "license": "MIT"}
MODEL = "src/my_ml_project/training/model.py"
FLAWS: list[tuple[Check, str, str, str, str]] = [
    (check_files, "src/my_ml_project/service.py", "", '"""Nothing."""\n', "is not expected"),
    (check_words, "README.md", "## Notes", "## Notes on penguins", "belongs to task=classification"),
    (check_words, "params.yaml", "seed:", "# for uv\nseed:", "belongs to environment=uv"),
    (check_words, MODEL, "import", "# for the service\nimport", "belongs to serving=fastapi"),
    (check_words, "Makefile", "help:", "# see Dockerfile\nhelp:", "belongs to deployment=docker"),
    (check_words, "README.md", "## Notes", "## Notes on pods", "belongs to deployment=kubernetes"),
    (check_words, "LICENSE", "MIT", "Apache", "belongs to license=Apache-2.0"),
    (check_content, MODEL, "import", "# {{ left }}\nimport", "'{{' is left"),
    (check_content, MODEL, "import", "# acme_ml\nimport", "'acme_ml' is left"),
    (check_content, MODEL, "import", "import import", "does not parse"),
    (check_content, "params.yaml", "seed:", "seed: [", "does not parse"),
    (check_content, "pyproject.toml", "[project]", "[project", "does not parse"),
    (check_content, "data/schema.json", "{", "[", "does not parse"),
    (check_content, "README.md", "## Notes", "## Notes ", "spaces at the end"),
    (check_content, "README.md", "## Notes", "\n\n## Notes", "too many blank lines"),
    (check_makefile, "Makefile", "train:", "tarin:", "the target train is missing"),
    (check_makefile, "Makefile", "\t$(PYTHON) -m pytest", "    $(PYTHON) -m pytest", "missing separator"),
    (check_commands, "README.md", "make train", "make fit", "make fit is no target"),
    (lambda project: style_problems([project.folder]), MODEL, "import", "import  os\nimport", "ruff check"),
    (check_dependencies, "pyproject.toml", '    "numpy', '    "hypothesis>=6,<7",\n    "numpy', "nothing imports it"),
    (check_dependencies, "pyproject.toml", '    "numpy', '    "numpy>=2,<3",\n    "numpy', "is declared twice"),
    (check_dependencies, MODEL, "from ..config", "import torch\nfrom ..config", "torch is imported but not declared"),
    (check_dependencies, "environment.yml", "  - pandas >=", "  - pandas >=1,>=", "environment.yml: pandas"),
    (check_dependencies, "environment.yml", "  - rich ", "  - poor ", "environment.yml: rich is missing"),
]


@pytest.mark.parametrize(("check", "name", "before", "after", "problem"), FLAWS)
def test_a_flaw_is_found(renderer: Renderer, check: Check, name: str, before: str, after: str, problem: str) -> None:
    with renderer.project(ANSWERS) as sound:
        assert list(check(sound)) == []
        text = sound.text(name) if name in sound.files else ""
        assert before in text
        flawed = text.replace(before, after, 1)
        (sound.folder / name).write_text(flawed, encoding="utf-8")
        project = Project(sound.answers, sound.folder, {**sound.files, name: flawed.encode()})
        found = "\n".join(check(project))
    assert problem in found


def test_a_missing_file_is_found(renderer: Renderer) -> None:
    project = renderer.render(ANSWERS)
    files = {name: content for name, content in project.files.items() if name != "params.yaml"}
    assert list(check_files(replace(project, files=files))) == ["params.yaml is missing"]
