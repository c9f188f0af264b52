"""The encoder that runs: an exported ONNX file and its tokenizer, without torch."""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from helpdesk.nlp.encoder import Vectors, checked
from helpdesk.nlp.manifest import verify

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"

MAX_TOKENS = 256  # The length all-MiniLM-L6-v2 was trained for; the rest of a text is not read.

MANY = 64  # texts, from which on it is worth to use every core


def words_of(folder: Path) -> frozenset[str]:
    """What the encoder in `folder` was taught whole; nothing where its tokenizer is missing or damaged."""
    try:
        return frozenset(json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))["model"]["vocab"])
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset()


class OnnxEncoder:
    """Encodes with ONNX Runtime from a folder made by `encoder export`.

    Texts run one at a time: the quantised model scales its activations over the whole batch, so a
    text's vector would otherwise depend on its neighbours and could not be cached by digest, even
    among texts of one length (cosine down to 0.985). Nor would batches, sorted by length, save time.
    Of many texts, `threads` run at once, one on each core by default: their vectors are the same.

    Raises:
        ArtefactError: the folder is missing, incomplete or damaged.
    """

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        manifest = verify(folder, MODEL, TOKENIZER)  # not the weights beside them, which nothing here opens
        self._threads = threads or os.cpu_count() or 1
        self.name, self.base = manifest.name, manifest.base
        self.dimension = int(manifest.parameters["dimension"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            os.fspath(folder / MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(os.fspath(folder / TOKENIZER))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if len(texts) < MANY or self._threads == 1:
            for row, text in zip(vectors, texts, strict=True):
                row[:] = self._encode_one(text)
            return vectors
        with ThreadPoolExecutor(self._threads) as pool:
            for row, vector in zip(vectors, pool.map(self._encode_one, texts), strict=True):
                row[:] = vector
        return vectors

    def knows(self, word: str) -> bool:
        return self._tokenizer.token_to_id(word) is not None

    def _encode_one(self, text: str) -> Vectors:
        # A tokenizer reads Unicode only; lone surrogates come from damaged mail.
        clean = text.encode("utf-8", "replace").decode("utf-8")
        tokens = self._tokenizer.encode(clean)
        ids = np.array([tokens.ids], dtype=np.int64)
        (output,) = self._session.run(["embedding"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        vector: Vectors = checked(output, 1, self.dimension)[0]
        return vector
