"""Kept figures: a page reads these rows and counts nothing. `services.refresh` remakes them."""

from datetime import date, datetime, timedelta

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.analytics.enums import Measure
from helpdesk.kernel.db import Base


class TicketDay(Base):
    """How many tickets of one channel, topic and Party category were opened and solved on a day in London."""

    __tablename__ = "ticket_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(24), primary_key=True)
    topic_id: Mapped[int] = mapped_column(primary_key=True)  # 0: no topic
    category: Mapped[str] = mapped_column(String(40), primary_key=True)
    opened: Mapped[int] = mapped_column(default=0)
    solved: Mapped[int] = mapped_column(default=0)


class TimeFigure(Base):
    """Working minutes to first response or resolution of the tickets opened from `start` on, for `weeks` weeks."""

    __tablename__ = "time_figures"

    measure: Mapped[Measure] = mapped_column(String(20), primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)  # a Monday
    weeks: Mapped[int] = mapped_column(primary_key=True)
    tickets: Mapped[int]
    median: Mapped[float]
    percentile_90: Mapped[float]

    @property
    def end(self) -> date:
        return self.start + timedelta(days=7 * self.weeks - 1)


class BacklogBand(Base):
    """How many unsolved tickets have one of the ages of `enums.BANDS`."""

    __tablename__ = "backlog_bands"

    position: Mapped[int] = mapped_column(primary_key=True)
    tickets: Mapped[int]


class AttemptWeek(Base):
    """How far the attempts of a week went, from its Monday."""

    __tablename__ = "attempt_weeks"

    week: Mapped[date] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    offered: Mapped[int] = mapped_column(default=0)
    opened: Mapped[int] = mapped_column(default=0)
    confirmed: Mapped[int] = mapped_column(default=0)
    presumed: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    asked: Mapped[int] = mapped_column(default=0)

    @property
    def end(self) -> date:
        return self.week + timedelta(days=6)


class Refreshed(Base):
    """When the figures were last made, which every page states."""

    __tablename__ = "figures_refreshed"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
