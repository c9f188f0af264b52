"""Search texts, embeddings, attempts, predictions, corrections, topics found by the machine, and models."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import DDL, JSON, ForeignKey, Index, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.kernel import clock
from helpdesk.kernel.db import Base
from helpdesk.triage.columns import Floats, Terms, UnitVector
from helpdesk.triage.enums import GroupState, ModelState, Origin, Outcome

KINDS = ("answer", "question", "article", "clause", "ticket")
EMBEDDING = "embedding"  # name of the embeddings' sequence; every kind has one of its own name
MODELS = "models"  # sequence of promotions, for processes that have a model loaded
REBUILD = "index_rebuild"  # sequence of rebuilds: search texts were written without a new number of their item


class SearchText(Base):
    """What the word search knows of one item; `seq` is the item's own, so that caches can follow.

    A removed item stays as a row without text, so that every process learns of the removal.
    """

    __tablename__ = "search_texts"
    __table_args__ = (
        UniqueConstraint("kind", "object_id"),
        Index("ix_search_texts_kind_seq", "kind", "seq"),
        Index("ix_search_texts_kind_reference", "kind", "reference"),
        Index("ix_search_texts_terms", "terms", postgresql_using="gin").ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    object_id: Mapped[int]
    seq: Mapped[int]
    title: Mapped[str] = mapped_column(String(500), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    wordings: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Texts beside the first that lead to the item: an answer's other wordings."""
    leads: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Questions that the item answered, as `judgements` tell: searched, and never shown."""
    reference: Mapped[str] = mapped_column(String(220), default="")
    heading_path: Mapped[str] = mapped_column(Text, default="")
    organisation_id: Mapped[int | None]
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Of Parties: those that staff wrote an answer or article for, if they chose some; a ticket's requester's."""
    topic: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime | None]
    votes: Mapped[int] = mapped_column(default=0)
    is_solved: Mapped[bool] = mapped_column(default=False)
    is_official: Mapped[bool] = mapped_column(default=False)
    is_deleted: Mapped[bool] = mapped_column(default=False)
    terms: Mapped[Any] = mapped_column(Terms, default=((), ()), deferred=True)


# FTS5 keeps its index beside the table and reads the words from it; PostgreSQL has the GIN index above.
SEARCH_DDL_SQLITE = (
    "CREATE VIRTUAL TABLE search_fts USING fts5(terms, content='search_texts', content_rowid='id', "
    "tokenize=\"unicode61 remove_diacritics 0 tokenchars '.()'\")",
    "CREATE TRIGGER search_texts_added AFTER INSERT ON search_texts BEGIN "
    "INSERT INTO search_fts(rowid, terms) VALUES (new.id, new.terms); END",
    "CREATE TRIGGER search_texts_removed AFTER DELETE ON search_texts BEGIN "
    "INSERT INTO search_fts(search_fts, rowid, terms) VALUES ('delete', old.id, old.terms); END",
    "CREATE TRIGGER search_texts_changed AFTER UPDATE OF terms ON search_texts BEGIN "
    "INSERT INTO search_fts(search_fts, rowid, terms) VALUES ('delete', old.id, old.terms); "
    "INSERT INTO search_fts(rowid, terms) VALUES (new.id, new.terms); END",
)
VECTOR_DDL_POSTGRESQL = "CREATE EXTENSION IF NOT EXISTS vector"


def _on(moment: str, table: Any, dialect: str, statement: str) -> None:
    """Run `statement` when the tables are made without migrations, as an evaluation's temporary database is."""
    event.listen(table, moment, DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]


for _statement in SEARCH_DDL_SQLITE:
    _on("after_create", SearchText.__table__, "sqlite", _statement)
_on("after_drop", SearchText.__table__, "sqlite", "DROP TABLE IF EXISTS search_fts")
_on("before_create", SearchText.__table__, "postgresql", VECTOR_DDL_POSTGRESQL)


class Embedding(Base):
    """The vector of one wording of one item. Rows of removed wordings stay without a vector, for caches to follow.

    While another model's vectors are being made, each wording has a row of either model.
    """

    __tablename__ = "embeddings"
    __table_args__ = (UniqueConstraint("kind", "object_id", "part", "model"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    object_id: Mapped[int]
    part: Mapped[int]
    seq: Mapped[int] = mapped_column(index=True)
    digest: Mapped[str] = mapped_column(String(64), default="")
    model: Mapped[str] = mapped_column(String(80), default="")
    vector: Mapped[Floats | None] = mapped_column(UnitVector)


# One graph a kind, so that a search among clauses is not crowded out by tickets.
VECTOR_INDEX_DDL_POSTGRESQL = tuple(
    f"CREATE INDEX ix_embeddings_vector_{kind} ON embeddings USING hnsw (vector vector_cosine_ops) "
    f"WHERE kind = '{kind}'"
    for kind in KINDS
)
for _statement in VECTOR_INDEX_DDL_POSTGRESQL:
    _on("after_create", Embedding.__table__, "postgresql", _statement)


class IndexState(Base):
    """How far the embeddings of one kind by one model have followed its items."""

    __tablename__ = "index_states"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    model: Mapped[str] = mapped_column(String(80), primary_key=True, default="")
    seq: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


class Judgement(Base):
    """What people showed by acting: that an item answers a question, or does not. Learned from, and never shown.

    `source_id` is the attempt, ticket or question that `origin` speaks of; `organisation_id` whose words they are.
    """

    __tablename__ = "judgements"
    __table_args__ = (
        UniqueConstraint("origin", "source_id", "kind", "object_id"),
        Index("ix_judgements_kind_object_id", "kind", "object_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[Origin] = mapped_column(String(10))
    source_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    object_id: Mapped[int]
    query: Mapped[str] = mapped_column(Text)
    is_right: Mapped[bool]
    organisation_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class Attempt(Base):
    """One person's try to find an answer before asking; `token` belongs to one shown ask form."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_outcome_started_at", "outcome", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    category: Mapped[str] = mapped_column(String(30), default="")
    query: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(String(60), default="")
    channel: Mapped[str] = mapped_column(String(10), default="web")
    started_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[Outcome] = mapped_column(String(10), default=Outcome.OPEN)
    is_offered: Mapped[bool] = mapped_column(default=False)
    is_opened: Mapped[bool] = mapped_column(default=False)
    confirmed_kind: Mapped[str] = mapped_column(String(10), default="")
    confirmed_id: Mapped[int | None]
    ticket_id: Mapped[int | None] = mapped_column(index=True)
    question_id: Mapped[int | None]

    items: Mapped[list["AttemptItem"]] = relationship(
        back_populates="attempt", lazy="raise", order_by="AttemptItem.rank", cascade="all, delete-orphan"
    )


class AttemptItem(Base):
    """One suggestion that an attempt was offered, at the best rank it had."""

    __tablename__ = "attempt_items"
    __table_args__ = (UniqueConstraint("attempt_id", "kind", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    object_id: Mapped[int]
    rank: Mapped[int]
    probability: Mapped[float | None]
    """None where words alone were searched."""
    last_rank: Mapped[int | None]
    """Its rank in the last list that had it; `last_at` says which one that was, since typing on makes new ones."""
    last_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]

    attempt: Mapped[Attempt] = relationship(back_populates="items", lazy="raise")


class PredictionRow(Base):
    """What a model said of one ticket when it came."""

    __tablename__ = "predictions"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    model: Mapped[str] = mapped_column(String(120))
    topic: Mapped[str] = mapped_column(String(60), default="")
    probability: Mapped[float] = mapped_column(default=0.0)
    is_unsure: Mapped[bool] = mapped_column(default=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Correction(Base):
    """A predicted value that an agent changed: a row to learn from."""

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(String(20))
    old: Mapped[str] = mapped_column(String(120), default="")
    new: Mapped[str] = mapped_column(String(120), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class Group(Base):
    """A topic found among incoming questions and tickets, which keeps its identity between runs."""

    __tablename__ = "topic_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    is_renamed: Mapped[bool] = mapped_column(default=False)
    terms: Mapped[list[str]] = mapped_column(JSON, default=list)
    size: Mapped[int] = mapped_column(default=0, index=True)
    trend: Mapped[float] = mapped_column(default=0.0)
    """Share by which the last four weeks differ from the four before; 0.5 is half as many again."""
    first_seen: Mapped[datetime | None]
    last_seen: Mapped[datetime | None]
    is_covered: Mapped[bool] = mapped_column(default=False)
    covered_by_id: Mapped[int | None] = mapped_column(ForeignKey("published_answers.id"))
    coverage: Mapped[float] = mapped_column(default=0.0)
    """Cosine between the topic's centre and the nearest wording of a published answer."""
    state: Mapped[GroupState] = mapped_column(String(10), default=GroupState.ACTIVE, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


class GroupMember(Base):
    """An item belongs to one topic; `rank` 0 is the nearest to the topic's centre."""

    __tablename__ = "topic_group_members"
    __table_args__ = (Index("ix_topic_group_members_group_id_rank", "group_id", "rank"),)

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    object_id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("topic_groups.id", ondelete="CASCADE"))
    rank: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime | None]
    added_at: Mapped[datetime] = mapped_column(default=clock.now)


class GroupWeek(Base):
    """How many items of a topic came in the week that begins on a Monday."""

    __tablename__ = "topic_group_weeks"

    group_id: Mapped[int] = mapped_column(ForeignKey("topic_groups.id", ondelete="CASCADE"), primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    size: Mapped[int]


class ModelRow(Base):
    """A trained model: where it lies, what it was measured to be, and whether it is the one in use."""

    __tablename__ = "models"
    __table_args__ = (Index("ix_models_what_state", "what", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120), unique=True)
    folder: Mapped[str] = mapped_column(String(500))
    state: Mapped[ModelState] = mapped_column(String(12), default=ModelState.CHALLENGER)
    metrics: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    promoted_at: Mapped[datetime | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("models.id"))
