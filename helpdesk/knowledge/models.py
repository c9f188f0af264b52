"""Published answers, the wordings they answer, the questions they were drafted from, and articles."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.kernel import clock
from helpdesk.kernel.db import Base
from helpdesk.knowledge.enums import Audience, State


class PublishedAnswer(Base):
    """One answer to one question that people word in many ways."""

    __tablename__ = "published_answers"
    __table_args__ = (Index("ix_published_answers_state_published_at", "state", "published_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    question: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    body_format: Mapped[str] = mapped_column(String(10), default="markdown")
    audience: Mapped[Audience] = mapped_column(String(12), default=Audience.PUBLIC)
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    state: Mapped[State] = mapped_column(String(10), default=State.DRAFT)
    topic: Mapped[str] = mapped_column(String(60), default="", index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    group_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_at: Mapped[datetime | None]
    helpful_count: Mapped[int] = mapped_column(default=0)
    unhelpful_count: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int] = mapped_column(default=0, index=True)

    wordings: Mapped[list["Wording"]] = relationship(
        back_populates="answer", lazy="raise", order_by="Wording.id", cascade="all, delete-orphan"
    )


class Wording(Base):
    """Another way in which people ask what a published answer answers; it may come from one of their texts."""

    __tablename__ = "wordings"
    __table_args__ = (UniqueConstraint("answer_id", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("published_answers.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(String(500))
    from_kind: Mapped[str] = mapped_column(String(20), default="")
    from_id: Mapped[int | None]

    answer: Mapped[PublishedAnswer] = relationship(back_populates="wordings", lazy="raise")


class DraftSource(Base):
    """A question or ticket that a draft was made from; shown only to those who may see that item."""

    __tablename__ = "draft_sources"

    answer_id: Mapped[int] = mapped_column(ForeignKey("published_answers.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    object_id: Mapped[int] = mapped_column(primary_key=True)


class HelpfulMark(Base):
    """What one person said of one published answer: did it help?"""

    __tablename__ = "helpful_marks"

    answer_id: Mapped[int] = mapped_column(ForeignKey("published_answers.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    is_helpful: Mapped[bool]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Article(Base):
    """Longer reading: guidance on one subject."""

    __tablename__ = "articles"
    __table_args__ = (Index("ix_articles_state_published_at", "state", "published_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(500), default="")
    body: Mapped[str] = mapped_column(Text)
    body_format: Mapped[str] = mapped_column(String(10), default="markdown")
    audience: Mapped[Audience] = mapped_column(String(12), default=Audience.PUBLIC)
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    state: Mapped[State] = mapped_column(String(10), default=State.DRAFT)
    topic: Mapped[str] = mapped_column(String(60), default="", index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_at: Mapped[datetime | None]
    seq: Mapped[int] = mapped_column(default=0, index=True)
