"""Predictions of new tickets, what agents correct, and learning from both."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.kernel.models import JobRow
from helpdesk.kernel.policy import SYSTEM, Role
from helpdesk.nlp.manifest import Manifest
from helpdesk.nlp.topics import Prediction, TopicClassifier
from helpdesk.tickets import services as tickets
from helpdesk.tickets.models import Ticket
from helpdesk.triage import jobs
from helpdesk.triage.enums import ModelState
from helpdesk.triage.models import Correction, ModelRow, PredictionRow
from helpdesk.triage.services import models, predicting
from helpdesk.triage.services.training import run
from helpdesk.triage.services.training import tickets as training
from tests.factories.accounts import make_actor
from tests.factories.tickets import make_queue, make_ticket, make_topic
from tests.factories.triage import index_all

COVER = "How much credit cover must our company lodge this week number {}"
PANEL = "Who may join the next Panel meeting and read its papers number {}"


@pytest.fixture
def topics(db):
    finance = make_queue(db, "finance")
    return make_topic(db, "credit-cover", queue=finance), make_topic(db, "meetings", queue=make_queue(db, "support"))


def classifier(using) -> TopicClassifier:
    texts = [predicting.text_of(text.format(number), "Please say.") for number in range(12) for text in (COVER, PANEL)]
    labels = ["credit-cover", "meetings"] * 12
    # A ticket's vector is that of its subject and first sentences, in one line.
    lines = [text.replace("\n", " ") for text in texts]
    return TopicClassifier().fit(texts, using.encoder.encode(lines), labels)


@pytest.fixture
def champion(db, using, topics, tmp_path: Path) -> ModelRow:
    row = models.register(db, what="topic", name="topic-1", folder=tmp_path / "topic-1", metrics={"accuracy": 0.9})
    using.classifiers[Path(row.folder)] = classifier(using)
    models.promote(db, SYSTEM, row)
    db.commit()
    return row


def the_ticket(db, ticket_id: int) -> Ticket:
    db.expire_all()
    return db.get_one(Ticket, ticket_id)


class TestPredicting:
    def test_a_ticket_that_became_secret_meanwhile_gets_no_prediction(self, db, using, champion, topics) -> None:
        ticket = make_ticket(db, make_actor(db), subject=COVER.format(99), body="Please say.")
        foreseen = predicting.foresee(db, using, [ticket.id])
        tickets.set_queue(db, SYSTEM, ticket, make_queue(db, is_restricted=True))

        predicting.keep(db, foreseen)

        assert [one.ticket_id for one in foreseen] == [ticket.id]
        assert db.query(PredictionRow).filter_by(ticket_id=ticket.id).count() == 0

    def test_a_new_ticket_gets_topic_queue_and_three_reasons(self, db, using, champion, topics) -> None:
        ticket = make_ticket(db, make_actor(db), subject=COVER.format(99), body="Please say.")
        db.commit()

        jobs.predict()

        prediction = the_ticket(db, ticket.id).prediction
        assert prediction["topic"]["slug"] == "credit-cover"
        assert prediction["queue"]["slug"] == "finance"
        assert prediction["topic"]["probability"] > 0.5
        assert len(prediction["reasons"]) == 3
        assert prediction["model"] == "topic-1"
        assert the_ticket(db, ticket.id).topic_id == topics[0].id

    def test_opening_asks_for_one_job_however_many_tickets_come(self, db, using) -> None:
        for _ in range(3):
            make_ticket(db, make_actor(db))

        assert db.scalars(select(JobRow.name).where(JobRow.name == "triage.predict")).all() == ["triage.predict"]

    def test_a_stranger_is_not_sure_and_stays_unplaced(self, db, using, champion) -> None:
        ticket = make_ticket(db, make_actor(db), subject="Zebra enclosure", body="xylophone quartz vivid")
        db.commit()

        jobs.predict()

        found = the_ticket(db, ticket.id)
        assert found.prediction["is_unsure"]
        assert found.is_unsure
        assert found.topic_id is None

    def test_a_hard_rule_is_never_overridden(self, db, using, champion) -> None:
        ticket = make_ticket(
            db, make_actor(db), subject=COVER.format(1), body="We report a security incident: a key is compromised."
        )
        queue_id = ticket.queue_id
        assert ticket.rule
        db.commit()

        jobs.predict()

        found = the_ticket(db, ticket.id)
        assert (found.queue_id, found.topic_id) == (queue_id, None)

    def test_without_a_model_nothing_happens(self, db, using) -> None:
        ticket = make_ticket(db, make_actor(db))
        db.commit()

        jobs.predict()

        assert the_ticket(db, ticket.id).prediction is None

    def test_each_ticket_is_predicted_once(self, db, using, champion) -> None:
        make_ticket(db, make_actor(db), subject=COVER.format(5))
        db.commit()

        jobs.predict()
        jobs.predict()

        assert len(db.scalars(select(PredictionRow)).all()) == 1

    def test_a_damaged_model_is_left_out(self, db, using, topics, tmp_path: Path) -> None:
        row = models.register(db, what="topic", name="topic-broken", folder=tmp_path, metrics={})
        models.promote(db, SYSTEM, row)
        ticket = make_ticket(db, make_actor(db))
        db.commit()

        jobs.predict()

        assert the_ticket(db, ticket.id).prediction is None


class TestCorrections:
    def test_what_an_agent_changed_is_kept(self, db, using, topics) -> None:
        agent = make_actor(db, Role.AGENT)
        ticket = make_ticket(db, make_actor(db), subject="About the levy")

        tickets.set_topic(db, agent, ticket, topics[1])
        db.flush()

        row = db.scalars(select(Correction).where(Correction.field == "topic")).one()
        assert (row.ticket_id, row.new, row.by_id) == (ticket.id, "meetings", agent.id)


def settle(db, using, topics, count: int) -> None:
    """Tickets that agents put under their topic, half of each."""
    agent = make_actor(db, Role.AGENT)
    requester = make_actor(db)
    for number in range(count):
        topic, text = (topics[0], COVER) if number % 2 else (topics[1], PANEL)
        ticket = make_ticket(db, requester, subject=text.format(number))
        tickets.set_topic(db, agent, ticket, topic)
    index_all(db, using)


def take_away(db, topics, count: int, subject: str) -> list[Ticket]:
    """Solved tickets whose topic an agent took away."""
    agent, requester = make_actor(db, Role.AGENT), make_actor(db)
    made = [make_ticket(db, requester, subject=subject.format(number)) for number in range(count)]
    for ticket in made:
        tickets.set_topic(db, agent, ticket, topics[0])
        tickets.set_topic(db, agent, ticket, None)
        tickets.solve(db, agent, ticket)
    return made


class TestTicketsThatNoTopicFits:
    def test_they_were_solved_after_an_agent_took_their_topic_away(self, db, using, topics) -> None:
        sorted_after_all, open_again, known = take_away(db, topics, 3, "Where is the canteen number {}")
        agent = make_actor(db, Role.AGENT)
        tickets.set_topic(db, agent, sorted_after_all, topics[1])
        tickets.reopen(db, agent, open_again)
        tickets.solve(db, agent, make_ticket(db, make_actor(db), subject="Nobody gave it a topic"))
        index_all(db, using)

        (found,) = predicting.strangers(db, using.model, 10)

        assert found.text.startswith(known.subject)
        assert not found.topic

    def test_those_of_before_the_last_ticket_that_teaches_are_a_lesson_too(self, db, using, topics) -> None:
        settle(db, using, topics, 20)
        rows = predicting.labelled(db, using.model, 100)
        others = [replace(rows[0], topic="", opened_at=row.opened_at) for row in rows]

        lesson = training.lesson_of(rows, predicting.TOPIC, others)

        assert lesson.strangers == others[:16]
        assert lesson.names == ["Credit-Cover", "Meetings"]


class TestAfterTheEncoderChanged:
    def learned_with(self, db, using, folder: Path, encoder: str) -> list[predicting.Foreseen]:
        manifest = Manifest(name=folder.name, parameters={"encoder": encoder})
        classifier(using).save(folder, manifest)
        models.promote(db, SYSTEM, models.register(db, what="topic", name=folder.name, folder=folder, metrics={}))
        ticket = make_ticket(db, make_actor(db), subject=COVER.format(99), body="Please say.")
        db.commit()
        return predicting.foresee(db, using, [ticket.id])

    def test_topics_that_were_learned_with_its_vectors_are_predicted(self, db, using, topics, tmp_path: Path) -> None:
        (foreseen,) = self.learned_with(db, using, tmp_path / "topic-1", using.model)

        assert foreseen.topic.label == "credit-cover"

    def test_those_of_the_one_before_say_nothing_of_others(self, db, using, topics, tmp_path: Path) -> None:
        assert self.learned_with(db, using, tmp_path / "topic-1", "the encoder before") == []


class TestTraining:
    @pytest.mark.slow  # learns from 110 tickets
    def test_a_first_model_is_measured_saved_and_used(self, db, using, topics, tmp_path: Path) -> None:
        settle(db, using, topics, 110)

        (trained,) = run.train(SYSTEM, using, tmp_path, [run.TRIAGE], say=lambda _: None)

        assert trained.is_promoted
        assert trained.metrics["accuracy"] == 1.0
        assert trained.metrics["measured_on"] == 22
        row = models.champion(db, "topic")
        assert row.name == trained.name
        assert TopicClassifier.load(Path(row.folder)).labels_.tolist() == ["credit-cover", "meetings"]

    def test_names_of_topics_and_tickets_of_none_teach_too(
        self, db, using, topics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(training, "FEWEST", 20)
        topics[1].name = "Giraffe keeping"
        take_away(db, topics, 10, "Where is the canteen and what does lunch cost number {}")
        settle(db, using, topics, 20)

        (challenger,) = training.learn(using, lambda _: None)

        challenger.save(tmp_path, Manifest(name="topic"))
        made = TopicClassifier.load(tmp_path)
        (named,) = made.predict(["giraffe keeping"], using.encoder.encode(["giraffe keeping"]))
        assert (named.label, named.probability > 0.9) == ("meetings", True)
        known, strange = (some(db, using.model, 100) for some in (predicting.labelled, predicting.strangers))
        likeness = [made.stranger_.likeness(np.stack([row.vector for row in rows])) for rows in (known, strange)]
        assert likeness[0].max() < 0 < likeness[1].min()

    @pytest.mark.slow  # learns from 110 tickets
    def test_one_that_is_no_better_is_kept_aside(self, db, using, champion, topics, tmp_path: Path) -> None:
        settle(db, using, topics, 110)

        (trained,) = run.train(SYSTEM, using, tmp_path, [run.TRIAGE], say=lambda _: None)

        assert not trained.is_promoted
        assert "not better beyond noise, +0.0000" in trained.verdict
        assert models.champion(db, "topic").name == "topic-1"

    def test_too_few_tickets_are_said_so(self, db, using, topics, tmp_path: Path) -> None:
        settle(db, using, topics, 4)

        said: list[str] = []
        assert run.train(SYSTEM, using, tmp_path, [run.TRIAGE], say=said.append) == []
        assert said == ["triage: Only 4 tickets have a settled topic; at least 100 are needed to learn from."]


class TestChangingModels:
    def test_a_promotion_can_be_rolled_back(self, db, champion, tmp_path: Path) -> None:
        better = models.register(db, what="topic", name="topic-2", folder=tmp_path / "topic-2", metrics={})
        models.promote(db, SYSTEM, better)
        assert models.champion(db, "topic").name == "topic-2"

        models.roll_back(db, SYSTEM, "topic")

        assert models.champion(db, "topic").name == "topic-1"
        assert better.state == ModelState.RETIRED

    def test_the_first_cannot_be_rolled_back(self, db, champion) -> None:
        with pytest.raises(NotFound):
            models.roll_back(db, SYSTEM, "topic")

    def test_the_one_in_use_cannot_be_promoted_again(self, db, champion) -> None:
        with pytest.raises(Conflict):
            models.promote(db, SYSTEM, champion)

    def test_a_name_that_is_unknown_is_said_so(self, db) -> None:
        with pytest.raises(NotFound, match="no model named x"):
            models.by_name(db, "x")


class TestTheQueueOfATopic:
    def test_topics_of_one_team_add_up(self, db, using, champion, topics) -> None:
        same = make_topic(db, "charges", queue=topics[0].queue)
        by_slug = {topic.slug: topic for topic in (*topics, same)}
        top3 = (("credit-cover", 0.5), ("charges", 0.3), ("meetings", 0.2))
        made = Prediction("credit-cover", 0.5, top3, is_unknown=False, reasons=())

        details = predicting._details(made, None, by_slug, "m")

        assert details["queue"]["probability"] == pytest.approx(0.8)
