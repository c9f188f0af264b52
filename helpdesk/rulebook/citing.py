"""Keeps the table of citations in step with the texts that cite and with the code that is cited."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from helpdesk.kernel import clock, sources
from helpdesk.nlp.citations import CitationFinder
from helpdesk.rulebook import queries
from helpdesk.rulebook.models import Citation
from helpdesk.rulebook.numbering import lookup_order

BATCH = 500  # texts whose citations are compared at once
MAX_CANONICAL_CHARACTERS = 80

_finder = CitationFinder()

Row = tuple[int, str, int]  # from_id, canonical, clause_id


def keep(db: Session, kind: str, ids: Sequence[int]) -> int:
    """Make the rows of these texts what the texts now say; returns how many there are."""
    source = sources.source(kind)
    readable = set(ids)
    if kind == queries.KIND:  # other documents number their own clauses in ways that look like the code's
        readable = queries.in_section_set(db, ids)
    cited = {
        document.id: [] if document.is_deleted else _finder.cited(f"{document.title}\n{document.body}")
        for document in source.documents(db, ids=ids)
        if document.id in readable
    }
    return _write(db, kind, ids, _rows(db, kind, cited))


def rebuild(db: Session) -> int:
    """Read every text again, as after a new version of the code; returns the number of citations."""
    count = 0
    for source in sources.all_sources():
        ids = [document.id for document in source.documents(db)]
        for start in range(0, len(ids), BATCH):
            count += keep(db, source.kind, ids[start : start + BATCH])
    return count


def _rows(db: Session, kind: str, cited: Mapping[int, Sequence[str]]) -> set[Row]:
    """Each citation with the clause that it leads to; a clause does not cite itself."""
    numbers = {number for each in cited.values() for canonical in each for number in lookup_order(canonical)}
    links = queries.set_links(db, numbers) if numbers else {}
    rows = set()
    for from_id, each in cited.items():
        for canonical in each:
            link = queries.resolve(links, canonical)
            if link is not None and (kind, from_id) != (queries.KIND, link.id):
                rows.add((from_id, canonical[:MAX_CANONICAL_CHARACTERS], link.id))
    return rows


def _write(db: Session, kind: str, ids: Sequence[int], wanted: set[Row]) -> int:
    held = {
        (row.from_id, row.canonical, row.clause_id): row.id
        for row in db.scalars(select(Citation).where(Citation.from_kind == kind, Citation.from_id.in_(ids)))
    }
    gone = [held[row] for row in held.keys() - wanted]
    if gone:
        db.execute(delete(Citation).where(Citation.id.in_(gone)))
    fresh = sorted(wanted - held.keys())
    if fresh:
        now = clock.now()
        db.execute(
            insert(Citation),
            [
                {
                    "from_kind": kind,
                    "from_id": from_id,
                    "canonical": canonical,
                    "clause_id": clause_id,
                    "created_at": now,
                }
                for from_id, canonical, clause_id in fresh
            ],
        )
    return len(wanted)
