"""The learned order of passages: a small network over what words, meaning and earlier questions say of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.logits import log_softmax
from helpdesk.nlp.manifest import ArtefactError, Manifest, verify, write_manifest
from helpdesk.nlp.ranking import MATCHINGS, Candidate

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

TEXT = (
    *("sum", "sum_rank", "sum_behind", "covered", "density", "both"),
    *("adapted", "adapted_behind", "adapted_score", "pairs", "pairs_behind"),
    *("length", "document_sum", "document_best", "same_document", "distance", "query_terms"),
)
LEADS = (
    *("lead_words", "lead_words_behind", "lead", "lead_behind", "lead_both", "lead_both_behind"),
    *("best_lead", "best_lead_words", "leads", "has_leads"),
)
FEATURES = (*TEXT, *LEADS)
BOUND = 8.0  # standard deviations beyond which a number says nothing more.
FAR = 7.0  # distance of passages in different documents; in one, the logarithm of the passages between.
MOST_TERMS = 32  # of a query; no question that was learned from has more
LISTED = 30  # passages that speak for their document.
NETS, TURN = "nets.npz", "turn_{}.npy"


@dataclass(frozen=True)
class Net:
    """One hidden layer over standardised features; float32."""

    columns: tuple[int, ...]
    """Which of FEATURES it looks at."""
    mean: Floats
    scale: Floats
    hidden: Floats
    """Shape (features, units)."""
    hidden_bias: Floats
    out: Floats
    """Shape (units,)."""

    def scores(self, features: Doubles) -> Doubles:
        """A score for each row of FEATURES, shape (n,)."""
        return np.asarray(self.forward(self.standard(features))[1], dtype=np.float64)

    def standard(self, features: Doubles) -> Floats:
        rows = (features[:, list(self.columns)] - self.mean) / self.scale
        return np.asarray(np.clip(rows, -BOUND, BOUND), dtype=np.float32)

    def forward(self, rows: Floats) -> tuple[Floats, Floats]:
        """Activations of the hidden units, shape (n, units), and scores, shape (n,)."""
        active = np.maximum(rows @ self.hidden + self.hidden_bias, 0)
        return active, active @ self.out


class LearnedOrder:
    """Nets whose log-probabilities are averaged, and the matrices that turn a query's vector.

    Some see the text alone and some also the questions that passages answered before: with them a net finds what
    others were led to, and forgets what nobody asked for yet. Their mean keeps both.
    """

    def __init__(self, nets: Sequence[Net], turns: Mapping[str, Floats]) -> None:
        """Keep nets, and one matrix of shape (d, d) for each way of matching that has one; see `matching_of`."""
        self.nets = tuple(nets)
        self.turns: Mapping[str, Vectors] = dict(turns)

    def scores(self, candidates: Sequence[Candidate]) -> Doubles:
        """The mean log-probability of each candidate, shape (n,)."""
        rows = features(candidates)
        return np.asarray(np.mean([log_softmax(net.scores(rows)) for net in self.nets], axis=0), dtype=np.float64)

    def turned(self, vector: Vectors, matching: str) -> Vectors:
        """The query's vector, float32, shape (d,), turned towards what matches in this way; itself without a matrix."""
        matrix = self.turns.get(matching)
        return vector if matrix is None else np.asarray(matrix @ vector, dtype=np.float32)

    def save(self, folder: Path, manifest: Manifest) -> Manifest:
        """Write nets, matrices and manifest to `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {
            f"{at}_{name}": np.asarray(getattr(net, name))
            for at, net in enumerate(self.nets)
            for name in Net.__dataclass_fields__
        }
        np.savez(folder / NETS, **arrays)
        for matching, matrix in self.turns.items():
            np.save(folder / TURN.format(matching), matrix.astype(np.float16))
        return write_manifest(folder, manifest)

    @classmethod
    def load(cls, folder: Path) -> "LearnedOrder":
        """The order saved in `folder`.

        Raises:
            ArtefactError: missing, damaged, or made for other features.
        """
        manifest = verify(folder)
        if tuple(manifest.parameters.get("features", ())) != FEATURES:
            raise ArtefactError(f"{folder} was made for another version. Train it again.")
        with np.load(folder / NETS, allow_pickle=False) as arrays:
            count = len({name.partition("_")[0] for name in arrays.files})
            nets = [_net({name: arrays[f"{at}_{name}"] for name in Net.__dataclass_fields__}) for at in range(count)]
        files = {matching: folder / TURN.format(matching) for matching in MATCHINGS}
        turns = {
            matching: np.load(path, allow_pickle=False).astype(np.float32)
            for matching, path in files.items()
            if path.name in manifest.files
        }
        return cls(nets, turns)


def _net(arrays: dict[str, npt.NDArray[np.generic]]) -> Net:
    columns = tuple(int(at) for at in arrays.pop("columns"))
    return Net(columns, **{name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()})


def features(candidates: Sequence[Candidate]) -> Doubles:
    """FEATURES of the candidates of one query, shape (n, len(FEATURES))."""
    if not candidates:
        return np.empty((0, len(FEATURES)))
    cosine, words, adapted, pairs, covered, density, length, lead, lead_words, leads = (
        np.array([getattr(one, name) for one in candidates], dtype=np.float64)
        for name in (
            *("cosine", "words", "adapted", "pairs", "covered", "density", "length"),
            *("lead", "lead_words", "leads"),
        )
    )
    # Cosine and score of words are looked at in their sum alone: beside it each was worth nothing by itself.
    total = (_stretched(cosine) + _stretched(words)) / 2
    same, both = np.ones(len(candidates)), (lead + lead_words) / 2
    query_terms = np.log1p(min(candidates[0].asked, MOST_TERMS))
    columns = (
        *(total, _rank(total), _behind(total), covered, density, 2 * covered * density / (covered + density + 1e-9)),
        *(adapted, _behind(adapted), _score(adapted), pairs, _behind(pairs)),
        np.log1p(length),
        *(*_documents(candidates, total), same * query_terms),
        *(lead_words, _behind(lead_words), lead, _behind(lead), both, _behind(both)),
        *(same * lead.max(), same * lead_words.max(), np.log1p(leads), leads > 0),
    )
    return np.column_stack(columns).astype(np.float64)


def _documents(candidates: Sequence[Candidate], total: Doubles) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """How well the passage's document does, and how far the passage is from the best one."""
    groups = np.array([one.group or -at - 1 for at, one in enumerate(candidates)])
    ids = np.array([one.id for one in candidates], dtype=np.float64)
    names, places = np.unique(groups, return_inverse=True)
    first = np.argsort(-total, kind="stable")
    worth = np.zeros(len(names))
    listed = first[:LISTED]
    np.add.at(worth, places[listed], total[listed] / (1 + 0.1 * np.arange(len(listed))))
    best = np.full(len(names), -np.inf)
    np.maximum.at(best, places, total)
    is_same = groups == groups[first[0]]
    distance = np.where(is_same, np.log1p(np.abs(ids - ids[first[0]])), FAR)
    return worth[places], (best - best.max())[places], is_same.astype(np.float64), np.minimum(distance, FAR)


def _behind(values: Doubles) -> Doubles:
    return np.asarray(values - values.max())


def _rank(values: Doubles) -> Doubles:
    order = np.argsort(np.argsort(-values, kind="stable"), kind="stable")
    return np.asarray(np.log1p(order))


def _score(values: Doubles) -> Doubles:
    return np.asarray((values - values.mean()) / (values.std() + 1e-6))


def _stretched(values: Doubles) -> Doubles:
    low, high = values.min(), values.max()
    return np.asarray((values - low) / (high - low) if high > low else np.ones_like(values))
