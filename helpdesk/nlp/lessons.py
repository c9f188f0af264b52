"""Questions whose answers people showed: to learn from and to measure with, as if each were asked the first time."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.lexical import Bm25Index
from helpdesk.nlp.suggest import LEADS, Leads, Shelf, key_of
from helpdesk.nlp.vectors import FaissIndex
from helpdesk.nlp.words import terms

Item = tuple[str, int]
Places = npt.NDArray[np.int64]

FOLDS = 5
FEWEST_WORDS, MOST_WORDS = 2, 9  # of a question that is cut: about what people put into a search box


@dataclass(frozen=True)
class Lessons:
    """Questions and their vectors (float32, shape (n, d)), and the items that answer each, by kind and id."""

    queries: Sequence[str]
    vectors: Vectors
    right: Sequence[Collection[Item]]
    leading: Sequence[Collection[Item]]
    """Those of the right items to which the question leads others who ask the like."""

    def __len__(self) -> int:
        return len(self.queries)

    @property
    def folds(self) -> Places:
        """The fold of each question, by its text: equal ones are never on both sides."""
        digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in self.queries]
        return np.array([digest[0] % FOLDS for digest in digests], dtype=np.int64)

    def of(self, places: Places) -> "Lessons":
        """Some of the questions."""
        right, leading = ([some[at] for at in places] for some in (self.right, self.leading))
        return Lessons([self.queries[at] for at in places], self.vectors[places], right, leading)


def cut(query: str, generator: np.random.Generator) -> str:
    """A few words of `query` that say something, drawn at random and left in their order."""
    words = [word for word in query.split() if terms(word)]
    count = min(int(generator.integers(FEWEST_WORDS, MOST_WORDS + 1)), len(words))
    return " ".join(words[at] for at in np.sort(generator.choice(len(words), count, replace=False))) or query


def led_by(shelves: Sequence[Shelf], lessons: Lessons) -> list[Shelf]:
    """The shelves with `lessons`, and no other questions, leading to what answered them."""
    return [replace(shelf, leads=_leads(shelf.kind, lessons)) for shelf in shelves]


def _leads(kind: str, lessons: Lessons) -> Leads | None:
    counts: Counter[int] = Counter()
    keys: list[int] = []
    asked: list[int] = []
    for at, items in enumerate(lessons.leading):
        for item in sorted(one for found, one in items if found == kind):
            keys.append(key_of(item, LEADS + counts[item] % LEADS))
            asked.append(at)
            counts[item] += 1
    if not keys:
        return None
    lexical, vectors = Bm25Index(), FaissIndex(lessons.vectors.shape[1])
    lexical.put(keys, [lessons.queries[at] for at in asked])
    vectors.put(keys, lessons.vectors[asked])
    return Leads(lexical, vectors, counts)


def out_of_fold(shelves: Sequence[Shelf], lessons: Lessons, visit: Callable[[int, int, list[Shelf]], object]) -> None:
    """Call `visit` with each question's place, its fold, and the shelves that the other folds' questions led to."""
    folds = lessons.folds
    for fold in range(FOLDS):
        using = led_by(shelves, lessons.of(np.flatnonzero(folds != fold)))
        for at in np.flatnonzero(folds == fold):
            visit(int(at), fold, using)
