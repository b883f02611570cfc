"""A question by itself, with the keys that a terminal would send."""

from collections.abc import Callable

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from mlscaffold._prompts import Asked, Back, Item, Keys

UP, DOWN, ESCAPE, ENTER = "\x1b[A", "\x1b[B", "\x1b", "\r"
ITEMS = [Item(name, name) for name in ("first", "second", "third")]


def typed(keys: str, proposed: str = "my-project", *, back: bool = False) -> str:
    """Return the line that these keys give."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        return Keys().type(Asked("Where?", back=back), proposed, lambda line: "" if line else "it is empty")


def chosen(keys: str, *, back: bool = False) -> object:
    """Return the item that these keys choose."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        return Keys().choose(Asked("Which?", back=back), ITEMS, "second")


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ("", "my-project"),
        ("churn", "churn"),
        ("\x1b[200~pasted\x1b[201~-in", "pasted-in"),
        ("\x7fchurn", "churn"),
        ("\x15\x1b[C\x1b[Cchurn", "churn"),
        ("\x17churn", "churn"),
        ("\x0bchurn", "churn"),
        ("\x1b[3~churn", "churn"),
        ("\x1b[C-2", "my-project-2"),
        ("\x1b[Hnot-", "not-my-project"),
    ],
)
def test_what_is_typed_replaces_what_is_proposed_unless_one_moves_in_it(keys: str, name: str) -> None:
    assert typed(keys + ENTER) == name


def test_where_nothing_is_proposed_a_line_is_asked_for() -> None:
    assert typed(f"{ENTER}a{ENTER}", "") == "a"


def test_a_choice_starts_where_it_is_told_and_goes_round() -> None:
    assert [chosen(keys + ENTER) for keys in ("", UP, DOWN, DOWN * 2)] == ["second", "first", "third", "first"]


@pytest.mark.parametrize("ask", [typed, chosen])
def test_escape_goes_back_where_there_is_an_earlier_question(ask: Callable[..., object]) -> None:
    with pytest.raises(Back):
        ask(ESCAPE, back=True)


@pytest.mark.parametrize("ask", [typed, chosen])
@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_and_ctrl_d_leave(ask: Callable[..., object], key: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        ask(key)
