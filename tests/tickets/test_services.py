"""Opening, answering, assigning, correcting, solving and reopening tickets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as people
from helpdesk.accounts.models import User
from helpdesk.kernel import clock, events, mail
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid
from helpdesk.kernel.models import AuditRow, JobRow
from helpdesk.kernel.policy import SYSTEM, VISITOR, Role
from helpdesk.tickets import counts, queries, queues, services
from helpdesk.tickets.enums import Audience, Channel, MessageKind, Priority, QueueSlug, Status
from helpdesk.tickets.events import TicketCorrected, TicketOpened
from helpdesk.tickets.models import Ticket
from tests.factories.accounts import make_actor, make_organisation, make_user
from tests.factories.tickets import make_queue, make_restricted_ticket, make_ticket, make_topic

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The events of a test, in order."""
    seen: list[Any] = []
    kinds = (TicketOpened, TicketCorrected, events.ContentChanged)
    monkeypatch.setattr(events, "_handlers", {kind: (lambda _db, event: seen.append(event),) for kind in kinds})
    return seen


def user(db: Session, actor_id: int | None) -> User:
    return db.get_one(User, actor_id)


def occasions(db: Session) -> list[str]:
    rows = db.scalars(select(JobRow).where(JobRow.name == "tickets.notify").order_by(JobRow.id))
    return [row.arguments["occasion"] for row in rows]


def assert_counts_are_right(db: Session) -> None:
    kept = counts.kept(db)
    counts.recount(db)
    assert counts.kept(db) == kept


class TestOpenTicket:
    def test_a_member_gets_a_reference_and_a_mail_and_follows(self, db: Session, published: list[Any]) -> None:
        member = make_actor(db)
        ticket = make_ticket(db, member, subject="  Which charge?  ")
        assert ticket.reference.startswith("SP-")
        assert ticket.subject == "Which charge?"
        assert ticket.status is Status.NEW
        assert ticket.requester_email == member.email
        assert ticket.category == member.category
        assert people.is_following(db, member, "ticket", ticket.id)
        assert occasions(db) == ["received"]
        assert TicketOpened(ticket.id) in published
        assert events.ContentChanged("ticket", (ticket.id,)) in published
        assert_counts_are_right(db)

    def test_references_and_index_numbers_never_repeat(self, db: Session) -> None:
        member = make_actor(db)
        first, second = make_ticket(db, member), make_ticket(db, member)
        assert first.reference != second.reference
        assert first.seq < second.seq

    def test_a_visitor_cannot_open_one(self, db: Session) -> None:
        with pytest.raises(Forbidden):
            make_ticket(db, VISITOR)

    @pytest.mark.parametrize(("subject", "body"), [("", "text"), ("subject", " \n "), ("x" * 201, "text")])
    def test_missing_or_endless_text_is_refused(self, db: Session, subject: str, body: str) -> None:
        with pytest.raises(Invalid):
            make_ticket(db, make_actor(db), subject=subject, body=body)

    def test_colleagues_are_offered_it_only_where_the_organisation_shares(self, db: Session) -> None:
        sharing = make_actor(db, organisation=make_organisation(db, shares_tickets=True))
        alone = make_actor(db, organisation=make_organisation(db, shares_tickets=False))
        assert make_ticket(db, sharing, audience="organisation").audience is Audience.ORGANISATION
        assert make_ticket(db, alone, audience="organisation").audience is Audience.HELPDESK

    def test_a_topic_brings_its_team_and_priority(self, db: Session) -> None:
        topic = make_topic(db, queue=make_queue(db, "finance"), default_priority=Priority.LOW)
        ticket = make_ticket(db, make_actor(db), topic=topic.slug)
        assert (ticket.queue.slug, ticket.priority) == ("finance", Priority.LOW)

    def test_a_topic_alone_leads_to_no_restricted_queue(self, db: Session) -> None:
        topic = make_topic(db, queue=make_queue(db, is_restricted=True))
        assert make_ticket(db, make_actor(db), topic=topic.slug).queue.slug == QueueSlug.DEFAULT

    def test_staff_open_one_for_a_caller_without_an_account(self, db: Session) -> None:
        agent, organisation = make_actor(db, Role.AGENT), make_organisation(db)
        ticket = make_ticket(
            db,
            agent,
            requester_name="A. Caller",
            requester_email="Caller@Example.com",
            organisation_id=organisation.id,
            channel="phone",
        )
        assert ticket.requester_id is None
        assert (ticket.requester_name, ticket.requester_email) == ("A. Caller", "caller@example.com")
        assert ticket.category == organisation.category
        assert ticket.channel is Channel.PHONE

    def test_an_address_that_has_an_account_finds_it(self, db: Session) -> None:
        caller = make_user(db)
        ticket = make_ticket(db, make_actor(db, Role.AGENT), requester_name="X", requester_email=caller.email)
        assert ticket.requester_id == caller.id

    def test_a_member_cannot_ask_in_somebody_elses_name(self, db: Session) -> None:
        with pytest.raises(Forbidden):
            make_ticket(db, make_actor(db), requester_id=make_user(db).id)

    def test_the_program_must_say_who_asks(self, db: Session) -> None:
        with pytest.raises(Invalid):
            make_ticket(db, SYSTEM)

    def test_silent_work_promises_no_mail(self, db: Session) -> None:
        with mail.silent():
            make_ticket(db, make_actor(db))
        assert occasions(db) == []


class TestRules:
    def test_a_restricted_matter_leaves_the_chosen_audience_and_queue(self, db: Session) -> None:
        member = make_actor(db, organisation=make_organisation(db, shares_tickets=True))
        topic = make_topic(db, queue=make_queue(db, "finance"))
        ticket = make_restricted_ticket(db, member, audience="organisation", topic=topic.slug)
        assert ticket.queue.slug == QueueSlug.SECURITY_INCIDENTS
        assert ticket.queue.is_restricted
        assert ticket.audience is Audience.HELPDESK
        assert ticket.priority is Priority.URGENT
        assert ticket.rule == "security_incident"

    def test_it_is_written_to_the_audit_log(self, db: Session) -> None:
        ticket = make_restricted_ticket(db, make_actor(db))
        row = db.scalars(select(AuditRow).where(AuditRow.action == "ticket.routed_by_rule")).one()
        assert (row.subject_id, row.details["rule"]) == (ticket.id, "security_incident")

    def test_a_dcc_incident_stays_with_party_support(self, db: Session) -> None:
        ticket = make_ticket(db, make_actor(db), subject="The DCC is down")
        assert (ticket.queue.slug, ticket.rule) == (QueueSlug.DEFAULT, "dcc_incident")
        assert ticket.priority is Priority.HIGH

    def test_the_index_forgets_a_restricted_ticket(self, db: Session) -> None:
        ticket = make_restricted_ticket(db, make_actor(db))
        (document,) = queries.documents(db, ids=[ticket.id])
        assert document.is_deleted
        assert not document.title
        assert not document.body


class TestReply:
    def test_the_first_reply_of_staff_opens_it_and_stops_the_clock(self, db: Session) -> None:
        ticket = make_ticket(db, make_actor(db), at=MONDAY)
        agent = make_actor(db, Role.AGENT)
        services.note(db, agent, ticket, "Checking.", MONDAY + timedelta(minutes=5))
        assert ticket.first_response_at is None
        message = services.reply(db, agent, ticket, "By direct debit.", MONDAY + timedelta(minutes=90))
        services.reply(db, agent, ticket, "Or by transfer.", MONDAY + timedelta(days=1))
        assert message.kind is MessageKind.REPLY
        assert ticket.status is Status.OPEN
        assert ticket.first_response_minutes == 90
        assert ticket.last_message_at == MONDAY + timedelta(days=1)

    @pytest.mark.parametrize("status", [Status.WAITING_REQUESTER, Status.WAITING_THIRD_PARTY, Status.SOLVED])
    def test_staff_send_a_status_with_it(self, db: Session, status: Status) -> None:
        ticket = make_ticket(db, make_actor(db))
        services.reply(db, make_actor(db, Role.AGENT), ticket, "Here.", status=status)
        assert ticket.status is status
        assert_counts_are_right(db)

    def test_an_answer_of_the_requester_ends_the_waiting(self, db: Session) -> None:
        member = make_actor(db)
        ticket = make_ticket(db, member)
        services.reply(db, make_actor(db, Role.AGENT), ticket, "Which?", status=Status.WAITING_REQUESTER)
        message = services.reply(db, member, ticket, "The second.")
        assert message.kind is MessageKind.MESSAGE
        assert ticket.status is Status.OPEN

    def test_a_requester_cannot_send_a_status(self, db: Session) -> None:
        member = make_actor(db)
        ticket = make_ticket(db, member)
        services.reply(db, member, ticket, "More.", status=Status.CLOSED)
        assert ticket.status is Status.NEW

    def test_a_message_on_a_solved_ticket_reopens_it(self, db: Session) -> None:
        member, agent = make_actor(db), make_actor(db, Role.AGENT)
        ticket = make_ticket(db, member)
        services.solve(db, agent, ticket)
        services.reply(db, agent, ticket, "Something to add.")
        assert ticket.status is Status.SOLVED
        services.reply(db, member, ticket, "It is not solved.")
        assert ticket.status is Status.OPEN
        assert ticket.reopen_count == 1
        assert ticket.solved_at is None

    def test_a_closed_ticket_takes_no_message(self, db: Session) -> None:
        member = make_actor(db)
        ticket = make_ticket(db, member)
        services.set_status(db, make_actor(db, Role.AGENT), ticket, Status.CLOSED)
        with pytest.raises(Conflict):
            services.reply(db, member, ticket, "One more thing.")

    def test_a_newer_message_of_another_holds_it_back(self, db: Session) -> None:
        member, agent = make_actor(db), make_actor(db, Role.AGENT)
        ticket = make_ticket(db, member)
        (first,) = queries.messages(db, ticket, with_notes=True)
        second = services.reply(db, member, ticket, "I found it myself.")
        with pytest.raises(Conflict):
            services.reply(db, agent, ticket, "It is here.", seen=first.id)
        services.reply(db, agent, ticket, "Good.", seen=second.id)
        services.reply(db, agent, ticket, "And thank you.", seen=second.id)

    def test_a_note_holds_back_staff_but_not_the_requester(self, db: Session) -> None:
        member = make_actor(db)
        ticket = make_ticket(db, member)
        (first,) = queries.messages(db, ticket, with_notes=True)
        services.note(db, make_actor(db, Role.AGENT), ticket, "I take this one.")
        services.reply(db, member, ticket, "Thank you.", seen=first.id)
        with pytest.raises(Conflict):
            services.reply(db, make_actor(db, Role.AGENT), ticket, "Here.", seen=first.id)

    def test_strangers_cannot_write(self, db: Session) -> None:
        ticket = make_ticket(db, make_actor(db))
        with pytest.raises(Forbidden):
            services.reply(db, make_actor(db), ticket, "Me too.")


class TestNote:
    def test_nobody_is_mailed_and_no_requester_reads_it(self, db: Session) -> None:
        member = make_actor(db)
        ticket = make_ticket(db, member)
        services.note(db, make_actor(db, Role.AGENT), ticket, "Secret thoughts.")
        assert occasions(db) == ["received"]
        assert len(queries.messages(db, ticket, with_notes=False)) == 1
        (document,) = queries.documents(db, ids=[ticket.id])
        assert "Secret" not in document.body
        (card,) = queries.cards(db, member, [ticket.id])
        assert "Secret" not in card.excerpt

    def test_a_requester_cannot_write_one(self, db: Session) -> None:
        member = make_actor(db)
        with pytest.raises(Forbidden):
            services.note(db, member, make_ticket(db, member), "Mine.")


class TestAssign:
    def test_the_agent_is_told_and_counted(self, db: Session) -> None:
        ticket, lead, agent = make_ticket(db, make_actor(db)), make_actor(db, Role.LEAD), make_actor(db, Role.AGENT)
        services.assign(db, lead, ticket, user(db, agent.id))
        assert ticket.agent_id == agent.id
        assert occasions(db)[-1] == "assigned"
        assert queries.counts(db, agent, queries.queues(db, agent)).mine == 1
        services.assign(db, lead, ticket, None)
        assert queries.counts(db, agent, queries.queues(db, agent)).mine == 0
        assert_counts_are_right(db)

    def test_a_restricted_ticket_goes_to_its_members_only(self, db: Session) -> None:
        ticket = make_restricted_ticket(db, make_actor(db))
        member, other = make_actor(db, Role.AGENT), make_actor(db, Role.ADMIN)
        queues.add_member(db, SYSTEM, ticket.queue, user(db, member.id))
        ticket = queries.get(db, member, ticket.id)
        with pytest.raises(Forbidden):
            services.assign(db, member, ticket, user(db, other.id))
        services.assign(db, member, ticket, user(db, member.id))
        assert ticket.agent_id == member.id

    def test_a_party_member_is_no_agent(self, db: Session) -> None:
        member = make_actor(db)
        ticket = make_ticket(db, member)
        with pytest.raises(Forbidden):
            services.assign(db, make_actor(db, Role.AGENT), ticket, user(db, member.id))


class TestCorrect:
    def test_each_difference_is_kept_for_learning_and_in_the_history(self, db: Session, published: list[Any]) -> None:
        ticket, agent = make_ticket(db, make_actor(db)), make_actor(db, Role.AGENT)
        topic, queue = make_topic(db, "charges"), make_queue(db, "finance")
        services.correct(db, agent, ticket, topic=topic, priority=Priority.HIGH, queue=queue)
        services.correct(db, agent, ticket, topic=topic, priority=Priority.HIGH, queue=queue)
        corrections = [event for event in published if isinstance(event, TicketCorrected)]
        assert [(event.field, event.old, event.new) for event in corrections] == [
            ("topic", "", "charges"),
            ("priority", "normal", "high"),
            ("queue", "party-support", "finance"),
        ]
        assert [row.field for row in queries.changes(db, ticket)] == ["topic", "priority", "queue"]
        assert_counts_are_right(db)

    def test_a_restricted_team_takes_it_from_colleagues_and_from_its_agent(self, db: Session) -> None:
        organisation = make_organisation(db, shares_tickets=True)
        member, colleague = make_actor(db, organisation=organisation), make_actor(db, organisation=organisation)
        agent = make_actor(db, Role.AGENT)
        ticket = make_ticket(db, member, audience="organisation")
        services.assign(db, agent, ticket, user(db, agent.id))
        services.set_queue(db, agent, ticket, make_queue(db, is_restricted=True))
        assert ticket.agent_id is None
        db.flush()
        assert not queries.can_read(db, colleague, ticket)
        assert not queries.can_read(db, agent, ticket)
        assert queries.can_read(db, member, ticket)


class TestSolve:
    def test_working_time_is_measured(self, db: Session) -> None:
        ticket = make_ticket(db, make_actor(db), at=MONDAY)
        services.solve(db, make_actor(db, Role.AGENT), ticket, MONDAY + timedelta(days=1))
        assert ticket.resolution_minutes == 480
        assert ticket.solved_at == MONDAY + timedelta(days=1)
        assert occasions(db)[-1] == "solved"

    def test_what_another_process_solved_is_not_solved_again(self, db: Session) -> None:
        ticket = make_ticket(db, make_actor(db))
        elsewhere = update(Ticket).where(Ticket.id == ticket.id).values(status=Status.SOLVED)
        db.execute(elsewhere.execution_options(synchronize_session=False))
        with pytest.raises(Conflict, match="while you were looking"):
            services.solve(db, make_actor(db, Role.AGENT), ticket)

    def test_twice_is_a_conflict(self, db: Session) -> None:
        member = make_actor(db)
        ticket = make_ticket(db, member)
        services.solve(db, member, ticket)
        with pytest.raises(Conflict):
            services.solve(db, make_actor(db, Role.AGENT), ticket)

    def test_closing_solves_first(self, db: Session) -> None:
        ticket = make_ticket(db, make_actor(db))
        services.set_status(db, make_actor(db, Role.AGENT), ticket, Status.CLOSED)
        assert ticket.status is Status.CLOSED
        assert ticket.solved_at is not None
        assert_counts_are_right(db)


class TestReopen:
    def test_its_agent_is_told(self, db: Session) -> None:
        member, agent = make_actor(db), make_actor(db, Role.AGENT)
        ticket = make_ticket(db, member)
        services.solve(db, agent, ticket)
        services.reopen(db, member, ticket)
        assert ticket.status is Status.OPEN
        assert ticket.resolution_minutes is None
        assert occasions(db)[-1] == "reopened"

    def test_an_open_one_cannot_be(self, db: Session) -> None:
        member = make_actor(db)
        with pytest.raises(Conflict):
            services.reopen(db, member, make_ticket(db, member))


def prediction(topic: str, queue: str, **fields: Any) -> dict[str, Any]:
    return {
        "topic": {"slug": topic, "name": topic, "probability": 0.9},
        "priority": {"slug": "high", "name": "High", "probability": 0.8},
        "queue": {"slug": queue, "name": queue, "probability": 0.9},
        "reasons": ["one", "two", "three"],
        "is_unsure": False,
        "model": "test",
        **fields,
    }


class TestApplyPrediction:
    def test_a_sure_one_fills_in_what_nobody_chose(self, db: Session) -> None:
        topic = make_topic(db, queue=make_queue(db, "finance"))
        ticket = make_ticket(db, make_actor(db))
        services.apply_prediction(db, ticket.id, prediction(topic.slug, "finance"))
        assert (ticket.topic_id, ticket.queue.slug, ticket.priority) == (topic.id, "finance", Priority.HIGH)
        assert_counts_are_right(db)

    def test_an_unsure_one_is_only_shown(self, db: Session) -> None:
        topic = make_topic(db, queue=make_queue(db, "finance"))
        ticket = make_ticket(db, make_actor(db))
        services.apply_prediction(db, ticket.id, prediction(topic.slug, "finance", is_unsure=True))
        assert ticket.is_unsure
        assert ticket.topic_id is None
        assert ticket.queue.slug == QueueSlug.DEFAULT

    def test_a_person_and_a_rule_stand_above_it(self, db: Session) -> None:
        topic, agent = make_topic(db, queue=make_queue(db, "finance")), make_actor(db, Role.AGENT)
        corrected, ruled = make_ticket(db, make_actor(db)), make_restricted_ticket(db, make_actor(db))
        services.set_priority(db, agent, corrected, Priority.LOW)
        for ticket in (corrected, ruled):
            services.apply_prediction(db, ticket.id, prediction(topic.slug, "finance"))
        assert corrected.priority is Priority.LOW
        assert ruled.queue.slug == QueueSlug.SECURITY_INCIDENTS

    def test_it_never_fills_a_restricted_queue(self, db: Session) -> None:
        topic = make_topic(db)
        make_queue(db, "closed-team", is_restricted=True)
        ticket = make_ticket(db, make_actor(db))
        services.apply_prediction(db, ticket.id, prediction(topic.slug, "closed-team"))
        assert ticket.queue.slug == QueueSlug.DEFAULT

    def test_a_ticket_that_is_gone_is_no_error(self, db: Session) -> None:
        services.apply_prediction(db, 10**9, prediction("x", "y"))


class TestFirstSeen:
    def test_a_ticket_without_a_time_is_of_now(self, db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now", lambda: MONDAY)
        ticket: Ticket = make_ticket(db, make_actor(db))
        assert ticket.opened_at == MONDAY


class TestRulesOnLaterMessages:
    def test_an_incident_reported_in_a_reply_moves_the_ticket_to_its_restricted_queue(self, db: Session):
        requester = make_actor(db)
        ticket = make_ticket(db, requester, audience="organisation")
        services.reply(db, requester, ticket, "Our private key was compromised last night and somebody used it.")
        assert ticket.queue.slug == "security-incidents"
        assert ticket.queue.is_restricted
        assert ticket.audience == "helpdesk"
        assert ticket.rule == "security_incident"

    def test_an_ordinary_reply_leaves_it_where_it_is(self, db: Session):
        requester = make_actor(db)
        ticket = make_ticket(db, requester)
        before = ticket.queue_id
        services.reply(db, requester, ticket, "Thank you, how do we book the assessment?")
        assert ticket.queue_id == before
