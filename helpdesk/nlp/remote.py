"""An encoder on another machine, which several processes share: any server of `/v1/embeddings` in OpenAI's form."""

import http.client
import json
import time
from collections.abc import Callable, Container, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from helpdesk.nlp.encoder import EncoderError, Vectors, checked, unit

FEW = 4  # texts; with so many a person may be waiting
PATIENCE = 0.3  # seconds for a few texts: words alone answer sooner than a person notices
BULK_PATIENCE = 60.0  # seconds for a batch of many
BATCH = 64  # texts sent at once
REST = 5.0  # seconds in which a server that failed is not asked again
MAX_CHARACTERS = 4_000  # of a text; an encoder reads about 1,000
PIECE = 64 * 1024  # bytes read at a time
MAX_REPLY = 16 * 1024 * 1024  # bytes; a batch of 64 vectors of 4,096 numbers has 5 MB


class RemoteEncoder:
    """Asks the server at `url` (…/v1) for the vectors of the model `name`.

    After a failure it is not asked for a few seconds, so that a dead server costs one request its patience and not
    each of them.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        base: str = "",
        dimension: int,
        token: str = "",
        words: Container[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.base = name, base or name
        self.dimension = dimension
        self._url = urlsplit(f"{url.rstrip('/')}/embeddings")
        self._headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        self._words = words
        self._clock = clock
        self._resting_until = float("-inf")

    def encode(self, texts: Sequence[str]) -> Vectors:
        patience = PATIENCE if len(texts) <= FEW else BULK_PATIENCE
        batches = [self._asked(texts[at : at + BATCH], patience) for at in range(0, len(texts), BATCH)]
        return np.vstack([np.empty((0, self.dimension), dtype=np.float32), *batches])

    def knows(self, word: str) -> bool:
        return word in self._words  # given, as a server of vectors says nothing of words

    def _asked(self, texts: Sequence[str], patience: float) -> Vectors:
        if self._clock() < self._resting_until:
            raise EncoderError("The embedding server failed a moment ago and is not asked yet.")
        try:
            return self._read(self._post(texts, patience), len(texts))
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, EncoderError) as err:
            self._resting_until = self._clock() + REST
            if isinstance(err, EncoderError):
                raise
            raise EncoderError(f"The embedding server did not answer as it should ({type(err).__name__}).") from err

    def _post(self, texts: Sequence[str], patience: float) -> Any:
        cut = [text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8") for text in texts]
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        with closing(kind(str(self._url.hostname), self._url.port, timeout=patience)) as connection:
            latest = time.monotonic() + patience
            connection.request("POST", self._url.path, json.dumps({"model": self.name, "input": cut}), self._headers)
            reply = connection.getresponse()
            if reply.status != http.HTTPStatus.OK:
                raise EncoderError(f"The embedding server refused with {reply.status}.")
            body = bytearray()
            while piece := reply.read1(PIECE):  # a timeout is of one piece; a slow server could send very many
                body += piece
                if len(body) > MAX_REPLY or time.monotonic() > latest:
                    raise EncoderError("The embedding server's reply is too long, or too slow.")
        return json.loads(body)

    def _read(self, reply: Any, texts: int) -> Vectors:
        if not isinstance(reply, dict):
            raise EncoderError("The embedding server did not answer as it should.")
        if reply.get("model", self.name) != self.name:
            raise EncoderError(f"The embedding server has the model {reply['model']} and not {self.name}.")
        rows = sorted(reply["data"], key=lambda row: int(row["index"]))
        vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        return checked(unit(vectors) if vectors.ndim == 2 else vectors, texts, self.dimension)
