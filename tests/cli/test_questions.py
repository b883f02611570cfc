"""The questionnaire as data: combinations, dependencies, conditions."""

import time
from itertools import product
from pathlib import Path

import pytest

from mlscaffold._copier import open_folder
from mlscaffold._questions import Questionnaire, load_questions
from scripts.combinations import combinations, independent

from .toy import TOY, write

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def questions(machine: Path) -> Questionnaire:
    """The toy's questions, read from a plain folder."""
    write(machine / "plain", TOY)
    return load_questions(machine / "plain")


def test_names_are_in_order_and_computed_ones_are_apart(questions: Questionnaire) -> None:
    assert questions.names == [
        "project_name",
        "package_name",
        "description",
        "task",
        "framework",
        "python_version",
        "serving",
        "deployment",
    ]
    assert questions.hidden == {"reserved_names", "task_catalogue", "layer", "asked_first", "megabytes"}
    assert questions.first == ["project_name", "task", "framework", "serving"]


def test_dependencies_are_followed_through_computed_questions(questions: Questionnaire) -> None:
    assert questions.needs("package_name") == ["project_name"]
    assert questions.needs("layer") == ["deployment"]
    assert questions.needs("framework") == ["task"]
    assert questions.needs("task") == []


def test_combinations_are_all_valid_ones_and_no_other(questions: Questionnaire) -> None:
    pairs = [
        {"task": "classification", "framework": "scikit-learn"},
        {"task": "classification", "framework": "pytorch"},
        {"task": "clustering"},
    ]
    services = [
        {"serving": "fastapi", "deployment": "docker"},
        {"serving": "fastapi", "deployment": "none"},
        {"serving": "none"},
    ]
    expected = [
        {**pair, "python_version": version, **service}
        for pair, version, service in product(pairs, ["3.11", "3.12", "3.13", "3.14"], services)
    ]
    assert list(combinations(questions)) == expected


def test_conditions_are_none_for_always_and_empty_for_never(questions: Questionnaire) -> None:
    assert questions.conditions("task", lambda state: state.asked) is None
    assert questions.conditions("task", lambda state: not state.asked) == ()
    assert questions.conditions("framework", lambda state: state.asked) == ({"task": ("classification",)},)


def test_a_condition_on_two_answers_together_is_kept_exact(machine: Path) -> None:
    fruit = "a: {type: str, default: x, choices: [x, y]}\nb: {type: str, default: x, choices: [x, y]}\n"
    either = "c: {type: str, default: q, choices: [q], when: \"{{ a == 'x' or b == 'x' }}\"}\n"
    write(machine / "plain", {"copier.yml": fruit + either})
    conditions = load_questions(machine / "plain").conditions("c", lambda state: state.asked)
    assert conditions is not None
    met = [(a, b) for a, b in product("xy", repeat=2) if any(a in each["a"] and b in each["b"] for each in conditions)]
    assert met == [("x", "x"), ("x", "y"), ("y", "x")]
    assert len(conditions) == 2


def test_conditions_of_the_template_are_said_in_few_words() -> None:
    questions = load_questions(REPOSITORY)
    found = questions.conditions("python_version", lambda state: "3.14" in state.values)
    assert found is not None
    assert len(found) <= 3
    pairs = {(task, framework) for each in found for task in each["task"] for framework in each["framework"]}
    situations = questions.situations("python_version")
    fitting = [each for each in situations if "3.14" in questions.state("python_version", each).values]
    assert pairs == {(each["task"], each["framework"]) for each in fitting}


def test_earlier_answers_are_kept_where_they_fit(questions: Questionnaire) -> None:
    earlier = {"task": "classification", "framework": "pytorch", "serving": "none", "_commit": "v1"}
    kept = questions.complete({}, earlier)
    assert (kept["framework"], kept["serving"]) == ("pytorch", "none")
    moved = questions.complete({"task": "clustering"}, earlier)
    assert "framework" not in moved


def test_the_real_questions_give_their_combinations_quickly() -> None:
    start = time.process_time()
    questions = load_questions(REPOSITORY)
    groups = independent(questions)
    assert time.process_time() - start < 2
    for group in groups:
        assert len({tuple(sorted(each.items())) for each in group}) == len(group) > 0
    names = [set().union(*group) for group in groups]
    assert sorted(name for group in names for name in group) == sorted(questions.choosers)


def test_groups_of_questions_are_independent(questions: Questionnaire) -> None:
    groups = independent(questions)
    assert [list(dict.fromkeys(name for each in group for name in each)) for group in groups] == [
        ["task", "framework"],
        ["python_version"],
        ["serving", "deployment"],
    ]
    assert [len(group) for group in groups] == [3, 4, 3]


@pytest.mark.parametrize(
    ("framework", "running", "version"),
    [
        ("scikit-learn", "3.13", "3.13"),
        ("tensorflow", "3.13", "3.13"),
        ("pytorch", "3.14", "3.14"),
        ("tensorflow", "3.14", "3.12"),
        ("scikit-learn", "4.2", "3.12"),
    ],
)
def test_the_real_questions_take_a_proposal_where_the_other_answers_allow_it(
    framework: str, running: str, version: str
) -> None:
    questions = Questionnaire(open_folder(REPOSITORY), {"python_version": running})
    assert questions.complete({"framework": framework}, {})["python_version"] == version


def test_what_only_proposes_joins_no_group(machine: Path) -> None:
    use = "use: {type: str, default: a, choices: [a, b]}\n"
    ci = "ci: {type: str, default: \"{{ 'x' if use == 'a' else 'y' }}\", choices: [x, y]}\n"
    write(machine / "plain", {"copier.yml": use + ci})
    questions = load_questions(machine / "plain")
    assert (questions.needs("ci"), questions.limits("ci")) == (["use"], [])
    assert independent(questions) == [[{"use": "a"}, {"use": "b"}], [{"ci": "x"}, {"ci": "y"}]]


def test_what_proposes_settles_nothing_that_is_not_asked() -> None:
    questions = load_questions(REPOSITORY)
    proposing = {need for name in questions.names for need in set(questions.needs(name)) - set(questions.limits(name))}
    for name in questions.choosers:
        found: dict[str, set[object]] = {}
        for answers in questions.situations(name):
            state = questions.state(name, answers)
            if not state.asked:
                others = {each: value for each, value in answers.items() if each not in proposing}
                found.setdefault(repr(others), set()).add(state.default)
        assert all(len(defaults) == 1 for defaults in found.values()), name


@pytest.mark.parametrize(
    ("preset", "differing"),
    [
        ("starter", {"serving": "none", "ci": "none"}),
        ("service", {}),
        ("production", {"tracking": "mlflow", "data_versioning": "dvc", "monitoring": "prometheus"}),
    ],
)
def test_a_preset_proposes_and_any_answer_can_differ(preset: str, differing: dict[str, str]) -> None:
    questions = load_questions(REPOSITORY)
    default, found = questions.complete({}, {}), questions.complete({"preset": preset}, {})
    both = default.keys() & found.keys() - {"preset"}
    assert {name: found[name] for name in both if found[name] != default[name]} == differing
    assert default["preset"] == "service"
    other = questions.complete({"preset": preset, "serving": "flask", "ci": "gitlab"}, {})
    assert (other["serving"], other["ci"], other["deployment"]) == ("flask", "gitlab", "docker")
