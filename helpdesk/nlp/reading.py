"""Reads one citation, or a list of them, from the place in a text where one may begin."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from helpdesk.nlp import grammar


@dataclass(frozen=True, slots=True)
class Span:
    """A citation in a text: where it stands and, in canonical form, what it cites."""

    start: int
    end: int
    canonical: str


def read(text: str, start: re.Match[str]) -> tuple[list[Span], int]:
    """The citations that begin at `start`, a match of `grammar.START`, and where reading ended.

    What turns out to cite another code gives no citations, but has been read all the same.
    """
    at = start.start()
    spans = _spans(text, start)
    if not spans:
        return [], at + 1 if start.group("bare") else start.end()
    end = spans[-1].end
    spans[0] = replace(spans[0], start=at if not start.group("modification") else spans[0].start)
    if grammar.BEFORE.search(text[max(0, at - grammar.BEFORE_WINDOW) : at]):
        return [], end
    if not start.group("modification") and grammar.AFTER.match(text, end):
        # Without a keyword nothing ties a list together: the other code claims its last only.
        return spans[:-1] if start.group("bare") else [], end
    return spans, end


def _spans(text: str, start: re.Match[str]) -> list[Span]:
    at = start.start()
    if start.group("modification"):
        return _listed(text, _modification(text, at), _next_modification)
    if start.group("bare"):
        return _listed(text, _bare(text, at), _next_bare)
    return _after_keyword(text, start)


def _after_keyword(text: str, start: re.Match[str]) -> list[Span]:
    if start.group("appendix"):
        return _listed(text, _appendix(text, _next_word(text, start.end())), _next_appendix)
    if start.group("schedule"):
        return _listed(text, _schedule(text, _next_word(text, start.end())), _next_schedule)
    if start.group("keyword").upper() == "SEC":
        first = _clause(text, _next_word(text, start.end()))
        is_joined = first is not None and not text[first.start : first.end][1].isspace()
        return _listed(text, first if is_joined else None, _next_clause)
    if part := grammar.OF_PART.match(text, start.end()):
        return _parts_of(text, part)
    at = _next_word(text, start.end())
    if clause := _clause(text, at):
        return _listed(text, clause, _next_clause)
    return _whole_sections(text, at, start.group("section") or "")


def _whole_sections(text: str, at: int, word: str) -> list[Span]:
    whole = _whole(text, at) if word else None
    if whole and word[0].islower() and whole.canonical in {"Section A", "Section I"}:
        return []  # As in `this section I wrote`.
    return _listed(text, whole, _next_whole if word.lower() == "sections" else _next_plain_whole)


Following = Callable[[str, int, str], Span | None]


def _listed(text: str, first: Span | None, following: Following) -> list[Span]:
    """`first`, and what is joined to it by commas, `and`, slashes, or into a range."""
    if first is None:
        return []
    spans = [first]
    latest = first.canonical
    while True:
        end = spans[-1].end
        joint = grammar.RANGE.match(text, end)
        if joint and (last := following(text, joint.end(), latest)):
            merged = f"{spans[-1].canonical}..{last.canonical}"
            spans[-1] = Span(spans[-1].start, last.end, merged)
            latest = last.canonical
            continue
        comma = grammar.SEPARATOR.match(text, end)
        if not comma or not (another := following(text, comma.end(), latest)):
            return spans
        spans.append(another)
        latest = another.canonical


def _next_word(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _items(raw: str) -> str:
    return re.sub(r"\s", "", raw)


def _clause(text: str, at: int) -> Span | None:
    match = grammar.CLAUSE.match(text, at)
    if not match:
        return None
    letter = match.group("letter") or match.group("small")
    name = (letter + match.group("number")).upper() + _items(match.group("items"))
    return Span(at, match.end(), name)


def _bare(text: str, at: int) -> Span | None:
    match = grammar.BARE.match(text, at) or grammar.SPACED.match(text, at)
    if not match:
        return None
    name = match.group("letter") + match.group("number") + _items(match.group("items"))
    return Span(at, match.end(), name)


def _whole(text: str, at: int) -> Span | None:
    match = grammar.WHOLE.match(text, at)
    return Span(at, match.end(), f"Section {match.group('letter')}") if match else None


def _repeated(text: str, at: int, previous: str) -> Span | None:
    """Brackets alone in a list: they take the place of the last ones of the clause before."""
    match = grammar.ITEMS.match(text, at)
    if not match:
        return None
    base, *old = previous.split("(")
    new = _items(match.group("items"))
    is_inner = len(old) > 1 and re.fullmatch(r"\([ivx]+\)", new)
    kept = "".join(f"({item}" for item in old[:-1]) if is_inner else ""
    return Span(at, match.end(), base + kept + new)


def _next_clause(text: str, at: int, previous: str) -> Span | None:
    return _repeated(text, at, previous) or _clause(text, at)


def _next_bare(text: str, at: int, previous: str) -> Span | None:
    return _repeated(text, at, previous) or _bare(text, at)


def _next_whole(text: str, at: int, previous: str) -> Span | None:
    return _clause(text, at) or _whole(text, at)


def _next_plain_whole(text: str, at: int, previous: str) -> Span | None:
    """After the singular, `Section D, I think`: the letters that are also words do not count."""
    another = _next_whole(text, at, previous)
    return another if another and another.canonical not in {"Section A", "Section I"} else None


def _part(text: str, at: int, owner: str) -> tuple[str, int]:
    """`owner` with the number that follows it in the text, and where that ends."""
    match = grammar.PART.match(text, at)
    if not match:
        return owner, at
    number = (match.group("number") or match.group("pointed")).upper()
    return f"{owner} {number}{_items(match.group('items'))}", match.end()


def _appendix(text: str, at: int) -> Span | None:
    match = grammar.APPENDIX.match(text, at)
    if not match:
        return None
    name, end = _part(text, match.end(), f"Appendix {match.group('name')}")
    return Span(at, end, name)


def _schedule(text: str, at: int) -> Span | None:
    match = grammar.SCHEDULE.match(text, at)
    if not match:
        return None
    name, end = _part(text, match.end(), f"Schedule {match.group('name')}")
    return Span(at, end, name)


def _next_part(text: str, at: int, previous: str) -> Span | None:
    """`3.4` after `Appendix AD 3.2`, or `(c)` after `Appendix AD 3.2(b)`."""
    owner = " ".join(previous.split(" ")[:2])
    if owner == previous:
        return None
    if match := grammar.NEXT_PART.match(text, at):
        name = f"{owner} {match.group('pointed')}{_items(match.group('items'))}"
        return Span(at, match.end(), name)
    return _repeated(text, at, previous)


def _next_appendix(text: str, at: int, previous: str) -> Span | None:
    return _next_part(text, at, previous) or _appendix(text, at)


def _next_schedule(text: str, at: int, previous: str) -> Span | None:
    return _next_part(text, at, previous) or _schedule(text, at)


def _parts_of(text: str, part: re.Match[str]) -> list[Span]:
    """`paragraph (b) of Section B1.2`, `clause 4.1 of Appendix AG`."""
    start = grammar.START.match(text, part.end())
    targets = read(text, start)[0] if start and not start.group("modification") else []
    if not targets or not (part.group("number") or part.group("items")):
        return []
    target = targets[0]
    is_named = target.canonical.startswith(("Appendix", "Schedule"))
    if part.group("number"):
        if not is_named or target.canonical.count(" ") > 1:
            return []
        base = f"{target.canonical} {part.group('number').upper()}"
    elif target.canonical.startswith("Section") or (is_named and target.canonical.count(" ") < 2):
        return []
    else:
        base = target.canonical
    spans = [Span(part.start(), part.end("items"), base + _items(part.group("items")))]
    for match in re.finditer(grammar.ITEM, part.group("more")):
        offset = part.start("more")
        spans.append(Span(offset + match.start(), offset + match.end(), base + match.group()))
    return [*spans[:-1], replace(spans[-1], end=target.end), *targets[1:]]


def _modification(text: str, at: int) -> Span | None:
    match = grammar.MODIFICATION.match(text, at)
    if not match and text[at] == "(":
        at += 1
        match = grammar.MODIFICATION.match(text, at)
    if not match:
        return None
    if digits := match.group("secmp"):
        name = f"SECMP{digits}"
    elif digits := match.group("three"):
        name = f"{match.group('short') or match.group('plain')}{digits}".upper()
    else:
        name = match.group("issue")
    return Span(at, match.end(), name)


def _next_modification(text: str, at: int, previous: str) -> Span | None:
    return _modification(text, at) if at < len(text) else None
