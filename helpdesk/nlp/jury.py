"""The three voters together: what they see in a text, and how they are kept."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.voters import Doubles, MeaningVoter, NeighbourVoter, Places, Singles, WordVoter

NEIGHBOURS = 5


class Batch(NamedTuple):
    """Texts and their vectors: float32, shape (n, d), of unit length."""

    texts: Sequence[str]
    vectors: Vectors

    def part(self, rows: Sequence[int] | Places) -> "Batch":
        return Batch([self.texts[at] for at in rows], self.vectors[rows])

    def and_(self, other: "Batch") -> "Batch":
        return Batch([*self.texts, *other.texts], np.vstack([self.vectors, other.vectors]))


class Views(NamedTuple):
    """What the voters see in n texts."""

    votes: tuple[Doubles, ...]
    """By words, by meaning, by neighbours; each shape (n, topics)."""
    cosines: Singles
    """Of the nearest past texts, shape (n, k), nearest first."""
    near: Places
    """Places of their topics, shape (n, k)."""


class Jury:
    """A word voter, a meaning voter and a neighbour voter that learned from the same texts."""

    def __init__(self, words: WordVoter, meaning: MeaningVoter, neighbours: NeighbourVoter) -> None:
        self.words, self.meaning, self.neighbours = words, meaning, neighbours

    @classmethod
    def taught(cls, batch: Batch, places: Places, names: Batch | None, seed: int) -> "Jury":
        """Taught by texts and the place of each one's topic, shape (n,), and the name of each topic if given."""
        extra = 0
        if names is not None:
            extra = len(names.texts)
            batch, places = batch.and_(names), np.append(places, np.arange(extra))
        return cls(
            WordVoter(seed=seed).fit(batch.texts, places),
            MeaningVoter().fit(batch.vectors, places),
            NeighbourVoter().fit(batch.vectors, places, extra),
        )

    def look(self, batch: Batch) -> Views:
        around, cosines, near = self.neighbours.look(batch.vectors, NEIGHBOURS)
        return Views((self.words.votes(batch.texts), self.meaning.votes(batch.vectors), around), cosines, near)

    def state(self) -> dict[str, Any]:
        """What was learned; numbers in the half precision that they were rounded to."""
        words, meaning, neighbours = (_learned(one) for one in (self.words, self.meaning, self.neighbours))
        for part, name in ((words, "weights_"), (meaning, "weights_"), (neighbours, "vectors_")):
            part[name] = part[name].astype(np.float16)
        return {"words": words, "meaning": meaning, "neighbours": neighbours}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Jury":
        jury = cls(WordVoter(), MeaningVoter(), NeighbourVoter())
        for voter, name in ((jury.words, "words"), (jury.meaning, "meaning"), (jury.neighbours, "neighbours")):
            vars(voter).update(state[name])
        for linear in (jury.words, jury.meaning):
            linear.weights_ = np.asarray(linear.weights_, dtype=np.float32)
        jury.neighbours.vectors_ = np.asarray(jury.neighbours.vectors_, dtype=np.float32)
        return jury


def _learned(voter: object) -> dict[str, Any]:
    return {name: value for name, value in vars(voter).items() if name.endswith("_")}
