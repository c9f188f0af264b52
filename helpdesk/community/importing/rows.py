"""The tables of a Stack Exchange data dump: what a row says, and when it says nothing that can be kept."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from helpdesk.community.enums import LinkKind, VoteKind

NAME_LENGTH = 200  # characters of a display name that are kept
TITLE_LENGTH = 200
TAG_LENGTH = 60

# Numbers of the dump's own documentation (VoteTypeId, LinkTypeId, PostTypeId).
VOTE_KINDS = {
    "1": VoteKind.ACCEPTED,
    "2": VoteKind.UP,
    "3": VoteKind.DOWN,
    "4": VoteKind.OFFENSIVE,
    "5": VoteKind.FAVOURITE,
    "6": VoteKind.CLOSE,
    "7": VoteKind.REOPEN,
    "8": VoteKind.BOUNTY_START,
    "9": VoteKind.BOUNTY_CLOSE,
    "10": VoteKind.DELETION,
    "11": VoteKind.UNDELETION,
    "12": VoteKind.SPAM,
    "13": VoteKind.INFORM_MODERATOR,
    "15": VoteKind.MODERATOR_REVIEW,
    "16": VoteKind.APPROVE_EDIT,
}
VOTE_VALUES = {VoteKind.UP: 1, VoteKind.DOWN: -1}
LINK_KINDS = {"1": LinkKind.LINKED, "3": LinkKind.DUPLICATE}
QUESTION, ANSWER = "1", "2"

_NUMBER = re.compile(r"-?\d{1,9}")
_TAG = re.compile(r"[^<>|]+")  # "<a><b>", or "|a|b|" in dumps since 2023

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class UserRow:
    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PostRow:
    """A question, an answer, or (by `type`) a page that is neither."""

    id: str
    type: str
    parent_id: str
    accepted_id: str
    title: str
    body: str
    tags: tuple[str, ...]
    owner_id: str
    owner_name: str
    score: int
    views: int
    created_at: datetime
    edited_at: datetime | None
    active_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CommentRow:
    id: str
    post_id: str
    text: str
    owner_id: str
    owner_name: str
    score: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VoteRow:
    id: str
    post_id: str
    user_id: str
    kind: VoteKind
    value: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TagRow:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    id: str
    question_id: str
    other_id: str
    kind: LinkKind
    created_at: datetime


class BadRow(Exception):
    """An attribute is missing or says nothing that can be kept."""


def _text(row: Mapping[str, str], name: str, length: int | None = None) -> str:
    """An attribute that may be missing."""
    return row.get(name, "")[:length]


def _needed(row: Mapping[str, str], name: str) -> str:
    if not row.get(name):
        raise BadRow(f"{name} is missing")
    return row[name]


def _whole(row: Mapping[str, str], name: str, default: int | None = None) -> int:
    value = row.get(name)
    if value is None and default is not None:
        return default
    if value is None or not _NUMBER.fullmatch(value):
        raise BadRow(f"{name} is not a whole number")
    return int(value)


def _key(row: Mapping[str, str], name: str = "Id") -> str:
    return str(_whole(row, name))


def _time(row: Mapping[str, str], name: str) -> datetime:
    """Times are UTC without a zone mark."""
    try:
        return datetime.fromisoformat(_needed(row, name)).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadRow(f"{name} is not a time") from error


def _time_or_none(row: Mapping[str, str], name: str) -> datetime | None:
    return _time(row, name) if name in row else None


def _user(row: Mapping[str, str]) -> UserRow:
    return UserRow(_key(row), _text(row, "DisplayName", NAME_LENGTH), _time(row, "CreationDate"))


def _post(row: Mapping[str, str]) -> PostRow:
    kind = _key(row, "PostTypeId")
    created_at = _time(row, "CreationDate")
    return PostRow(
        id=_key(row),
        type=kind,
        parent_id=_key(row, "ParentId") if kind == ANSWER else "",
        accepted_id=_text(row, "AcceptedAnswerId"),
        title=_needed(row, "Title")[:TITLE_LENGTH] if kind == QUESTION else "",
        body=_text(row, "Body"),
        tags=tuple(dict.fromkeys(tag[:TAG_LENGTH] for tag in _TAG.findall(_text(row, "Tags")))),
        owner_id=_text(row, "OwnerUserId"),
        owner_name=_text(row, "OwnerDisplayName", NAME_LENGTH),
        score=_whole(row, "Score", 0),
        views=_whole(row, "ViewCount", 0),
        created_at=created_at,
        edited_at=_time_or_none(row, "LastEditDate"),
        active_at=_time_or_none(row, "LastActivityDate") or created_at,
        closed_at=_time_or_none(row, "ClosedDate"),
    )


def _comment(row: Mapping[str, str]) -> CommentRow:
    return CommentRow(
        id=_key(row),
        post_id=_key(row, "PostId"),
        text=_text(row, "Text"),
        owner_id=_text(row, "UserId"),
        owner_name=_text(row, "UserDisplayName", NAME_LENGTH),
        score=_whole(row, "Score", 0),
        created_at=_time(row, "CreationDate"),
    )


def _vote(row: Mapping[str, str]) -> VoteRow:
    kind = VOTE_KINDS.get(_key(row, "VoteTypeId"), VoteKind.OTHER)
    return VoteRow(
        id=_key(row),
        post_id=_key(row, "PostId"),
        user_id=_text(row, "UserId"),
        kind=kind,
        value=VOTE_VALUES.get(kind, 0),
        created_at=_time(row, "CreationDate"),
    )


def _tag(row: Mapping[str, str]) -> TagRow:
    return TagRow(_key(row), _needed(row, "TagName")[:TAG_LENGTH])


def _link(row: Mapping[str, str]) -> LinkRow:
    return LinkRow(
        id=_key(row),
        question_id=_key(row, "PostId"),
        other_id=_key(row, "RelatedPostId"),
        kind=LINK_KINDS.get(_key(row, "LinkTypeId"), LinkKind.LINKED),
        created_at=_time(row, "CreationDate"),
    )


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """One file of a dump and how its rows are read."""

    name: str
    read: Callable[[Mapping[str, str]], Row]


USERS = Table("Users", _user)
TAGS = Table("Tags", _tag)
POSTS = Table("Posts", _post)
COMMENTS = Table("Comments", _comment)
VOTES = Table("Votes", _vote)
LINKS = Table("PostLinks", _link)
TABLES: tuple[Table[Any], ...] = (USERS, TAGS, POSTS, COMMENTS, VOTES, LINKS)
REQUIRED: tuple[Table[Any], ...] = (USERS, POSTS)
