"""The curve of thresholds, and probabilities learned from what people showed."""

from pathlib import Path

import pytest

from helpdesk.kernel.errors import Forbidden, Invalid
from helpdesk.kernel.policy import SYSTEM, Role
from helpdesk.nlp.confidence import Confidence, Curve
from helpdesk.triage import jobs
from helpdesk.triage.enums import Origin
from helpdesk.triage.indexes import thresholds
from helpdesk.triage.services import judging
from helpdesk.triage.services.thresholds import choose, curve
from helpdesk.triage.services.training import run
from tests.factories.accounts import make_actor, make_organisation
from tests.factories.knowledge import make_answer
from tests.factories.triage import BY_COSINE, index_all

WORDS = [
    "invoice",
    "meter",
    "credit",
    "panel",
    "deposit",
    "release",
    "device",
    "audit",
    "tariff",
    "charge",
    "change",
    "party",
]


def answers(db) -> list[int]:
    return [make_answer(db, f"Where do I find {word} matters of the {word} kind").id for word in WORDS]


def judge_many(db, using, count: int) -> None:
    """Half of the questions were answered by the answer that shares their word; half were asked all the same."""
    ids = answers(db)
    organisations = [make_organisation(db).id for _ in range(2)]
    for number in range(count):
        at = number % len(ids)
        if number % 2:
            query, origin = f"Where do I find {WORDS[at]} matters number n{number}", Origin.CONFIRMED
        else:
            query, origin = f"Please say something about {WORDS[at]} and x{number} y{number}", Origin.IGNORED
        owner = organisations[number // 2 % 2]
        item = ("answer", ids[at])
        judging.judge(db, origin, number, query, [item], is_right=bool(number % 2), organisation_id=owner)
    index_all(db, using)


class TestCurve:
    def test_more_is_shown_and_less_of_it_right_where_the_threshold_is_low(self, db, using) -> None:
        judge_many(db, using, 60)

        jobs.curve()

        found = curve(db)
        assert (found.questions, found.answered) == (60, 30)
        low, high = found.points[0], next(point for point in found.points if point.threshold == 0.6)
        assert low.coverage > high.coverage > 0
        assert high.precision > low.precision
        assert all(point.first_three >= point.precision for point in found.points)

    def test_few_questions_make_none(self, db, using) -> None:
        judge_many(db, using, 20)

        jobs.curve()

        assert curve(db) is None


class TestChoice:
    def test_every_process_follows(self, db, using) -> None:
        choose(db, make_actor(db, Role.ADMIN), likely=0.8, possible=0.2)
        using.follow(db)

        assert thresholds(db) == using.cache.thresholds == (0.8, 0.2)

    @pytest.mark.parametrize(("likely", "possible"), [(0.3, 0.5), (1.0, 0.5), (0.5, 0.0), (float("nan"), 0.5)])
    def test_nonsense_is_refused(self, db, likely, possible) -> None:
        with pytest.raises(Invalid, match="from 1 to 99 percent"):
            choose(db, SYSTEM, likely=likely, possible=possible)

    @pytest.mark.parametrize("role", [Role.MEMBER, Role.LEAD])
    def test_nobody_else_may(self, db, role) -> None:
        with pytest.raises(Forbidden):
            choose(db, make_actor(db, role), likely=0.8, possible=0.2)


@pytest.mark.slow  # learns from 540 questions
class TestConfidence:
    def test_what_was_far_too_sure_is_put_right(self, db, using, tmp_path: Path) -> None:
        judge_many(db, using, 600)
        sure = Curve(BY_COSINE.weights, 3.0)
        using.confidence = Confidence({"wording": sure, "passage": sure})
        using.shipped = (using.ranker, using.confidence)

        (trained,) = run.train(SYSTEM, using, tmp_path, ["confidence"], say=lambda _: None)

        assert trained.is_promoted, trained.verdict
        assert trained.metrics["log_loss"] < trained.metrics["log_loss_before"]
        assert trained.metrics["ece"] < trained.metrics["ece_before"]
        using.follow(db)
        assert using.confidence.curves["passage"] == sure  # nothing was judged of these
        assert using.confidence.curves["wording"] != sure
        assert curve(db) is not None

    def test_the_same_again_is_not_better(self, db, using, tmp_path) -> None:
        judge_many(db, using, 600)
        (first,) = run.train(SYSTEM, using, tmp_path, ["confidence"], say=lambda _: None)
        using.follow(db)

        (second,) = run.train(SYSTEM, using, tmp_path, ["confidence"], say=lambda _: None)

        assert first.is_promoted
        assert not second.is_promoted
        assert second.metrics["difference"] == pytest.approx(0.0, abs=1e-9)
