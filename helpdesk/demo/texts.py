"""Reads the hand-written demonstration content that ships with the package."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

DEMONSTRATION_NOTICE = (
    "Demonstration text. It stands where the code's own words would stand "
    "and is not the legal text of the Smart Energy Code."
)


@dataclass(frozen=True, slots=True)
class Team:
    """A group of agents; only its named members read a restricted one's tickets."""

    slug: str
    name: str
    restricted: bool
    summary: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What a question is about, with the team and priority it starts with."""

    slug: str
    name: str
    team: str
    priority: str
    summary: str


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One numbered piece of the code's structure, in our own words.

    `applies_to` lists Party categories and User Roles; empty means every Party.
    """

    number: str
    kind: str
    title: str
    parent: str | None
    text: str
    applies_to: tuple[str, ...]
    demonstration: bool


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """A term and what it means, in our own words."""

    term: str
    meaning: str
    demonstration: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A published answer with the other ways in which people ask for it."""

    topic: str
    question: str
    wordings: tuple[str, ...]
    answer: str
    audience: str


@dataclass(frozen=True, slots=True)
class Article:
    """A longer read; `body` is Markdown."""

    slug: str
    title: str
    summary: str
    topic: str
    audience: str
    body: str


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """An answer in the community; an official one is given by staff."""

    body: str
    accepted: bool
    official: bool
    comments: tuple[str, ...]
    votes: int


@dataclass(frozen=True, slots=True)
class CommunityQuestion:
    """A question that a Party asked the others."""

    title: str
    body: str
    topic: str
    tags: tuple[str, ...]
    public: bool
    votes: int
    answers: tuple[PeerAnswer, ...]


def teams() -> tuple[Team, ...]:
    """Every team, those for everyday work first."""
    return tuple(Team(**row) for row in _json("topics.json")["teams"])


def topics() -> tuple[Topic, ...]:
    """Every topic, in the order of a Party's life with the code."""
    return tuple(Topic(**row) for row in _json("topics.json")["topics"])


def code_entries() -> tuple[CodeEntry, ...]:
    """The code's structure: main body, then Schedules, then Appendices."""
    rows = [row for name in ("main-body", "schedules", "appendices") for row in _json(f"code/{name}.json")]
    return tuple(CodeEntry(**{**row, "applies_to": tuple(row["applies_to"])}) for row in rows)


def glossary() -> tuple[GlossaryEntry, ...]:
    """Terms and meanings, grouped as a reader meets them."""
    return tuple(GlossaryEntry(**row) for row in _json("code/glossary.json"))


def answers() -> tuple[Answer, ...]:
    """The published answers, by topic."""
    return tuple(Answer(**{**row, "wordings": tuple(row["wordings"])}) for row in _json("answers.json"))


def articles() -> tuple[Article, ...]:
    """The articles in the order of their file names."""
    folder = _content().joinpath("articles")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".md"))
    return tuple(_article(folder.joinpath(name), name.removesuffix(".md")) for name in names)


def community() -> tuple[CommunityQuestion, ...]:
    """The community's questions with their answers."""
    return tuple(_question(row) for row in _json("community.json"))


@cache
def phrases() -> Mapping[str, Any]:
    """Openers, closers and slot values that generated enquiries are made of."""
    found: Mapping[str, Any] = _json("phrases.json")
    return found


@cache
def intents() -> tuple[Mapping[str, Any], ...]:
    """What people ask about each topic, one mapping per topic in file-name order."""
    folder = _content().joinpath("intents")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".json"))
    return tuple(_json(f"intents/{name}") for name in names)


@cache
def names() -> Mapping[str, Any]:
    """The parts that invented names are put together from."""
    found: Mapping[str, Any] = _json("names.json")
    return found


def _question(row: Mapping[str, Any]) -> CommunityQuestion:
    replies = tuple(
        PeerAnswer(
            body=reply["body"],
            accepted=reply.get("accepted", False),
            official=reply.get("official", False),
            comments=tuple(reply.get("comments", ())),
            votes=reply.get("votes", 0),
        )
        for reply in row["answers"]
    )
    return CommunityQuestion(
        title=row["title"],
        body=row["body"],
        topic=row["topic"],
        tags=tuple(row["tags"]),
        public=row["public"],
        votes=row["votes"],
        answers=replies,
    )


def _article(file: Traversable, slug: str) -> Article:
    """A file is a one-line JSON header, an empty line, then Markdown."""
    header, _, body = file.read_text(encoding="utf-8").partition("\n\n")
    return Article(slug=slug, body=body.strip(), **json.loads(header))


def _content() -> Traversable:
    return files("helpdesk.demo").joinpath("content")


def _json(name: str) -> Any:
    return json.loads(_content().joinpath(name).read_text(encoding="utf-8"))
