"""Clauses found: by id, by address, by citation, by what cites them, and as a `Source`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy import Select, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, contains_eager, load_only

from helpdesk.accounts.models import OrganisationRole
from helpdesk.kernel import sources
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.models import SequenceRow
from helpdesk.kernel.policy import Actor
from helpdesk.rulebook.contents import Entry
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.models import Citation, Clause, Document, DocumentVersion, GlossaryTerm
from helpdesk.rulebook.numbering import canonical, lookup_order, other_address

KIND = "clause"
CONTENTS_DEPTH = 2  # deeper clauses are listed on their own parents' pages
CONTENTS_WORDS = 100  # characters of text that stand for a missing heading
CARD_CHARACTERS = 300
BACKLINKS = 20  # of each kind on a clause's page
UNCONFIRMED = "title not confirmed"

_NAMES = (Clause.number, Clause.address, Clause.heading, Clause.is_verified)


@dataclass(frozen=True, slots=True)
class ClauseLink:
    """Where a citation leads. Without `is_exact` it is the nearest clause that the cited one would lie in."""

    id: int
    number: str
    url: str
    title: str
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class Nearest:
    """The clause that a typed number means; not `is_exact` when that one is missing and this one lies above it."""

    clause: Clause
    is_exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The clauses around one: above from the outermost, directly below, and before and after in the document."""

    above: list[Clause]
    below: list[Clause]
    previous: Clause | None
    next: Clause | None


@dataclass(frozen=True, slots=True)
class Backlinks:
    """Texts of one kind that cite a clause, newest first, only what the reader may see."""

    kind: str
    cards: list[sources.Card]
    has_more: bool


def url(document: Document, clause: Clause) -> str:
    return f"/code/{document.slug}/{quote(clause.address, safe='()~')}"


def title(clause: Clause) -> str:
    """Number and heading; a heading that no source confirms is not shown as fact."""
    if clause.heading and not clause.is_verified and UNCONFIRMED not in clause.heading:
        return f"{clause.number} ({UNCONFIRMED})"
    return f"{clause.number} {clause.heading}".strip()


def visible(actor: Actor) -> Select[int]:
    """The ids of the clauses in force; everybody may read the code."""
    return select(Clause.id).join(Clause.version).where(DocumentVersion.in_force_to.is_(None))


def get(db: Session, actor: Actor, clause_id: int) -> Clause:
    """One clause with its version and document.

    Raises:
        NotFound: there is no such clause in force.
    """
    found = db.scalar(_clauses().where(Clause.id == clause_id, Clause.id.in_(visible(actor))))
    if found is None:
        raise NotFound("There is no such clause in the version in force.")
    return found


def documents(db: Session) -> list[Document]:
    return list(db.scalars(select(Document).order_by(Document.position, Document.id)))


def current_version(db: Session, slug: str) -> DocumentVersion:
    """The version of a document that is in force, with the document.

    Raises:
        NotFound: there is no such document.
    """
    found = db.scalar(
        select(DocumentVersion)
        .join(DocumentVersion.document)
        .where(Document.slug == slug, DocumentVersion.in_force_to.is_(None))
        .options(contains_eager(DocumentVersion.document))
    )
    if found is None:
        raise NotFound("There is no such document. See the list of documents under Code.")
    return found


def clause_at(db: Session, version: DocumentVersion, address: str) -> Clause | None:
    return db.scalar(_clauses().where(Clause.version_id == version.id, Clause.address == address))


def nearest(db: Session, version: DocumentVersion, text: str) -> Nearest | None:
    """The clause of the version that `text`, as people type a number, leads to."""
    if version.document.kind == DocumentKind.SECTION_SET:
        number = canonical(text)
        wanted = lookup_order(number) if number else []
        column = Clause.number
    else:
        parts = other_address(text[:200]).split(".")
        wanted = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
        column = Clause.address
    rows = db.scalars(_clauses().where(Clause.version_id == version.id, column.in_(wanted)))
    found = {getattr(clause, column.key): clause for clause in rows}
    return next((Nearest(found[key], key == wanted[0]) for key in wanted if key in found), None)


def section_set(db: Session) -> DocumentVersion | None:
    """The version in force of the document that the grammar of citations belongs to."""
    return db.scalar(
        select(DocumentVersion)
        .join(DocumentVersion.document)
        .where(Document.kind == DocumentKind.SECTION_SET, DocumentVersion.in_force_to.is_(None))
        .options(contains_eager(DocumentVersion.document))
        .order_by(Document.position, Document.id)
        .limit(1)
    )


def by_number(db: Session, number: str) -> Clause | None:
    """The clause of the section set with exactly this canonical number."""
    version = section_set(db)
    found = nearest(db, version, number) if version else None
    return found.clause if found and found.is_exact else None


def set_links(db: Session, numbers: Iterable[str] | None = None) -> dict[str, ClauseLink]:
    """Clauses of the section set by their numbers: all, or those of `numbers` that exist."""
    version = section_set(db)
    if version is None:
        return {}
    wanted = select(Clause).where(Clause.version_id == version.id).options(load_only(*_NAMES))
    if numbers is not None:
        wanted = wanted.where(Clause.number.in_(list(numbers)))
    return {
        row.number: ClauseLink(row.id, row.number, url(version.document, row), title(row)) for row in db.scalars(wanted)
    }


def resolve(links: Mapping[str, ClauseLink], cited: str) -> ClauseLink | None:
    """The clause that a citation leads to, or the nearest above it; None when not even its Section is known."""
    wanted = lookup_order(cited)
    found = next((links[number] for number in wanted if number in links), None)
    if found is None or found.number == cited or ".." in cited:
        return found
    about = f"{cited} is not in this version; nearest is {found.title}"
    return ClauseLink(found.id, found.number, found.url, about, is_exact=False)


def contents(db: Session, version: DocumentVersion, depth: int = CONTENTS_DEPTH) -> list[Entry]:
    """The upper clauses of a version in order, with the first words of those that have no heading."""
    rows = db.execute(
        select(Clause, func.substr(Clause.text, 1, CONTENTS_WORDS))
        .where(Clause.version_id == version.id, Clause.depth <= depth)
        .order_by(Clause.position)
        .options(load_only(*_NAMES, Clause.parent_id, Clause.depth, Clause.applies_to, Clause.is_demonstration))
    )
    return [
        Entry(
            id=clause.id,
            parent_id=clause.parent_id,
            depth=clause.depth,
            number=clause.number,
            url=url(version.document, clause),
            title=title(clause) if clause.heading else f"{clause.number} {_first_words(words)}".strip(),
            applies_to=frozenset(clause.applies_to),
        )
        for clause, words in rows
    ]


def _first_words(words: str) -> str:
    line = words.split("\n", 1)[0]
    return line if len(line) < CONTENTS_WORDS else f"{line.rsplit(' ', 1)[0]} …"


def party_words(db: Session, actor: Actor) -> frozenset[str]:
    """The Party category and User Roles of the reader's organisation, as `applies_to` names them."""
    if actor.organisation_id is None:
        return frozenset()
    roles = db.scalars(
        select(OrganisationRole.user_role).where(OrganisationRole.organisation_id == actor.organisation_id)
    )
    return frozenset({actor.category, *(str(role) for role in roles)}) - {""}


def family(db: Session, clause: Clause) -> Family:
    """Everything around a clause in one query."""
    above = select(Clause.id, Clause.parent_id).where(Clause.id == clause.parent_id).cte("above", recursive=True)
    upper = above.union_all(select(Clause.id, Clause.parent_id).join(above, Clause.id == above.c.parent_id))
    beside = (clause.position - 1, clause.position + 1)
    rows = list(
        db.scalars(
            select(Clause)
            .where(
                Clause.version_id == clause.version_id,
                or_(
                    Clause.parent_id == clause.id,
                    Clause.position.in_(beside),
                    Clause.id.in_(select(upper.c.id)),
                ),
            )
            .order_by(Clause.position)
        )
    )
    chain: list[Clause] = []
    by_id = {row.id: row for row in rows}
    at = clause.parent_id
    while at is not None:
        chain.insert(0, by_id[at])
        at = by_id[at].parent_id
    by_position = {row.position: row for row in rows}
    return Family(
        above=chain,
        below=[row for row in rows if row.parent_id == clause.id],
        previous=by_position.get(beside[0]),
        next=by_position.get(beside[1]),
    )


def backlinks(db: Session, actor: Actor, clause: Clause) -> list[Backlinks]:
    """What cites the clause, by kind, in one query and one for the cards of each kind that does."""
    parts = [_citing(source, actor, clause) for source in sources.all_sources()]
    if not parts:
        return []
    ids: dict[str, list[int]] = {}
    for kind, from_id in db.execute(union_all(*parts)):
        ids.setdefault(kind, []).append(from_id)
    return [_group(db, actor, kind, sorted(found, reverse=True)) for kind, found in ids.items()]


def _group(db: Session, actor: Actor, kind: str, newest: Sequence[int]) -> Backlinks:
    cards_by_id = {card.id: card for card in sources.source(kind).cards(db, actor, newest[:BACKLINKS])}
    shown = [cards_by_id[id_] for id_ in newest if id_ in cards_by_id]
    return Backlinks(kind, shown, len(newest) > BACKLINKS)


def _citing(source: sources.Source, actor: Actor, clause: Clause) -> Select[str, int]:
    newest = (
        select(Citation.from_id)
        .where(
            Citation.clause_id == clause.id,
            Citation.from_kind == source.kind,
            Citation.from_id.in_(source.visible(actor)),
        )
        .group_by(Citation.from_id)
        .order_by(Citation.from_id.desc())
        .limit(BACKLINKS + 1)
        .subquery()
    )
    return select(literal(source.kind), newest.c.from_id)


def glossary(db: Session) -> dict[str, str]:
    """Every defined term and its meaning."""
    rows = db.execute(select(GlossaryTerm.term, GlossaryTerm.meaning).order_by(GlossaryTerm.term))
    return {term: meaning for term, meaning in rows}  # noqa: C416 - dict() cannot be typed from rows


def last_seq(db: Session) -> int:
    """The number of the newest change to clauses or terms; 0 when there was none."""
    return db.scalar(select(SequenceRow.value).where(SequenceRow.name == KIND)) or 0


def in_section_set(db: Session, ids: Iterable[int]) -> set[int]:
    """Those of `ids` whose numbers the grammar of citations is about."""
    return set(
        db.scalars(
            select(Clause.id)
            .join(Clause.version)
            .join(DocumentVersion.document)
            .where(Clause.id.in_(list(ids)), Document.kind == DocumentKind.SECTION_SET)
        )
    )


def index_documents(db: Session, *, after_seq: int = 0, ids: Sequence[int] | None = None) -> Iterator[sources.Document]:
    """Clauses for the indexes in the order of their changes; those no longer in force are marked deleted."""
    wanted = _clauses().where(Clause.seq > after_seq).order_by(Clause.seq, Clause.id)
    if ids is not None:
        wanted = wanted.where(Clause.id.in_(list(ids)))
    for clause in db.scalars(wanted.execution_options(yield_per=1000)):
        document = clause.version.document
        words = ". ".join(part for part in (clause.heading, clause.text) if part)
        yield sources.Document(
            kind=KIND,
            id=clause.id,
            seq=clause.seq,
            title=f"{clause.number} {clause.heading}".strip(),
            body=clause.text,
            texts=(words,) if words else (),
            reference=clause.number,
            heading_path=" › ".join(part for part in (document.title, clause.heading_path) if part),
            is_deleted=clause.version.in_force_to is not None,
        )


def cards(db: Session, actor: Actor, ids: Sequence[int]) -> list[sources.Card]:
    """Titles and first words, in the order of `ids`."""
    # The ids stand inside the rule: beside it, SQLite would make a list of every clause in force.
    rows = db.scalars(_clauses().where(Clause.id.in_(visible(actor).where(Clause.id.in_(list(ids))))))
    found = {clause.id: _card(clause) for clause in rows}
    return [found[id_] for id_ in ids if id_ in found]


def _card(clause: Clause) -> sources.Card:
    document = clause.version.document
    is_set = document.kind == DocumentKind.SECTION_SET
    name = title(clause) if is_set else f"{document.short_title or document.title} {title(clause)}"
    return sources.Card(
        kind=KIND,
        id=clause.id,
        title=name,
        url=url(document, clause),
        excerpt=clause.text[:CARD_CHARACTERS],
        facts={
            "number": clause.number,
            "document": document.title,
            "heading_path": clause.heading_path,
            "is_demonstration": clause.is_demonstration,
        },
    )


def _clauses() -> Select[Clause]:
    return (
        select(Clause)
        .join(Clause.version)
        .join(DocumentVersion.document)
        .options(contains_eager(Clause.version).contains_eager(DocumentVersion.document))
    )


SOURCE = sources.Source(KIND, index_documents, visible, cards, Clause)
