"""Every file of the template is sound for every combination of the answers that it reads.

A file that gathers text reads so many answers that their combinations may be too many: then each fragment is proved
over the answers that it reads, and whole projects hold every three answers together.
"""

import re
from collections.abc import Iterator, Mapping

import pytest
from tally import Tally

from scripts.composition import CODE_QUESTIONS, DEPENDENCIES, DEPENDENCIES_FILE, FILLED

from .checks import content_problems, foreign_words
from .expected import FOREIGN, is_chosen
from .footprint import Footprint
from .rendering import CODE, Renderer, label
from .sources import PARTS, PROJECT, TEMPLATE, files, read

# A file is rendered whole for at most so many combinations; `make prove` renders larger ones whole, too.
MOST, MOST_OF_PROOF = 1_100, 20_000
# Copier writes it.
ANSWERS = "{{ _copier_conf.answers_file }}.jinja"
# Each of these many tests takes its share of the files, the large ones first.
SHARES = 8

LAYERS = re.compile(r"^(\{\{ layer\.\w+ \}\}/)+")

Unit = tuple[str, frozenset[str]]
Rendered = Iterator[tuple[str, str, dict[str, str]]]


@pytest.fixture(scope="session")
def footprint(renderer: Renderer) -> Footprint:
    """What the files of the template read."""
    return Footprint(renderer.questions)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("share", range(SHARES))
def test_every_file_is_sound_for_all_answers_it_reads(
    renderer: Renderer, footprint: Footprint, tally: Tally, share: int
) -> None:
    prove(renderer, footprint, tally, units(footprint, MOST)[share::SHARES])


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("share", range(SHARES))
def test_a_file_that_reads_many_answers_is_sound_for_all_of_them(
    renderer: Renderer, footprint: Footprint, tally: Tally, share: int
) -> None:
    known = units(footprint, MOST)
    prove(
        renderer,
        footprint,
        tally,
        [unit for unit in units(footprint, MOST_OF_PROOF) if unit not in known][share::SHARES],
    )


def prove(renderer: Renderer, footprint: Footprint, tally: Tally, share: list[Unit]) -> None:
    """Render each file for all answers that it reads, and look at it."""
    problems: dict[str, list[str]] = {}
    for name, reads in share:
        for path, text, answers in render(renderer, footprint, name, reads):
            tally.renderings += 1
            for problem in problems_of(path, text, answers):
                problems.setdefault(f"{name}: {problem}", []).append(label(answers))
        tally.files += 1
        content_problems.cache_clear()
        foreign_words.cache_clear()
    assert not problems, "\n".join(f"{text}  [{len(where)}: {where[0]}]" for text, where in problems.items())


def units(footprint: Footprint, most: int) -> list[Unit]:
    """Return files below template/, and what each reads: those of a project, and the fragments of too large ones."""
    found, gathered = {}, set()
    for name in files(PROJECT):
        reads = footprint.of_file(name)
        if name == ANSWERS:
            continue
        if len(footprint.space.of(reads)) > most:
            text = read(PROJECT, name)
            gathered |= {fragment for pattern in FILLED.values() for fragment in pattern.findall(text)}
            gathered |= {DEPENDENCIES_FILE} if DEPENDENCIES.search(text) else set()
        else:
            found[f"project/{name}"] = reads
    for name in files(PARTS):
        if any(name.endswith(f"/{fragment}") for fragment in gathered):
            found[f"parts/{name}"] = footprint.of_fragment(name)
    return sorted(found.items(), key=lambda unit: -len(footprint.space.of(unit[1])))


def render(renderer: Renderer, footprint: Footprint, name: str, reads: frozenset[str]) -> Rendered:
    """Yield path, text and answers of a file for every combination of what it reads, where it is rendered at all."""
    for answers in footprint.space.of(reads) if reads else [{}]:
        yield from render_once(renderer, footprint, name, answers)


def render_once(renderer: Renderer, footprint: Footprint, name: str, answers: dict[str, str]) -> Rendered:
    """Yield path, text and answers of a file, if these answers give it."""
    environment, context = renderer.questions.engine._environment, footprint.complete(answers)
    path = environment.from_string(name.removeprefix("project/")).render(context).removesuffix(".jinja")
    is_part = name.startswith("parts/")
    if footprint.folder_of(name.removeprefix("parts/")) in context["parts"] if is_part else not path.startswith("/"):
        is_text = is_part or name.endswith(".jinja")
        text = environment.get_template(f"template/{name}").render(context) if is_text else read(TEMPLATE, name)
        yield path.removeprefix("./"), text.replace("acme_ml", context["package_name"]) if is_part else text, answers


def problems_of(path: str, text: str, answers: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with a rendered file; a fragment may be only part of a text, so nothing of it is parsed."""
    if not path.startswith("parts/"):
        yield from content_problems(path, text.encode())
    if path.endswith(f"/{DEPENDENCIES_FILE}"):
        # Comments, groups and conda's names are not in every project.
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        text = "\n".join(line.split()[1] for line in lines)
    named = text if path.startswith("parts/") else f"{path}\n{text}"
    for number, found in foreign_words(named.encode()).items():
        if not is_chosen(FOREIGN[number], answers):
            yield f"{found!r} belongs to {FOREIGN[number].question}={FOREIGN[number].answers}"


def test_what_decides_the_code_is_named(footprint: Footprint) -> None:
    # Each code tree of these answers is run, and stands for all projects that share them.
    code = [name for name in files(PROJECT) if LAYERS.sub("", name).startswith(CODE)]
    assert len(code) > 150
    assert {name: reads for name in code if (reads := footprint.of_file(name) - set(CODE_QUESTIONS))} == {}


@pytest.mark.test
def test_a_file_reads_nothing_else(renderer: Renderer, footprint: Footprint) -> None:
    for answers in footprint.space.covering(2):
        project = renderer.render(answers)
        for name in (name for name in files(PROJECT) if name != ANSWERS):
            reads = footprint.of_file(name)
            own = {question: value for question, value in answers.items() if question in reads}
            for path, text, _ in render_once(renderer, footprint, f"project/{name}", own):
                assert project.text(path) == text, f"{name} reads more than {sorted(reads)}: {label(answers)}"


def test_answers_that_a_file_does_not_read_are_known(footprint: Footprint) -> None:
    assert footprint.of_file("src/{{ package_name }}/train.py") == set()
    assert footprint.of_file("LICENSE.jinja") == {"license"}
    assert footprint.of_file("src/{{ package_name }}/training/model.py.jinja") == {"task", "framework"}
    assert {"task", "serving", "deployment", "ci"} <= footprint.of_file("README.md.jinja")
