"""`eval retrieval` and `eval learning`: a rulebook imported, indexed, searched and learned from as the product does."""

import tempfile
from collections.abc import Collection, Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session
from tqdm import tqdm

from helpdesk.kernel import clock
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.policy import SYSTEM
from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.evaluation import searching
from helpdesk.nlp.evaluation.searching import Question
from helpdesk.nlp.ranking import Ranker
from helpdesk.nlp.suggest import Suggestion
from helpdesk.rulebook import readers
from helpdesk.rulebook import services as rulebook
from helpdesk.rulebook.drafts import CodeDraft
from helpdesk.rulebook.models import Clause, Document, DocumentVersion
from helpdesk.triage import engine
from helpdesk.triage.commands.temporary import temporary_site
from helpdesk.triage.engine import Engine
from helpdesk.triage.enums import Origin
from helpdesk.triage.queries.words import clean
from helpdesk.triage.services import indexing, judging
from helpdesk.triage.services.suggesting import prepared, ranked
from helpdesk.triage.services.training import run


def retrieval(
    passages: Path,
    questions: Sequence[Question],
    lessons: Sequence[Question],
    unknown: Sequence[str],
    seen: Collection[Hashable] | None,
    database_url: str,
    encoder: Encoder,
    ranker: Ranker,
    confidence: Confidence,
) -> Mapping[str, Any]:
    """recall@10 and map@10 of suggesting clauses from a database of its own, after people linked what `lessons` say.

    With `unknown` questions, which no clause answers, also how well the list abstains.
    """
    code = readers.read_passages(passages)
    with temporary_site(database_url):
        _fill(code, encoder)
        _teach(lessons, encoder)
        return _measured(questions, seen, _engine(encoder, ranker, confidence), unknown)


def learning(
    passages: Path,
    questions: Sequence[Question],
    lessons: Sequence[Question],
    whats: Sequence[str],
    database_url: str,
    encoder: Encoder,
    ranker: Ranker,
    confidence: Confidence,
) -> Mapping[str, Any]:
    """What training on `lessons`, the later fifth held out, makes of `whats`, and of other `questions`."""
    code = readers.read_passages(passages)
    seen = {label for one in lessons for label in one.gold}
    with temporary_site(database_url), tempfile.TemporaryDirectory() as folder:
        _fill(code, encoder)
        _teach(lessons, encoder)
        using = _engine(encoder, ranker, confidence)
        before = _measured(questions, seen, using) if questions else {}
        trained = run.train(SYSTEM, using, Path(folder), whats, say=partial(click.echo, err=True))
        after = _measured(questions, seen, using) if questions else {}
    figures: dict[str, Any] = {}
    for one in trained:
        own = {"promoted": one.is_promoted, **{name: one.metrics[name] for name in one.metrics if name != "verdict"}}
        figures |= {f"{one.what} {name}": value for name, value in own.items()}
    return {**figures, **{f"asked {name}": (before[name], value) for name, value in after.items()}}


def _engine(encoder: Encoder, ranker: Ranker, confidence: Confidence) -> Engine:
    with reading() as db:
        return Engine(encoder=encoder, ranker=ranker, confidence=confidence, cache=engine.make_cache(db, encoder))


def _measured(
    questions: Sequence[Question], seen: Collection[Hashable] | None, using: Engine, unknown: Sequence[str] = ()
) -> Mapping[str, Any]:
    encoder = using.encoder
    assert encoder is not None
    total = len(questions) + (len(questions) + len(unknown) if unknown else 0)
    with reading() as db, tqdm(total=total, unit=" questions", disable=None) as bar:
        using.follow(db, in_request=False)
        labels = _labels(db)

        def rank(query: str, vector: Vectors, limit: int) -> Sequence[Suggestion]:
            bar.update()
            mended, widened = prepared(using, clean(query))
            if widened != query:
                (vector,) = encoder.encode([widened])
            return ranked(db, SYSTEM, using, mended, vector, limit=limit, kinds=["clause"])

        figures = searching.retrieval(questions, encoder, rank, labels.__getitem__, seen)
        if unknown:
            figures |= searching.abstain(questions, unknown, encoder, rank, labels.__getitem__)
    return {**figures, "passages": len(labels)}


def _fill(code: CodeDraft, encoder: Encoder) -> None:
    count = sum(len(document.clauses) for document in code.documents)
    today = clock.now().date()
    with tqdm(total=2 * count, unit=" steps", disable=None) as bar:
        with unit_of_work() as db:
            rulebook.import_code(db, SYSTEM, code, label="Current", in_force_from=today, progress=bar.update)
        indexing.embed_pending("clause", encoder, bar.update)


def _teach(lessons: Sequence[Question], encoder: Encoder) -> None:
    """Judge as those do who accept an answer that cites a clause."""
    with unit_of_work() as db:
        clauses: dict[Hashable, list[int]] = {}
        for clause_id, label in _labels(db).items():
            clauses.setdefault(label, []).append(clause_id)
        for number, one in enumerate(lessons):
            items = [("clause", clause_id) for label in dict.fromkeys(one.gold) for clause_id in clauses.get(label, ())]
            judging.judge(db, Origin.CITED, number, one.text, items)
    indexing.embed_pending("clause", encoder)


def _labels(db: Session) -> dict[int, tuple[str, str]]:
    """The gold label of each clause: its document's id and its number in the file."""
    rows = db.execute(
        select(Clause.id, Document.source_id, Clause.number)
        .join(DocumentVersion, DocumentVersion.id == Clause.version_id)
        .join(Document, Document.id == DocumentVersion.document_id)
    )
    return {clause_id: (str(source_id), number) for clause_id, source_id, number in rows}
