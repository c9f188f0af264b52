"""Who is mailed about a ticket, and what the mails say."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import services as accounts
from helpdesk.accounts.enums import Notice, UserState
from helpdesk.accounts.models import Organisation, User
from helpdesk.kernel import jobs
from helpdesk.kernel.models import JobRow, OutboxRow
from helpdesk.kernel.policy import Actor, Role
from helpdesk.tickets import jobs as ticket_jobs
from helpdesk.tickets import queries, services
from helpdesk.tickets.enums import Audience, Status
from helpdesk.tickets.models import Ticket
from helpdesk.triage import engine
from tests.factories.accounts import as_actor, make_organisation, make_user
from tests.factories.tickets import make_restricted_ticket, make_ticket
from tests.factories.triage import make_engine


@pytest.fixture
def member(db: Session) -> Actor:
    return as_actor(make_user(db, organisation=make_organisation(db, shares_tickets=True), email="member@example.com"))


@pytest.fixture
def agent(db: Session) -> Actor:
    return as_actor(make_user(db, Role.AGENT, email="agent@example.com", name="Ada Agent"))


def mails(app: Flask, db: Session) -> list[OutboxRow]:
    """Run what waits, as the worker does, and return the messages that were made since the last call."""
    db.commit()
    before = set(db.scalars(select(OutboxRow.id)))
    make_engine(db)  # or the jobs of the indexes would load the real encoder
    with app.app_context():
        jobs.run_waiting()
        jobs.run_waiting()
    engine.use(None)
    return [row for row in db.scalars(select(OutboxRow).order_by(OutboxRow.id)) if row.id not in before]


def told(app: Flask, db: Session) -> list[tuple[str, str]]:
    return [(row.template, row.to_address) for row in mails(app, db)]


def assigned(db: Session, ticket: Ticket, agent: Actor) -> None:
    services.assign(db, agent, ticket, db.get_one(User, agent.id))


class TestWhoIsTold:
    def test_each_occasion_reaches_its_people(self, app: Flask, db: Session, member: Actor, agent: Actor) -> None:
        ticket = make_ticket(db, member)
        assert told(app, db) == [("tickets/received", "member@example.com")]
        assigned(db, ticket, agent)
        services.note(db, agent, ticket, "Between ourselves")
        assert told(app, db) == []
        services.reply(db, agent, ticket, "The answer")
        assert told(app, db) == [("tickets/reply", "member@example.com")]
        services.reply(db, member, ticket, "Thank you")
        assert told(app, db) == [("tickets/message", "agent@example.com")]
        services.solve(db, agent, ticket)
        assert told(app, db) == [("tickets/solved", "member@example.com")]
        services.reopen(db, member, ticket)
        assert told(app, db) == [("tickets/reopened", "agent@example.com")]

    def test_a_reply_that_solves_is_one_mail(self, app: Flask, db: Session, member: Actor, agent: Actor) -> None:
        ticket = make_ticket(db, member)
        mails(app, db)
        services.reply(db, agent, ticket, "The answer", status=Status.SOLVED)
        (mail,) = mails(app, db)
        assert (mail.template, mail.to_address) == ("tickets/reply", "member@example.com")
        assert "takes it to be solved" in mail.text
        assert "takes it to be solved" in mail.html

    def test_who_wants_no_replies_still_hears_that_it_is_solved(
        self, app: Flask, db: Session, member: Actor, agent: Actor
    ) -> None:
        ticket = make_ticket(db, member)
        accounts.set_notifications(db, member, {Notice.TICKET_REPLY: False})
        mails(app, db)
        services.reply(db, agent, ticket, "The answer", status=Status.SOLVED)
        assert told(app, db) == [("tickets/solved", "member@example.com")]

    def test_an_agent_hears_what_another_assigned(self, app: Flask, db: Session, member: Actor, agent: Actor) -> None:
        ticket = make_ticket(db, member)
        lead = as_actor(make_user(db, Role.LEAD))
        mails(app, db)
        services.assign(db, lead, ticket, db.get_one(User, agent.id))
        assert told(app, db) == [("tickets/assigned", "agent@example.com")]

    def test_a_caller_without_an_account_hears_of_replies(self, app: Flask, db: Session, agent: Actor) -> None:
        ticket = make_ticket(db, agent, requester_name="A. Caller", requester_email="caller@example.com")
        services.reply(db, agent, ticket, "The answer")
        sent = mails(app, db)
        assert [row.to_address for row in sent] == ["caller@example.com"] * 2
        assert all("/tickets/" not in row.text for row in sent)

    def test_a_follower_hears_only_while_they_may_read_it(
        self, app: Flask, db: Session, member: Actor, agent: Actor
    ) -> None:
        shared = db.get_one(Organisation, member.organisation_id)
        colleague = as_actor(make_user(db, organisation=shared, email="colleague@example.com"))
        ticket = make_ticket(db, member, audience="organisation")
        accounts.follow(db, colleague, "ticket", ticket.id)
        mails(app, db)
        services.reply(db, agent, ticket, "One")
        assert ("tickets/reply", "colleague@example.com") in told(app, db)
        ticket = queries.get(db, agent, ticket.id)
        ticket.audience = Audience.HELPDESK
        services.reply(db, agent, ticket, "Two")
        assert told(app, db) == [("tickets/reply", "member@example.com")]

    def test_who_chose_silence_hears_nothing(self, app: Flask, db: Session, member: Actor, agent: Actor) -> None:
        ticket = make_ticket(db, member)
        accounts.set_notifications(db, member, {Notice.TICKET_REPLY: False})
        mails(app, db)
        services.reply(db, agent, ticket, "The answer")
        assert told(app, db) == []

    @pytest.mark.parametrize("change", [{"state": UserState.DISABLED}, {"role": Role.MEMBER}])
    def test_an_agent_who_left_hears_nothing(
        self, app: Flask, db: Session, member: Actor, agent: Actor, change: dict[str, Any]
    ) -> None:
        ticket = make_ticket(db, member)
        assigned(db, ticket, agent)
        mails(app, db)
        for field, value in change.items():
            setattr(db.get_one(User, agent.id), field, value)
        services.reply(db, member, ticket, "Between us")
        assert told(app, db) == []

    def test_a_job_that_runs_twice_mails_once(self, app: Flask, db: Session, member: Actor, agent: Actor) -> None:
        ticket = make_ticket(db, member)
        mails(app, db)
        services.reply(db, agent, ticket, "The answer")
        db.commit()
        arguments = db.scalars(
            select(JobRow.arguments).where(JobRow.name == "tickets.notify", JobRow.state == "waiting")
        ).one()
        ticket_jobs.notify(**arguments)
        ticket_jobs.notify(**arguments)
        assert db.scalar(select(func.count()).where(OutboxRow.template == "tickets/reply")) == 1


class TestWhatTheySay:
    def one(self, app: Flask, db: Session) -> Any:
        (row,) = mails(app, db)
        return row

    def test_the_confirmation(self, app: Flask, db: Session, member: Actor) -> None:
        ticket = make_ticket(db, member, subject="What is <b>J1</b>?")
        row = self.one(app, db)
        assert row.subject == f"[{ticket.reference}] We have received your enquiry"
        assert "You hear from us by" in row.text
        assert f"http://127.0.0.1:8000/tickets/{ticket.reference}" in row.text
        assert "What is <b>J1</b>?" in row.text
        assert "<b>J1</b>" not in row.html

    def test_a_dcc_incident_is_handed_over(self, app: Flask, db: Session, member: Actor) -> None:
        make_ticket(db, member, subject="The DCC is down")
        assert "H8.19" in self.one(app, db).text

    def test_a_reply_in_full(self, app: Flask, db: Session, member: Actor, agent: Actor) -> None:
        ticket = make_ticket(db, member)
        mails(app, db)
        services.reply(db, agent, ticket, "Pay by **transfer**.")
        row = self.one(app, db)
        assert row.text.startswith(f"Ada Agent of the helpdesk has replied to {ticket.reference}.\n\nPay by transfer.")
        assert "<strong>transfer</strong>" in row.html

    def test_a_restricted_tickets_words_stay_here(self, app: Flask, db: Session, member: Actor) -> None:
        make_restricted_ticket(db, member, body="Key number 123456")
        row = self.one(app, db)
        for part in (row.subject, row.text, row.html):
            assert "private key" not in part
            assert "123456" not in part
