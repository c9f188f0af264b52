"""Documents apart from their dated versions, the clauses of each version, and what cites them."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.kernel import clock
from helpdesk.kernel.db import Base
from helpdesk.rulebook.enums import DocumentKind


class Document(Base):
    """The code, or another document that stands in numbered clauses. Its text belongs to its versions."""

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    short_title: Mapped[str] = mapped_column(String(40), default="")
    kind: Mapped[DocumentKind] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(default=0)
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[str | None] = mapped_column(String(120), unique=True)

    versions: Mapped[list["DocumentVersion"]] = relationship(
        back_populates="document", lazy="raise", order_by="DocumentVersion.in_force_from"
    )


class DocumentVersion(Base):
    """A document as it stood from one date to another; the current one has no end."""

    __tablename__ = "document_versions"
    __table_args__ = (UniqueConstraint("document_id", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    label: Mapped[str] = mapped_column(String(80))
    in_force_from: Mapped[date]
    in_force_to: Mapped[date | None] = mapped_column(index=True)

    document: Mapped[Document] = relationship(back_populates="versions", lazy="raise")
    clauses: Mapped[list["Clause"]] = relationship(back_populates="version", lazy="raise", order_by="Clause.position")


class Clause(Base):
    """One numbered provision of one version.

    `number` is what people cite ("H14.31", "Appendix AD 3.2", "14.2.3.Guidance.10."); `address` is its place below
    /code/<document>/, unique in the version. `applies_to` names Party categories and User Roles; empty means every
    Party, or for a clause below another one: as its parent says.
    """

    __tablename__ = "clauses"
    __table_args__ = (
        UniqueConstraint("version_id", "address"),
        UniqueConstraint("version_id", "source_id"),
        Index("ix_clauses_version_id_position", "version_id", "position"),
        Index("ix_clauses_version_id_number", "version_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("document_versions.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("clauses.id"), index=True)
    number: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(220))
    heading: Mapped[str] = mapped_column(String(300), default="")
    heading_path: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int]
    depth: Mapped[int] = mapped_column(default=0)
    applies_to: Mapped[list[str]] = mapped_column(JSON, default=list)
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    is_verified: Mapped[bool] = mapped_column(default=True)
    seq: Mapped[int] = mapped_column(default=0, index=True)
    source_id: Mapped[str] = mapped_column(String(120))

    version: Mapped[DocumentVersion] = relationship(back_populates="clauses", lazy="raise")


class Citation(Base):
    """That one text cites one clause; kept when the text or the code changes, never looked for on view."""

    __tablename__ = "citations"
    __table_args__ = (
        UniqueConstraint("from_kind", "from_id", "canonical"),
        Index("ix_citations_clause_id_from_kind", "clause_id", "from_kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    from_kind: Mapped[str] = mapped_column(String(20))
    from_id: Mapped[int]
    clause_id: Mapped[int] = mapped_column(ForeignKey("clauses.id"))
    canonical: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class GlossaryTerm(Base):
    """A defined term or acronym and what it means here."""

    __tablename__ = "glossary_terms"

    id: Mapped[int] = mapped_column(primary_key=True)
    term: Mapped[str] = mapped_column(String(120), unique=True)
    meaning: Mapped[str] = mapped_column(Text)
    is_demonstration: Mapped[bool] = mapped_column(default=False)
