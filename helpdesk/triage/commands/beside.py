"""Items of several kinds, read from files into one list."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from helpdesk.community.texts import ANSWERS_LENGTH
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.evaluation import readers, searching
from helpdesk.nlp.ranking import PASSAGE_KINDS
from helpdesk.nlp.suggest import Shelf

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
KINDS = ("answer", "question", "article", "clause", "ticket")


class Beside(click.ParamType[tuple[str, Path]]):
    """`KIND=FILE`."""

    name = "KIND=FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        kind, _, path = str(value).partition("=")
        if not path:
            self.fail("it is written KIND=FILE, for example ticket=questions.jsonl.gz.", param, ctx)
        return click.Choice(KINDS).convert(kind, param, ctx), FILE.convert(path, param, ctx)


def shelves(files: Sequence[tuple[str, Path]], encoder: Encoder) -> tuple[list[Shelf], int]:
    """A shelf for each kind, its items numbered through all files in their order; and how many there are."""
    texts: dict[str, list[str]] = {}
    bodies: dict[str, list[str]] = {}
    vectors: dict[str, list[Vectors]] = {}
    items: dict[str, list[int]] = {}
    documents: dict[int, int] = {}
    count = 0
    for kind, path in files:
        rows = readers.read_rows(path)
        if kind in PASSAGE_KINDS:  # A rulebook has bare numbers above sub-clauses, which nobody looks for.
            rows = [row for row in rows if str(row.get("text") or "").strip()]
        some = readers.column(rows, None, readers.TEXT_COLUMNS)
        texts.setdefault(kind, []).extend(some)
        bodies.setdefault(kind, []).extend(readers.answered(rows, ANSWERS_LENGTH))
        vectors.setdefault(kind, []).append(encoder.encode(some))
        items.setdefault(kind, []).extend(range(count, count + len(some)))
        documents.update((count + at, int(row.get("DocumentID") or 0)) for at, row in enumerate(rows))
        count += len(some)
    made = [
        searching.shelf_of(
            kind,
            texts[kind],
            np.vstack(vectors[kind]),
            items=items[kind],
            groups=documents if kind in PASSAGE_KINDS else None,
            bodies=bodies[kind],
        )
        for kind in texts
    ]
    return made, count
