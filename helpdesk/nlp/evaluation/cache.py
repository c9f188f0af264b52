"""Keeps the vectors of whole files on disk, so that a second evaluation is quick."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.manifest import text_digest

WORTH_KEEPING = 50  # texts; fewer are encoded sooner than a file is found.


class CachedEncoder:
    """An encoder that remembers, by digest of the texts, what it has encoded before."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self.name, self.base = encoder.name, encoder.base
        self.dimension = encoder.dimension
        self._encoder = encoder
        self._folder = folder / re.sub(r"[^\w.-]", "_", encoder.name)

    def encode(self, texts: Sequence[str]) -> Vectors:
        if len(texts) < WORTH_KEEPING:
            return self._encoder.encode(texts)
        path = self._folder / f"{text_digest(texts)}.npy"
        if (known := self._kept(path, len(texts))) is not None:
            return known
        vectors = self._encoder.encode(texts)
        self._keep(path, vectors)
        return vectors

    def knows(self, word: str) -> bool:
        return self._encoder.knows(word)

    def _kept(self, path: Path, count: int) -> Vectors | None:
        """What was kept, unless it was cut off or is not there."""
        try:
            vectors = np.asarray(np.load(path, allow_pickle=False), dtype=np.float32)
        except (OSError, ValueError, EOFError):
            return None
        return vectors if vectors.shape == (count, self.dimension) else None

    def _keep(self, path: Path, vectors: Vectors) -> None:
        """Keep `vectors`; a full disk is no reason to lose them."""
        partial = path.with_suffix(".partial.npy")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            np.save(partial, vectors)
            partial.replace(path)  # Another process may read at any time.
        except OSError:
            partial.unlink(missing_ok=True)
