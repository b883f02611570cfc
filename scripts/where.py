"""Say what fills a rendered file: `python -m scripts.where FILE [name=value ...]`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from difflib import get_close_matches

from mlscaffold._errors import MlscaffoldError, UsageError
from scripts import stop
from scripts.composition import PACKAGE, Composition, Source


def main(composition: Composition, words: list[str]) -> None:
    """Print what fills the file.

    Raises:
        UsageError: no file is named, or these answers give none of that name.
    """
    if not words or "=" in words[0]:
        raise UsageError(
            "no file is named", 'Try: make where FILE=src/acme_ml/training/model.py ANSWERS="task=regression"'
        )
    name, answers = words[0], composition.answers(words[1:])
    sources = composition.sources(answers)
    path = re.sub(r"^src/\w+/", f"src/{answers['package_name']}/", name)
    if path not in sources:
        raise UsageError(f"with these answers there is no {name}", elsewhere(composition, path, list(sources)))
    print("\n".join(told(path, sources[path])))


def told(path: str, source: Source) -> Iterator[str]:
    """Yield the lines that say what a file is made of."""
    if not source.parts and not source.others:
        yield f"{path} is {source.frame}" + (", with the answers put in" if source.frame.endswith(".jinja") else "")
        return
    yield f"{path} is put together by {source.frame} from:" if source.together else f"{path} is a slot, filled by:"
    yield from (f"  {part}" for part in source.parts)
    if source.others:
        yield "other answers fill it from:"
        yield from (f"  {part}" for part in source.others)


def elsewhere(composition: Composition, path: str, names: list[str]) -> str:
    """Return what to do about a file that is not there: answers that give it, or a name that is close."""
    for name in composition.questions.choosers:
        for value in composition.questions.all_values(name):
            answers = composition.questions.complete({"package_name": PACKAGE}, {name: value})
            if path in composition.sources(answers):
                return f"There is one with {name}={value}."
    # A file may have moved to another room: its name counts, and then its folder.
    bases = {name.rsplit("/", 1)[-1]: name for name in names}
    close = get_close_matches(path.rsplit("/", 1)[-1], list(bases), n=1)
    return f"Did you mean {bases[close[0]]}?" if close else "Its path is that in a rendered project."


if __name__ == "__main__":
    try:
        main(Composition(), sys.argv[1:])
    except MlscaffoldError as error:
        stop(error)
