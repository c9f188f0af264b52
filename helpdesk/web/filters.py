"""Filters and globals that templates share."""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app, url_for
from markupsafe import Markup

from helpdesk.kernel import clock


def local(moment: datetime, timezone: str) -> datetime:
    return moment.astimezone(ZoneInfo(timezone))


def long_time(moment: datetime, timezone: str = "Europe/London") -> str:
    """The full form, as in `Tuesday 3 March 2026, 14:05 GMT`: the zone is always named."""
    at = local(moment, timezone)
    return f"{at:%A} {at.day} {at:%B %Y, %H:%M %Z}"


def short_time(moment: datetime, timezone: str = "Europe/London") -> str:
    at = local(moment, timezone)
    return f"{at.day} {at:%b %Y}"


def ago(moment: datetime) -> str:
    """How long ago, in the largest unit that is not zero."""
    seconds = max(int((clock.now() - moment).total_seconds()), 0)
    for size, unit in ((31_536_000, "year"), (2_592_000, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def when(moment: datetime | None, timezone: str = "Europe/London") -> Markup:
    """A `<time>` element: relative words, the exact time with its zone on hover and for machines."""
    if moment is None:
        return Markup("–")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), long_time(moment, timezone), ago(moment)
    )


def percent(share: float | None) -> str:
    return "–" if share is None else f"{round(share * 100)}%"


def words(identifier: str) -> str:
    """`waiting_requester` as `Waiting requester`; for enum values without a better label."""
    return identifier.replace("_", " ").capitalize()


@cache
def _digest(path: Path, _modified: float) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def static(filename: str) -> str:
    """The address of a static file with its digest, so that browsers may keep it for a year."""
    path = Path(str(current_app.static_folder)) / filename
    version = _digest(path, path.stat().st_mtime) if path.exists() else ""
    return url_for("static", filename=filename, v=version or None)


def install(app: Flask, **extra_globals: Any) -> None:
    app.jinja_env.filters.update(
        when=when, ago=ago, long_time=long_time, short_time=short_time, percent=percent, words=words
    )
    app.jinja_env.globals.update(static=static, **extra_globals)
