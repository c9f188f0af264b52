"""The time, always aware and in UTC."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment. Tests replace this function, nothing else reads a clock."""
    return datetime.now(UTC)
