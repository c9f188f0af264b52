"""The words of the community."""

from enum import StrEnum


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    DUPLICATE = "duplicate"
    HIDDEN = "hidden"  # only staff see it


class VoteKind(StrEnum):
    """What a vote says. People here vote up or down; the others come with imported communities."""

    UP = "up"
    DOWN = "down"
    ACCEPTED = "accepted"
    OFFENSIVE = "offensive"
    FAVOURITE = "favourite"
    CLOSE = "close"
    REOPEN = "reopen"
    BOUNTY_START = "bounty_start"
    BOUNTY_CLOSE = "bounty_close"
    DELETION = "deletion"
    UNDELETION = "undeletion"
    SPAM = "spam"
    INFORM_MODERATOR = "inform_moderator"
    MODERATOR_REVIEW = "moderator_review"
    APPROVE_EDIT = "approve_edit"
    OTHER = "other"


class LinkKind(StrEnum):
    LINKED = "linked"
    DUPLICATE = "duplicate"  # the first question asks what the second one asked before


class PostKind(StrEnum):
    """What a revision belongs to."""

    QUESTION = "question"
    ANSWER = "answer"


class Show(StrEnum):
    """Which questions a list shows."""

    ALL = "all"
    UNANSWERED = "unanswered"
    UNSOLVED = "unsolved"
    MINE = "mine"
    FOLLOWING = "following"


class Sort(StrEnum):
    NEWEST = "newest"
    ACTIVE = "active"
    VOTES = "votes"
