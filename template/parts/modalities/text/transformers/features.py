"""Preparation of texts that lives inside the estimator, so that folds never leak into each other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import Metaspace, Punctuation
from tokenizers.pre_tokenizers import Sequence as InTurn
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer

from ..inference.words import Pieces
from .lengths import choose_cut

PADDING, UNKNOWN, START, END = SPECIAL = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
# What a piece starts with that starts a word.
SPACE = "\u2581"


@dataclass(kw_only=True, eq=False, repr=False)
class PieceIds(TransformerMixin, BaseEstimator):
    """The first `max_length` pieces of a text's words as numbers.

    Without `max_length`, as many are read as most texts have; `remarks_` says what is cut off.
    `encoder` is a folder or a name on the Hugging Face hub that has a tokenizer. Without one, a tokenizer of at most
    `vocabulary` pieces is learned from the texts, in lower case and without accents if `lowercase`.
    Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with Subword Units, ACL 2016.
    """

    encoder: str | None = None
    vocabulary: int = 4_000
    lowercase: bool = True
    max_length: int | None = None

    def fit(self, texts: Sequence[str], target: Any = None) -> Self:
        """Learn or load the tokenizer. Raises ValueError when it cannot be loaded."""
        tokenizer = self._learn(texts) if self.encoder is None else load_tokenizer(self.encoder)
        padding = tokenizer.padding or {"pad_id": 0, "pad_token": PADDING}
        tokenizer.no_truncation()
        tokenizer.no_padding()
        lengths = [len(found.ids) for found in tokenizer.encode_batch(list(texts))]
        cut = choose_cut(lengths, self.max_length, "pieces of words")
        self.remarks_ = [cut.remark] if cut.remark else []
        tokenizer.enable_truncation(cut.length)
        tokenizer.enable_padding(length=cut.length, pad_id=padding["pad_id"], pad_token=padding["pad_token"])
        self.tokenizer_ = tokenizer.to_str()
        return self

    def _learn(self, texts: Sequence[str]) -> Tokenizer:
        """Return a tokenizer learned from the texts."""
        tokenizer = Tokenizer(BPE(unk_token=UNKNOWN))
        tokenizer.normalizer = BertNormalizer(lowercase=self.lowercase)
        tokenizer.pre_tokenizer = InTurn([Metaspace(SPACE), Punctuation()])
        # Named here, as the trainer breaks ties between rare letters anew in every run.
        letters = Counter(letter for text in texts for letter in tokenizer.normalizer.normalize_str(text))
        alphabet = [SPACE, *(letter for letter, _ in letters.most_common(self.vocabulary // 2) if letter != " ")]
        trainer = BpeTrainer(
            vocab_size=self.vocabulary,
            initial_alphabet=alphabet,
            limit_alphabet=len(alphabet),
            min_frequency=2,
            special_tokens=list(SPECIAL),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        ends = [(token, tokenizer.token_to_id(token)) for token in (START, END)]
        tokenizer.post_processor = TemplateProcessing(single=f"{START} $A {END}", special_tokens=ends)
        return tokenizer

    def transform(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers, shape (texts, length)."""
        return Pieces(self.tokenizer_).read(texts)


def load_tokenizer(encoder: str) -> Tokenizer:
    """Return the tokenizer of an encoder; no code that comes with it is run. Raises ValueError."""
    # Imported where it is used: it takes seconds.
    from transformers import AutoTokenizer

    try:
        found = AutoTokenizer.from_pretrained(
            encoder, use_fast=True, trust_remote_code=False, local_files_only=Path(encoder).is_dir()
        )
    except (OSError, ValueError) as error:
        raise ValueError(f"encoder: {encoder!r} has no tokenizer that can be loaded: {error}") from error
    tokenizer: Tokenizer = found.backend_tokenizer
    tokenizer.enable_padding(pad_id=found.pad_token_id or 0, pad_token=found.pad_token or PADDING)
    return tokenizer
