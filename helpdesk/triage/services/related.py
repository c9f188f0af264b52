"""What lies near one item: past tickets, answers and clauses, from vectors that are stored already."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel.policy import Actor
from helpdesk.triage import engine
from helpdesk.triage.columns import Floats
from helpdesk.triage.models import Embedding, SearchText
from helpdesk.triage.queries.words import clean
from helpdesk.triage.services.grouping import GROUPED
from helpdesk.triage.services.suggesting import SuggestionItem, present, ranked, thresholds

RANKED = 30  # candidates looked at, so that each kind has some
LEAST = 0.1  # probability below which nothing is shown, not even beside a ticket
QUERY_CHARACTERS = 300  # of title and body: the rest of a long text blurs what it is about


def related(
    db: Session, actor: Actor, kind: str, object_id: int, limit: int = 3, kinds: Sequence[str] | None = None
) -> dict[str, list[SuggestionItem]]:
    """For each kind up to `limit` nearest items that `actor` may see, without the item itself."""
    row = db.scalar(select(SearchText).where(SearchText.kind == kind, SearchText.object_id == object_id))
    using = engine.current()
    if row is None or row.is_deleted or using is None or using.encoder is None:
        return {}
    query = clean(f"{row.title} {row.body}")[:QUERY_CHARACTERS]
    vector = _stored(db, kind, object_id, using.model)
    if not query or vector is None:
        return {}
    found = ranked(db, actor, using, query, vector, limit=RANKED, kinds=kinds)
    taken: Counter[str] = Counter()
    shown = []
    for one in found:
        if (one.kind, one.id) != (kind, object_id) and one.probability >= LEAST and taken[one.kind] < limit:
            taken[one.kind] += 1
            shown.append(one)
    chosen: dict[str, list[SuggestionItem]] = {}
    for item in present(db, actor, shown, query, thresholds(db)[0]):
        chosen.setdefault(item.kind, []).append(item)
    return chosen


def _stored(db: Session, kind: str, object_id: int, model: str) -> Floats | None:
    """The vector of the item's fullest wording: of a ticket its subject with its first sentences."""
    part = dict(GROUPED).get(kind, 0)
    return db.scalar(
        select(Embedding.vector).where(
            Embedding.kind == kind,
            Embedding.object_id == object_id,
            Embedding.part == part,
            Embedding.model == model,
        )
    )
