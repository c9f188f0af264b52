"""What turns text into vectors: the protocol, and what holds of its vectors."""

import hashlib
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Vectors: TypeAlias = npt.NDArray[np.float32]

SLACK = 0.01  # by which the length of a unit vector may be off


class EncoderError(Exception):
    """Texts could not be turned into vectors; the message is a sentence for whoever runs the site."""


class Encoder(Protocol):
    """Anything that maps texts to unit vectors."""

    @property
    def name(self) -> str:
        """Identifies model and weights; stored beside every vector made with it."""

    @property
    def base(self) -> str:
        """Name of the encoder that it was adapted from, its own if it was not adapted.

        Vectors of two encoders are never compared. What was learned of how near texts are, an order or a curve of
        probabilities, serves all of one base.
        """

    @property
    def dimension(self) -> int:
        """Length of one vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`: float32, shape (n, dimension), unit length, in the same order.

        A text's vector depends on nothing but the text, so it may be cached by `digest(text)`.

        Raises:
            EncoderError: what came out are no such vectors, or nothing came in time.
        """

    def knows(self, word: str) -> bool:
        """Whether the lower-case `word` is one of those that it was taught whole, so that it is no typing error."""


def digest(text: str) -> str:
    """SHA-256 of `text` in hexadecimal: the key under which its vector is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def unit(vectors: npt.NDArray[np.floating]) -> Vectors:
    """`vectors` scaled to unit length row by row; rows of zeros stay zeros."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


def checked(vectors: npt.NDArray[np.floating], texts: int, dimension: int) -> Vectors:
    """`vectors` as float32, if they are what an encoder promises.

    Raises:
        EncoderError: another shape, or rows whose length is not one: what comes of a damaged model is never stored.
    """
    if vectors.shape != (texts, dimension):
        raise EncoderError(f"The encoder gave vectors of shape {vectors.shape} and not {(texts, dimension)}.")
    lengths = np.linalg.norm(vectors, axis=1)
    if not (np.abs(lengths - 1) < SLACK).all():  # a length that is no number is not below it either
        raise EncoderError("The encoder gave values that are no vectors of unit length: its model is damaged.")
    return np.asarray(vectors, dtype=np.float32)
