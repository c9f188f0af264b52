"""The demonstration is complete, marked, silent and safe to repeat; restricted matters stay restricted in it."""

from collections import Counter

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.models import Organisation, User, VotingGroup
from helpdesk.community.models import Answer, Comment, Question, Vote
from helpdesk.demo import texts
from helpdesk.demo.enquiries import generate
from helpdesk.kernel import options
from helpdesk.kernel.db import Base
from helpdesk.kernel.models import JobRow, OutboxRow
from helpdesk.kernel.policy import Role
from helpdesk.knowledge.models import Article, PublishedAnswer
from helpdesk.rulebook.models import Clause, GlossaryTerm
from helpdesk.tickets import queries as tickets
from helpdesk.tickets import routing
from helpdesk.tickets.enums import QueueSlug, Status
from helpdesk.tickets.models import Message, Queue, Ticket
from helpdesk.triage.enums import Outcome
from helpdesk.triage.models import Attempt, Embedding, SearchText
from tests.demo.conftest import ENQUIRIES, Demonstration


def count(db: Session, table: type[Base]) -> int:
    return db.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.slow
class TestWhatIsLoaded:
    def test_the_published_numbers_of_parties_groups_and_people(self, demonstration: Demonstration):
        db = demonstration.db

        assert (count(db, Organisation), count(db, VotingGroup), count(db, User)) == (333, 263, 709)

    def test_all_content_that_ships(self, demonstration: Demonstration):
        db = demonstration.db

        assert count(db, Clause) == len(texts.code_entries())
        assert count(db, GlossaryTerm) == 131
        assert count(db, PublishedAnswer) == 140
        assert count(db, Article) == 46
        assert count(db, Question) >= len(texts.community())
        assert count(db, Answer) > 66 < count(db, Vote)
        assert count(db, Comment) > 0

    def test_every_enquiry_that_has_come_by_now(self, demonstration: Demonstration):
        db, the_plan = demonstration.db, demonstration.plan
        come = [one for one in generate(ENQUIRIES, 1, the_plan.start) if one.opened_at <= the_plan.now]
        asked = [one for one in come if one.kind == "question"]

        assert count(db, Ticket) == len(come) - len(asked) > 40
        assert count(db, Question) == len(texts.community()) + len(asked)

    def test_the_sign_in_page_has_an_account_for_every_role(self, demonstration: Demonstration):
        ready = accounts.ready_accounts(demonstration.db)

        assert {user.role for user in ready} == set(Role) - {Role.VISITOR}
        assert all(user.password_hash is None for user in ready)

    def test_tickets_are_answered_and_solved_in_working_time(self, demonstration: Demonstration):
        solved = demonstration.db.scalars(select(Ticket).where(Ticket.status == Status.SOLVED)).all()

        assert len(solved) > 30
        assert all(one.agent_id and one.first_response_minutes is not None for one in solved)
        assert all(one.first_response_minutes <= one.resolution_minutes for one in solved)

    def test_nothing_is_later_than_the_present_moment(self, demonstration: Demonstration):
        columns = (Ticket.opened_at, Ticket.solved_at, Ticket.updated_at, Message.created_at)
        columns += (Question.created_at, Answer.created_at, PublishedAnswer.published_at, Attempt.started_at)
        latest = [demonstration.db.scalar(select(func.max(column))) for column in columns]

        assert all(moment <= demonstration.plan.now for moment in latest)

    def test_everything_is_in_the_indexes(self, demonstration: Demonstration):
        db = demonstration.db
        kinds = Counter(db.scalars(select(SearchText.kind).where(SearchText.is_deleted.is_(False))))
        embedded = set(db.scalars(select(Embedding.kind)))

        assert (kinds["answer"], kinds["article"], kinds["clause"]) == (140, 46, len(texts.code_entries()))
        assert embedded == set(kinds) == {"answer", "article", "clause", "question", "ticket"}

    def test_attempts_end_in_all_ways_and_are_their_askers_own(self, demonstration: Demonstration):
        db = demonstration.db
        attempts = db.scalars(select(Attempt)).all()
        requesters = {ticket.id: ticket.requester_id for ticket in db.scalars(select(Ticket))}

        assert {Outcome.TICKET, Outcome.OPEN} <= {one.outcome for one in attempts}
        assert all(requesters[one.ticket_id] == one.user_id for one in attempts if one.ticket_id)

    def test_too_few_enquiries_train_no_model_and_it_is_said(self, demonstration: Demonstration):
        assert [line for line in demonstration.lines if "needed to learn from" in line]


@pytest.mark.slow
class TestMarks:
    def test_the_site_says_that_it_is_a_demonstration(self, demonstration: Demonstration):
        assert options.read(demonstration.db, "is_demonstration") is True

    def test_every_person_ticket_and_question_is_marked_as_generated(self, demonstration: Demonstration):
        db = demonstration.db

        for table in (User, Ticket, Question):
            assert not db.scalars(select(table.id).where(~table.is_generated)).all()

    def test_every_clause_is_marked_as_demonstration_text(self, demonstration: Demonstration):
        assert not demonstration.db.scalars(select(Clause.id).where(~Clause.is_demonstration)).all()


@pytest.mark.slow
class TestRestrictedMatters:
    def test_every_report_lies_in_a_restricted_queue(self, demonstration: Demonstration):
        db, the_plan = demonstration.db, demonstration.plan
        reports = {
            str(one.number)
            for one in generate(ENQUIRIES, 1, the_plan.start)
            if one.rule and routing.by_name(one.rule).queue and one.replied_at and one.replied_at <= the_plan.now
        }
        found = db.scalars(select(Ticket).where(Ticket.source_id.in_(reports)).options(joinedload(Ticket.queue))).all()

        assert len(found) == len(reports) > 0
        assert all(ticket.queue.is_restricted for ticket in found)

    def test_only_named_members_read_them(self, demonstration: Demonstration):
        db = demonstration.db
        restricted = set(db.scalars(select(Ticket.id).join(Queue).where(Queue.is_restricted)))
        by_name = {user.name: accounts.actor_of(user, user.organisation) for user in accounts.ready_accounts(db)}

        def readable(name: str) -> set[int]:
            return restricted & set(db.scalars(tickets.visible(by_name[name])))

        assert restricted
        assert readable("Sam Whitlock") == readable("Grace Tindall") == readable("Owen Marsh") == set()
        assert readable("Leon Farrow") == set(
            db.scalars(
                select(Ticket.id).join(Queue).where(Queue.slug.in_([QueueSlug.DEFAULTS, QueueSlug.DATA_PROTECTION]))
            )
        )

    def test_no_index_holds_a_word_of_them(self, demonstration: Demonstration):
        db = demonstration.db
        restricted = select(Ticket.id).join(Queue).where(Queue.is_restricted)
        told = select(SearchText.id).where(
            SearchText.kind == "ticket", SearchText.object_id.in_(restricted), SearchText.body != ""
        )

        assert not db.scalars(told).all()


@pytest.mark.slow
class TestQuietly:
    def test_no_mail_is_promised(self, demonstration: Demonstration):
        db = demonstration.db

        assert count(db, OutboxRow) == 0
        assert not db.scalars(select(JobRow.id).where(JobRow.name.contains("notify"))).all()


@pytest.mark.slow
class TestAgain:
    def test_a_second_run_changes_nothing(self, demonstration: Demonstration):
        db, tables = demonstration.db, (User, Organisation, Ticket, Message, Question, Attempt, SearchText)
        before = [count(db, table) for table in tables]

        assert demonstration.load_again() is False
        assert [count(db, table) for table in tables] == before

    def test_the_command_says_so_in_one_line(self, demonstration: Demonstration):
        result = demonstration.app.test_cli_runner().invoke(args=["demo"])

        assert result.exit_code == 0
        assert result.output == "The demonstration is loaded already.\n"
