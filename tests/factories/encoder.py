"""An encoder for tests, quick enough for every one of them."""

import hashlib
from collections.abc import Sequence

import numpy as np

from helpdesk.nlp.encoder import Vectors, unit


class HashEncoder:
    """A bag of words in hashed directions: quick, deterministic and without meaning.

    Texts that share words are near each other, which is enough to test everything built on top.
    """

    def __init__(self, *, dimension: int = 64) -> None:
        self.dimension = dimension
        self.name = self.base = f"hash-{dimension}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for place, text in enumerate(texts):
            for word in text.lower().split():
                rows[place] += self._direction(word)
        rows[:, 0] += 1e-3  # An empty text still needs a direction.
        return unit(rows)

    def knows(self, word: str) -> bool:
        return False

    def _direction(self, word: str) -> Vectors:
        seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()[:8])
        generator = np.random.default_rng(seed)
        return generator.standard_normal(self.dimension, dtype=np.float32)
