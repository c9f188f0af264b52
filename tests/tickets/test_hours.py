"""Working time across evenings, weekends, bank holidays and both clock changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.tickets import hours
from helpdesk.tickets.enums import Priority

moments = st.datetimes(datetime(2015, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it
minutes = st.integers(0, 60 * 8 * 40)


def at(text: str) -> datetime:
    """A time in London, as in "2026-03-02 09:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=hours.ZONE)


class TestWorkingMinutes:
    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            ("2026-03-03 09:00", "2026-03-03 17:00", 480),
            ("2026-03-03 10:15", "2026-03-03 11:00", 45),
            ("2026-03-03 06:00", "2026-03-03 09:30", 30),
            ("2026-03-03 16:30", "2026-03-04 09:30", 60),
            ("2026-03-06 16:00", "2026-03-09 10:00", 120),  # over a weekend
            ("2026-03-07 10:00", "2026-03-08 15:00", 0),  # within one
            ("2025-12-24 16:00", "2025-12-29 10:00", 120),  # Christmas Day and Boxing Day
            ("2022-09-16 16:00", "2022-09-20 10:00", 120),  # the bank holiday of a state funeral
            ("2026-08-28 16:00", "2026-09-01 10:00", 120),  # the August holiday of England, not Scotland's
            ("2026-08-03 09:00", "2026-08-03 17:00", 480),  # Scotland's August holiday is a working day here
            ("2026-03-27 16:00", "2026-03-30 10:00", 120),  # clocks go forward
            ("2026-10-23 16:00", "2026-10-26 10:00", 120),  # clocks go back
            ("2024-01-01 00:00", "2025-01-01 00:00", 254 * 480),  # 262 weekdays less 8 bank holidays
        ],
    )
    def test_only_time_within_working_hours_counts(self, start: str, end: str, expected: int) -> None:
        assert hours.working_minutes(at(start), at(end)) == expected

    def test_an_end_before_the_start_is_no_time(self) -> None:
        assert hours.working_minutes(at("2026-03-04 10:00"), at("2026-03-03 10:00")) == 0

    @given(moments, moments, moments)
    def test_the_parts_add_up(self, one: datetime, two: datetime, three: datetime) -> None:
        first, middle, last = sorted(moment.replace(second=0, microsecond=0) for moment in (one, two, three))
        parts = hours.working_minutes(first, middle) + hours.working_minutes(middle, last)
        assert hours.working_minutes(first, last) == parts

    @given(moments, st.integers(0, 60))
    def test_never_more_than_the_clock_shows(self, start: datetime, days: int) -> None:
        end = start + timedelta(days=days, minutes=days)
        assert hours.working_minutes(start, end) <= (end - start).total_seconds() / 60


class TestAddWorkingMinutes:
    @given(moments, minutes)
    def test_is_the_inverse_of_measuring(self, start: datetime, count: int) -> None:
        start = start.replace(microsecond=0)
        assert hours.working_minutes(start, hours.add_working_minutes(start, count)) == count

    @given(moments, st.integers(1, 2000))
    def test_ends_within_working_hours(self, start: datetime, count: int) -> None:
        end = hours.add_working_minutes(start, count).astimezone(hours.ZONE)
        assert hours.is_working_day(end.date())
        assert hours.OPENS < end.time() <= hours.CLOSES

    def test_a_question_on_friday_evening_is_due_on_monday(self) -> None:
        assert hours.first_reply_due(at("2026-03-06 18:00"), Priority.URGENT) == at("2026-03-09 11:00")
        assert hours.first_reply_due(at("2026-03-06 18:00"), Priority.NORMAL) == at("2026-03-09 17:00")

    def test_bank_holidays_are_not_working_days(self) -> None:
        assert not hours.is_working_day(date(2026, 4, 3))
        assert hours.is_working_day(date(2026, 4, 2))
