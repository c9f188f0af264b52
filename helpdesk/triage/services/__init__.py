"""Use cases of triage."""

from helpdesk.triage.services.attempts import confirm, finish, opened, presume, remember
from helpdesk.triage.services.drafting import draft_from_group
from helpdesk.triage.services.grouping import rename
from helpdesk.triage.services.related import related
from helpdesk.triage.services.suggesting import SuggestionItem, Suggestions, suggest

__all__ = [
    "SuggestionItem",
    "Suggestions",
    "confirm",
    "draft_from_group",
    "finish",
    "opened",
    "presume",
    "related",
    "remember",
    "rename",
    "suggest",
]
