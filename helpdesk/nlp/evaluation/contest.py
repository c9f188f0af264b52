"""Runs one contender on one task in a process of its own, so that its seconds and its memory are its own."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar

from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.evaluation.contenders import Contender, Finder, Grouper, Sorter

STATUS = Path("/proc/self/status")

Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")


@dataclass(frozen=True)
class Outcome(Generic[Answer]):
    """What a contender answered, and what it took."""

    answers: Sequence[Answer]
    """One for each query, or each text that was grouped."""
    seconds: float
    """Until it could answer the first query; of grouping the whole."""
    p50_ms: float
    p95_ms: float
    peak_mb: float
    """Most resident memory of the process."""


def apart(run: Callable[Asked, Answer], *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
    """What `run` returns in a fresh process, which ends with it."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(run, *args, **kwargs).result()


def find(
    contender: Contender, models: Path, texts: Sequence[str], groups: Mapping[int, int], queries: Sequence[str]
) -> Outcome[list[int]]:
    """Index `texts` and put each query."""
    started = time.perf_counter()
    finder: Finder = contender.make(models)
    finder.fill(texts, groups)
    return _asked(finder.find, queries, started)


def sort(
    contender: Contender, models: Path, texts: Sequence[str], labels: Sequence[str], queries: Sequence[str]
) -> Outcome[str]:
    """Learn from `texts` and sort each query."""
    started = time.perf_counter()
    sorter: Sorter = contender.make(models)
    sorter.learn(texts, labels)
    return _asked(sorter.sort, queries, started)


def group(contender: Contender, models: Path, texts: Sequence[str], vectors: Vectors) -> Outcome[int]:
    """Group `texts` by words and vectors."""
    grouper: Grouper = contender.make(models)
    started = time.perf_counter()
    answers = grouper.group(texts, vectors)
    return Outcome(answers, time.perf_counter() - started, 0.0, 0.0, _peak_mb())


def _asked(answer: Callable[[str], Answer], queries: Sequence[str], started: float) -> Outcome[Answer]:
    answer(queries[0])  # What is loaded on first use is no part of a query.
    seconds = time.perf_counter() - started
    answers, times = [], []
    for query in queries:
        begun = time.perf_counter()
        answers.append(answer(query))
        times.append((time.perf_counter() - begun) * 1000)
    steps = statistics.quantiles(times, n=20) if len(times) > 1 else [times[0]]
    return Outcome(answers, seconds, statistics.median(times), steps[-1], _peak_mb())


def _peak_mb() -> float:
    """Most resident memory that this program had, from Linux's /proc; unlike getrusage's without its parent's."""
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
