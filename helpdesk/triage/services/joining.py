"""Puts what just came in into its topic; the nightly run finds the topics themselves anew."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from helpdesk.kernel import clock
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.nlp import clusters
from helpdesk.nlp.encoder import Vectors
from helpdesk.triage.enums import GroupState
from helpdesk.triage.models import Embedding, Group, GroupMember, GroupWeek, SearchText
from helpdesk.triage.services.grouping import GROUPED, monday

MOST = 500  # items put into topics in one transaction
WHILE_GROUPING = timedelta(days=1)  # what came while topics were being found anew is in none of them yet
RECENT = timedelta(hours=1)  # what joined no topic when it came need not be looked at with everything that comes later


def join(kind: str, model: str) -> int:
    """Put the newest items of `kind` into topics; how many joined one.

    See `clusters.join`. What nobody asked before waits for the nightly run, and so does what was imported with a date
    of long ago.
    """
    if kind not in dict(GROUPED):
        return 0
    with reading() as db:
        new = _new(db, kind, model)
        members = _members(db, model) if new else {}
    if not members:
        return 0
    found = clusters.join(members, np.stack([row.vector for row in new])).tolist()
    joining = [(row.object_id, row.created_at, at) for row, at in zip(new, found, strict=True) if at >= 0]
    if not joining:
        return 0
    with unit_of_work() as db:
        return _write(db, kind, joining)


def _new(db: Session, kind: str, model: str) -> Sequence[Any]:
    """Ids, times and vectors of what came since topics were last found and is in none."""
    found_at = db.scalar(select(func.max(Group.updated_at)).where(Group.state == GroupState.ACTIVE))
    if found_at is None:
        return []
    is_member = exists().where(GroupMember.kind == SearchText.kind, GroupMember.object_id == SearchText.object_id)
    rows = (
        select(SearchText.object_id, SearchText.created_at, Embedding.vector)
        .join(Embedding, (Embedding.kind == SearchText.kind) & (Embedding.object_id == SearchText.object_id))
        .where(SearchText.kind == kind, SearchText.is_deleted.is_(False), ~is_member)
        .where(SearchText.created_at > max(found_at - WHILE_GROUPING, clock.now() - RECENT))
        .where(Embedding.part == dict(GROUPED)[kind], Embedding.model == model, Embedding.vector.is_not(None))
    )
    return db.execute(rows.order_by(SearchText.object_id.desc()).limit(MOST)).all()


def _members(db: Session, model: str) -> dict[int, Vectors]:
    """The vectors of each topic's members, float32, shape (members, d)."""
    vectors: defaultdict[int, list[Vectors]] = defaultdict(list)
    for kind, part in GROUPED:
        rows = (
            select(GroupMember.group_id, Embedding.vector)
            .join(Group, Group.id == GroupMember.group_id)
            .join(Embedding, (Embedding.kind == GroupMember.kind) & (Embedding.object_id == GroupMember.object_id))
            .where(Group.state == GroupState.ACTIVE, GroupMember.kind == kind)
            .where(Embedding.part == part, Embedding.model == model, Embedding.vector.is_not(None))
        )
        for group_id, vector in db.execute(rows):
            if vector is not None:
                vectors[group_id].append(vector)
    return {group_id: np.stack(own) for group_id, own in vectors.items()}


def _write(db: Session, kind: str, joining: Sequence[tuple[int, datetime | None, int]]) -> int:
    """Two workers may see the same item: whoever comes first puts it in, and counts it."""
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    now = clock.now()
    wanted = {group_id for _, _, group_id in joining}
    locked = select(Group).where(Group.id.in_(wanted), Group.state == GroupState.ACTIVE).order_by(Group.id)
    known = {group.id: group for group in db.scalars(locked.with_for_update())}
    rows = [
        {
            "kind": kind,
            "object_id": object_id,
            "group_id": group_id,
            "rank": known[group_id].size,
            "created_at": created_at,
            "added_at": now,
        }
        for object_id, created_at, group_id in joining
        if group_id in known
    ]
    if not rows:
        return 0
    added = db.execute(
        insert(GroupMember)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(GroupMember.group_id, GroupMember.created_at)
    ).all()
    weeks: Counter[tuple[int, date]] = Counter()
    for group_id, created_at in added:
        group = known[group_id]
        group.size += 1
        if created_at is not None:
            group.last_seen = max(group.last_seen or created_at, created_at)
            weeks[group_id, monday(created_at)] += 1
    for (group_id, week), size in weeks.items():
        statement = insert(GroupWeek).values(group_id=group_id, week=week, size=size)
        more = {"size": GroupWeek.size + size}
        db.execute(statement.on_conflict_do_update(index_elements=[GroupWeek.group_id, GroupWeek.week], set_=more))
    return len(added)
