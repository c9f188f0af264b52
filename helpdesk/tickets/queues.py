"""Queues, their members and the staff's topics: adding them, and which one a new ticket enters."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts.models import User
from helpdesk.kernel import audit
from helpdesk.kernel.policy import Actor, require
from helpdesk.tickets.enums import Priority, QueueSlug
from helpdesk.tickets.models import Queue, QueueMember, Topic
from helpdesk.tickets.policy import RULES, Can
from helpdesk.tickets.routing import Rule

# Queues that the rules send to exist from the first ticket on, even before an administrator has named any.
OWN_NAMES = {
    QueueSlug.DEFAULT: "Party Support",
    QueueSlug.SECURITY_INCIDENTS: "Security Incidents",
    QueueSlug.DEFAULTS: "Defaults and SoLR",
    QueueSlug.DATA_PROTECTION: "Data Protection",
}


def add_queue(
    db: Session, actor: Actor, *, slug: str, name: str, is_restricted: bool = False, position: int = 0
) -> Queue:
    """Add a queue, or rename the one that has this slug. The rules' own queues stay restricted."""
    require(RULES, actor, Can.MANAGE_QUEUES)
    queue = _find(db, slug) or Queue(slug=slug, members=[])
    queue.name, queue.position = name, position
    queue.is_restricted = is_restricted or slug in {*QueueSlug} - {QueueSlug.DEFAULT}
    db.add(queue)
    db.flush()
    audit.record(db, actor, "queue.saved", "queue", queue.id, slug=slug, is_restricted=queue.is_restricted)
    return queue


def add_member(db: Session, actor: Actor, queue: Queue, user: User) -> None:
    """Let `user` work a restricted queue. Safe to repeat."""
    require(RULES, actor, Can.MANAGE_QUEUES)
    if db.get(QueueMember, (queue.id, user.id)) is None:
        db.add(QueueMember(queue_id=queue.id, user_id=user.id))
        db.flush()
        db.expire(queue, ["members"])
        audit.record(db, actor, "queue.member_added", "queue", queue.id, user_id=user.id)


def remove_member(db: Session, actor: Actor, queue: Queue, user: User) -> None:
    """End that `user` works a restricted queue. Safe to repeat."""
    require(RULES, actor, Can.MANAGE_QUEUES)
    member = db.get(QueueMember, (queue.id, user.id))
    if member is not None:
        db.delete(member)
        db.flush()
        db.expire(queue, ["members"])
        audit.record(db, actor, "queue.member_removed", "queue", queue.id, user_id=user.id)


def add_topic(
    db: Session,
    actor: Actor,
    *,
    slug: str,
    name: str,
    queue: Queue,
    default_priority: Priority = Priority.NORMAL,
    description: str = "",
    position: int = 0,
) -> Topic:
    """Add a topic to the staff's list, or change the one that has this slug."""
    require(RULES, actor, Can.MANAGE_QUEUES)
    topic = db.scalar(select(Topic).where(Topic.slug == slug)) or Topic(slug=slug)
    topic.name, topic.queue, topic.description = name, queue, description
    topic.default_priority, topic.position = default_priority, position
    db.add(topic)
    db.flush()
    return topic


def ensure(db: Session, slug: str) -> Queue:
    """The queue of that slug with its members. One that the rules need is made: restricted, without members."""
    found = _find(db, slug)
    if found is None:
        own = QueueSlug(slug)
        found = Queue(slug=own.value, name=OWN_NAMES[own], is_restricted=own is not QueueSlug.DEFAULT, members=[])
        db.add(found)
        db.flush()
    return found


def for_new_ticket(db: Session, topic: Topic | None, rule: Rule | None) -> Queue:
    """Where a ticket begins: the rule decides, then the topic.

    A topic alone leads to no restricted queue: a general question about Events of Default is Party Support's.
    """
    if rule is not None and rule.queue is not None:
        return ensure(db, rule.queue)
    if topic is not None:
        queue = db.get_one(Queue, topic.queue_id, options=[joinedload(Queue.members)])
        if not queue.is_restricted:
            return queue
    return ensure(db, QueueSlug.DEFAULT)


def may_work(user: User, queue: Queue) -> bool:
    """Whether an agent may be given tickets of `queue`."""
    return user.is_staff and (not queue.is_restricted or any(one.user_id == user.id for one in queue.members))


def _find(db: Session, slug: str) -> Queue | None:
    wanted = select(Queue).where(Queue.slug == slug).options(joinedload(Queue.members))
    return db.scalars(wanted).unique().one_or_none()
