"""Numbers in addresses: none is larger than the database holds, so that a wild one is simply not found."""

from typing import Any

from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1  # of PostgreSQL's integer, which both databases' keys are


class RowNumber(IntegerConverter):
    """The `int` of every address."""

    def __init__(self, url_map: Map, *args: Any, **options: Any) -> None:
        super().__init__(url_map, *args, **{"max": LARGEST, **options})
