"""Sorts texts into known topics with honest probabilities, and notices those that fit none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import FeatureUnion, Pipeline

from helpdesk.nlp import artefacts
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.manifest import Manifest
from helpdesk.nlp.novelty import Novelty
from helpdesk.nlp.words import STOP_WORDS

Doubles: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.str_]

FOLDS = 3
TEMPERATURES = np.geomspace(0.25, 4.0, 65)
KEPT = 0.95  # Share of known texts that stay below the unknown threshold in cross-validation.
TRUSTED = ["sklearn.utils._param_validation.StrOptions"]  # Types that skops does not know by itself.


@dataclass(frozen=True, slots=True)
class Prediction:
    """The topic of one text, how probable it is, and why."""

    label: str
    probability: float
    top3: tuple[tuple[str, float], ...]
    unknown_score: float
    """Above zero: stranger than 95% of the texts that were learned from."""
    is_unknown: bool
    reasons: tuple[str, ...]


class TopicClassifier:
    """The average of two logistic regressions, on words and on vectors, then one temperature."""

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(
        self,
        texts: Sequence[str],
        vectors: Vectors,
        labels: Sequence[str],
        unknown_vectors: Vectors | None = None,
    ) -> "TopicClassifier":
        """Learn from labelled texts and their vectors, shape (n, d), and from strangers if any.

        Raises:
            ValueError: fewer than two different labels.
        """
        truth = np.array(labels, dtype=np.str_)
        if len(set(labels)) < 2:
            raise ValueError("There must be at least two different topics to learn from.")
        outside = self._cross_validated(list(texts), vectors, truth, unknown_vectors)
        self._fit_models(list(texts), vectors, truth, unknown_vectors)
        self.temperature_ = _temperature(outside.probabilities, outside.places)
        self.threshold_ = float(np.quantile(outside.strangeness, KEPT))
        return self

    def predict_proba(self, texts: Sequence[str], vectors: Vectors) -> Doubles:
        """Calibrated probabilities, shape (n, topics), in the order of `labels_`."""
        return _tempered(self._average(list(texts), vectors), self.temperature_)

    def unknown_scores(self, vectors: Vectors) -> Doubles:
        """How strange each text is, shape (n,); above zero from the threshold on."""
        return self.novelty_.scores(vectors, self._logits(vectors)) - self.threshold_

    def predict(
        self, texts: Sequence[str], vectors: Vectors, neighbours: Sequence[Sequence[str]] = ()
    ) -> list[Prediction]:
        """One prediction for each text.

        Args:
            texts: what to sort.
            vectors: their vectors, float32, shape (n, d).
            neighbours: for each text the topics of the nearest past texts, for a reason; by
                default those of the texts learned from.
        """
        if not len(texts):
            return []
        probabilities = self.predict_proba(texts, vectors)
        strange = self.unknown_scores(vectors)
        near = neighbours or self.novelty_.neighbour_labels(vectors)
        return [
            self._prediction(text, row, float(score), labels)
            for text, row, score, labels in zip(texts, probabilities, strange, near, strict=True)
        ]

    def save(self, folder: Path, manifest: Manifest) -> Manifest:
        """Write what was learned to `folder`."""
        state = {name: value for name, value in vars(self).items() if name.endswith("_")}
        novelty = state.pop("novelty_").state()
        return artefacts.save(folder, {"seed": self.seed, **state, "novelty": novelty}, manifest)

    @classmethod
    def load(cls, folder: Path) -> "TopicClassifier":
        """The classifier saved in `folder`.

        Raises:
            ArtefactError: missing or damaged.
        """
        state = artefacts.load(folder, trusted=TRUSTED)
        classifier = cls(seed=state.pop("seed"))
        classifier.novelty_ = Novelty.from_state(state.pop("novelty"))
        vars(classifier).update(state)
        return classifier

    @property
    def labels_(self) -> Labels:
        return np.asarray(self.meaning_.classes_, dtype=np.str_)

    def _fit_models(self, texts: list[str], vectors: Vectors, truth: Labels, unknown: Vectors | None) -> None:
        self.words_ = _word_model(self.seed).fit(texts, truth)
        for _, vectorizer in self.words_.named_steps["features"].transformer_list:
            # Plain numbers, which skops writes as text; NumPy's would become a file each.
            vectorizer.vocabulary_ = {term: int(at) for term, at in vectorizer.vocabulary_.items()}
        self.meaning_ = LogisticRegression(C=10.0, max_iter=300).fit(vectors, truth)
        self.novelty_ = Novelty().fit(vectors, truth, self._logits(vectors), unknown)

    def _average(self, texts: list[str], vectors: Vectors) -> Doubles:
        # Both models were fitted on the same labels, so their classes stand in the same order.
        both = self.words_.predict_proba(texts) + self.meaning_.predict_proba(vectors)
        return np.asarray(both / 2, dtype=np.float64)

    def _logits(self, vectors: Vectors) -> Doubles:
        logits = np.asarray(self.meaning_.decision_function(vectors), dtype=np.float64)
        return logits if logits.ndim == 2 else np.column_stack([-logits / 2, logits / 2])

    def _cross_validated(
        self, texts: list[str], vectors: Vectors, truth: Labels, unknown: Vectors | None
    ) -> "_Outside":
        """What models say about the texts they did not learn from."""
        counts = Counter(truth.tolist())
        rows = np.array([at for at, label in enumerate(truth.tolist()) if counts[label] >= FOLDS])
        if not len(rows) or len(set(truth[rows].tolist())) < 2:
            raise ValueError(f"At least two topics need {FOLDS} texts each to learn from.")
        probabilities, strangeness, places = [], [], []
        splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=self.seed)
        for learned, held in splitter.split(rows, truth[rows]):
            fold = TopicClassifier(seed=self.seed)
            inside, outside = rows[learned], rows[held]
            fold._fit_models([texts[at] for at in inside], vectors[inside], truth[inside], unknown)
            probabilities.append(fold._average([texts[at] for at in outside], vectors[outside]))
            strangeness.append(fold.novelty_.scores(vectors[outside], fold._logits(vectors[outside])))
            places.append(np.searchsorted(fold.labels_, truth[outside]))
        return _Outside(np.vstack(probabilities), np.concatenate(places), np.concatenate(strangeness))

    def _names(self, vectorizer: TfidfVectorizer) -> list[str]:
        """The words by column; made once, since scikit-learn would make them anew each time."""
        if not hasattr(self, "_columns"):
            self._columns = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
        return self._columns

    def _prediction(self, text: str, row: Doubles, strange: float, near: Sequence[str]) -> Prediction:
        order = np.argsort(-row, kind="stable")[:3]
        names = [str(self.labels_[at]) for at in order]
        top3 = tuple((name, float(row[at])) for name, at in zip(names, order, strict=True))
        reasons = self._reasons(text, int(order[0]), top3, strange, near)
        return Prediction(names[0], top3[0][1], top3, strange, strange > 0, reasons)

    def _reasons(
        self,
        text: str,
        place: int,
        top3: tuple[tuple[str, float], ...],
        strange: float,
        near: Sequence[str],
    ) -> tuple[str, ...]:
        """Three sentences: the words that decided, the nearest past texts, the rivals."""
        label = top3[0][0]
        deciding = self._deciding_words(text, place)
        words = ", ".join(f"“{word}”" for word in deciding)
        first = f"The words {words} point to it." if deciding else "No single word decides."
        same = sum(name == label for name in near)
        second = f"{same} of the {len(near)} nearest past enquiries had this topic."
        if strange > 0:
            third = "It is unlike what was asked before."
        elif len(top3) > 1:
            third = f"The next topic, {top3[1][0]}, has {top3[1][1]:.0%}."
        else:
            third = "There is no other topic."
        return first, second, third

    def _deciding_words(self, text: str, place: int, most: int = 3) -> list[str]:
        features, model = self.words_.named_steps["features"], self.words_.named_steps["model"]
        vectorizer = dict(features.transformer_list)["words"]
        row = vectorizer.transform([text])
        weights = model.coef_[place] if len(model.classes_) > 2 else model.coef_[0] * (2 * place - 1)
        names = self._names(vectorizer)
        gains = {names[at]: float(value * weights[at]) for at, value in zip(row.indices, row.data, strict=True)}
        useful = [word for word, gain in gains.items() if gain > 0 and not STOP_WORDS.issuperset(word.split())]
        ranked = sorted(useful, key=lambda word: (-gains[word], word))
        return _without_repeats(ranked)[:most]


@dataclass(frozen=True)
class _Outside:
    probabilities: Doubles
    places: npt.NDArray[np.int64]
    strangeness: Doubles


def _word_model(seed: int) -> Pipeline:
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=30_000, dtype=np.float32)
    pieces = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, max_features=20_000, dtype=np.float32
    )
    features = FeatureUnion([("words", words), ("pieces", pieces)])
    # One logistic regression a topic by gradient descent: as good as a joint one here (0.927 and
    # 0.977 of held-out banking77 and clinc150 training texts in the average), in a third of the time.
    model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=12, tol=None, random_state=seed)
    return Pipeline([("features", features), ("model", model)])


def _tempered(probabilities: Doubles, temperature: float) -> Doubles:
    logs = np.log(np.maximum(probabilities, 1e-12)) / temperature
    logs -= logs.max(axis=1, keepdims=True)
    raised = np.exp(logs)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)


def _temperature(probabilities: Doubles, places: npt.NDArray[np.int64]) -> float:
    """The temperature of least log loss; Guo and others (2017)."""

    def loss(temperature: float) -> float:
        right = _tempered(probabilities, temperature)[np.arange(len(places)), places]
        return -float(np.log(np.maximum(right, 1e-12)).mean())

    return float(min(TEMPERATURES, key=loss))


def _without_repeats(ranked: list[str]) -> list[str]:
    """Drop what a better one already says: `card` after `card payment`."""
    kept: list[str] = []
    for word in ranked:
        if not any(set(word.split()) & set(other.split()) for other in kept):
            kept.append(word)
    return kept
