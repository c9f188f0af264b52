"""What may answer a question, for one reader: candidates, the reader's rights, order, confidence, reasons."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import structlog
from markupsafe import Markup
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from helpdesk.kernel import clock, sources
from helpdesk.kernel.policy import Actor
from helpdesk.kernel.sources import Source
from helpdesk.nlp.citations import CitationFinder
from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import EncoderError, Vectors
from helpdesk.nlp.lexical import Keys
from helpdesk.nlp.ranking import MATCHINGS, Ranker
from helpdesk.nlp.suggest import Shelf, Suggester, Suggestion, key_of, worth_showing
from helpdesk.nlp.words import terms
from helpdesk.rulebook import resolver
from helpdesk.triage import engine, pgvectors
from helpdesk.triage.engine import Engine
from helpdesk.triage.enums import Likelihood
from helpdesk.triage.excerpts import excerpt
from helpdesk.triage.models import SearchText
from helpdesk.triage.queries import rights, words

log = structlog.get_logger()

WORDS_ALONE = "Suggestions by meaning are off for the moment. Words are searched: try other words too."
FIRST_WORDS = 3  # of a question before anything is suggested
# About as much in scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana and Han.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{8}")
PARTS_OF_TICKET = (0, 1)  # its subject, and its subject with the first sentences
REFERENCE = re.compile(r"\bSP-\d{6,9}\b", re.IGNORECASE)

Items = Mapping[str, Iterable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionItem:
    """One suggestion as a reader sees it."""

    kind: str
    id: int
    title: str
    url: str
    excerpt: Markup
    score: float
    probability: float | None
    """None where words alone were searched."""
    likelihood: Likelihood
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What is worth showing. `abstained`: it was looked for, and nothing is likely to help."""

    items: tuple[SuggestionItem, ...] = ()
    abstained: bool = False
    is_sought: bool = False
    """Whether there were words enough to look for anything."""
    took_ms: int = 0
    problem: str = ""
    """A sentence when only words are searched, because a model is missing."""


def suggest(db: Session, actor: Actor, text: str, limit: int = 8, kinds: Sequence[str] | None = None) -> Suggestions:
    """The items that are likely enough to answer `text`, best first, of those that `actor` may see."""
    started = time.perf_counter()
    query = words.clean(text)
    if len(query.split()) < FIRST_WORDS and not UNSPACED.search(query) and not cited_items(db, query):
        return Suggestions()
    using = engine.current()
    query, widened = prepared(using, query)
    vector, problem = _vector(using, widened)
    if using is None or vector is None:
        if using is not None:
            using.follow(db)  # else a process would never read that the vectors it waits for are complete
        items = _by_words(db, actor, query, widened, limit, kinds)
    else:
        found = ranked(db, actor, using, query, vector, limit=limit, kinds=kinds)
        likely, possible = using.cache.thresholds
        items = present(db, actor, worth_showing(found, possible), query, likely)
    took = round((time.perf_counter() - started) * 1000)
    return Suggestions(items=items, abstained=not items, is_sought=True, took_ms=took, problem=problem)


def prepared(using: Engine | None, query: str) -> tuple[str, str]:
    """What is searched for: `query` without typing errors, and that widened, which is what is encoded.

    An encoder knows no acronym of one community; with the long form beside it, it knows what is meant.
    """
    mended = using.corrected(query) if using is not None else query
    return mended, resolver.memory.widened(mended)


def _vector(using: Engine | None, query: str) -> tuple[Vectors | None, str]:
    """The vector of `query`, or None and a sentence that says why words alone are searched."""
    if using is None:
        return None, "Suggestions by meaning are still loading. Words are searched."
    if using.encoder is None or not using.can_rate:  # why, `check` tells those who can mend it
        return None, WORDS_ALONE
    try:
        return using.encoder.encode([query])[0], ""
    except EncoderError as err:
        log.warning("encoder_failed", problem=str(err))
        return None, WORDS_ALONE


def ranked(
    db: Session,
    actor: Actor,
    using: Engine,
    query: str,
    vector: Vectors,
    *,
    limit: int,
    kinds: Sequence[str] | None = None,
    besides: tuple[str, int] | None = None,
    categories: Sequence[str] | None = None,
) -> list[Suggestion]:
    """The best items whatever their probability, of those that `actor` may see.

    The item `besides`, whose own text is the query, is left out before the others are judged: items share
    out their probability, and nothing answers a text as well as itself. `categories` are those of the Party whose words
    they are; the reader's own by default.
    """
    chosen = [source for source in sources.all_sources() if kinds is None or source.kind in kinds]
    allowed = _allowed(db, actor, chosen)
    cited = {kind: ids for kind, ids in cited_items(db, query).items() if kind in allowed}
    widened = resolver.memory.widened(query)
    using.follow(db)
    with using.cache.lock:
        # Another request may take what was promoted meanwhile.
        ranker, confidence = using.ranker, using.confidence if using.can_rate else Confidence({})
        shelves = _shelves(db, using, ranker, widened, vector, allowed, cited)
        suggester = Suggester(using.encoder, shelves, ranker, confidence)  # type: ignore[arg-type]
        return suggester.rank(
            query,
            limit=limit,
            vector=vector,
            allowed=allowed,
            keep=partial(_kept, db, actor, besides),
            cited=cited,
            widened=widened,
            on=clock.now().date(),
            categories=[actor.category] if categories is None else categories,
        )


def _kept(db: Session, actor: Actor, besides: tuple[str, int] | None, candidates: Items) -> dict[str, set[int]]:
    """Those of `candidates` that `actor` may see, without the item `besides`."""
    seen = rights.seen_by(db, actor, candidates)
    if besides is not None and besides[0] in seen:
        seen[besides[0]].discard(besides[1])
    return seen


def _shelves(
    db: Session,
    using: Engine,
    ranker: Ranker,
    query: str,
    vector: Vectors,
    allowed: Mapping[str, Keys | None],
    cited: Items,
) -> list[Shelf]:
    if using.cache.with_vectors:
        return using.cache.shelves(allowed)
    learned = ranker.learned
    turned = {one: learned.turned(vector, one) for one in MATCHINGS} if learned is not None else {}
    kinds = [using.cache.kinds[kind] for kind in allowed]
    return pgvectors.shelves(db, using.model, kinds, pgvectors.Query(query, vector, turned), allowed, cited)


def _allowed(db: Session, actor: Actor, chosen: Sequence[Source]) -> dict[str, Keys | None]:
    """What is searched: everything of a kind, but of tickets only the reader's own, lest others' crowd them out."""
    allowed: dict[str, Keys | None] = {source.kind: None for source in chosen}
    if "ticket" not in allowed or actor.is_staff:
        return allowed
    if not actor.is_authenticated:
        del allowed["ticket"]
        return allowed
    own = [key_of(one, part) for one in rights.own_tickets(db, actor) for part in PARTS_OF_TICKET]
    allowed["ticket"] = np.array(own, dtype=np.int64)
    return allowed


def cited_items(db: Session, query: str) -> dict[str, list[int]]:
    """Clauses and tickets that the query names by citation or reference."""
    named: dict[str, list[int]] = {}
    if found := resolver.memory.exact(CitationFinder().cited(query)):
        named["clause"] = found
    if references := {match.upper() for match in REFERENCE.findall(query)}:
        rows = db.scalars(
            select(SearchText.object_id).where(and_(SearchText.kind == "ticket", SearchText.reference.in_(references)))
        )
        named["ticket"] = list(rows)
    return named


def present(
    db: Session, actor: Actor, found: Sequence[Suggestion], query: str, likely: float
) -> tuple[SuggestionItem, ...]:
    """Suggestions with title, address and the matching stretch of text; what has no card for `actor` is left out."""
    cards = words.cards(db, actor, [(one.kind, one.id) for one in found])
    bodies = words.texts(db, list(cards))
    items = []
    for one in found:
        card = cards.get((one.kind, one.id))
        if card is None:
            continue
        _, body = bodies.get((one.kind, one.id), ("", ""))
        items.append(
            SuggestionItem(
                kind=one.kind,
                id=one.id,
                title=card.title,
                url=card.url,
                excerpt=excerpt(body or card.excerpt, query),
                score=round(one.score, 4),
                probability=round(one.probability, 4),
                likelihood=Likelihood.LIKELY if one.probability >= likely else Likelihood.POSSIBLE,
                reasons=one.reasons,
            )
        )
    return tuple(items)


def _by_words(
    db: Session, actor: Actor, query: str, widened: str, limit: int, kinds: Sequence[str] | None
) -> tuple[SuggestionItem, ...]:
    """Without a model: what the query names, and what shares most words. How probable it is, nobody knows."""
    cited = [
        (kind, one) for kind, ids in cited_items(db, query).items() if kinds is None or kind in kinds for one in ids
    ]
    hits = list(dict.fromkeys([*cited, *words.word_hits(db, actor, widened, limit, kinds)]))[:limit]
    texts = words.texts(db, hits)
    reasons = {hit: _shared(query, widened, " ".join(texts.get(hit, ()))) for hit in hits}
    reasons |= dict.fromkeys(cited, ("You named it.",))
    found = [Suggestion(*hit, 0.0, 0.0, reasons[hit]) for hit in hits if reasons[hit]]
    return tuple(replace(one, probability=None) for one in present(db, actor, found, query, likely=1.0))


def _shared(query: str, widened: str, text: str) -> tuple[str, ...]:
    """A reason, when at least half as many words as were asked for are there: fewer are noise."""
    shared = set(terms(widened)) & set(terms(text))
    return (f"Words in common: {len(shared)}.",) if shared and 2 * len(shared) >= len(set(terms(query))) else ()
