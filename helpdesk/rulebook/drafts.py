"""What is about to become documents, clauses and terms: plain values between readers and services."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpdesk.rulebook.enums import DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseDraft:
    """One clause to add. Without a `parent` number the clause above is found from the number itself.

    `source_id` says which clause this is when it is added again; without one, the number does.
    """

    number: str
    text: str = ""
    heading: str = ""
    parent: str | None = None
    applies_to: Sequence[str] = ()
    is_demonstration: bool = False
    is_verified: bool = True
    source_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDraft:
    """One document with its clauses in order."""

    source_id: str
    slug: str
    title: str
    short_title: str = ""
    kind: DocumentKind = DocumentKind.RULEBOOK
    clauses: list[ClauseDraft] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDraft:
    """Everything that one file or folder holds."""

    documents: list[DocumentDraft]
    terms: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Added:
    """What adding clauses did; `missing` were there before and are not in the new list, and were left alone."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0

    def __add__(self, other: "Added") -> "Added":
        return Added(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.missing + other.missing,
        )
