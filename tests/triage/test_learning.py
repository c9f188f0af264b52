"""Learning the order of passages and the probabilities from judgements: what is promoted, and what never is."""

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from sqlalchemy import select

from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import SYSTEM
from helpdesk.nlp.evaluation.bootstrap import FEWEST as FEWEST_QUESTIONS
from helpdesk.nlp.evaluation.bootstrap import Difference
from helpdesk.nlp.passages import LearnedOrder
from helpdesk.nlp.ranking import PASSAGE_KINDS, Ranker
from helpdesk.rulebook.drafts import ClauseDraft
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.triage.enums import ModelState, Origin
from helpdesk.triage.models import ModelRow
from helpdesk.triage.services import judging, models
from helpdesk.triage.services.training import ranking, run
from helpdesk.triage.services.training.practice import practise
from helpdesk.triage.services.training.ranking import Lists, objection
from tests.factories.rulebook import add, make_version
from tests.factories.triage import index_all

PAIRS = 130
SUBJECTS = [f"subject{number}" for number in range(40)]


def twins(number: int) -> tuple[str, str]:
    """Two clauses of the same words; only their order tells which one a question is about."""
    generator = np.random.default_rng(number)
    words = [f"w{number}", *generator.choice(SUBJECTS, 7, replace=False).tolist()]
    return " ".join(words), " ".join(generator.permutation(words).tolist())


def teach(db, using, *, pairs: int = PAIRS, is_shuffled: bool = False) -> None:
    """A code of twins, and two questions a pair that one of the twins answers; shuffled: any clause at all."""
    generator = np.random.default_rng(0)
    # Among equals the earlier clause comes first, so it must not always be the right one.
    texts = [text for number in range(pairs) for text in twins(number)[:: generator.choice([1, -1])]]
    drafts = [ClauseDraft(number=f"A{at + 1}", heading="", text=text) for at, text in enumerate(texts)]
    ids = [clause.id for clause in add(db, make_version(db, kind=DocumentKind.RULEBOOK), *drafts).values()]
    index_all(db, using)
    for place, at in enumerate(generator.permutation(2 * pairs).tolist()):
        pair, is_end = divmod(at, 2)
        text, _ = twins(pair)
        query = " ".join(text.split()[3:] if is_end else text.split()[:5])
        right = generator.choice(ids) if is_shuffled else ids[texts.index(text)]
        judging.judge(db, Origin.CITED, place, query, [("clause", int(right))])
    index_all(db, using)


def rows(db) -> list[ModelRow]:
    db.expire_all()
    return list(db.scalars(select(ModelRow).order_by(ModelRow.id)))


@pytest.mark.slow  # learns from 260 questions
class TestRanking:
    def test_what_people_pointed_to_is_learned_and_taken_over(self, db, using, tmp_path: Path) -> None:
        teach(db, using)
        said: list[str] = []

        (trained,) = run.train(SYSTEM, using, tmp_path, ["ranking"], say=said.append)

        assert trained.is_promoted, trained.verdict
        assert trained.metrics["map@10"] > trained.metrics["map@10_before"]
        assert trained.metrics["low"] > 0
        assert "95% interval" in said[-1]
        (row,) = rows(db)
        assert (row.what, row.state) == ("ranking", ModelState.CHAMPION)
        assert row.metrics == trained.metrics
        using.follow(db)
        assert isinstance(using.ranker.learned, LearnedOrder)

    def test_shuffled_answers_are_learned_and_kept_aside(self, db, using, tmp_path: Path) -> None:
        teach(db, using, is_shuffled=True)

        (trained,) = run.train(SYSTEM, using, tmp_path, ["ranking"], say=lambda _: None)

        assert not trained.is_promoted, trained.verdict
        assert models.champion(db, "ranking") is None


class TestTurningQueries:
    @pytest.mark.parametrize(
        ("gain", "is_own"),
        [
            (Difference(0.01, 0.001, 0.02, FEWEST_QUESTIONS), True),
            (Difference(0.01, -0.001, 0.02, FEWEST_QUESTIONS), False),
            (Difference(0.01, 0.001, 0.02, FEWEST_QUESTIONS - 1), False),
        ],
    )
    def test_a_way_that_is_not_better_beyond_noise_leaves_the_one_that_ships(
        self, db, using, monkeypatch: pytest.MonkeyPatch, gain: Difference, *, is_own: bool
    ) -> None:
        teach(db, using, pairs=4)
        shipped, mine = (share * np.eye(using.encoder.dimension, dtype=np.float32) for share in (0.9, 0.8))
        using.shipped = Ranker(learned=LearnedOrder((), {"passage": shipped})), using.confidence
        using.ranker = Ranker(learned=LearnedOrder((), {"passage": mine, "wording": mine}))
        compared, learned_with = [], []
        monkeypatch.setattr(ranking, "gain_on_unseen", lambda *args: compared.append(args[-1]) or gain)
        monkeypatch.setattr(ranking, "list_candidates", lambda *args, **_: learned_with.extend(args[3]) or Mock())
        monkeypatch.setattr(ranking, "fit_nets", lambda *_, **__: [])
        practice = practise(using.encoder)
        older = practice.lessons_of(practice.about(PASSAGE_KINDS, 8), PASSAGE_KINDS)

        order, turns = ranking._fit(using, practice, practice.shelves_of(PASSAGE_KINDS), older, lambda _: None)

        assert turns is is_own
        assert np.array_equal(compared[0], shipped)
        assert [np.array_equal(one, shipped) for one in (order.turns["passage"], *learned_with)] == [not is_own] * 6
        assert np.array_equal(order.turns["wording"], mine)


class TestWhatNobodyPointedTo:
    def lists(self, seen: float, unseen: float) -> Lists:
        is_unseen = np.arange(200) < 100
        values = np.where(is_unseen, unseen, seen) + np.random.default_rng(0).normal(0, 0.001, 200)
        return Lists(values, values, is_unseen)

    def test_it_must_not_pay_for_the_others(self) -> None:
        assert "recall -0.0200" in objection(self.lists(0.5, 0.9), self.lists(0.8, 0.88))

    def test_where_little_is_found_a_point_is_no_noise(self) -> None:
        assert "recall -0.0040" in objection(self.lists(0.01, 0.004), self.lists(0.03, 0.0))
        assert objection(self.lists(0.01, 0.0), self.lists(0.03, 0.0)) == ""

    def test_noise_and_gains_are_no_objection(self) -> None:
        assert objection(self.lists(0.5, 0.9), self.lists(0.8, 0.9)) == ""
        assert objection(self.lists(0.5, 0.9), self.lists(0.8, 0.95)) == ""


class TestTooLittle:
    def test_it_is_said_how_much_there_is_and_how_much_is_needed(self, db, using, tmp_path: Path) -> None:
        said: list[str] = []

        assert run.train(SYSTEM, using, tmp_path, say=said.append) == []

        assert said == [
            "triage: Only 0 tickets have a settled topic; at least 100 are needed to learn from.",
            "ranking: Only 0 questions were answered by a clause or an article; at least 250 are needed to learn from.",
            "confidence: Only 0 questions were judged; at least 500 are needed to learn from.",
        ]

    def test_without_an_encoder_nothing_is_learned(self, db, using, tmp_path: Path) -> None:
        using.encoder, using.problem = None, "The encoder is missing."

        with pytest.raises(Invalid, match="The encoder is missing"):
            run.train(SYSTEM, using, tmp_path, say=lambda _: None)
