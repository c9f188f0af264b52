"""Learns the order of clauses and articles from what answered people."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from helpdesk.kernel.db import reading
from helpdesk.nlp.encoder import Encoder
from helpdesk.nlp.evaluation import metrics
from helpdesk.nlp.evaluation.bootstrap import paired_difference
from helpdesk.nlp.lessons import FOLDS, Lessons, led_by
from helpdesk.nlp.manifest import text_digest, versions
from helpdesk.nlp.order_learning import (
    Passages,
    Turns,
    candidates,
    fit_nets,
    gain_on_unseen,
    learn_turns,
    list_candidates,
    suggester,
)
from helpdesk.nlp.passages import FEATURES, LearnedOrder
from helpdesk.nlp.ranking import PASSAGE_KINDS, Order
from helpdesk.nlp.suggest import Shelf
from helpdesk.triage.engine import RANKING, Engine
from helpdesk.triage.queries.judged import passage_vectors
from helpdesk.triage.services.training.alone import Say
from helpdesk.triage.services.training.keeping import Challenger, enough
from helpdesk.triage.services.training.practice import Practice, split

LIMIT = 5_000  # newest questions; more gain little and take minutes
FEWEST = 250
FIRST = 10  # passages of a list that count
SEED = 0

UNTIL = "until"  # among the figures, when the newest question was first asked that the order learned from
ALLOWED_LOSS = 0.01  # on passages that no earlier question pointed to: a point is noise,
ALLOWED_SHARE = 0.1  # unless it is more than this share of all that was found

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lists:
    """How well an order lists the passages for later questions, after the older ones led to theirs."""

    precision: Doubles
    """Average precision at ten, question by question."""
    recall: Doubles
    is_unseen: npt.NDArray[np.bool_]
    """Whether no older question points to any passage that answers."""

    def figures(self) -> dict[str, float]:
        parts = {"": np.ones_like(self.is_unseen), "_seen": ~self.is_unseen, "_unseen": self.is_unseen}
        found = {
            f"{name}{part}": values[chosen]
            for part, chosen in parts.items()
            for name, values in (("recall@10", self.recall), ("map@10", self.precision))
        }
        return {name: round(float(values.mean()), 4) for name, values in found.items() if len(values)}


def learn(using: Engine, practice: Practice, say: Say, *, limit: int = LIMIT) -> Challenger:
    """A challenger for the order of passages.

    Raises:
        TooFew: too few questions were answered by a clause or an article.
    """
    places = practice.about(PASSAGE_KINDS, limit)
    enough(len(places), FEWEST, "questions were answered by a clause or an article")
    learned, held = split(places)
    older, later = (practice.lessons_of(some, PASSAGE_KINDS) for some in (learned, held))
    shelves = practice.shelves_of(PASSAGE_KINDS)
    say(f"{RANKING}: learning from {len(older)} questions, measuring with {len(later)} later ones…")
    order, learns_turn = _fit(using, practice, shelves, older, say)
    led = led_by(shelves, older)
    before, after = (measured(practice.encoder, led, older, later, one) for one in (using.ranker.learned, order))
    return Challenger(
        what=RANKING,
        save=partial(LearnedOrder.save, order),
        metrics={**after.figures(), **{f"{name}_before": value for name, value in before.figures().items()}}
        | {"learned_from": len(older), "measured_on": len(later), "turns_queries": learns_turn}
        | {UNTIL: practice.questions[int(learned[-1])].at.isoformat()},
        difference=paired_difference(before.precision, after.precision, seed=SEED),
        objection=objection(before, after),
        data={"questions": text_digest(older.queries)},
        parameters={"features": list(FEATURES), "encoder": using.base},
        seed=SEED,
        versions=versions("scipy", "numpy"),
    )


def objection(before: Lists, after: Lists) -> str:
    """Passages that nobody pointed to must not pay for those that somebody did."""
    for name in ("recall", "precision"):
        values = [getattr(one, name)[one.is_unseen] for one in (before, after)]
        unseen = paired_difference(*values, seed=SEED)
        allowed = min(ALLOWED_LOSS, ALLOWED_SHARE * float(values[0].mean())) if len(values[0]) else 0.0
        if unseen.is_loss or unseen.mean < -allowed:
            return f"what no earlier question pointed to is found worse: {name} {unseen}."
    return ""


def _passages(using: Engine) -> Passages:
    with reading() as db:
        rows = passage_vectors(db, using.model, sorted(PASSAGE_KINDS))
    enough(len(rows), 1, "clauses and articles are embedded with the encoder in use")
    return Passages([item for item, _ in rows], np.stack([vector for _, vector in rows]))


def _fit(
    using: Engine, practice: Practice, shelves: Sequence[Shelf], older: Lessons, say: Say
) -> tuple[LearnedOrder, bool]:
    """The order, and whether it turns queries in a way of its own.

    It does only if that is better beyond noise on passages that no question pointed to. Else it turns them as the order
    that ships does, which never saw these questions: a matrix that was learned here before would look better on them
    than on later ones, and the nets would trust it too much. How queries are turned towards other questions is not
    learned here and stays as it is.
    """
    passages = _passages(using)
    kept = using.ranker.learned.turns if using.ranker.learned else {}
    shipped = using.shipped[0].learned
    before = (shipped.turns if shipped else {}).get("passage", np.eye(practice.encoder.dimension, dtype=np.float32))

    def tick(_count: int) -> None:
        return None

    turns = learn_turns(practice.encoder, shelves, passages, older, seed=SEED, tick=tick)
    gain = gain_on_unseen(passages, older, turns, before)
    say(f"{RANKING}: turning queries anew changes recall on passages that nothing pointed to by {gain}.")
    if not gain.is_gain:
        turns = Turns(before, (before,) * FOLDS)
    lists = list_candidates(practice.encoder, shelves, older, turns.folds, seed=SEED, tick=tick)
    nets = fit_nets(lists.learned_from(np.arange(len(older))), seed=SEED)
    return LearnedOrder(nets, {**kept, "passage": turns.whole}), gain.is_gain


def measured(encoder: Encoder, led: Sequence[Shelf], older: Lessons, later: Lessons, order: Order | None) -> Lists:
    """How well later questions are answered on shelves that the older ones led to; without an order by a plain sum."""
    asked, known = suggester(encoder, led, order), {item for some in older.right for item in some}
    pairs = []
    for at in range(len(later)):
        found = candidates(asked, later, at)
        best = np.argsort(-asked.ranker.scores(found), kind="stable")[:FIRST]
        pairs.append(([(found[one].kind, found[one].id) for one in best], later.right[at]))
    return Lists(
        np.array([metrics.average_precision(*pair, FIRST) for pair in pairs]),
        np.array([metrics.recall(*pair, FIRST) for pair in pairs]),
        np.array([known.isdisjoint(right) for right in later.right]),
    )
