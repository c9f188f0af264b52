"""Topics found among incoming questions and tickets; they keep their identity from run to run."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import and_, delete, insert, or_, select
from sqlalchemy.orm import Session

from helpdesk.kernel import audit, clock
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import Actor, require
from helpdesk.nlp.clusters import Description, Labels, TopicClusterer, describe, match
from helpdesk.nlp.encoder import Vectors, unit
from helpdesk.nlp.suggest import LEADS
from helpdesk.triage.engine import Engine
from helpdesk.triage.enums import GroupState
from helpdesk.triage.models import Embedding, Group, GroupMember, GroupWeek, SearchText
from helpdesk.triage.policy import RULES, Can

# Which wording of an item is grouped: a question's title; a ticket's subject with its first sentences, because many
# subjects say no more than “Question”.
GROUPED = (("question", 0), ("ticket", 1))
MAX_ITEMS = 30_000  # the newest; a minute of one core
COVERED = 0.7  # cosine of a topic's centre and a published wording from which the topic counts as answered
NAME_TERMS = 3
NAME_LENGTH = 120
TREND_WEEKS = 4
INSERT_BATCH = 1_000  # rows a statement

Item = tuple[str, int]


@dataclass(frozen=True)
class Gathered:
    """What is grouped, in the order of `items`; vectors are float32, shape (n, d)."""

    items: Sequence[Item]
    texts: Sequence[str]
    times: Sequence[datetime | None]
    vectors: Vectors


@dataclass(frozen=True)
class Published:
    """The wordings of published answers; vectors are float32, shape (m, d)."""

    ids: Sequence[int]
    vectors: Vectors


def run(using: Engine) -> int:
    """Group everything that came in, and write topics, members and weekly sizes; how many topics."""
    with reading() as db:
        gathered = gather(db, using.model)
        published = published_wordings(db, using.model)
        previous = _previous(db)
    if not gathered.items:
        return 0
    labels = TopicClusterer().fit_predict(gathered.texts, gathered.vectors)
    carried = match(previous, labels, gathered.items)
    described = describe(gathered.texts, gathered.vectors, labels)
    with unit_of_work() as db:
        _write(db, gathered, labels, carried, described, published)
    return len(described)


def gather(db: Session, model: str) -> Gathered:
    """Questions and tickets with their vectors. Tickets of restricted queues are in no index, so in no topic."""
    wanted = or_(*(and_(Embedding.kind == kind, Embedding.part == part) for kind, part in GROUPED))
    rows = db.execute(
        select(SearchText.kind, SearchText.object_id, SearchText.title, SearchText.created_at, Embedding.vector)
        .join(Embedding, (Embedding.kind == SearchText.kind) & (Embedding.object_id == SearchText.object_id))
        .where(wanted, SearchText.is_deleted.is_(False), Embedding.vector.is_not(None), Embedding.model == model)
        .order_by(SearchText.created_at.desc(), SearchText.kind, SearchText.object_id)
        .limit(MAX_ITEMS)
    ).all()
    return Gathered(
        [(row.kind, row.object_id) for row in rows],
        [row.title for row in rows],
        [row.created_at for row in rows],
        np.stack([row.vector for row in rows]) if rows else np.empty((0, 0), dtype=np.float32),
    )


def published_wordings(db: Session, model: str) -> Published:
    """Every wording of every published answer, as embedded."""
    rows = db.execute(
        select(Embedding.object_id, Embedding.vector).where(
            Embedding.kind == "answer",
            Embedding.part < LEADS,  # what an answer was asked for is no wording that staff published
            Embedding.vector.is_not(None),
            Embedding.model == model,
        )
    ).all()
    vectors = np.stack([row.vector for row in rows]) if rows else np.empty((0, 0), dtype=np.float32)
    return Published([row.object_id for row in rows], vectors)


def _previous(db: Session) -> dict[int, set[Item]]:
    members: defaultdict[int, set[Item]] = defaultdict(set)
    rows = select(GroupMember.group_id, GroupMember.kind, GroupMember.object_id).join(Group)
    for group_id, kind, object_id in db.execute(rows.where(Group.state == GroupState.ACTIVE)):
        members[group_id].add((kind, object_id))
    return members


def _write(
    db: Session,
    gathered: Gathered,
    labels: Labels,
    carried: Mapping[int, int | None],
    described: Mapping[int, Description],
    published: Published,
) -> None:
    now = clock.now()
    known = {group.id: group for group in db.scalars(select(Group))}
    kept: set[int] = set()
    db.execute(delete(GroupWeek))
    members: list[dict[str, object]] = []
    for label, description in described.items():
        rows = np.flatnonzero(labels == label).tolist()
        group = known.get(carried.get(label) or 0) or Group(name="")
        db.add(group)
        centre = unit(gathered.vectors[rows].mean(axis=0, keepdims=True))[0]
        _describe(group, description, [gathered.times[row] for row in rows], now)
        _cover(group, centre, published)
        db.flush()
        kept.add(group.id)
        nearest = sorted(rows, key=lambda row: -float(gathered.vectors[row] @ centre))
        members.extend(_members(gathered, group.id, nearest, now))
        db.add_all(_weeks(group.id, [gathered.times[row] for row in rows]))
    for group in known.values():
        if group.id not in kept:
            group.state, group.size, group.trend = GroupState.GONE, 0, 0.0
    db.execute(delete(GroupMember))
    for start in range(0, len(members), INSERT_BATCH):
        db.execute(insert(GroupMember), members[start : start + INSERT_BATCH])


def _describe(group: Group, description: Description, times: Sequence[datetime | None], now: datetime) -> None:
    dated = [time for time in times if time is not None]
    group.terms = list(description.terms)
    if not group.is_renamed:
        words = ", ".join(description.terms[:NAME_TERMS]) or "Unnamed topic"
        group.name = (words[0].upper() + words[1:])[:NAME_LENGTH]
    group.size, group.state, group.updated_at = len(times), GroupState.ACTIVE, now
    group.first_seen, group.last_seen = min(dated, default=None), max(dated, default=None)
    group.trend = _trend(dated, now)


def _trend(times: Sequence[datetime], now: datetime) -> float:
    """How the last four weeks differ from the four before, as a share of those."""
    length = timedelta(weeks=TREND_WEEKS)
    recent = sum(now - length < time <= now for time in times)
    before = sum(now - 2 * length < time <= now - length for time in times)
    return (recent - before) / max(before, 1)


def _cover(group: Group, centre: Vectors, published: Published) -> None:
    if not published.ids:
        group.is_covered, group.covered_by_id, group.coverage = False, None, 0.0
        return
    cosines = published.vectors @ centre
    best = int(cosines.argmax())
    group.coverage = float(cosines[best])
    group.is_covered = group.coverage >= COVERED
    group.covered_by_id = published.ids[best] if group.is_covered else None


def _members(gathered: Gathered, group_id: int, rows: Sequence[int], now: datetime) -> list[dict[str, object]]:
    return [
        {
            "kind": gathered.items[row][0],
            "object_id": gathered.items[row][1],
            "group_id": group_id,
            "rank": rank,
            "created_at": gathered.times[row],
            "added_at": now,
        }
        for rank, row in enumerate(rows)
    ]


def _weeks(group_id: int, times: Sequence[datetime | None]) -> list[GroupWeek]:
    counts = Counter(monday(time) for time in times if time is not None)
    return [GroupWeek(group_id=group_id, week=week, size=size) for week, size in sorted(counts.items())]


def monday(time: datetime) -> date:
    """The first day of the week that `time` lies in."""
    return time.date() - timedelta(days=time.weekday())


def rename(db: Session, actor: Actor, group: Group, name: str) -> None:
    """Give a topic a name that later runs keep.

    Raises:
        Invalid: the name is empty.
    """
    require(RULES, actor, Can.RENAME_TOPIC)
    clean = " ".join(name.split())[:NAME_LENGTH]
    if not clean:
        raise Invalid("Give the topic a name of a few words.")
    audit.record(db, actor, "topic.renamed", "topic", group.id, old=group.name, new=clean)
    group.name, group.is_renamed = clean, True
