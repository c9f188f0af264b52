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
        self.name = encoder.name
        self.dimension = encoder.dimension
        self._encoder = encoder
        self._folder = folder / re.sub(r"[^\w.-]", "_", encoder.name)

    def encode(self, texts: Sequence[str]) -> Vectors:
        if len(texts) < WORTH_KEEPING:
            return self._encoder.encode(texts)
        path = self._folder / f"{text_digest(texts)}.npy"
        if path.is_file():
            return np.asarray(np.load(path, allow_pickle=False), dtype=np.float32)
        vectors = self._encoder.encode(texts)
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, vectors)
        partial.replace(path)  # Another process may read at any time.
        return vectors
