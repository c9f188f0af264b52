"""Ways to find, to group and to sort that are measured side by side: the product's and those of other programs.

The other programs come with requirements-bench.txt and are imported only where they run.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from helpdesk.nlp.clusters import TopicClusterer
from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.evaluation.searching import suggester_over
from helpdesk.nlp.export import load_model, weights_in
from helpdesk.nlp.jury import Batch
from helpdesk.nlp.lexical import Bm25Index
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.nlp.passages import LearnedOrder
from helpdesk.nlp.ranking import Ranker
from helpdesk.nlp.topics import TopicClassifier, name_of

FOUND = 10  # that each search returns
CANDIDATES = 100  # that haystack's two retrievers hand to their joiner, as many as the product looks at


class Finder(Protocol):
    """Finds texts for a query."""

    def fill(self, texts: Sequence[str], groups: Mapping[int, int]) -> None:
        """Index `texts`; `groups` names the document of each if they are passages."""

    def find(self, query: str) -> list[int]:
        """Places of the best FOUND texts, best first."""


class Grouper(Protocol):
    """Groups texts by their vectors."""

    def group(self, texts: Sequence[str], vectors: Vectors) -> list[int]:
        """The number of each text's group; -1 for those left alone."""


class Sorter(Protocol):
    """Sorts texts into labels that it has learned."""

    def learn(self, texts: Sequence[str], labels: Sequence[str]) -> None: ...

    def sort(self, text: str) -> str:
        """The label of one text."""


@dataclass(frozen=True)
class Contender:
    """A name in the table, how it is made, and the packages that it needs."""

    name: str
    make: Callable[[Path], Any]
    """Given the folder of the models that ship."""
    needs: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [one for one in self.needs if find_spec(one) is None]


class OwnFinder:
    """The product's search."""

    def __init__(self, models: Path) -> None:
        self.models = models

    def fill(self, texts: Sequence[str], groups: Mapping[int, int]) -> None:
        encoder = OnnxEncoder(self.models / "encoder")
        kind, documents = ("clause", groups) if groups else ("question", None)
        self.suggester = suggester_over(
            texts,
            encoder.encode(texts),
            encoder,
            Confidence.load(self.models / "confidence"),
            kind=kind,
            groups=documents,
            ranker=Ranker(learned=LearnedOrder.load(self.models / "ranking")),
        )

    def find(self, query: str) -> list[int]:
        return [one.id for one in self.suggester.rank(query, limit=FOUND)]


class Bm25Finder:
    """Words alone, by the product's own BM25."""

    def __init__(self, models: Path) -> None:
        self.index = Bm25Index()

    def fill(self, texts: Sequence[str], groups: Mapping[int, int]) -> None:
        self.index.put(range(len(texts)), texts)

    def find(self, query: str) -> list[int]:
        return [hit.key for hit in self.index.search(query, FOUND)]


def shipped_in_torch(models: Path) -> Callable[[Sequence[str]], Vectors]:
    """The encoder that ships, as other programs run it: texts to vectors of unit length, float32, shape (n, d).

    Raises:
        ArtefactError: its weights are damaged, or the package they belong to is not installed.
    """
    model = load_model(weights_in(models / "encoder"))

    # txtai takes a plain function; anything else it calls to get one.
    def encode(texts: Sequence[str]) -> Vectors:
        return np.asarray(model.encode(list(texts), normalize_embeddings=True), dtype=np.float32)

    return encode


class TxtaiFinder:
    """txtai's hybrid index with the same model."""

    def __init__(self, models: Path) -> None:
        from txtai import Embeddings  # noqa: PLC0415 - see the module's first lines

        self.index: Any = Embeddings(method="external", transform=shipped_in_torch(models), hybrid=True)

    def fill(self, texts: Sequence[str], groups: Mapping[int, int]) -> None:
        self.index.index((at, text, None) for at, text in enumerate(texts))

    def find(self, query: str) -> list[int]:
        return [int(key) for key, _ in self.index.search(query, FOUND)]


class HaystackFinder:
    """haystack's own hybrid: its BM25 and its embedding search in memory, joined by rank, with the same model."""

    def __init__(self, models: Path) -> None:
        # Read when haystack is imported, and only there: without it a file is written to the person's home.
        os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"  # noqa: TID251 - another program's setting
        from haystack.components.joiners import DocumentJoiner  # noqa: PLC0415 - see the module's first lines
        from haystack.components.retrievers.in_memory import (  # noqa: PLC0415
            InMemoryBM25Retriever,
            InMemoryEmbeddingRetriever,
        )
        from haystack.document_stores.in_memory import InMemoryDocumentStore  # noqa: PLC0415

        self.encode = shipped_in_torch(models)
        self.store: Any = InMemoryDocumentStore()
        self.worded: Any = InMemoryBM25Retriever(self.store, top_k=CANDIDATES)
        self.near: Any = InMemoryEmbeddingRetriever(self.store, top_k=CANDIDATES)
        self.joiner: Any = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=FOUND)

    def fill(self, texts: Sequence[str], groups: Mapping[int, int]) -> None:
        from haystack import Document  # noqa: PLC0415 - see the module's first lines

        rows = enumerate(zip(texts, self.encode(texts).tolist(), strict=True))
        self.store.write_documents([Document(id=str(at), content=text, embedding=row) for at, (text, row) in rows])

    def find(self, query: str) -> list[int]:
        vector = self.encode([query])[0].tolist()
        lists = [self.worded.run(query)["documents"], self.near.run(vector)["documents"]]
        return [int(one.id) for one in self.joiner.run(lists)["documents"]]


class OwnGrouper:
    """The product's topics."""

    def __init__(self, models: Path) -> None:
        self.clusterer = TopicClusterer()

    def group(self, texts: Sequence[str], vectors: Vectors) -> list[int]:
        return [int(one) for one in self.clusterer.fit_predict(texts, vectors)]


class BertopicGrouper:
    """BERTopic as it comes, given the vectors."""

    def __init__(self, models: Path) -> None:
        from bertopic import BERTopic  # noqa: PLC0415 - see the module's first lines

        self.model: Any = BERTopic()

    def group(self, texts: Sequence[str], vectors: Vectors) -> list[int]:
        return [int(one) for one in self.model.fit_transform(list(texts), np.asarray(vectors))[0]]


class OwnSorter:
    """The product's triage."""

    def __init__(self, models: Path) -> None:
        self.encoder = OnnxEncoder(models / "encoder")
        self.classifier = TopicClassifier()

    def learn(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        names = [name_of(label) for label in sorted(set(labels))]
        named = Batch(names, self.encoder.encode(names))
        self.classifier.fit(texts, self.encoder.encode(texts), labels, names=named)

    def sort(self, text: str) -> str:
        return self.classifier.predict([text], self.encoder.encode([text]))[0].label


class TfidfSorter:
    """Logistic regression over TF-IDF of words, pairs of words and pieces of words."""

    def __init__(self, models: Path) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - for learning only
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
        from sklearn.pipeline import make_pipeline, make_union  # noqa: PLC0415

        views = make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        )
        self.model = make_pipeline(views, LogisticRegression(C=10.0, max_iter=300))

    def learn(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        self.model.fit(texts, labels)

    def sort(self, text: str) -> str:
        return str(self.model.predict([text])[0])
