"""From a text to its words, without the training libraries: the same function in training and afterwards."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from statistics import median
from typing import Any

import simplemma
import snowballstemmer
from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

from ..data.scripts import WORD, Finder

TAG = re.compile(r"<[^<>]+>")
# The parts of an address are bounded, as in RFC 5321, so that no text takes long.
ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
NUMBER = re.compile(r"\b\d+(?:[.,:]\d+)*\b")


@dataclass(kw_only=True, eq=False, repr=False)
class WordOptions:
    """How a text becomes words, in the order in which it is done.

    HTML tags, web and mail addresses, and numbers are dropped; accents are stripped; the text is lower-cased and cut
    into the words that the regular expression `pattern` finds; stop words are left out (a list, or true for the English
    ones); what is left becomes its entry in a dictionary of the language that `lemmatizing` names (`en`), or is reduced
    to its stem by Snowball's algorithm for the one that `stemming` names (`english`).

    A word has letters of any script, or is an emoji. Of scripts without blanks, such as Chinese, each two neighbours
    are one.
    """

    drop_tags: bool = False
    drop_addresses: bool = True
    drop_numbers: bool = False
    strip_accents: bool = False
    lowercase: bool = True
    pattern: str = WORD
    stop_words: bool | Sequence[str] = False
    lemmatizing: str | None = None
    stemming: str | None = None

    def settings(self) -> dict[str, Any]:
        """Return the options as JSON takes them, the stop words spelt out."""
        chosen = {field.name: getattr(self, field.name) for field in fields(WordOptions)}
        return chosen | {"stop_words": spell_out(self.stop_words)}


class Words:
    """Cuts texts into words."""

    def __init__(self, options: WordOptions) -> None:
        """Prepare the options. Raises ValueError when one of them cannot be used."""
        chosen = {TAG: options.drop_tags, ADDRESS: options.drop_addresses, NUMBER: options.drop_numbers}
        self._dropped = [pattern for pattern, wanted in chosen.items() if wanted]
        self._strip_accents, self._lowercase = options.strip_accents, options.lowercase
        self._find = Finder(options.pattern)
        self._stop_words = {self.clean(word) for word in spell_out(options.stop_words)}
        self._language = options.stemming
        if self._language and self._language not in snowballstemmer.algorithms():
            known = ", ".join(snowballstemmer.algorithms())
            raise ValueError(f"stemming {self._language!r} is unknown; known are {known}")
        self._dictionary = options.lemmatizing
        if self._dictionary and self._dictionary not in SUPPORTED_LANGUAGES:
            known = ", ".join(sorted(SUPPORTED_LANGUAGES))
            raise ValueError(f"lemmatizing {self._dictionary!r} is unknown; known are {known}")

    def __call__(self, text: str) -> list[str]:
        """Return the words of a text in their order."""
        kept = [word for word in self._find(self.clean(text)) if word not in self._stop_words]
        if self._dictionary:
            kept = [lemma(word, self._dictionary) for word in kept]
        return [stem(word, self._language) for word in kept] if self._language else kept

    def clean(self, text: str) -> str:
        """Return the text without what is not wanted in it, in one form of Unicode."""
        for pattern in self._dropped:
            text = pattern.sub(" ", text)
        if self._strip_accents:
            text = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
        text = unicodedata.normalize("NFC", text)
        return text.lower() if self._lowercase else text


def tell_known(texts: Sequence[Sequence[str]], known: Collection[str], what: str = "words") -> str:
    """Return how many words are known, and how many of those in texts are: what is left of them for the model."""
    words = set(known)
    found = [sum(word in words for word in text) for text in texts]
    share = sum(found) / max(1, sum(map(len, texts)))
    told = f"{len(known)} {what} are known, {share:.0%} of all in the texts, {median(found):g} in a text by the median"
    return f"{told}; {none} texts have none of them" if (none := found.count(0)) else told


def spell_out(stop_words: bool | Sequence[str]) -> list[str]:
    """Return the stop words; the English ones are scikit-learn's."""
    if isinstance(stop_words, bool):
        if not stop_words:
            return []
        # Imported where it is used: a saved model holds the words, and runs without scikit-learn.
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return sorted(ENGLISH_STOP_WORDS)
    return list(stop_words)


@lru_cache(maxsize=50_000)
def lemma(word: str, language: str) -> str:
    """Return the entry of a dictionary that a word belongs to, itself if there is none; in small letters if it is."""
    found = str(simplemma.lemmatize(word, lang=language))
    return found.lower() if word.islower() else found


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """Return the stem of a word. A stemmer is not safe for threads, so each call makes its own."""
    return str(snowballstemmer.stemmer(language).stemWord(word))
