"""Documents, versions, clauses, terms and citations written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.kernel import audit, changes, jobs, sequences
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import Actor, require
from helpdesk.rulebook import citing, queries
from helpdesk.rulebook.drafts import Added, ClauseDraft, CodeDraft
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.models import Clause, Document, DocumentVersion, GlossaryTerm
from helpdesk.rulebook.policy import RULES, Can
from helpdesk.rulebook.shelving import Shelf

REBUILD_JOB = "rulebook.rebuild_citations"

Progress = Callable[[int], object]


def add_document(
    db: Session,
    actor: Actor,
    *,
    slug: str,
    title: str,
    kind: DocumentKind,
    short_title: str = "",
    position: int = 0,
    is_demonstration: bool = False,
    source_id: str | None = None,
) -> Document:
    """The document known by `source_id` (or else by `slug`), with these titles; made when it is new."""
    require(RULES, actor, Can.WRITE)
    source_id = source_id or f"slug:{slug}"
    document = db.scalar(select(Document).where(Document.source_id == source_id))
    if document is None:
        if db.scalar(select(Document.id).where(Document.slug == slug)) is not None:
            raise Invalid(f"Another document already has the address /code/{slug}. Choose another title.")
        document = Document(slug=slug, source_id=source_id)
        db.add(document)
    document.title, document.short_title, document.kind = title, short_title, kind
    document.position, document.is_demonstration = position, is_demonstration
    db.flush()
    return document


def add_version(db: Session, actor: Actor, document: Document, *, label: str, in_force_from: date) -> DocumentVersion:
    """The version of this label; when it is new it is in force from its date, and the one before it ends then.

    Raises:
        Invalid: a later version is in force already.
    """
    require(RULES, actor, Can.WRITE)
    versions = {
        version.label: version
        for version in db.scalars(select(DocumentVersion).where(DocumentVersion.document_id == document.id))
    }
    if label in versions:
        return versions[label]
    current = next((version for version in versions.values() if version.in_force_to is None), None)
    if current is not None:
        if current.in_force_from >= in_force_from:
            raise Invalid(f"Version “{current.label}” is in force from {current.in_force_from}; give a later date.")
        current.in_force_to = in_force_from
        _announce(db, db.scalars(select(Clause).where(Clause.version_id == current.id)).all())
    version = DocumentVersion(document_id=document.id, label=label, in_force_from=in_force_from)
    version.document = document
    db.add(version)
    db.flush()
    return version


def add_clauses(
    db: Session,
    actor: Actor,
    version: DocumentVersion,
    drafts: Sequence[ClauseDraft],
    progress: Progress | None = None,
) -> Added:
    """Put clauses into a version in this order. Those it holds already (by source id) are brought up to date.

    Raises:
        Invalid: a number does not follow the grammar of the section set.
    """
    require(RULES, actor, Can.WRITE)
    document = db.get_one(Document, version.document_id)
    held = db.scalars(select(Clause).where(Clause.version_id == version.id).order_by(Clause.position)).all()
    shelf = Shelf(version.id, document.kind == DocumentKind.SECTION_SET, held)
    for draft in drafts:
        shelf.place(draft)
        if progress is not None:
            progress(1)
    if shelf.shift:  # rows that grew in the middle push those behind them back, so that positions stay dense
        behind = Clause.version_id == version.id, Clause.position > shelf.shift_after
        db.execute(
            update(Clause).where(*behind).values(position=Clause.position + shelf.shift),
            execution_options={"synchronize_session": False},
        )
    for level in shelf.new_by_depth():
        for clause, parent in level:
            clause.parent_id = parent.id if parent else None
        db.add_all(clause for clause, _parent in level)
        db.flush()
    touched = shelf.settle()
    _announce(db, touched)
    audit.record(db, actor, "code.clauses_added", "document", document.id, version=version.id, count=len(touched))
    if touched and document.kind == DocumentKind.SECTION_SET:
        jobs.enqueue(db, REBUILD_JOB, key=REBUILD_JOB)
    return shelf.report()


def set_glossary(db: Session, actor: Actor, terms: Mapping[str, str], *, is_demonstration: bool = False) -> int:
    """Add defined terms or change their meanings; returns how many are new or different."""
    require(RULES, actor, Can.WRITE)
    known = {row.term: row for row in db.scalars(select(GlossaryTerm).where(GlossaryTerm.term.in_(list(terms))))}
    changed = 0
    for term, meaning in terms.items():
        row = known.get(term)
        if row is None:
            row = GlossaryTerm(term=term, meaning="")
            db.add(row)
        if (row.meaning, row.is_demonstration) != (meaning, is_demonstration):
            row.meaning, row.is_demonstration = meaning, is_demonstration
            changed += 1
    if changed:
        sequences.take(db, queries.KIND)  # processes that remember the terms see that they changed
    db.flush()
    return changed


def import_code(
    db: Session,
    actor: Actor,
    code: CodeDraft,
    *,
    label: str,
    in_force_from: date,
    progress: Progress | None = None,
) -> Added:
    """Bring in all documents of a file in one transaction. Safe to repeat."""
    total = Added()
    for position, draft in enumerate(code.documents):
        document = add_document(
            db,
            actor,
            slug=draft.slug,
            title=draft.title,
            short_title=draft.short_title,
            kind=draft.kind,
            position=position,
            source_id=draft.source_id,
        )
        version = add_version(db, actor, document, label=label, in_force_from=in_force_from)
        total += add_clauses(db, actor, version, draft.clauses, progress)
    set_glossary(db, actor, code.terms)
    return total


def _announce(db: Session, clauses: Iterable[Clause]) -> None:
    """Tell the indexes of changes, in the order of the document."""
    changes.changed(db, queries.KIND, *sorted(clauses, key=lambda clause: (clause.version_id, clause.position)))


def rebuild_citations(db: Session) -> int:
    """Find every citation in every text again; returns how many lead to a clause."""
    return citing.rebuild(db)
