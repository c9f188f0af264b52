"""Working time: Monday to Friday, 9am to 5pm in London, less the bank holidays of England. Pure arithmetic."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from helpdesk.tickets.enums import Priority

ZONE = ZoneInfo("Europe/London")
OPENS = time(9)  # the helpdesk's published hours
CLOSES = time(17)
DAY_SECONDS = (CLOSES.hour - OPENS.hour) * 3600
FIRST_YEAR = 1970  # working time is measured from its first day; earlier tickets count from there
SATURDAY = 5  # date.weekday()

# Working hours within which a requester hears from the helpdesk: our own service standard, the code sets none.
FIRST_REPLY_HOURS = {Priority.URGENT: 2, Priority.HIGH: 4, Priority.NORMAL: 8, Priority.LOW: 16}


def working_minutes(start: datetime, end: datetime) -> int:
    """Whole working minutes from `start` to `end`; 0 when `end` is not later."""
    return max(_elapsed(end) - _elapsed(start), 0) // 60


def add_working_minutes(start: datetime, minutes: int) -> datetime:
    """The moment at which `minutes` of working time have passed since `start`, in UTC."""
    remaining = minutes * 60
    day = start.astimezone(ZONE).date()
    done = _second_of_day(start)
    while not is_working_day(day) or DAY_SECONDS - done < remaining:
        remaining -= DAY_SECONDS - done if is_working_day(day) else 0
        day, done = day + timedelta(days=1), 0
    at = datetime.combine(day, OPENS, ZONE) + timedelta(seconds=done + remaining)
    return at.astimezone(UTC)


def first_reply_due(opened_at: datetime, priority: Priority) -> datetime:
    """By when the requester should have heard from the helpdesk."""
    return add_working_minutes(opened_at, FIRST_REPLY_HOURS[priority] * 60)


def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in _bank_holidays(day.year)


def _elapsed(moment: datetime) -> int:
    """Working seconds between the beginning of `FIRST_YEAR` and `moment`."""
    day = moment.astimezone(ZONE).date()
    whole_days = _days_before_year(day.year) + bisect_left(_working_days(day.year), day)
    return whole_days * DAY_SECONDS + (_second_of_day(moment) if is_working_day(day) else 0)


def _second_of_day(moment: datetime) -> int:
    """Seconds since opening, at least 0 and at most a whole day; the clocks never change within working hours."""
    at = moment.astimezone(ZONE)
    seconds = (at.hour - OPENS.hour) * 3600 + at.minute * 60 + at.second
    return min(max(seconds, 0), DAY_SECONDS)


@cache
def _days_before_year(year: int) -> int:
    return sum(len(_working_days(one)) for one in range(FIRST_YEAR, year))


@cache
def _working_days(year: int) -> list[date]:
    first = date(year, 1, 1)
    days = (first + timedelta(days=number) for number in range((date(year, 12, 31) - first).days + 1))
    return [day for day in days if is_working_day(day)]


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))
