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
from helpdesk.triage.services.suggesting import SuggestionItem, present, ranked

RANKED = 30  # candidates looked at, so that each kind has some
LEAST = 0.1  # probability below which nothing is shown, not even beside a ticket
QUERY_CHARACTERS = 300  # of title and body: the rest of a long text blurs what it is about


def related(
    db: Session, actor: Actor, kind: str, object_id: int, limit: int = 3, kinds: Sequence[str] | None = None
) -> dict[str, list[SuggestionItem]]:
    """For each kind up to `limit` nearest items that `actor` may see, without the item itself."""
    using = engine.current()
    if using is None or using.encoder is None:
        return {}
    row = _stored(db, kind, object_id, using.model)
    if row is None:
        return {}
    title, body, vector, categories = row
    query = clean(f"{title} {body}")[:QUERY_CHARACTERS]
    if not query:
        return {}
    asking = categories if kind == "ticket" else None
    found = ranked(
        db, actor, using, query, vector, limit=RANKED, kinds=kinds, besides=(kind, object_id), categories=asking
    )
    least = LEAST if using.can_rate else 0.0  # nothing is known of how probable they are: the nearest are shown
    taken: Counter[str] = Counter()
    shown = []
    for one in found:
        if one.probability >= least and taken[one.kind] < limit:
            taken[one.kind] += 1
            shown.append(one)
    chosen: dict[str, list[SuggestionItem]] = {}
    for item in present(db, actor, shown, query, using.cache.thresholds[0]):
        chosen.setdefault(item.kind, []).append(item)
    return chosen


def _stored(db: Session, kind: str, object_id: int, model: str) -> tuple[str, str, Floats, list[str]] | None:
    """Title, body and vector of the item's fullest wording, and its `categories`; see `SearchText`.

    A ticket's fullest wording is its subject with its first sentences.
    """
    is_item = (SearchText.kind == kind) & (SearchText.object_id == object_id) & SearchText.is_deleted.is_(False)
    is_wording = (Embedding.kind == kind) & (Embedding.object_id == object_id) & (Embedding.model == model)
    is_fullest = (Embedding.part == dict(GROUPED).get(kind, 0)) & Embedding.vector.is_not(None)
    wanted = select(SearchText.title, SearchText.body, Embedding.vector, SearchText.categories)
    row = db.execute(wanted.join(Embedding, is_wording & is_fullest).where(is_item)).first()
    return None if row is None else (row.title, row.body, row.vector, row.categories)
