"""Authors of other systems: people whose texts are imported, and who cannot sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from helpdesk.accounts.enums import UserState
from helpdesk.accounts.models import User
from helpdesk.kernel import audit
from helpdesk.kernel.policy import SYSTEM, Role

IMPORT_BATCH = 500  # well below the 32,766 variables that SQLite takes in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPerson:
    """An author in another system; without an e-mail address nobody can sign in as them."""

    source_id: str
    name: str
    created_at: datetime


def import_people(db: Session, source: str, people: Sequence[ImportedPerson]) -> dict[str, int]:
    """Add authors of another system that are not here yet; ids of all of them by their id there."""
    ids: dict[str, int] = {}
    for start in range(0, len(people), IMPORT_BATCH):
        batch = {person.source_id: person for person in people[start : start + IMPORT_BATCH]}
        known = select(User.source_id, User.id).where(User.source == source, User.source_id.in_(batch))
        ids.update((source_id or "", user_id) for source_id, user_id in db.execute(known))
        rows = [
            {
                "name": " ".join(person.name.replace("\0", "").split())[:200] or f"User {source_id}",
                "role": Role.MEMBER,
                "state": UserState.DISABLED,
                "created_at": person.created_at,
                "source": source,
                "source_id": source_id,
            }
            for source_id, person in batch.items()
            if source_id not in ids
        ]
        if rows:
            added = db.execute(insert(User).returning(User.source_id, User.id), rows)
            ids.update((source_id or "", user_id) for source_id, user_id in added)
    audit.record(db, SYSTEM, "account.imported", source=source, people=len(ids))
    return ids
