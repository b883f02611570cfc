"""Any text that a person can type arrives in files that still parse, or is refused with a reason."""

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mlscaffold._errors import MlscaffoldError

from .checks import ANSWERS_FILE, check_makefile, content_problems, syntax_problems
from .rendering import Project, Renderer

# The same examples each time: another day, another result, is no test.
SLOW = settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

NASTY = [
    "'",
    '"',
    '"""',
    "\\",
    "\\n \\",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{# gone #}",
    "}} %} #}",
    "$HOME $(HOME) ${HOME} `id`",
    "100 % # of it",
    "--- *a &b !c |d >e",
    "key: value",
    "- item",
    "[x] {y: z}, w",
    "yes",
    "null",
    "1e3",
    "0x1F",
    "2024-01-01",
    "~",
    "<b>&amp;</b>",
    "🐧👩‍👩‍👧 emoji",
    "اردو עברית \u202e override",
    "中文 日本語 한국어",
    "Ünïcödé ß",
    "\ufeff \u200b \u00a0",
    " both sides ",
    "x" * 60,
]
# Characters that a line of text cannot hold; the validators refuse them.
REFUSED = [chr(number) for number in (*range(32), 0x7F, 0x85, 0x2028, 0x2029)]


@pytest.fixture(scope="module")
def text_renderer(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    """Renders only the files that hold what a person typed."""
    words = {"project_name": "otterone", "package_name": "ottertwo", "description": "otterthree", "author": "otterfour"}
    texts = {words[name] for name in words if name != "package_name"}
    return shrunk(renderer, tmp_path_factory.mktemp("texts"), words, texts)


def shrunk(renderer: Renderer, room: Path, words: dict[str, str], texts: set[str]) -> Renderer:
    """Copy the template without the files in which none of the texts arrives."""
    template = room / "copy"
    shutil.copytree(renderer.template, template)
    project = renderer.render(words)
    holding = {Path(name).name for name, content in project.files.items() if any(t.encode() in content for t in texts)}
    assert {"pyproject.toml", "LICENSE", "README.md", ANSWERS_FILE} <= holding
    kept = holding - {ANSWERS_FILE} | {"{{ _copier_conf.answers_file }}"}
    for path in (template / "template/project").rglob("*"):
        if path.is_file() and path.name.removesuffix(".jinja") not in kept:
            path.unlink()
    return Renderer(template, room / "projects")


@pytest.mark.test
@SLOW
@given(
    project_name=st.text(min_size=1, max_size=60),
    description=st.text(max_size=200),
    author=st.text(max_size=100),
    license=st.sampled_from(["MIT", "Apache-2.0", "BSD-3-Clause", "Proprietary"]),
)
@example(project_name="'", description='"', author="\\", license="MIT")
# The package that parts import.
@example(project_name="acme_ml", description="acme_ml", author="acme_ml", license="MIT")
def test_any_text_arrives_or_is_refused(
    text_renderer: Renderer, project_name: str, description: str, author: str, license: str
) -> None:
    answers = {"project_name": project_name, "description": description, "author": author, "license": license}
    if any(char in text for char in REFUSED for text in answers.values()) or not project_name.strip():
        with pytest.raises(MlscaffoldError, match=r"one line|needs a name"):
            text_renderer.render(answers)
    else:
        with text_renderer.project(answers) as project:
            assert_texts(project, answers)


@pytest.mark.parametrize("text", NASTY)
def test_nasty_texts_arrive(text_renderer: Renderer, text: str) -> None:
    answers = {"project_name": text, "description": text, "author": text}
    with text_renderer.project(answers) as project:
        assert_texts(project, answers)


@pytest.mark.parametrize("text", ["\\ \" ' {{ 7 }} {% if %} {# #} $(x) `y` 🐧 #: - & *", "عربي" * 15])
@pytest.mark.parametrize("choice", [{}, {"serving": "none", "environment": "conda", "license": "BSD-3-Clause"}])
def test_a_whole_project_takes_nasty_texts(renderer: Renderer, text: str, choice: dict[str, str]) -> None:
    answers = {**choice, "project_name": text, "description": text * 3, "author": text}
    with renderer.project(answers) as project:
        assert_texts(project, answers)
        assert list(check_makefile(project)) == []
        left = [text for name, content in project.files.items() for text in content_problems(name, content)]
        assert [problem for problem in left if "is left" not in problem] == []


def assert_texts(project: Project, answers: dict[str, str]) -> None:
    """The texts are where they belong, and every file still parses."""
    assert [p for name in project.files for p in syntax_problems(name, project.text(name))] == []
    settings = project.pyproject["project"]
    assert settings["description"] == answers["description"].strip()
    authors = [{"name": answers["author"].strip()}] if answers["author"].strip() else []
    assert settings.get("authors", []) == authors
    recorded: dict[str, Any] = yaml.safe_load(project.text(ANSWERS_FILE))
    assert {name: recorded[name] for name in answers} == answers
    assert project.text("README.md").startswith(f"# {answers['project_name'].strip()}\n")
    if answers.get("license") != "Apache-2.0":
        holder = answers["author"].strip() or answers["project_name"].strip()
        assert holder in project.text("LICENSE")


@pytest.mark.parametrize("character", REFUSED, ids=ascii)
@pytest.mark.parametrize("name", ["project_name", "description", "author"])
def test_a_line_break_or_control_character_is_refused_with_a_reason(
    renderer: Renderer, name: str, character: str
) -> None:
    with pytest.raises(ValueError, match="use one line"):
        renderer.questions.engine.parse(name, f"two{character}parts", {})


@pytest.mark.parametrize(("name", "most"), [("project_name", 60), ("description", 200), ("author", 100)])
def test_a_text_has_a_longest_length(renderer: Renderer, name: str, most: int) -> None:
    assert renderer.questions.engine.parse(name, "é" * most, {}) == "é" * most
    with pytest.raises(ValueError, match=f"{most} characters at most; this has {most + 1}"):
        renderer.questions.engine.parse(name, "é" * (most + 1), {})


def test_json_and_toml_agree_about_the_texts() -> None:
    """What the template writes into TOML is a JSON string; TOML reads it the same."""
    for text in NASTY:
        assert tomllib.loads(f"text = {json.dumps(text, ensure_ascii=False)}")["text"] == text


@pytest.mark.parametrize("address", ["ada@example.org", "a+b.c@sub.example", "ärger@bücher.example"])
@pytest.mark.parametrize("author", ["", 'Ada "Countess" L.'])
def test_an_address_is_that_of_the_author(renderer: Renderer, address: str, author: str) -> None:
    (found,) = renderer.render({"email": address, "author": author}).pyproject["project"]["authors"]
    assert found == {**({"name": author} if author else {}), "email": address}


@pytest.mark.parametrize("address", ["ada", "a b@c", "a@b@c", "<a@b>", "a@b,c@d", "@b", "a@", 'a"@b', "a@b\n"])
def test_what_is_no_address_is_refused(renderer: Renderer, address: str) -> None:
    with pytest.raises(ValueError, match="use one address"):
        renderer.questions.engine.parse("email", address, {})
