"""`eval`: measures of the product's own classes on files with known answers."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from helpdesk.community.texts import ANSWERS_LENGTH
from helpdesk.config import Settings
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Encoder
from helpdesk.nlp.evaluation import readers, searching, sorting
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.evaluation.readers import FileError
from helpdesk.nlp.evaluation.searching import Question
from helpdesk.nlp.evaluation.sorting import Labelled
from helpdesk.nlp.manifest import ArtefactError
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.nlp.ranking import Ranker
from helpdesk.nlp.suggest import Suggester
from helpdesk.nlp.topics import KEPT
from helpdesk.triage import engine
from helpdesk.triage.commands import adapting, beside, clauses, dated, output

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
ID_COLUMNS = ("id", "faq", "category", "intent", "label")
GOLD_COLUMNS = ("faq", "target", "category", "intent", "label", "id")
CITATION_LABEL = "expected"
LEARNED_FROM_CLAUSES = ("ranking", "confidence", "encoder")

eval_group = click.Group("eval", help="Measure on files with known answers. Nothing is learned from them.")


def measure(name: str) -> Callable[[Callable[..., Mapping[str, Any]]], click.Command]:
    """A command of `eval` whose function returns the figures; it gains --json and says sentences for bad files."""

    def decorate(function: Callable[..., Mapping[str, Any]]) -> click.Command:
        @wraps(function)
        def run(*, as_json: bool, **options: Any) -> None:
            started = time.perf_counter()
            try:
                figures = function(**options)
            except (FileError, ArtefactError, HelpdeskError, ValueError) as err:
                raise click.ClickException(str(err)) from err
            output.show(figures, seconds=time.perf_counter() - started, as_json=as_json)

        run.__click_params__ = list(getattr(function, "__click_params__", []))  # type: ignore[attr-defined]
        with_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(run)
        return eval_group.command(name)(with_appcontext(with_json))

    return decorate


def _settings() -> Settings:
    found: Settings = current_app.extensions["signpost.settings"]
    return found


def _encoder() -> CachedEncoder:
    """The site's encoder; vectors are kept by digest under var/, so that a second run is quick."""
    here = _settings()
    return CachedEncoder(OnnxEncoder(engine.encoder_folder(here)), here.data_dir / "eval")


ADAPT = click.option("--adapt", is_flag=True, help="Adapt the encoder to the known labels first; takes minutes.")


def _adapted(texts: Sequence[str], labels: Sequence[str]) -> CachedEncoder:
    here = _settings()
    return adapting.adapted(texts, labels, engine.start_of_adaptation(here.models_dir), here.data_dir / "eval")


def _confidence() -> Confidence:
    return engine.load_confidence(_settings().models_dir / engine.CONFIDENCE)


@measure("retrieval")
@click.option("--passages", type=FILE, required=True, help="Clauses: DocumentID, PassageID, text.")
@click.option("--questions", type=FILE, required=True, help="Questions, each with gold DocumentID and PassageID.")
@click.option("--train", type=FILE, help="Questions whose clauses people linked before; splits the figures by them.")
@click.option("--unknown", type=FILE, help="Questions that no clause answers: measures abstaining too.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many questions.")
@click.option("--database-url", default="", help="An empty database to fill; SQLite in a temporary file by default.")
def retrieval(
    passages: Path, questions: Path, train: Path | None, unknown: Path | None, limit: int | None, database_url: str
) -> Mapping[str, Any]:
    """Whether the right clauses are found for a question."""
    asked, lessons = _with_gold(questions)[:limit], _with_gold(train) if train else []
    known = {label for one in lessons for label in one.gold} if train else None
    encoder = _encoder()
    models = (encoder, _ranker(encoder), _confidence())
    return clauses.retrieval(passages, asked, lessons, _plain(unknown), known, database_url, *models)


def _ranker(encoder: Encoder) -> Ranker:
    return Ranker(learned=engine.load_order(_settings().models_dir / engine.RANKING, encoder.base))


@measure("learning")
@click.option("--passages", type=FILE, required=True, help="Clauses: DocumentID, PassageID, text.")
@click.option("--train", type=FILE, required=True, help="Questions whose clauses people linked, the oldest first.")
@click.option("--questions", type=FILE, help="Other questions, asked before and after.")
@click.option(
    "--what",
    "whats",
    type=click.Choice(LEARNED_FROM_CLAUSES),
    multiple=True,
    default=LEARNED_FROM_CLAUSES[:2],
    show_default=True,
)
@click.option("--shuffle", is_flag=True, help="Give the clauses of each question to another: nothing can be learned.")
@click.option("--without-shipped", is_flag=True, help="Begin without the order of clauses that ships.")
@click.option("--database-url", default="", help="An empty database to fill; SQLite in a temporary file by default.")
def learning(
    passages: Path,
    train: Path,
    questions: Path | None,
    whats: Sequence[str],
    shuffle: bool,
    without_shipped: bool,
    database_url: str,
) -> Mapping[str, Any]:
    """What `train` makes of questions whose clauses people linked."""
    lessons, asked = _with_gold(train), _with_gold(questions) if questions else []
    if shuffle:
        golds = [one.gold for one in lessons]
        random.Random(0).shuffle(golds)  # noqa: S311 - nobody has to guess it
        lessons = [Question(one.text, gold) for one, gold in zip(lessons, golds, strict=True)]
    encoder = _encoder()
    models = (encoder, Ranker() if without_shipped else _ranker(encoder), _confidence())
    return clauses.learning(passages, asked, lessons, whats, database_url, *models)


def _with_gold(path: Path) -> list[Question]:
    return [Question(str(row["question"]), _gold(row)) for row in _rows(path, "question", "gold")]


def _rows(path: Path, *names: str) -> list[readers.Row]:
    rows = readers.read_rows(path)
    for number, row in enumerate(rows, start=1):
        if missing := [name for name in names if name not in row]:
            raise FileError(f"Row {number} of {path} has no {missing[0]}.")
    return rows


def _gold(row: readers.Row) -> list[tuple[str, str]]:
    return [(str(one["DocumentID"]), str(one["PassageID"])) for one in row["gold"]]


@measure("duplicates")
@click.option("--questions", type=FILE, required=True, help="Known questions: id, question and, if known, answers.")
@click.option("--pairs", type=FILE, required=True, help="Re-phrasings and the known question behind each.")
@click.option("--query-column", default="query", show_default=True)
@click.option("--target-column", default="faq", show_default=True)
@click.option(
    "--beside", "others", type=beside.Beside(), multiple=True, help="KIND=FILE: texts of another file in the same list."
)
def duplicates(
    questions: Path, pairs: Path, query_column: str, target_column: str, others: tuple[tuple[str, Path], ...]
) -> Mapping[str, Any]:
    """Whether the known question behind a re-phrasing is found, alone or among items of other files."""
    known = readers.read_rows(questions)
    labels = readers.column(known, None, ID_COLUMNS)
    rows = readers.read_rows(pairs)
    asked = _questions(readers.column(rows, query_column, ()), readers.column(rows, target_column, ()))
    encoder = _encoder()
    shelves, items = beside.shelves([("question", questions), *others], encoder)
    suggester = Suggester(encoder, shelves, _ranker(encoder), _confidence())
    figures = searching.duplicates(
        asked, encoder, searching.ranker_of(suggester), lambda item: labels[item] if item < len(labels) else item
    )
    return {**figures, "items": items}


def _questions(texts: Sequence[str], labels: Sequence[str]) -> list[Question]:
    return [Question(text, [label]) for text, label in zip(texts, labels, strict=True)]


@measure("earlier")
@click.option("--questions", type=FILE, help="Dated questions: id, question, date_tabled.")
@click.option("--groups", type=FILE, help="Which of them got one answer: group, ids.")
@click.option("--dump", type=FOLDER, help="Instead of both: a Stack Exchange dump, whose people linked questions.")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="Questions of this day or later are asked.")
@click.option("--strip-addressee", is_flag=True, help="Drop the office that a question is put to.")
@ADAPT
def earlier(
    questions: Path | None,
    groups: Path | None,
    dump: Path | None,
    start: datetime | None,
    strip_addressee: bool,
    adapt: bool,
) -> Mapping[str, Any]:
    """Whether an earlier question is found that people put beside this one. With --adapt those before --from teach."""
    if dump is not None and (questions or groups or strip_addressee or adapt):
        raise FileError(
            "--dump stands alone or with --from: links between questions do not say that they mean the same."
        )
    if dump is not None:
        asked = dated.of_dump(dump)
    elif questions is not None and groups is not None:
        rows = _rows(questions, "id", "question", "date_tabled")
        asked = dated.of_groups(rows, _rows(groups, "group", "ids"), strip_addressee=strip_addressee)
    else:
        raise FileError("Give --questions and --groups, or --dump.")
    first = start.date() if start else date.min
    known = [one for one in asked if one.day < first and one.fellows]
    if adapt and not known:
        raise FileError("--adapt learns from groups of before --from, and there are none. Give a later day.")
    encoder = _adapted([one.text for one in known], [one.label for one in known]) if adapt else _encoder()
    return searching.earlier(asked, first, encoder, _confidence(), _ranker(encoder))


def _texts(texts: Sequence[str], strip_addressee: bool) -> list[str]:
    return [readers.without_addressee(text) for text in texts] if strip_addressee else list(texts)


@measure("abstain")
@click.option(
    "--known",
    type=FILE,
    required=True,
    multiple=True,
    help="What is answered: text, label (or id) and, if known, answers.",
)
@click.option(
    "--questions", type=FILE, required=True, multiple=True, help="Questions with the label that answers them."
)
@click.option("--unknown", type=FILE, required=True, multiple=True, help="Questions that nothing known answers.")
@click.option("--judged", type=FILE, multiple=True, help="Questions with labels, to learn the probabilities from.")
@click.option("--judged-unknown", type=FILE, multiple=True, help="Questions that nothing answers, to learn from.")
@click.option("--label-column", help="Column of the label in all files but those of unknown questions.")
@ADAPT
def abstain(
    known: tuple[Path, ...],
    questions: tuple[Path, ...],
    unknown: tuple[Path, ...],
    judged: tuple[Path, ...],
    judged_unknown: tuple[Path, ...],
    label_column: str | None,
    adapt: bool,
) -> Mapping[str, Any]:
    """Whether suggestions are shown only when they are right. Several files of a kind are one stream."""
    texts, labels = _texts_and_labels(known, label_column, ID_COLUMNS)
    items = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    names, encoder = list(items), _adapted(texts, labels) if adapt else _encoder()
    suggester = searching.suggester_over(
        texts,
        encoder.encode(texts),
        encoder,
        _confidence(),
        kind="question",
        items=[items[label] for label in labels],
        bodies=[body for path in known for body in readers.answered(readers.read_rows(path), ANSWERS_LENGTH)],
        ranker=_ranker(encoder),
    )
    if judged_unknown and not judged:
        raise FileError("Give --judged too: probabilities are not learned from unknown questions alone.")
    if judged:
        lessons = _questions(*_texts_and_labels(judged, label_column, GOLD_COLUMNS))
        strange = [Question(text, ()) for path in judged_unknown for text in _plain(path)]
        suggester.confidence = searching.judged(suggester, [*lessons, *strange], items)
    return searching.abstain(
        _questions(*_texts_and_labels(questions, label_column, GOLD_COLUMNS)),
        [text for path in unknown for text in _plain(path)],
        encoder,
        searching.ranker_of(suggester),
        names.__getitem__,
    )


def _texts_and_labels(
    paths: Sequence[Path], label_column: str | None, usual: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """The rows of all files; each has its own usual columns."""
    texts: list[str] = []
    labels: list[str] = []
    for path in paths:
        rows = readers.read_rows(path)
        texts += readers.column(rows, None, readers.TEXT_COLUMNS)
        labels += readers.column(rows, label_column, usual)
    return texts, labels


@measure("triage")
@click.option("--train", "train_file", type=FILE, required=True)
@click.option("--test", "test_file", type=FILE, help="May be the train file, with --split-date.")
@click.option("--unknown-train", type=FILE, help="Texts of no topic, to learn from.")
@click.option("--unknown-test", type=FILE, help="Texts of no topic, to measure with.")
@click.option("--label-column", help="category, intent or label by default.")
@click.option("--split-date", help="COLUMN:DATE: rows before it teach, rows from it on measure.")
@click.option(
    "--per-label", type=click.IntRange(3), help="Learn from only so many texts of each label, drawn at random."
)
@click.option(
    "--kept",
    type=click.FloatRange(0.5, 1),
    default=KEPT,
    show_default=True,
    help="Share of held-out texts of the train file that are not called unknown.",
)
@click.option("--seed", default=0, show_default=True, help="Of the draw, and of what is learned.")
@click.option("--strip-addressee", is_flag=True, help="Drop the office that a question is put to.")
@ADAPT
def triage(
    train_file: Path,
    test_file: Path | None,
    unknown_train: Path | None,
    unknown_test: Path | None,
    label_column: str | None,
    split_date: str | None,
    per_label: int | None,
    kept: float,
    seed: int,
    strip_addressee: bool,
    adapt: bool,
) -> Mapping[str, Any]:
    """Whether texts are sorted into their topics, and strangers noticed."""
    if test_file is None and split_date is None:
        raise FileError("Give --test, or --split-date to divide the train file by a date.")
    train_rows = readers.read_rows(train_file)
    test_rows = readers.read_rows(test_file) if test_file else train_rows
    if split_date:
        name, _, day = split_date.partition(":")
        if not day:
            raise FileError("--split-date is written COLUMN:DATE, for example date_tabled:2025-10-01.")
        by_day = sorted(train_rows, key=lambda row: str(row.get(name) or ""))
        train_rows = [row for row in by_day if str(row.get(name) or "") < day]
        test_rows = [row for row in test_rows if str(row.get(name) or "") >= day]
    train = _labelled(train_rows, label_column, strip_addressee)
    train = sorting.drawn(train, per_label, seed) if per_label else train
    return sorting.triage(
        train,
        _labelled(test_rows, label_column, strip_addressee),
        _adapted(train.texts, train.labels) if adapt else _encoder(),
        unknown_train=_plain(unknown_train),
        unknown_test=_plain(unknown_test),
        kept=kept,
        seed=seed,
    )


def _labelled(rows: Sequence[readers.Row], label_column: str | None, strip_addressee: bool) -> Labelled:
    texts = _texts(readers.column(rows, None, readers.TEXT_COLUMNS), strip_addressee)
    return Labelled(texts, readers.column(rows, label_column, readers.LABEL_COLUMNS))


def _plain(path: Path | None) -> list[str]:
    return readers.column(readers.read_rows(path), None, readers.TEXT_COLUMNS) if path else []


@measure("clusters")
@click.option("--texts", type=FILE, required=True, multiple=True, help="May be given several times.")
@click.argument("more", type=FILE, nargs=-1)
@click.option("--later", type=FILE, help="Texts that come when the groups are found; measure where these are put.")
@click.option("--labels-column", required=True)
def clusters(
    texts: tuple[Path, ...], more: tuple[Path, ...], later: Path | None, labels_column: str
) -> Mapping[str, Any]:
    """Whether the groups found are those that people made."""
    rows = [row for path in (*texts, *more) for row in readers.read_rows(path)]
    come = _labelled(readers.read_rows(later), labels_column, strip_addressee=False) if later else None
    return sorting.clusters(_labelled(rows, labels_column, strip_addressee=False), _encoder(), later=come)


@measure("citations")
@click.option("--file", "path", type=FILE, required=True, help="text, expected")
@click.option("--show-misses", is_flag=True, help="Print the rows that were read wrongly.")
def citations(path: Path, show_misses: bool) -> Mapping[str, Any]:
    """Whether citations of the code are read."""
    rows = readers.read_rows(path)
    texts, expected = readers.column(rows, "text", ()), readers.column(rows, CITATION_LABEL, ())
    figures, misses = sorting.citations(texts, expected)
    if show_misses:
        for miss in misses:
            click.echo(
                f"{miss.text}\n  expected {miss.expected or 'none'}\n  found    {miss.found or 'none'}", err=True
            )
    return figures
