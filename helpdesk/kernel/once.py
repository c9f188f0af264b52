"""A form does its work once, however often its button is pressed."""

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from helpdesk.kernel import clock
from helpdesk.kernel.models import OnceRow


def claim(db: Session, token: str) -> str | None:
    """None when `token` is ours to use; else the address that its first use led to.

    On PostgreSQL the insert waits for a first post that is still under way; on SQLite units of work stand in line.
    """
    dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(OnceRow).values(token=token, url="", at=clock.now()).on_conflict_do_nothing()
    if db.scalar(insert.returning(OnceRow.token)) is not None:
        return None
    return db.scalar(select(OnceRow.url).where(OnceRow.token == token)) or "/"


def settle(db: Session, token: str, url: str) -> None:
    """Remember where the first use of `token` led."""
    db.get_one(OnceRow, token).url = url
