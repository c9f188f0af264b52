"""Puts candidates of different kinds into one order by words, meaning and standing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors

# Clauses and articles are passages that hold an answer somewhere; everything else is found by a
# question put in other words. The same cosine means more between two questions.
PASSAGE_KINDS = frozenset({"clause", "article"})

# The share of words against meaning. Passages, where no learned order is at hand: chosen on obliqa's development
# questions (MAP@10 0.664 at 0.6, 0.661 at 0.5). Wordings: chosen on draws from the training texts of banking77 and
# clinc150, where first hits fall from 0.57 and 0.65 at 0.1 to 0.45 and 0.53 at 0.6.
LEXICAL_WEIGHTS: Mapping[str, float] = {"passage": 0.6, "wording": 0.1}

# A small head start, as a share of the whole scale, for what staff have checked. A judgement: it
# decides between near-equal candidates of different kinds and never within one kind.
STANDING: Mapping[str, float] = {"answer": 0.06, "article": 0.03, "question": 0.02}


# Cosine from which a wording is the query's own, in other case or punctuation: the demonstration's
# 140 questions, lower-cased and without their marks, come to 0.91 or more, and no two of them are
# nearer to each other than 0.79.
SAME_WORDING = 0.9


def matching_of(kind: str) -> str:
    """How items of `kind` match a query: `passage` or `wording`."""
    return "passage" if kind in PASSAGE_KINDS else "wording"


@dataclass(slots=True)
class Candidate:
    """One item that might answer, with what the indexes say about its best-matching part.

    The suggester fills it in step by step: a thousand are made for each query, and a copy a step took 5 ms of it.
    """

    kind: str
    id: int
    key: int
    words: float
    """BM25 score as a share of the score a text with all the query's words would have."""
    cosine: float
    agreement: float = 0.0
    """Share of the ten nearest parts of all candidates that belong to this item."""
    is_cited: bool = False
    """Whether the query names this item by its citation."""
    lead: float = 0.0
    """Cosine of the nearest question that this item answered before; 0 when none is known."""
    lead_words: float = 0.0
    """BM25 score of such a question, as a share of the score of one with all the query's words."""
    leads: int = 0
    """How many questions are known that this item answered."""
    # Of passages only, for the learned order:
    group: int = 0
    """Number of the document that it belongs to; 0 for none."""
    pairs: float = 0.0
    """BM25 score over pairs of words, as a share of a text's with all the query's pairs."""
    covered: float = 0.0
    density: float = 0.0
    length: float = 0.0
    """As `lexical.Overlap` says."""
    adapted: float = 0.0
    """Product with the query's vector after the learned adaptation."""

    @property
    def is_same(self) -> bool:
        """Whether the query is one of this item's wordings."""
        return matching_of(self.kind) == "wording" and self.cosine >= SAME_WORDING


class PassageOrder(Protocol):
    """A learned order of passages; see `passages`."""

    def scores(self, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
        """A score for each candidate of one query, shape (n,)."""

    def adapted(self, vector: Vectors) -> Vectors:
        """The query's vector, shape (d,), turned towards what answers such questions."""


class Ranker:
    """A weighted sum of the two scores, each stretched over the candidates' range to 0 to 1; of passages a learned one.

    Scores compare candidates that match in the same way; see `matching_of`.
    """

    def __init__(
        self,
        *,
        lexical_weights: Mapping[str, float] = LEXICAL_WEIGHTS,
        standing: Mapping[str, float] = STANDING,
        learned: PassageOrder | None = None,
    ) -> None:
        self.lexical_weights = lexical_weights
        self.standing = standing
        self.learned = learned

    def scores(self, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
        """A score for each candidate, shape (n,); what the query cites stands above all else."""
        result = np.zeros(len(candidates))
        for matching, weight in self.lexical_weights.items():
            places = [at for at, one in enumerate(candidates) if matching_of(one.kind) == matching]
            words = _stretched([candidates[at].words for at in places])
            meaning = _stretched([max(candidates[at].cosine, candidates[at].lead) for at in places])
            result[places] = weight * words + (1 - weight) * meaning
            if matching == "passage" and self.learned is not None and places:
                result[places] = _stretched(self.learned.scores([candidates[at] for at in places]))
        extra = [self.standing.get(one.kind, 0.0) + 2.0 * one.is_cited for one in candidates]
        return result + np.array(extra, dtype=np.float64)


def _stretched(values: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    if not len(array):
        return array
    low, high = array.min(), array.max()
    return (array - low) / (high - low) if high > low else np.ones_like(array)
