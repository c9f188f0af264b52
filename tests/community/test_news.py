"""Mail to followers."""

from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import services as accounts
from helpdesk.accounts.enums import Notice
from helpdesk.community import jobs as community_jobs
from helpdesk.community import moderation, services
from helpdesk.kernel import jobs, mail
from helpdesk.kernel.models import JobRow, OutboxRow
from helpdesk.kernel.policy import Role
from tests.factories.accounts import make_actor
from tests.factories.community import make_answer, make_question


def outbox(db: Session) -> list[OutboxRow]:
    """What the waiting jobs promised and rendered."""
    db.commit()
    jobs.run_waiting()
    db.expire_all()
    assert db.scalars(select(JobRow.error).where(JobRow.name.startswith("community."), JobRow.error != "")).all() == []
    return list(db.scalars(select(OutboxRow).where(OutboxRow.template == "community/news").order_by(OutboxRow.id)))


def without_triage(app: Flask, monkeypatch: Any) -> None:
    """Only the community's and the mail's jobs run here."""
    kept = {name: job for name, job in jobs._jobs.items() if name.startswith(("community.", "kernel.mail"))}
    monkeypatch.setattr(jobs, "_jobs", {**dict.fromkeys(jobs._jobs, lambda **_arguments: None), **kept})


class TestTellOfAnswer:
    def test_asker_and_followers_hear_and_its_author_does_not(self, app: Flask, db: Session, monkeypatch: Any) -> None:
        without_triage(app, monkeypatch)
        asker, follower, helper = make_actor(db), make_actor(db), make_actor(db, name="Ada")
        question = make_question(db, asker, title="Who pays?")
        services.follow(db, follower, question)
        answer = make_answer(db, question, helper, body="The **Party** pays.")
        rows = outbox(db)
        assert {row.to_address for row in rows} == {asker.email, follower.email}
        assert rows[0].subject == "New answer: Who pays?"
        for text in (rows[0].text, rows[0].html):
            assert f"{question.path}#answer-{answer.id}" in text
            assert "The Party pays." in text
            assert "because you follow this question" in text
            assert f"{question.path}#follow" in text

    def test_who_stopped_or_switched_it_off_hears_nothing(self, app: Flask, db: Session, monkeypatch: Any) -> None:
        without_triage(app, monkeypatch)
        asker, follower = make_actor(db), make_actor(db)
        question = make_question(db, asker)
        services.follow(db, follower, question)
        accounts.set_notifications(db, follower, {Notice.QUESTION_ANSWER: False})
        services.unfollow(db, asker, question)
        make_answer(db, question)
        assert outbox(db) == []

    def test_who_may_not_see_it_any_more_hears_nothing(self, app: Flask, db: Session, monkeypatch: Any) -> None:
        without_triage(app, monkeypatch)
        agent = make_actor(db, Role.AGENT)
        question = make_question(db)
        services.follow(db, agent, question)
        make_answer(db, question)
        moderation.hide(db, make_actor(db, Role.LEAD), question)
        assert [row.to_address for row in outbox(db)] == [agent.email]

    def test_a_job_that_runs_twice_mails_once(self, app: Flask, db: Session, monkeypatch: Any) -> None:
        without_triage(app, monkeypatch)
        question = make_question(db)
        answer = make_answer(db, question)
        before = len(outbox(db))
        community_jobs.notify_answer(question.id, answer.id)
        assert len(outbox(db)) == before == 1

    def test_silent_work_promises_nothing(self, app: Flask, db: Session, monkeypatch: Any) -> None:
        without_triage(app, monkeypatch)
        with mail.silent():
            asker = make_actor(db)
            question = make_question(db, asker)
            answer = make_answer(db, question)
            services.comment(db, make_actor(db), question, "Hm.")
            services.accept(db, asker, question, answer)
        assert outbox(db) == []

    def test_a_hidden_comment_is_not_mailed(self, app: Flask, db: Session, monkeypatch: Any) -> None:
        without_triage(app, monkeypatch)
        question = make_question(db)
        remark = services.comment(db, make_actor(db), question, "Rude.")
        moderation.set_comment_hidden(db, make_actor(db, Role.AGENT), question, remark, is_hidden=True)
        assert outbox(db) == []

    def test_a_hidden_answer_is_not_mailed(self, app: Flask, db: Session, monkeypatch: Any) -> None:
        without_triage(app, monkeypatch)
        question = make_question(db)
        answer = make_answer(db, question)
        moderation.set_answer_hidden(db, make_actor(db, Role.AGENT), question, answer, is_hidden=True)
        assert outbox(db) == []


class TestOtherNews:
    def test_a_comment_and_what_is_accepted_are_told(self, app: Flask, db: Session, monkeypatch: Any) -> None:
        without_triage(app, monkeypatch)
        asker, helper = make_actor(db), make_actor(db)
        question = make_question(db, asker)
        with mail.silent():
            answer = make_answer(db, question, helper)
        remark = services.comment(db, helper, question, "See H1.10.")
        services.accept(db, asker, question, answer)
        rows = outbox(db)
        assert [(row.to_address, row.context["headline"]) for row in rows] == [
            (asker.email, "New comment"),
            (helper.email, "Answer accepted"),
        ]
        assert f"#comment-{remark.id}" in rows[0].text

    def test_an_acceptance_that_was_taken_back_is_not_told(self, app: Flask, db: Session, monkeypatch: Any) -> None:
        without_triage(app, monkeypatch)
        asker = make_actor(db)
        question = make_question(db, asker)
        with mail.silent():
            answer = make_answer(db, question)
        services.accept(db, asker, question, answer)
        services.unaccept(db, asker, question)
        assert outbox(db) == []
