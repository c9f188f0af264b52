"""Pages of the code: documents, tables of contents, and one page for each clause at its permanent address."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from helpdesk.accounts.signin import current_user
from helpdesk.kernel.db import reading
from helpdesk.kernel.errors import NotFound
from helpdesk.rulebook import queries
from helpdesk.rulebook.contents import Node, for_party, labels, nested
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.models import DocumentVersion
from helpdesk.rulebook.resolver import memory
from helpdesk.web.marks import public

bp = Blueprint("rulebook", __name__, url_prefix="/code")

MAX_NUMBER_CHARACTERS = 200
MAX_EXPLAINED_CHARACTERS = 20_000  # terms are looked for in this much of a clause


@dataclass(frozen=True)
class Contents:
    """A document's tree, and what was left out of it for one Party."""

    tree: list[Node]
    hidden: int
    words: frozenset[str]
    is_mine: bool


@bp.get("")
@public
def index() -> ResponseReturnValue:
    number = request.args.get("number", "").strip()[:MAX_NUMBER_CHARACTERS]
    with reading() as db:
        version = queries.section_set(db)
        found = queries.nearest(db, version, number) if version and number else None
        documents = queries.documents(db)
        contents = _contents(db, version, depth=0) if version and found is None else None
    if version and found:
        return redirect(_address(version, found, number))
    others = [document for document in documents if version is None or document.id != version.document_id]
    return render_template(
        "rulebook/index.html", version=version, contents=contents, others=others, number=number, labels=labels
    )


@bp.get("/<slug>")
@public
def document(slug: str) -> ResponseReturnValue:
    number = request.args.get("number", "").strip()[:MAX_NUMBER_CHARACTERS]
    with reading() as db:
        version = queries.current_version(db, slug)
        found = queries.nearest(db, version, number) if number else None
        contents = _contents(db, version) if found is None else None
    if found:
        return redirect(_address(version, found, number))
    return render_template("rulebook/document.html", version=version, contents=contents, number=number, labels=labels)


@bp.get("/<slug>/<path:address>")
@public
def clause(slug: str, address: str) -> ResponseReturnValue:
    actor = current_user()
    with reading() as db:
        version = queries.current_version(db, slug)
        shown = queries.clause_at(db, version, address)
        if shown is None:
            found = queries.nearest(db, version, address[:MAX_NUMBER_CHARACTERS])
            if found is None:
                raise NotFound(f"There is no clause “{address[:60]}” in {version.document.title}. See its contents.")
            return redirect(_address(version, found, address))
        family = queries.family(db, shown)
        backlinks = queries.backlinks(db, actor, shown)
    return render_template(
        "rulebook/clause.html",
        clause=shown,
        document=version.document,
        version=version,
        family=family,
        backlinks=backlinks,
        terms=memory.terms_in(shown.text[:MAX_EXPLAINED_CHARACTERS]),
        asked=request.args.get("asked", "")[:60],
        title=queries.title,
        url=queries.url,
        labels=labels,
        is_section_set=version.document.kind == DocumentKind.SECTION_SET,
    )


def _contents(db: Session, version: DocumentVersion, depth: int = queries.CONTENTS_DEPTH) -> Contents:
    entries = queries.contents(db, version, depth)
    words = queries.party_words(db, current_user())
    is_mine = bool(words) and request.args.get("for") == "mine"
    kept = for_party(entries, words) if is_mine else entries
    tops = sum(entry.depth == 0 for entry in entries) - sum(entry.depth == 0 for entry in kept)
    return Contents(nested(kept), tops, words, is_mine)


def _address(version: DocumentVersion, found: queries.Nearest, asked: str) -> str:
    """Where a typed number leads; the page says so when it is not exactly that clause."""
    address = queries.url(version.document, found.clause)
    return address if found.is_exact else f"{address}?{urlencode({'asked': asked[:60]})}"
