"""Numbers of clauses: canonical form, address, order and the clause above. Pure; the grammar itself is in `nlp`."""

import re

from helpdesk.nlp import citations

_NOT_IN_ADDRESS = re.compile(r"[^\w.()]+")
_GAP = re.compile(r"\s+\(")
_TOKEN = re.compile(r"\d+|[A-Z]+|[a-z]+")
_SET_ORDER = ("Schedule", "Appendix")  # after the main body, as the code is bound


def canonical(text: str) -> str | None:
    """The canonical form of one citation as people type it: "g4.2 (b)", "appendix ad 3.2", "Section G"."""
    text = _GAP.sub("(", text.strip()[:80])
    return citations.canonical_key(text) or citations.canonical_key(text.upper())


def lookup_order(cited: str) -> list[str]:
    """Where a canonical citation may lead: itself, then what it lies in, nearest first. A range leads to its start."""
    start = cited.split("..", maxsplit=1)[0]
    return [start, *citations.parents(start)]


def set_address(number: str) -> str:
    """Below /code/<document>/ for the section set: "Section G" is G, "Appendix AD 3.2" is Appendix-AD-3.2."""
    return number.removeprefix("Section ").replace(" ", "-")


def other_address(number: str) -> str:
    """Below /code/<document>/ elsewhere: "14.2.3.Guidance.10." is 14.2.3.guidance.10."""
    parts = (_NOT_IN_ADDRESS.sub("-", part).strip("-") for part in number.lower().split("."))
    return ".".join(part for part in parts if part) or "clause"


def levels(number: str) -> tuple[str, ...]:
    """The parts of a hierarchical number, outermost first: "1.2.Guidance.3." is 1, 2, guidance, 3."""
    return tuple(part for part in (piece.strip().lower() for piece in number.split(".")) if part)


def set_order(number: str) -> tuple[int, list[tuple[int, int, str]]]:
    """A key that sorts the section set as it is bound: H2 before H14, H14.36 before H14.36A, S before AA."""
    kind = next((name for name in _SET_ORDER if number.startswith(name)), "")
    tokens = _TOKEN.findall(set_address(number).removeprefix(kind))
    key = [(0, int(token), "") if token.isdigit() else (1, len(token), token) for token in tokens]
    return (0 if not kind else 1 + _SET_ORDER.index(kind), key)
