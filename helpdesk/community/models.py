"""Tables of the community: questions, answers, comments, votes, tags, revisions and links between questions."""

from datetime import datetime
from enum import StrEnum

from slugify import slugify
from sqlalchemy import Column, Enum, ForeignKey, Index, String, Table, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.community.enums import LinkKind, PostKind, State, VoteKind
from helpdesk.kernel import clock
from helpdesk.kernel.db import Base

SLUG_LENGTH = 80  # characters of a title that its address repeats
COUNTS_TOWARDS_SCORE = text("value <> 0")


def _word(kind: type[StrEnum]) -> Enum:
    """Kept as the word itself, so that a new word needs no change of type in the database."""
    return Enum(kind, native_enum=False, length=24, values_callable=lambda words: [word.value for word in words])


question_tags = Table(
    "question_tags",
    Base.metadata,
    Column("question_id", ForeignKey("questions.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True, index=True),
)


class Tag(Base):
    """A word that sorts questions. Its counts are kept, so that no page counts; visitors see the public one."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    question_count: Mapped[int] = mapped_column(default=0, index=True)
    public_count: Mapped[int] = mapped_column(default=0)


class Question(Base):
    """A question to all Parties. Its author's name is kept beside the account, which can go."""

    __tablename__ = "questions"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        Index("ix_questions_unanswered", "state", "answer_count", "created_at"),
        Index("ix_questions_author_created", "author_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    body_format: Mapped[str] = mapped_column(String(10), default="markdown")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author_name: Mapped[str] = mapped_column(String(200), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    is_public: Mapped[bool] = mapped_column(default=False)
    state: Mapped[State] = mapped_column(_word(State), default=State.OPEN)
    closed_reason: Mapped[str] = mapped_column(String(200), default="")
    closed_at: Mapped[datetime | None]
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id"), index=True)
    # No foreign key: questions and answers would each have to be created before the other.
    accepted_answer_id: Mapped[int | None]
    has_official: Mapped[bool] = mapped_column(default=False)
    score: Mapped[int] = mapped_column(default=0, index=True)
    answer_count: Mapped[int] = mapped_column(default=0)
    comment_count: Mapped[int] = mapped_column(default=0)  # of the whole thread
    view_count: Mapped[int] = mapped_column(default=0)  # brought by an import; views are not counted here
    topic: Mapped[str] = mapped_column(String(60), default="", index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    edited_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    ticket_id: Mapped[int | None]  # the ticket it was turned into; tickets stand above this domain
    seq: Mapped[int] = mapped_column(default=0, index=True)
    source: Mapped[str | None] = mapped_column(String(60))
    source_id: Mapped[str | None] = mapped_column(String(40))
    is_generated: Mapped[bool] = mapped_column(default=False)

    tags: Mapped[list[Tag]] = relationship(secondary=question_tags, order_by=Tag.name, lazy="raise")

    @property
    def slug(self) -> str:
        """The title's words in the address; the id before it decides."""
        return slugify(self.title, max_length=SLUG_LENGTH, word_boundary=True) or "question"

    @property
    def path(self) -> str:
        return f"/questions/{self.id}/{self.slug}"

    @property
    def is_open(self) -> bool:
        return self.state is State.OPEN

    @property
    def is_solved(self) -> bool:
        return self.accepted_answer_id is not None


class Answer(Base):
    """An answer by another Party, or by staff: then it can be official."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("source", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    body_format: Mapped[str] = mapped_column(String(10), default="markdown")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    author_name: Mapped[str] = mapped_column(String(200), default="")
    is_official: Mapped[bool] = mapped_column(default=False)
    is_hidden: Mapped[bool] = mapped_column(default=False)
    score: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    edited_at: Mapped[datetime | None]
    source: Mapped[str | None] = mapped_column(String(60))
    source_id: Mapped[str | None] = mapped_column(String(40))


class Comment(Base):
    """A remark on a question, or on one of its answers when `answer_id` is set."""

    __tablename__ = "comments"
    __table_args__ = (UniqueConstraint("source", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id"), index=True)
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    body_format: Mapped[str] = mapped_column(String(10), default="markdown")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    author_name: Mapped[str] = mapped_column(String(200), default="")
    is_hidden: Mapped[bool] = mapped_column(default=False)
    score: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    source: Mapped[str | None] = mapped_column(String(60))
    source_id: Mapped[str | None] = mapped_column(String(40))


class Vote(Base):
    """One person's vote on one question or answer.

    `value` is 1, -1, or 0 for imported kinds that say nothing of worth. An imported vote can be nobody's, and can
    outlive its post: then both ids are empty.
    """

    __tablename__ = "votes"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        # One vote per person and post; an imported favourite or bounty stands beside it.
        Index(
            "uq_votes_user_id_question_id",
            "user_id",
            "question_id",
            unique=True,
            sqlite_where=COUNTS_TOWARDS_SCORE,
            postgresql_where=COUNTS_TOWARDS_SCORE,
        ),
        Index(
            "uq_votes_user_id_answer_id",
            "user_id",
            "answer_id",
            unique=True,
            sqlite_where=COUNTS_TOWARDS_SCORE,
            postgresql_where=COUNTS_TOWARDS_SCORE,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id"), index=True)
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"), index=True)
    kind: Mapped[VoteKind] = mapped_column(_word(VoteKind))
    value: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    source: Mapped[str | None] = mapped_column(String(60))
    source_id: Mapped[str | None] = mapped_column(String(40))


class Revision(Base):
    """A question or answer as it stood after `at`. A post that was never edited has none."""

    __tablename__ = "revisions"
    __table_args__ = (Index("ix_revisions_kind_object_id", "kind", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[PostKind] = mapped_column(_word(PostKind))
    object_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text)
    body_format: Mapped[str] = mapped_column(String(10), default="markdown")
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    editor_name: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(default=clock.now)


class QuestionLink(Base):
    """One question points to another. An imported link can outlive either."""

    __tablename__ = "question_links"
    __table_args__ = (UniqueConstraint("source", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id"), index=True)
    other_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id"), index=True)
    kind: Mapped[LinkKind] = mapped_column(_word(LinkKind))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    source: Mapped[str | None] = mapped_column(String(60))
    source_id: Mapped[str | None] = mapped_column(String(40))
