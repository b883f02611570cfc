"""Where a text has words, in the scripts of the world."""

from collections.abc import Iterator
from itertools import pairwise

import regex

# Letters and figures with the marks that belong to them, as vowels do in India, or an emoji.
WORD = (
    r"[\p{L}\p{N}][\p{L}\p{M}\p{N}\u200c\u200d]*"
    r"|\p{Regional_Indicator}{2}|\p{Extended_Pictographic}(?:\ufe0f?\u200d\p{Extended_Pictographic})*"
)
# Scripts that write no blanks between words: of these, each two neighbours are taken for a word.
UNSPACED = regex.compile(r"(?:[\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*)+")
CHARACTER = regex.compile(r"\X")


class Finder:
    """Finds the words of texts by a regular expression."""

    def __init__(self, pattern: str = WORD) -> None:
        """Compile the expression. Raises ValueError when it is none."""
        try:
            self._find = regex.compile(pattern).finditer
        except regex.error as error:
            raise ValueError(f"pattern {pattern!r} is no regular expression: {error}") from None

    def __call__(self, text: str) -> Iterator[str]:
        """Yield the words of a text in their order."""
        for match in self._find(text):
            yield from cut_unspaced(match.group())


def cut_unspaced(word: str) -> Iterator[str]:
    """Yield a word as it is, but what is of scripts without blanks as pairs of neighbours."""
    if word.isascii():
        yield word
        return
    start = 0
    for match in UNSPACED.finditer(word):
        if before := word[start : match.start()]:
            yield before
        signs = CHARACTER.findall(match.group())
        yield from map("".join, pairwise(signs)) if len(signs) > 1 else signs
        start = match.end()
    if rest := word[start:]:
        yield rest
