"""The discovered topics: lists, one topic, its weeks, and samples that the reader may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from helpdesk.kernel import clock, sources
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.paging import Page, Window, page
from helpdesk.kernel.policy import Actor, require
from helpdesk.kernel.sources import Card
from helpdesk.knowledge import queries as knowledge
from helpdesk.knowledge.models import PublishedAnswer
from helpdesk.triage.enums import GroupState
from helpdesk.triage.models import Group, GroupMember, GroupWeek
from helpdesk.triage.policy import RULES, Can
from helpdesk.triage.queries.words import cards

SORTS = {"size": Group.size, "trend": Group.trend, "last": Group.last_seen, "name": Group.name}
BUSY_WEEKS = 4
FEWEST_BUSY = 5  # enquiries in that time below which a topic is not called busy


def groups(
    db: Session, actor: Actor, window: Window, *, is_covered: bool | None = None, sort: str = "-size"
) -> Page[Group]:
    """Active topics, the largest first unless `sort` says otherwise."""
    require(RULES, actor, Can.SEE_TOPICS)
    query = select(Group).where(Group.state == GroupState.ACTIVE)
    if is_covered is not None:
        query = query.where(Group.is_covered.is_(is_covered))
    column = SORTS.get(sort.removeprefix("-"), Group.size)
    query = query.order_by(column.desc() if sort.startswith("-") else column.asc(), Group.id)
    return page(list(db.scalars(query.offset(window.offset).limit(window.limit + 1))), window)


def group(db: Session, actor: Actor, group_id: int) -> Group:
    """One topic.

    Raises:
        NotFound: there is none of that number.
    """
    require(RULES, actor, Can.SEE_TOPICS)
    found = db.get(Group, group_id)
    if found is None:
        raise NotFound("There is no such topic. Topics are found anew every night, and some end.")
    return found


def weeks(db: Session, group_ids: Sequence[int]) -> dict[int, list[GroupWeek]]:
    """The weekly sizes of topics, oldest week first."""
    found: dict[int, list[GroupWeek]] = {group_id: [] for group_id in group_ids}
    rows = select(GroupWeek).where(GroupWeek.group_id.in_(list(group_ids))).order_by(GroupWeek.week)
    for row in db.scalars(rows):
        found[row.group_id].append(row)
    return found


def sample_items(db: Session, actor: Actor, group_id: int, limit: int = 5) -> list[tuple[str, int]]:
    """Kind and id of the topic's most typical items among those that `actor` may see."""
    rules = [
        and_(GroupMember.kind == source.kind, GroupMember.object_id.in_(source.visible(actor)))
        for source in sources.all_sources()
        if source.kind in {"question", "ticket"}
    ]
    if not rules:
        return []
    query = select(GroupMember.kind, GroupMember.object_id).where(GroupMember.group_id == group_id, or_(*rules))
    return [(kind, object_id) for kind, object_id in db.execute(query.order_by(GroupMember.rank).limit(limit))]


def sample_questions(db: Session, actor: Actor, found: Group, limit: int = 5) -> list[Card]:
    """Cards of the topic's most typical items that `actor` may see."""
    items = sample_items(db, actor, found.id, limit)
    by_item = cards(db, actor, items)
    return [by_item[item] for item in items if item in by_item]


@dataclass(frozen=True, slots=True)
class BusyTopic:
    """A topic that many ask about now, as everybody may read it: by the answer that is published for it."""

    name: str
    url: str
    recent: int


def busy_topics(db: Session, actor: Actor, limit: int) -> list[BusyTopic]:
    """What is asked about most, named by answers that `actor` may read: topic names are made of private words."""
    since = (clock.now() - timedelta(weeks=BUSY_WEEKS)).date()
    recent = func.sum(GroupWeek.size)
    rows = db.execute(
        select(PublishedAnswer.question, PublishedAnswer.slug, recent)
        .select_from(Group)
        .join(GroupWeek, GroupWeek.group_id == Group.id)
        .join(PublishedAnswer, PublishedAnswer.id == Group.covered_by_id)
        .where(
            Group.state == GroupState.ACTIVE, GroupWeek.week >= since, PublishedAnswer.id.in_(knowledge.visible(actor))
        )
        .group_by(PublishedAnswer.id, PublishedAnswer.question, PublishedAnswer.slug)
        .having(recent >= FEWEST_BUSY)
        .order_by(recent.desc(), PublishedAnswer.id)
        .limit(limit)
    )
    return [BusyTopic(question, f"/faq/{slug}", count) for question, slug, count in rows]
