"""The portal's word search: one query over all kinds, exact references first, only what the reader may see."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    column,
    desc,
    func,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from helpdesk.kernel import sources
from helpdesk.kernel.paging import Window
from helpdesk.kernel.policy import Actor
from helpdesk.kernel.sources import Card
from helpdesk.nlp.citations import canonical_key
from helpdesk.nlp.words import terms
from helpdesk.triage.columns import quoted
from helpdesk.triage.excerpts import excerpt
from helpdesk.triage.models import SearchText

MAX_CHARACTERS = 2_000  # of a question that are looked at
MAX_TERMS = 40  # of a query; the rest adds time and little else
REFERENCE_CHARACTERS = 220
FTS = table("search_fts", column("rowid"))


@dataclass(frozen=True, slots=True)
class SearchItem:
    """One result; the excerpt's matching words are marked."""

    kind: str
    id: int
    title: str
    url: str
    excerpt: Markup
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results. `exact_url` is set when the query names exactly one thing: a ticket or a clause."""

    items: Sequence[SearchItem]
    number: int
    has_next: bool
    exact_url: str = ""


def clean(text: str) -> str:
    """One line that databases can hold, cut to what is looked at."""
    return " ".join(text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8").replace("\0", " ").split())


def search(db: Session, actor: Actor, query: str, *, kind: str = "", window: Window) -> SearchPage:
    """Items with all words of `query`, best first; with any of them when none has all."""
    query = clean(query)
    words = list(dict.fromkeys(terms(query)))[:MAX_TERMS]
    chosen = [source for source in sources.all_sources() if kind in {"", source.kind}]
    if not words or not chosen:
        return SearchPage((), window.number, has_next=False)
    exact = _exact(db, actor, query, chosen) if window.number == 1 else []
    found = _matching(db, actor, words, chosen, window, is_every=True)
    if not found and window.number == 1:
        found = _matching(db, actor, words, chosen, window, is_every=False)
    has_next = len(found) > window.limit
    hits = list(dict.fromkeys([*exact, *found[: window.limit]]))
    items = list(_items(db, actor, hits, query))
    exact_url = next((item.url for item in items if (item.kind, item.id) in exact), "") if len(exact) == 1 else ""
    return SearchPage(items, window.number, has_next, exact_url)


def word_hits(
    db: Session, actor: Actor, query: str, limit: int, kinds: Sequence[str] | None = None
) -> list[tuple[str, int]]:
    """Kind and id of the items that share most words with `query`: what is left without a model."""
    words = list(dict.fromkeys(terms(query)))[:MAX_TERMS]
    chosen = [source for source in sources.all_sources() if kinds is None or source.kind in kinds]
    if not words or not chosen:
        return []
    return _matching(db, actor, words, chosen, Window(1, limit), is_every=False)[:limit]


def _exact(db: Session, actor: Actor, query: str, chosen: Sequence[sources.Source]) -> list[tuple[str, int]]:
    """What the whole query names: a ticket by its reference, a clause by its number."""
    names = {query, query.upper(), canonical_key(query) or query}
    named = [name for name in names if len(name) <= REFERENCE_CHARACTERS]
    rows = db.execute(
        select(SearchText.kind, SearchText.object_id)
        .where(SearchText.reference.in_(named), SearchText.is_deleted.is_(False), _may_see(actor, chosen))
        .limit(2)
    )
    return [(kind, object_id) for kind, object_id in rows]


def _matching(
    db: Session, actor: Actor, words: Sequence[str], chosen: Sequence[sources.Source], window: Window, *, is_every: bool
) -> list[tuple[str, int]]:
    """Kind and id of up to `limit + 1` items of one page."""
    is_sqlite = db.get_bind().dialect.name == "sqlite"
    ranked = _fts5(words, is_every=is_every) if is_sqlite else _tsquery(words, is_every=is_every)
    query = ranked.where(_may_see(actor, chosen)).offset(window.offset).limit(window.limit + 1)
    return [(kind, object_id) for kind, object_id in db.execute(query)]


def _fts5(words: Sequence[str], *, is_every: bool) -> Select[str, int]:
    joined = (" AND " if is_every else " OR ").join('"{}"'.format(word.replace('"', '""')) for word in words)
    return (
        select(SearchText.kind, SearchText.object_id)
        .join(FTS, FTS.c.rowid == SearchText.id)
        .where(literal_column("search_fts").op("MATCH")(joined))
        .order_by(func.bm25(literal_column("search_fts")), SearchText.id)
    )


def _tsquery(words: Sequence[str], *, is_every: bool) -> Select[str, int]:
    joined = (" & " if is_every else " | ").join(quoted(word) for word in words)
    asked = cast(joined, TSQUERY)
    rank = func.ts_rank(SearchText.terms, asked, 1)  # 1: long texts weigh less
    return (
        select(SearchText.kind, SearchText.object_id)
        .where(SearchText.terms.op("@@")(asked))
        .order_by(desc(rank), SearchText.id)
    )


def _may_see(actor: Actor, chosen: Sequence[sources.Source]) -> ColumnElement[bool]:
    """Each kind's own rule, joined into the search itself: nothing hidden is even counted."""
    return or_(
        *(and_(SearchText.kind == source.kind, SearchText.object_id.in_(source.visible(actor))) for source in chosen)
    )


def _items(db: Session, actor: Actor, hits: Sequence[tuple[str, int]], query: str) -> Iterator[SearchItem]:
    found = cards(db, actor, hits)
    bodies = texts(db, list(found))
    for hit in hits:
        if hit in found:
            card = found[hit]
            _, body = bodies.get(hit, ("", ""))
            marked = excerpt(body or card.excerpt, query)
            yield SearchItem(card.kind, card.id, card.title, card.url, marked, card.facts)


def cards(db: Session, actor: Actor, hits: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Card]:
    """Cards of items of several kinds: one call for each kind."""
    by_kind: dict[str, list[int]] = {}
    for kind, object_id in hits:
        by_kind.setdefault(kind, []).append(object_id)
    return {
        (card.kind, card.id): card
        for kind, ids in by_kind.items()
        for card in sources.source(kind).cards(db, actor, ids)
    }


def texts(db: Session, hits: Sequence[tuple[str, int]]) -> dict[tuple[str, int], tuple[str, str]]:
    """Title and body of items whose cards the reader was given already."""
    if not hits:
        return {}
    by_kind: dict[str, list[int]] = {}
    for kind, object_id in hits:
        by_kind.setdefault(kind, []).append(object_id)
    rows = db.execute(_texts(tuple(sorted(by_kind))), by_kind)
    return {(kind, object_id): (title, body) for kind, object_id, title, body in rows}


@lru_cache(maxsize=64)
def _texts(kinds: tuple[str, ...]) -> Select[str, int, str, str]:
    """Takes the ids of each kind by its name; built once, since every list of suggestions asks."""
    some = (and_(SearchText.kind == kind, SearchText.object_id.in_(bindparam(kind, expanding=True))) for kind in kinds)
    return select(SearchText.kind, SearchText.object_id, SearchText.title, SearchText.body).where(or_(*some))
