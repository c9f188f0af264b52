"""Documents and clauses as tests need them."""

from datetime import date

from sqlalchemy.orm import Session

from helpdesk.kernel.policy import SYSTEM
from helpdesk.rulebook import services
from helpdesk.rulebook.drafts import ClauseDraft
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.models import Clause, DocumentVersion

# Number, heading, text: a small section set with a gap (no G4.3) in its order.
CODE = (
    ("Section G", "Security", ""),
    ("G3", "Organisational security", ""),
    ("G3.20", "", "Users keep records, as section G4.2(b) explains."),
    ("G4", "Information security", ""),
    ("G4.2", "", "Each User shall"),
    ("G4.2(b)", "", "protect what it holds; see Appendix AD 3.2 and section H1."),
    ("Section H", "DCC Services", ""),
    ("H1", "User Entry Process", ""),
    ("Schedule 5", "Accession Information", ""),
    ("Appendix AD", "DCC User Interface Specification", ""),
)


def make_version(
    db: Session,
    slug: str = "sec",
    kind: DocumentKind = DocumentKind.SECTION_SET,
    label: str = "Current",
    in_force_from: date = date(2026, 1, 1),
    title: str = "Smart Energy Code",
) -> DocumentVersion:
    document = services.add_document(db, SYSTEM, slug=slug, title=title, kind=kind)
    return services.add_version(db, SYSTEM, document, label=label, in_force_from=in_force_from)


def make_code(db: Session) -> dict[str, Clause]:
    """The section set above; its clauses by number."""
    version = make_version(db)
    return add(db, version, *(ClauseDraft(number=number, heading=head, text=text) for number, head, text in CODE))


def add(db: Session, version: DocumentVersion, *drafts: ClauseDraft) -> dict[str, Clause]:
    services.add_clauses(db, SYSTEM, version, drafts)
    rows = db.query(Clause).where(Clause.version_id == version.id).order_by(Clause.position)
    return {clause.number: clause for clause in rows}
