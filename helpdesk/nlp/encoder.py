"""What turns text into vectors: the protocol, and a deterministic stand-in for tests."""

import hashlib
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Vectors: TypeAlias = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Anything that maps texts to unit vectors."""

    @property
    def name(self) -> str:
        """Identifies model and weights; stored beside every vector made with it."""

    @property
    def dimension(self) -> int:
        """Length of one vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`: float32, shape (n, dimension), unit length, in the same order.

        A text's vector depends on nothing but the text, so it may be cached by `digest(text)`.
        """


def digest(text: str) -> str:
    """SHA-256 of `text` in hexadecimal: the key under which its vector is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def unit(vectors: npt.NDArray[np.floating]) -> Vectors:
    """`vectors` scaled to unit length row by row; rows of zeros stay zeros."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


class HashEncoder:
    """A bag of words in hashed directions: quick, deterministic and without meaning.

    Texts that share words are near each other, which is enough to test everything built on top.
    """

    def __init__(self, *, dimension: int = 64) -> None:
        self.dimension = dimension
        self.name = f"hash-{dimension}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for place, text in enumerate(texts):
            for word in text.lower().split():
                rows[place] += self._direction(word)
        rows[:, 0] += 1e-3  # An empty text still needs a direction.
        return unit(rows)

    def _direction(self, word: str) -> Vectors:
        seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()[:8])
        generator = np.random.default_rng(seed)
        return generator.standard_normal(self.dimension, dtype=np.float32)
