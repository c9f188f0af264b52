"""What people do becomes judgements, and judged questions lead to their items."""

from datetime import timedelta

from sqlalchemy import select

from helpdesk.community import moderation
from helpdesk.community import queries as questions
from helpdesk.community import services as community
from helpdesk.kernel import clock
from helpdesk.kernel.policy import SYSTEM, Role
from helpdesk.tickets import queries
from helpdesk.tickets import services as tickets
from helpdesk.triage.enums import Origin
from helpdesk.triage.models import Attempt, Judgement, SearchText
from helpdesk.triage.services import judging
from helpdesk.triage.services.attempts import confirm, finish, mark_returned, opened, presume, remember
from helpdesk.triage.services.suggesting import suggest
from tests.factories.accounts import as_actor, make_actor, make_organisation, make_user
from tests.factories.community import make_answer as make_reply
from tests.factories.community import make_question
from tests.factories.knowledge import make_answer
from tests.factories.rulebook import make_code
from tests.factories.tickets import make_queue, make_restricted_ticket, make_ticket
from tests.factories.triage import index_all

QUESTION = "How much credit cover must we lodge"
OTHERS_WORDS = "When does the deposit fall due"
TOKEN = "a" * 32


def judged(db) -> list[tuple[str, str, int, str, bool]]:
    db.flush()
    rows = db.scalars(select(Judgement).order_by(Judgement.id))
    return [(row.origin, row.kind, row.object_id, row.query, row.is_right) for row in rows]


def leads(db, kind: str, object_id: int) -> list[str]:
    db.flush()
    db.expire_all()
    return db.scalars(select(SearchText.leads).where(SearchText.kind == kind, SearchText.object_id == object_id)).one()


def offered(db, using, actor, text: str = QUESTION) -> int:
    """An attempt that was offered a published answer; the answer's id."""
    answer = make_answer(db, QUESTION)
    index_all(db, using)
    remember(db, actor, TOKEN, text, suggest(db, actor, text))
    db.flush()
    return answer.id


class TestAttempts:
    def test_this_answered_me_is_kept(self, db, using) -> None:
        member = make_actor(db)
        answer_id = offered(db, using, member)
        confirm(db, member, TOKEN, "answer", answer_id)

        assert judged(db) == [(Origin.CONFIRMED, "answer", answer_id, QUESTION, True)]

    def test_ones_own_words_lead_others_only_beside_those_of_another_organisation(self, db, using) -> None:
        first, second = (as_actor(make_user(db, organisation=make_organisation(db))) for _ in range(2))
        answer_id = offered(db, using, first)
        confirm(db, first, TOKEN, "answer", answer_id)
        assert leads(db, "answer", answer_id) == []

        remember(db, second, "b" * 32, f"{QUESTION} now", suggest(db, second, QUESTION))
        confirm(db, second, "b" * 32, "answer", answer_id)
        assert leads(db, "answer", answer_id) == [QUESTION, f"{QUESTION} now"]

    def test_what_was_never_offered_is_not_believed(self, db, using) -> None:
        member = make_actor(db)
        offered(db, using, member)
        other = make_answer(db, "Where is the office")
        confirm(db, member, TOKEN, "answer", other.id)

        assert judged(db) == []

    def test_no_word_is_kept_of_an_attempt_that_became_a_restricted_ticket(self, db, using) -> None:
        member = make_actor(db)
        offered(db, using, member)
        closed = make_restricted_ticket(db, member, subject="A word with you", body="Our private key has been stolen.")
        finish(db, member, TOKEN, ticket_id=closed.id)

        assert judged(db) == []

    def test_who_asked_all_the_same_was_not_answered_by_what_stood_at_the_top(self, db, using) -> None:
        member = make_actor(db)
        answer_id = offered(db, using, member)
        finish(db, member, TOKEN, question_id=1)

        assert judged(db) == [(Origin.IGNORED, "answer", answer_id, QUESTION, False)]
        assert leads(db, "answer", answer_id) == []

    def test_only_the_last_list_was_passed_over_whatever_stood_higher_before(self, db, using) -> None:
        member = make_actor(db)
        first = offered(db, using, member, text=f"{QUESTION} and more")
        last = make_answer(db, OTHERS_WORDS)
        index_all(db, using)
        remember(db, member, TOKEN, OTHERS_WORDS, suggest(db, member, OTHERS_WORDS))
        db.flush()
        finish(db, member, TOKEN, question_id=1)

        assert first != last.id
        assert [object_id for _, _, object_id, *_ in judged(db)] == [last.id]

    def test_what_was_opened_and_asked_all_the_same_says_nothing(self, db, using) -> None:
        member = make_actor(db)
        answer_id = offered(db, using, member)
        opened(db, member, TOKEN, "answer", answer_id)
        finish(db, member, TOKEN, question_id=1)

        assert judged(db) == []

    def test_who_opened_it_and_went_away_was_answered_presumably(self, db, using) -> None:
        member = make_actor(db)
        answer_id = offered(db, using, member)
        opened(db, member, TOKEN, "answer", answer_id)
        presume(db, clock.now() + timedelta(days=2))

        assert judged(db) == [(Origin.PRESUMED, "answer", answer_id, QUESTION, True)]

    def test_who_comes_back_takes_it_back(self, db, using) -> None:
        member = make_actor(db)
        answer_id = offered(db, using, member)
        confirm(db, member, TOKEN, "answer", answer_id)
        remember(db, member, "b" * 32, QUESTION, suggest(db, member, QUESTION))
        finish(db, member, "b" * 32, ticket_id=None, question_id=1)
        second = db.scalars(select(Attempt).where(Attempt.token == "b" * 32)).one()
        mark_returned(db, second.id, using.encoder)

        assert [origin for origin, *_ in judged(db)] == [Origin.IGNORED]
        assert leads(db, "answer", answer_id) == []

    def test_what_reads_like_a_report_is_not_kept(self, db, using) -> None:
        judging.judge(db, Origin.CONFIRMED, 1, "Our private key has been stolen.", [("answer", 1)])

        assert judged(db) == []

    def test_two_words_say_too_little(self, db, using) -> None:
        judging.judge(db, Origin.CONFIRMED, 1, "credit cover", [("answer", 1)])

        assert judged(db) == []


class TestTickets:
    def linked(self, db, using):
        clause = make_code(db)["G3.20"]
        requester = as_actor(make_user(db, organisation=make_organisation(db)))
        made = make_ticket(db, requester, subject=OTHERS_WORDS)
        index_all(db, using)
        ticket = queries.get(db, SYSTEM, made.id)
        tickets.link_clause(db, make_actor(db, Role.AGENT), ticket, clause)
        return ticket, clause

    def linked_twice(self, db, using):
        """By tickets of two organisations in much the same words."""
        ticket, clause = self.linked(db, using)
        requester = as_actor(make_user(db, organisation=make_organisation(db)))
        made = make_ticket(db, requester, subject=f"{OTHERS_WORDS} here")
        index_all(db, using)
        tickets.link_clause(db, make_actor(db, Role.AGENT), queries.get(db, SYSTEM, made.id), clause)
        return queries.get(db, SYSTEM, ticket.id), clause

    def test_a_linked_clause_answers_the_ticket(self, db, using) -> None:
        ticket, clause = self.linked(db, using)

        assert judged(db) == [(Origin.LINKED, "clause", clause.id, OTHERS_WORDS, True)]
        assert db.scalars(select(Judgement.organisation_id)).one() == ticket.organisation_id

    def test_taking_the_link_away_takes_the_judgement_back(self, db, using) -> None:
        ticket, clause = self.linked(db, using)
        tickets.unlink_clause(db, make_actor(db, Role.AGENT), ticket, clause)

        assert judged(db) == []
        assert leads(db, "clause", clause.id) == []

    def test_a_ticket_that_is_closed_to_most_leaves_no_word_behind(self, db, using) -> None:
        ticket, clause = self.linked_twice(db, using)
        assert len(leads(db, "clause", clause.id)) == 2
        ticket = queries.get(db, SYSTEM, ticket.id)
        closed = make_queue(db, is_restricted=True)
        tickets.correct(db, SYSTEM, ticket, topic=ticket.topic, priority=ticket.priority, queue=closed)

        assert [row[3] for row in judged(db)] == [f"{OTHERS_WORDS} here"]
        assert leads(db, "clause", clause.id) == []

    def test_what_led_to_a_clause_finds_it_and_is_never_shown(self, db, using) -> None:
        _, clause = self.linked_twice(db, using)
        index_all(db, using)
        db.commit()

        found = suggest(db, make_actor(db), OTHERS_WORDS, kinds=["clause"])

        assert [item.id for item in found.items] == [clause.id]
        shown = str(found.items[0])
        assert "deposit" not in shown
        assert "Helped others who asked much the same." in found.items[0].reasons


class TestCommunity:
    def test_the_clauses_of_an_accepted_answer_answer_the_question(self, db, using) -> None:
        clause = make_code(db)["G3.20"]
        asker = make_actor(db)
        question = make_question(db, asker, title="Who notifies of an incident?")
        first, second = make_reply(db, question, body="Nobody."), make_reply(db, question, body="See Section G3.20.")
        index_all(db, using)

        community.accept(db, asker, question, first)
        assert judged(db) == []
        community.accept(db, asker, question, second)
        assert judged(db) == [(Origin.CITED, "clause", clause.id, "Who notifies of an incident?", True)]

    def test_a_duplicate_leads_to_the_question_that_stays(self, db, using) -> None:
        original, copy = make_question(db, title=QUESTION), make_question(db, title=OTHERS_WORDS)
        index_all(db, using)
        lead = make_actor(db, Role.LEAD)
        moderation.mark_duplicate(db, lead, copy, original)
        assert leads(db, "question", original.id) == [OTHERS_WORDS]

        moderation.reopen(db, lead, copy)
        assert leads(db, "question", original.id) == []

    def test_a_hidden_question_is_forgotten(self, db, using) -> None:
        original, copy = make_question(db, title=QUESTION), make_question(db, title=OTHERS_WORDS)
        index_all(db, using)
        lead = make_actor(db, Role.LEAD)
        moderation.mark_duplicate(db, lead, copy, original)
        moderation.hide(db, lead, copy)

        assert judged(db) == []
        assert leads(db, "question", original.id) == []

    def test_an_edited_question_leads_by_its_new_words(self, db, using) -> None:
        original, copy = make_question(db, title=QUESTION), make_question(db, title=OTHERS_WORDS)
        index_all(db, using)
        lead = make_actor(db, Role.LEAD)
        moderation.mark_duplicate(db, lead, copy, original)
        copy = questions.get(db, lead, copy.id)
        community.edit_question(
            db,
            lead,
            copy,
            title="When is it due?",
            body="As above.",
            tags=["charges"],
            is_public=False,
            seen_at=copy.updated_at,
        )

        assert leads(db, "question", original.id) == ["When is it due?"]

    def test_a_clause_leads_no_longer_once_its_answer_is_not_accepted(self, db, using) -> None:
        clause = make_code(db)["G3.20"]
        asker = make_actor(db)
        question = make_question(db, asker, title="Who notifies of an incident?")
        answer = make_reply(db, question, body="See Section G3.20.")
        index_all(db, using)
        community.accept(db, asker, question, answer)
        assert leads(db, "clause", clause.id) == ["Who notifies of an incident?"]

        community.unaccept(db, asker, question)
        assert judged(db) == []

    def test_duplicates_of_a_duplicate_lead_to_what_stays(self, db, using) -> None:
        first, second, third = (make_question(db, title=f"{QUESTION} {n}?") for n in (1, 2, 3))
        index_all(db, using)
        lead = make_actor(db, Role.LEAD)
        moderation.mark_duplicate(db, lead, first, second)
        moderation.mark_duplicate(db, lead, second, third)

        assert leads(db, "question", second.id) == []
        assert sorted(leads(db, "question", third.id)) == [f"{QUESTION} 1?", f"{QUESTION} 2?"]
