"""Keeps the table of citations in step with the texts that cite and with the code that is cited."""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from helpdesk.kernel import clock, sources
from helpdesk.nlp.citations import CitationFinder
from helpdesk.rulebook import queries
from helpdesk.rulebook.models import Citation
from helpdesk.rulebook.queries import ClauseLink

BATCH = 500  # texts whose citations are compared at once
MAX_CANONICAL_CHARACTERS = 80

_finder = CitationFinder()

Row = tuple[int, str, int]  # from_id, canonical, clause_id


def keep(db: Session, kind: str, ids: Iterable[int]) -> None:
    """Make the rows of these texts what the texts now say."""
    _keep(db, sources.source(kind), list(ids), queries.set_links(db))


def rebuild(db: Session) -> int:
    """Read every text again, as after a new version of the code; returns the number of citations."""
    links = queries.set_links(db)
    count = 0
    for source in sources.all_sources():
        ids = [document.id for document in source.documents(db)]
        for start in range(0, len(ids), BATCH):
            count += _keep(db, source, ids[start : start + BATCH], links)
    return count


def _keep(db: Session, source: sources.Source, ids: list[int], links: Mapping[str, ClauseLink]) -> int:
    readable = set(ids)
    if source.kind == queries.KIND:  # other documents number their own clauses in ways that look like the code's
        readable = queries.in_section_set(db, ids)
    found = source.documents(db, ids=ids)
    wanted = {row for document in found if document.id in readable for row in _rows(document, links)}
    held = {
        (row.from_id, row.canonical, row.clause_id): row.id
        for row in db.scalars(select(Citation).where(Citation.from_kind == source.kind, Citation.from_id.in_(ids)))
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
                    "from_kind": source.kind,
                    "from_id": from_id,
                    "canonical": canonical,
                    "clause_id": clause_id,
                    "created_at": now,
                }
                for from_id, canonical, clause_id in fresh
            ],
        )
    return len(wanted)


def _rows(document: sources.Document, links: Mapping[str, ClauseLink]) -> Iterable[Row]:
    if document.is_deleted:
        return
    for cited in _finder.cited(f"{document.title}\n{document.body}"):
        link = queries.resolve(links, cited)
        is_itself = document.kind == queries.KIND and link is not None and link.id == document.id
        if link is not None and not is_itself:
            yield document.id, cited[:MAX_CANONICAL_CHARACTERS], link.id
