"""What triage reads."""

from helpdesk.triage.queries.groups import (
    BusyTopic,
    busy_topics,
    group,
    groups,
    sample_items,
    sample_questions,
    weeks,
)
from helpdesk.triage.queries.state import IndexStatus, index_states, models
from helpdesk.triage.queries.words import SearchItem, SearchPage, search

__all__ = [
    "BusyTopic",
    "IndexStatus",
    "SearchItem",
    "SearchPage",
    "busy_topics",
    "group",
    "groups",
    "index_states",
    "models",
    "sample_items",
    "sample_questions",
    "search",
    "weeks",
]
