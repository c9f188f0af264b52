"""Numbers that follow the order of commits, so that a reader that has seen 41 never misses a later 40."""

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from helpdesk.kernel.models import SequenceRow


def take(db: Session, name: str, count: int = 1) -> int:
    """The first of `count` fresh numbers. The row stays locked until the transaction ends."""
    step = update(SequenceRow).where(SequenceRow.name == name).values(value=SequenceRow.value + count)
    last = db.execute(step.returning(SequenceRow.value)).scalar_one_or_none()
    if last is None:
        dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
        db.execute(dialect.insert(SequenceRow).values(name=name, value=0).on_conflict_do_nothing())
        last = db.execute(step.returning(SequenceRow.value)).scalar_one()
    return last - count + 1
