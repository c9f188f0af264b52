"""Puts candidates of different kinds into one order by words, meaning and standing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.logits import softmax

# Clauses and articles are passages that hold an answer somewhere; everything else is found by a
# question put in other words. The same cosine means more between two questions.
PASSAGE_KINDS = frozenset({"clause", "article"})

# The share of words against meaning between a question and a passage where no learned order is at hand. Chosen on
# obliqa's development questions (MAP@10 0.664 at 0.6, 0.661 at 0.5).
PASSAGE_WORDS = 0.6
# By which that sum is multiplied to share out belief. A judgement: the best of a hundred of middling sums gets a
# quarter, less than a learned order gives to what answers.
PLAIN_SHARPNESS = 6.0

# What the share of the query's words that a wording has adds to the cosine: the more, the longer the query. Chosen on
# draws from the training texts of banking77 and clinc150, where first hits are 0.548 and 0.716 with one known wording
# (0.702 and 0.798 with ten), and on parliament's questions tabled before July 2025, of 14 terms in the middle, that
# find another of their group in the first ten in 0.922 of 1,406 at 0.2 throughout, in 0.931 with all of 0.6.
SHORT_WORDS, LONG_WORDS = 0.2, 0.6
SHORT, LONG = 8, 12  # terms of the query; between them the weight rises evenly.

# An item's nearest wordings whose mean counts half beside the nearest of all. First hits on eleven draws of the same
# texts rise from 0.808 to 0.814 on average; by the mean of five they fall where an item has few more than five. Far
# ones count little: an answer with two wordings, one of them the asker's, is hardly worse than one with that one alone.
NEAREST_PARTS = 3
SOFTNESS = 0.1

# A small head start, as a share of the whole scale, for what staff have checked. A judgement: it
# decides between near-equal candidates of different kinds and never within one kind.
STANDING: Mapping[str, float] = {"answer": 0.06, "article": 0.03, "question": 0.02}


# What people ask fades, and what they voted up counts more, among others of its kind; what staff publish does not fade.
# Chosen on 300 questions of four communities that people linked to an earlier one, of which the first ten hold one for
# 0.620 without either, 0.640 by freshness, 0.637 by votes and 0.660 by both, and on questions to parliament before
# July 2025 (0.931 and 0.943). More of both gains more there; but a helpdesk's questions come back for years.
FADING_KINDS = frozenset({"question", "ticket"})
FRESH, FADING = 0.08, 90.0  # added to the cosine on the first day, and the days after which a third of it is left
VOTED = 0.03  # times the logarithm of one and the votes

# Cosine from which a wording is the query's own, in other case or punctuation: the demonstration's
# 140 questions, lower-cased and without their marks, come to 0.91 or more, and no two of them are
# nearer to each other than 0.79.
SAME_WORDING = 0.9


MATCHINGS = ("passage", "wording")


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
    nearest: tuple[float, ...] = ()
    """Of wordings: products of the turned query, see `Order`, with the NEAREST_PARTS nearest of those that were
    measured, the nearest first."""
    agreement: float = 0.0
    """Share of the ten nearest parts of all candidates that belong to this item."""
    is_cited: bool = False
    """Whether the query names this item by its citation."""
    lead: float = 0.0
    """Cosine of the nearest question that this item answered before; 0 when none is known."""
    nearest_leads: tuple[float, ...] = ()
    """As `nearest`, of the questions that it answered before."""
    lead_words: float = 0.0
    """BM25 score of such a question, as a share of the score of one with all the query's words."""
    leads: int = 0
    """How many questions are known that this item answered."""
    asked: int = 0
    """How many terms the query has."""
    crowding: float = 0.0
    lead_crowding: float = 0.0
    """How near the texts nearest to the query are to each other, and the questions answered before; the same for
    all of one kind. A query that is farther from them than they are from each other is none of theirs."""
    age: float = 0.0
    """Of FADING_KINDS: days since it was asked."""
    votes: int = 0
    """Of questions: votes for it, less those against."""
    is_for_asker: bool = False
    """Whether staff wrote it for chosen categories of Party, and the one that asks is among them."""
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
    share: float = 0.0
    """The order's probability that it is this candidate and none of the others; see `Ranker.scores`."""
    rivals: int = 1
    """How many candidates share out that probability, itself among them."""

    @property
    def near(self) -> float:
        """How near its nearest parts are: one wording is near by accident sooner than three."""
        return _soft_mean(self.nearest) if self.nearest else self.cosine

    @property
    def lead_near(self) -> float:
        """As `near`, of the questions that it answered before."""
        return _soft_mean(self.nearest_leads) if self.nearest_leads else self.lead

    @property
    def is_same(self) -> bool:
        """Whether the query is one of this item's wordings."""
        return matching_of(self.kind) == "wording" and self.cosine >= SAME_WORDING


class Order(Protocol):
    """What was learned: an order of passages, and how queries are turned; see `passages`."""

    turns: Mapping[str, Vectors]
    """A matrix, shape (d, d), for each way of matching that has one."""

    def scores(self, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
        """A score for each candidate of one query, shape (n,)."""

    def turned(self, vector: Vectors, matching: str) -> Vectors:
        """The query's vector, shape (d,), turned towards what answers such questions, or towards others like it."""


class Ranker:
    """Sums words and meaning, stretched over the candidates' range to 0 to 1; passages go by a learned order.

    Scores compare candidates that match in the same way; see `matching_of`.
    """

    def __init__(self, *, standing: Mapping[str, float] = STANDING, learned: Order | None = None) -> None:
        self.standing = standing
        self.learned = learned

    def scores(self, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
        """A score for each candidate, shape (n,); what the query cites stands above all else.

        Passages also learn their `share` of what the order believes, which says how sure it is, and among how many.
        """
        result = np.zeros(len(candidates))
        for matching, score in (("passage", self._of_passages), ("wording", _of_wordings)):
            places = [at for at, one in enumerate(candidates) if matching_of(one.kind) == matching]
            if places:
                result[places] = _stretched(score([candidates[at] for at in places]))
        extra = [self.standing.get(one.kind, 0.0) + 2.0 * one.is_cited for one in candidates]
        return result + np.array(extra, dtype=np.float64)

    def _of_passages(self, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
        beliefs = _plain(candidates) if self.learned is None else self.learned.scores(candidates)
        for one, share in zip(candidates, softmax(beliefs).tolist(), strict=True):
            one.share, one.rivals = share, len(candidates)
        return beliefs


def _plain(candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    """What is believed of passages without a learned order."""
    words = _stretched([one.words for one in candidates])
    meaning = _stretched([max(one.cosine, one.lead) for one in candidates])
    return PLAIN_SHARPNESS * (PASSAGE_WORDS * words + (1 - PASSAGE_WORDS) * meaning)


def _of_wordings(candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    """Not stretched before they are summed: where no text shares many words, words have little to say."""
    reach = (candidates[0].asked - SHORT) / (LONG - SHORT)
    weight = SHORT_WORDS + (LONG_WORDS - SHORT_WORDS) * min(max(reach, 0.0), 1.0)
    near = np.array([_meaning(one) + weight * one.words for one in candidates], dtype=np.float64)
    return near + _favour(candidates, near)


def _meaning(candidate: Candidate) -> float:
    return (max(candidate.cosine, candidate.lead) + candidate.near) / 2


def _favour(candidates: Sequence[Candidate], near: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What freshness and votes add to how near each candidate is, shape (n,).

    They order the candidates of one kind, and leave the best of it as near as its nearest is: a right old question
    stays above an answer to something else, and an answer above a question that says the same and was voted for.
    """
    favour = [FRESH * math.exp(-one.age / FADING) + VOTED * math.log1p(max(one.votes, 0)) for one in candidates]
    result = np.array(favour, dtype=np.float64)
    kinds = np.array([one.kind for one in candidates])
    for kind in set(kinds.tolist()):
        own = kinds == kind
        result[own] -= (near + result)[own].max() - near[own].max()
    return result


def _soft_mean(values: Sequence[float]) -> float:
    """The logarithm of the mean exponential: between the mean and the largest of `values`."""
    if len(values) == 1:
        return values[0]
    return SOFTNESS * math.log(sum(math.exp(one / SOFTNESS) for one in values) / len(values))


def _stretched(values: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    low, high = array.min(), array.max()
    return (array - low) / (high - low) if high > low else np.ones_like(array)
