"""Fixed choices of published answers and articles."""

from enum import StrEnum


class Audience(StrEnum):
    """Who may read. `CATEGORIES` means Parties of the categories that are named beside it."""

    PUBLIC = "public"
    PARTIES = "parties"
    CATEGORIES = "categories"
    STAFF = "staff"


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"
