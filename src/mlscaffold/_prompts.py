"""One question in a terminal: with arrow keys, or as plain lines for a screen reader and simple terminals."""

import os
import shutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import click
import questionary
from prompt_toolkit.application import Application
from prompt_toolkit.filters import Always, has_selection
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.keys import Keys as Key
from prompt_toolkit.selection import SelectionType

WIDEST = 100
_BACK = object()
# What was proposed is not marked once the pointer is elsewhere: there would be two.
STYLE = questionary.Style([("selected", "noreverse"), ("pointer", "fg:ansicyan bold"), ("highlighted", "fg:ansicyan")])
# What stands in a line to type is marked, as the first key replaces it.
MARKED = questionary.Style([("selected", "reverse")])
# What is typed to go back where there are no keys.
BACK_SIGN = "<"


class Back(Exception):
    """A person wants to answer an earlier question again."""


@dataclass(frozen=True)
class Item:
    """One answer to choose; `brings` says what comes with it."""

    value: object
    label: str
    brings: str = ""


@dataclass(frozen=True)
class Asked:
    """A question as it is shown; `why` says what the answer decides, `back` whether there is an earlier one."""

    message: str
    why: str = ""
    back: bool = False


class Prompts(Protocol):
    """How questions are put; each raises Back where a person goes back, and KeyboardInterrupt where they leave."""

    def choose(self, asked: Asked, items: Sequence[Item], default: object) -> object:
        """Return the value of the item that is chosen; `default` is where the choice starts."""

    def type(self, asked: Asked, default: str, check: Callable[[str], str]) -> str:
        """Return a line; `check` says what is wrong with one, and nothing if it will do."""


def find_prompts(plain: bool) -> Prompts:
    """Return prompts that the terminal can show; `plain` asks for lines."""
    return Lines() if plain or os.environ.get("TERM", "") in {"", "dumb"} else Keys()


def width() -> int:
    """Return how many characters a line may have."""
    return max(20, min(shutil.get_terminal_size().columns, WIDEST))


def wrapped(text: str, first: str = "", later: str = "", room: int = 0) -> str:
    """Return a paragraph whose lines fit the terminal."""
    return textwrap.fill(text, room or width(), initial_indent=first, subsequent_indent=later, break_on_hyphens=False)


class Keys:
    """Questions answered with arrow keys; Esc goes back."""

    def choose(self, asked: Asked, items: Sequence[Item], default: object) -> object:
        """Return the value of the item that is chosen."""
        # Three signs before each line, and the last column stays free.
        labels = [wrapped(item.label, later="     ", room=width() - 4) for item in items]
        choices = [
            questionary.Choice(label, item.value, description=wrapped(item.brings, later="  ", room=width() - 16))
            if item.brings
            else questionary.Choice(label, item.value)
            for label, item in zip(labels, items, strict=True)
        ]
        start = next((choice for choice in choices if choice.value == default), choices[0])
        question = questionary.select(
            _head(asked), choices, default=start, instruction=_below(asked, "arrows, Enter"), style=STYLE
        )
        value = _answer(question.application, asked.back)
        chosen = next(item.label for item in items if item.value == value)
        # What stands in brackets was of use while there was a choice.
        click.echo(wrapped(f"{asked.message} {chosen.partition(' (')[0]}", "? ", "  "))
        return value

    def type(self, asked: Asked, default: str, check: Callable[[str], str]) -> str:
        """Return a line; what is proposed gives way to what is typed, unless a person moves within it first."""
        question = questionary.text(
            _head(asked),
            default,
            validate=lambda text: check(text) or True,
            instruction=f"{_below(asked, 'Enter')}\n ",
            style=MARKED,
        )
        typed = str(_answer(question.application, asked.back, mark=True))
        click.echo(wrapped(f"{asked.message} {typed}", "? ", "  "))
        return typed


def _head(asked: Asked) -> str:
    return wrapped(asked.message, later="  ", room=width() - 4)


def _below(asked: Asked, keys: str) -> str:
    """Return what an answer decides, and the keys, as lines below the question."""
    told = f"{asked.why} ({keys}{'; Esc: back' if asked.back else ''})".strip()
    return f"\n{wrapped(told, '  ', '  ', width() - 1)}"


def _answer(application: "Application[object]", back: bool, mark: bool = False) -> object:
    keys = KeyBindings()

    # Eager, as Esc begins longer keys in a line to type, and would wait for them.
    @keys.add("escape", eager=True)
    def go_back(event: KeyPressEvent) -> None:
        if back:
            event.app.exit(result=_BACK)

    # The library lets typed keys replace what is selected, and not what is pasted.
    @keys.add(Key.BracketedPaste, filter=has_selection, eager=True)
    def paste_over(event: KeyPressEvent) -> None:
        event.current_buffer.cut_selection()
        event.current_buffer.insert_text(event.data.splitlines()[0] if event.data else "")

    # Nor do these keys do anything then.
    @keys.add("c-u", filter=has_selection)
    @keys.add("c-w", filter=has_selection)
    @keys.add("c-k", filter=has_selection)
    @keys.add("delete", filter=has_selection)
    def empty(event: KeyPressEvent) -> None:
        event.current_buffer.cut_selection()

    # In a line that one moves in, it removes a character, and leaves only where there is none.
    @keys.add("c-d", filter=has_selection if mark else Always(), eager=True)
    def leave(event: KeyPressEvent) -> None:
        event.app.exit(exception=EOFError())

    # Its own last drawing would cut words at the edge of the terminal.
    application.erase_when_done = True
    application.key_bindings = merge_key_bindings([*filter(None, [application.key_bindings]), keys])
    try:
        answer = application.run(pre_run=lambda: _mark(application) if mark else None)
    except EOFError as error:
        raise KeyboardInterrupt from error
    if answer is _BACK:
        raise Back
    return answer


def _mark(application: "Application[object]") -> None:
    """Select the whole line, as if somebody had done so with the shift key held."""
    buffer = application.current_buffer
    if not buffer.text:
        return
    buffer.cursor_position = 0
    buffer.start_selection(SelectionType.CHARACTERS)
    if buffer.selection_state:
        buffer.selection_state.enter_shift_mode()
    buffer.cursor_position = len(buffer.text)


class Lines:
    """Questions answered by a number or a line; nothing that was printed is drawn over."""

    def choose(self, asked: Asked, items: Sequence[Item], default: object) -> object:
        """Return the value of the item whose number is typed."""
        _say(asked)
        for number, item in enumerate(items, start=1):
            brings = f"; {item.brings}" if item.brings else ""
            click.echo(wrapped(f"{item.label}{brings}", f"  {number}. ", "     "))
        start = next((number for number, item in enumerate(items, start=1) if item.value == default), 1)
        while True:
            typed = _line(f"Number{_or_back(asked.back)} [{start}]: ", asked.back) or str(start)
            if typed.isdecimal() and 1 <= int(typed) <= len(items):
                return items[int(typed) - 1].value
            click.echo(f"{typed!r} is none of the numbers 1 to {len(items)}.")

    def type(self, asked: Asked, default: str, check: Callable[[str], str]) -> str:
        """Return a line; one of blanks is an empty one where something is proposed."""
        _say(asked)
        proposed = f"; Enter for {default}, a blank for nothing" if default else ""
        while True:
            typed = _line(f"Text{_or_back(asked.back)}{proposed}: ", asked.back)
            text = typed.strip() if typed else default
            if not (problem := check(text)):
                return text
            click.echo(problem)


def _say(asked: Asked) -> None:
    click.echo(wrapped(asked.message))
    if asked.why:
        click.echo(wrapped(asked.why))


def _or_back(back: bool) -> str:
    return f", or {BACK_SIGN} to go back" if back else ""


def _line(prompt: str, back: bool) -> str:
    """Return what is typed.

    Raises:
        Back: a person goes back.
    """
    try:
        typed = input(prompt)
    except EOFError as error:
        raise KeyboardInterrupt from error
    if back and typed.strip() == BACK_SIGN:
        raise Back
    return typed
