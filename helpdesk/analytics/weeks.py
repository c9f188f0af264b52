"""Weeks begin on Monday, in London, whatever the reader's zone: everybody speaks of the same figure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def monday(moment: datetime | date) -> date:
    """The Monday of a moment's week."""
    day = moment.astimezone(LONDON).date() if isinstance(moment, datetime) else moment
    return day - timedelta(days=day.weekday())
