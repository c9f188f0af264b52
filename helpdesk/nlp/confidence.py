"""How probable it is that a suggestion answers: logit models on a few plain numbers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from helpdesk.nlp.manifest import ArtefactError, Manifest, verify, write_manifest
from helpdesk.nlp.ranking import Candidate, matching_of

Doubles: TypeAlias = npt.NDArray[np.float64]

LIKELY = 0.7  # Probability from which a suggestion is called likely, until staff choose otherwise.
POSSIBLE = 0.35  # Probability that one of the first three answers, from which a list is shown.
CITED = 0.99  # Whoever names a clause wants that clause.

FEATURES = (
    *("cosine", "words", "cosine_margin", "words_margin", "agreement", "both", "is_nearest"),
    *("near", "best", "crowding"),  # near and crowding of wordings alone; a passage's near is its cosine
    *("odds", "covered", "pairs", "rivals"),  # of passages alone
)
LIKENESS = [FEATURES.index(name) for name in ("cosine", "words", "near")]
COMPETING = 8  # wordings, the most probable ones, of which at most one is thought to answer
CURVES = "curves.json"
# Texts of which two are nearest to each other by chance alone: the first percentile of draws with one wording an
# answer. Fewer texts, or one, say nothing about how near a question of theirs should be.
LEAST_CROWDING = 0.2


@dataclass(frozen=True)
class Curve:
    """Weights over FEATURES, and an intercept: the log odds of a candidate against that nothing answers."""

    weights: tuple[float, ...]
    intercept: float

    def alone(self, features: Doubles) -> Doubles:
        """Probabilities of candidates each of which may answer: logistic regression, shape (n,)."""
        odds = self._odds(features)
        return np.asarray(odds / (1 + odds), dtype=np.float64)

    def together(self, features: Doubles) -> Doubles:
        """Probabilities of candidates of which one answers or none: a conditional logit (McFadden, 1973), shape (n,).

        Candidates of the same likeness, that is texts said twice and passages to which one question led, stand for one.
        Two that say the same in other words share their probability.
        """
        odds = self._odds(features)
        alike = np.unique(features[:, LIKENESS], axis=0, return_inverse=True)[1].ravel()
        strongest = np.zeros(len(odds))
        np.maximum.at(strongest, alike, odds)
        return np.asarray(odds / (1 + np.sort(strongest)[-COMPETING:].sum()), dtype=np.float64)

    def _odds(self, features: Doubles) -> Doubles:
        logits = features @ np.array(self.weights) + self.intercept
        return np.asarray(np.exp(np.clip(logits, -30, 30)), dtype=np.float64)


class Confidence:
    """Probabilities for the candidates of one query, by one curve for each way of matching."""

    def __init__(self, curves: Mapping[str, Curve]) -> None:
        self.curves = dict(curves)

    def probabilities(self, candidates: Sequence[Candidate]) -> Doubles:
        """The probability that each candidate answers the query, shape (n,).

        Of the questions and answers of one kind one is meant or none, while several passages may answer. Candidates of
        one kind alone compete: a question that Parties ask in the same words as a published answer is no reason to
        doubt the answer. A passage also answers as probably as the question that it answered before is asked again.
        """
        result = np.zeros(len(candidates))
        for kind in {one.kind for one in candidates}:
            places = [at for at, one in enumerate(candidates) if one.kind == kind]
            own = [candidates[at] for at in places]
            matching = matching_of(kind)
            if curve := self.curves.get(matching):  # none: the artefact is missing, and nothing is probable
                result[places] = (curve.together if matching == "wording" else curve.alone)(features(own))
            led = [at for at in places if candidates[at].lead > 0]
            if led and matching == "passage" and (curve := self.curves.get("wording")):
                again = curve.together(features([candidates[at] for at in led], of_leads=True))
                result[led] = np.maximum(result[led], again)
        result[[one.is_cited for one in candidates]] = CITED
        return result

    def save(self, folder: Path, manifest: Manifest) -> Manifest:
        """Write the curves and their manifest to `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        raw = {matching: asdict(curve) for matching, curve in self.curves.items()}
        text = json.dumps(raw, indent=2, sort_keys=True) + "\n"
        (folder / CURVES).write_text(text, encoding="utf-8")
        return write_manifest(folder, manifest)

    @classmethod
    def load(cls, folder: Path) -> "Confidence":
        """The curves saved in `folder`.

        Raises:
            ArtefactError: missing, damaged, or made for other features.
        """
        verify(folder)
        raw = json.loads((folder / CURVES).read_text(encoding="utf-8"))
        curves = {key: Curve(tuple(one["weights"]), one["intercept"]) for key, one in raw.items()}
        if any(len(curve.weights) != len(FEATURES) for curve in curves.values()):
            raise ArtefactError(f"{folder} was made for another version. Train it again.")
        return cls(curves)


def features(candidates: Sequence[Candidate], *, of_leads: bool = False) -> Doubles:
    """FEATURES of candidates that match in one way, or of what they answered before: shape (n, len(FEATURES))."""
    cosine = np.array([one.lead if of_leads else one.cosine for one in candidates], dtype=np.float64)
    near = np.array([one.lead_near if of_leads else one.near for one in candidates], dtype=np.float64)
    words = np.array([one.lead_words if of_leads else one.words for one in candidates], dtype=np.float64)
    agreement = np.array([one.agreement for one in candidates], dtype=np.float64)
    crowding = [max(one.lead_crowding if of_leads else one.crowding, LEAST_CROWDING) for one in candidates]
    share, covered, pairs = ([getattr(one, name) for one in candidates] for name in ("share", "covered", "pairs"))
    best = cosine.max(initial=-1.0)
    # Of few passages the best gets a large share of what the order believes, whatever is asked.
    rivals = np.log([one.rivals for one in candidates])
    columns = (
        *(cosine, words, _margin(cosine), _margin(words), agreement, cosine * words, cosine == best),
        *(near, np.full_like(cosine, best), np.array(crowding)),
        *(_log_odds(np.array(share, dtype=np.float64)), np.array(covered), np.array(pairs), rivals),
    )
    return np.column_stack(columns).astype(np.float64)


def _log_odds(share: Doubles) -> Doubles:
    """How much more the order of passages expects of a candidate than of all others; 0 of what is no passage."""
    bounded = np.clip(share, 1e-6, 1 - 1e-6)
    return np.where(share > 0, np.log(bounded / (1 - bounded)), 0.0)


def _margin(values: Doubles) -> Doubles:
    """How far each value lies above the best of the others; none where there are no others to tell it from."""
    if len(values) < 2:
        return np.zeros_like(values)
    second, first = np.sort(values)[-2:]
    return np.asarray(np.where(values == first, values - second, values - first), dtype=np.float64)
