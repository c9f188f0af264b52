"""Limits counted in the database, so that every process counts the same."""

from datetime import datetime, timedelta

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from helpdesk.kernel import clock
from helpdesk.kernel.db import Base
from helpdesk.kernel.errors import TooMany


class Attempted(Base):
    """One counted act: what ("sign_in"), by whom (an address, an e-mail, a user id), when."""

    __tablename__ = "throttle"

    id: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(40))
    who: Mapped[str] = mapped_column(String(254), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


def count(db: Session, action: str, who: str, limit: int, minutes: int) -> None:
    """Count one act of `who`.

    Raises:
        TooMany: there were `limit` already within `minutes`.
    """
    since = clock.now() - timedelta(minutes=minutes)
    seen = db.scalar(
        select(func.count())
        .select_from(Attempted)
        .where(Attempted.action == action, Attempted.who == who, Attempted.at > since)
    )
    if (seen or 0) >= limit:
        raise TooMany(f"That was tried too often. Please wait {minutes} minutes and try again.")
    db.add(Attempted(action=action, who=who))


def forget(db: Session, action: str, who: str) -> None:
    """Start again from nothing, as after a sign-in that succeeded."""
    db.execute(delete(Attempted).where(Attempted.action == action, Attempted.who == who))
