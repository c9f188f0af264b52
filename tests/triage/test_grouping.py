"""Topics found among questions and tickets."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.kernel import clock
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import Forbidden, Invalid
from helpdesk.kernel.paging import Window
from helpdesk.kernel.policy import SYSTEM, VISITOR, Role
from helpdesk.knowledge.models import DraftSource
from helpdesk.tickets import services as tickets
from helpdesk.triage.models import Group, GroupMember, GroupWeek
from helpdesk.triage.queries import groups as queries
from helpdesk.triage.services import grouping, joining
from helpdesk.triage.services.drafting import draft_from_group
from helpdesk.triage.services.grouping import monday, rename
from tests.factories.accounts import make_actor
from tests.factories.knowledge import make_answer
from tests.factories.tickets import make_queue, make_ticket
from tests.factories.triage import index_all

COVER = "How much credit cover must we lodge"
PANEL = "Who may join the next Panel meeting"


def ask(db, count: int = 8, *, of: str = COVER, days: int = 1):
    requester = make_actor(db)
    at = clock.now() - timedelta(days=days)
    return [make_ticket(db, requester, subject=f"{of} {number}", body="Please.", at=at) for number in range(count)]


def find(db, using) -> list[Group]:
    index_all(db, using)
    grouping.run(using)
    db.expire_all()
    return list(db.scalars(select(Group).where(Group.state == "active").order_by(Group.size.desc(), Group.id)))


class TestJoining:
    """What comes after topics were found."""

    @pytest.fixture
    def topics(self, db, using) -> list[Group]:
        ask(db, 8, of=COVER)
        ask(db, 6, of=PANEL)
        return find(db, using)

    def members(self, db, group: Group) -> set[int]:
        db.expire_all()
        return set(db.scalars(select(GroupMember.object_id).where(GroupMember.group_id == group.id)))

    def test_a_question_asked_once_more_is_in_its_topic_at_once(self, db, using, topics) -> None:
        (late,) = ask(db, 1, of=PANEL, days=0)
        index_all(db, using)

        assert joining.join("ticket", using.model) == 1

        assert late.id in self.members(db, topics[1])
        assert (topics[1].size, topics[0].size) == (7, 8)
        assert topics[1].last_seen == late.opened_at
        week = db.scalar(select(GroupWeek.size).where(GroupWeek.week == monday(late.opened_at)).limit(1))
        assert week

    def test_weeks_add_up_to_the_size(self, db, using, topics) -> None:
        ask(db, 3, of=COVER, days=0)
        index_all(db, using)
        joining.join("ticket", using.model)

        sizes = db.scalars(select(GroupWeek.size).where(GroupWeek.group_id == topics[0].id)).all()
        assert sum(sizes) == 11

    def test_doing_it_again_changes_nothing(self, db, using, topics) -> None:
        ask(db, 1, of=COVER, days=0)
        index_all(db, using)
        joining.join("ticket", using.model)

        assert joining.join("ticket", using.model) == 0
        db.expire_all()
        assert topics[0].size == 9

    def test_of_two_workers_one_counts_it(self, db, using, topics) -> None:
        (late,) = ask(db, 1, of=COVER, days=0)
        index_all(db, using)
        joining.join("ticket", using.model)
        with unit_of_work() as second:
            assert joining._write(second, "ticket", [(late.id, late.opened_at, topics[1].id)]) == 0

        assert late.id not in self.members(db, topics[1])
        assert (topics[0].size, topics[1].size) == (9, 6)

    def test_what_nobody_asked_before_waits(self, db, using, topics) -> None:
        (odd,) = ask(db, 1, of="Wherefore zebras gallop through hedges", days=0)
        index_all(db, using)

        assert joining.join("ticket", using.model) == 0
        assert odd.id not in self.members(db, topics[0]) | self.members(db, topics[1])

    def test_what_was_imported_with_an_old_date_waits(self, db, using, topics) -> None:
        ask(db, 1, of=COVER, days=400)
        index_all(db, using)
        assert joining.join("ticket", using.model) == 0

    def test_answers_and_sites_without_topics_have_none_to_join(self, db, using) -> None:
        ask(db, 2)
        index_all(db, using)
        assert joining.join("ticket", using.model) == 0
        assert joining.join("answer", using.model) == 0


class TestFinding:
    def test_like_questions_come_together_and_are_named_by_their_words(self, db, using) -> None:
        ask(db, 8, of=COVER)
        ask(db, 6, of=PANEL)

        groups = find(db, using)

        assert [group.size for group in groups] == [8, 6]
        assert "cover" in groups[0].name.lower()
        assert "meeting" in groups[1].name.lower()

    def test_a_topic_keeps_its_identity_and_the_name_that_a_lead_gave(self, db, using) -> None:
        ask(db, 8, of=COVER)
        ask(db, 6, of=PANEL)
        first = find(db, using)[0]
        rename(db, make_actor(db, Role.LEAD), first, "  Lodging   cover ")
        db.commit()

        ask(db, 4, of=COVER)
        again = find(db, using)[0]

        assert (again.id, again.name, again.size) == (first.id, "Lodging cover", 12)

    def test_restricted_tickets_are_in_no_topic(self, db, using) -> None:
        restricted = make_queue(db, is_restricted=True)
        secret = ask(db, 3)
        for ticket in secret:
            tickets.set_queue(db, SYSTEM, ticket, restricted)
        ask(db, 5)

        groups = find(db, using)

        assert [group.size for group in groups] == [5]
        members = set(db.scalars(select(GroupMember.object_id)))
        assert members.isdisjoint(ticket.id for ticket in secret)

    def test_weeks_and_trend_follow_when_they_came(self, db, using) -> None:
        ask(db, 6, days=3)
        ask(db, 4, days=38)

        (group,) = find(db, using)

        assert sum(week.size for week in queries.weeks(db, [group.id])[group.id]) == 10
        assert group.trend == pytest.approx(0.5)

    def test_nothing_to_group_is_no_error(self, db, using) -> None:
        assert grouping.run(using) == 0


class TestCoverage:
    def test_a_topic_with_a_published_answer_is_covered_by_it(self, db, using) -> None:
        answer = make_answer(db, COVER)
        ask(db, 6)
        ask(db, 6, of=PANEL)

        covered, other = sorted(find(db, using), key=lambda group: not group.is_covered)

        assert covered.covered_by_id == answer.id
        assert not other.is_covered

    def test_visitors_are_told_what_is_busy_by_published_answers_only(self, db, using) -> None:
        make_answer(db, COVER)
        ask(db, 6)
        ask(db, 6, of=PANEL)
        find(db, using)

        (busy,) = queries.busy_topics(db, VISITOR, 5)

        assert (busy.name, busy.recent) == (COVER, 6)


class TestReading:
    def test_samples_are_only_what_the_reader_may_see(self, db, using) -> None:
        made = ask(db, 6)
        (group,) = find(db, using)

        agent = make_actor(db, Role.AGENT)
        assert {card.id for card in queries.sample_questions(db, agent, group, 10)} == {ticket.id for ticket in made}
        assert queries.sample_questions(db, make_actor(db), group) == []

    def test_members_may_not_list_topics(self, db, using) -> None:
        with pytest.raises(Forbidden):
            queries.groups(db, make_actor(db), Window(1, 10))

    def test_leads_list_them_by_size_or_trend(self, db, using) -> None:
        ask(db, 8, of=COVER, days=40)
        ask(db, 6, of=PANEL, days=2)
        large, rising = find(db, using)
        lead = make_actor(db, Role.LEAD)

        assert [group.id for group in queries.groups(db, lead, Window(1, 10)).items] == [large.id, rising.id]
        assert queries.groups(db, lead, Window(1, 10), sort="-trend").items[0].id == rising.id
        assert queries.groups(db, lead, Window(1, 10), is_covered=True).items == []


class TestDrafting:
    def test_a_draft_names_its_sources_and_carries_their_wordings(self, db, using) -> None:
        made = ask(db, 6)
        (group,) = find(db, using)

        answer = draft_from_group(db, make_actor(db, Role.LEAD), group)

        assert answer.group_id == group.id
        assert answer.state == "draft"
        assert len(answer.wordings) == 6
        assert answer.question == group.name  # a ticket's subject is its requester's own and becomes no title
        sources = db.scalars(select(DraftSource.object_id).where(DraftSource.answer_id == answer.id)).all()
        assert set(sources) == {ticket.id for ticket in made}

    def test_an_agent_may_not(self, db, using) -> None:
        ask(db, 6)
        (group,) = find(db, using)

        with pytest.raises(Forbidden):
            draft_from_group(db, make_actor(db, Role.AGENT), group)

    def test_a_name_of_spaces_is_refused(self, db, using) -> None:
        ask(db, 6)
        (group,) = find(db, using)

        with pytest.raises(Invalid):
            rename(db, make_actor(db, Role.LEAD), group, "   ")
