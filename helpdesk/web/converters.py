"""Numbers in addresses: none is larger than the database holds, so that a wild one is simply not found."""

from typing import Any

from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1  # of PostgreSQL's integer, which both databases' keys are
LONGEST = 10  # digits of the largest


def row_number(text: str) -> int | None:
    """The row that a form's field names; None for what no row is called."""
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST):
        return None
    number = int(text)
    return number if number <= LARGEST else None


class RowNumber(IntegerConverter):
    """The `int` of every address."""

    def __init__(self, url_map: Map, *args: Any, **options: Any) -> None:
        super().__init__(url_map, *args, **{"max": LARGEST, **options})
