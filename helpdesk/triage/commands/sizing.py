"""`bench --items`: one suggestion among very many items, in a database of its own."""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import numpy as np
from tqdm import tqdm

from helpdesk.accounts import queries as accounts
from helpdesk.community import services as community
from helpdesk.config import Settings
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.policy import Actor
from helpdesk.nlp.encoder import Encoder, Vectors
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.triage import engine, pgvectors
from helpdesk.triage.commands.filling import FILLED, SEED, Stock, fill
from helpdesk.triage.commands.temporary import temporary_site
from helpdesk.triage.commands.web_processes import WebProcesses, web_processes
from helpdesk.triage.engine import Engine
from helpdesk.triage.services import indexing
from helpdesk.triage.services.suggesting import suggest

WORDS = 12  # of a text that a person has typed when suggestions are looked for
FEWEST_WORDS = 5
NEAREST = 10
MEASURED = 50  # queries whose nearest vectors are looked for among all
NEW = "Why does the zephyr gauge of our quokka depot hum at night"
PATIENCE = 30  # seconds within which a new item must be suggested


def size(here: Settings, texts: Sequence[str], items: int, requests: int, database_url: str) -> dict[str, Any]:
    """Fill a database with `items` made of `texts` and measure; milliseconds, megabytes, shares and seconds.

    Raises:
        ValueError: there are no texts, or no encoder.
    """
    encoder_folder = engine.encoder_folder(here).resolve()  # may be below the data folder, and another takes its place
    encoder, problem = engine.load_encoder(encoder_folder)
    if encoder is None:
        raise ValueError(problem)
    stock = Stock.of(list(dict.fromkeys(texts)), CachedEncoder(encoder, here.data_dir / "eval"))
    queries = _queries(stock.texts, requests)
    with TemporaryDirectory(prefix="signpost-bench-") as folder, temporary_site(database_url) as site:
        with tqdm(total=items, unit=" items", disable=None) as bar, unit_of_work() as db:
            member_id = fill(db, stock, items, bar.update).id
        with reading() as db:
            member = accounts.actor(db, member_id)
        engine.configure(replace(here, data_dir=Path(folder), encoder=str(encoder_folder)))
        first = _seconds(engine.warm)
        milliseconds = [1000 * _seconds(partial(_suggest, member, query)) for query in queries]
        some = queries[:MEASURED]
        share = _recall(engine.loaded(), some, encoder.encode(some))
        url = site.engine.url.render_as_string(hide_password=False)
        settings = {"DATABASE_URL": url, "DATA_DIR": folder, "MODELS_DIR": here.models_dir, "ENCODER": encoder_folder}
        started = time.perf_counter()
        with web_processes(workers=1, settings=[f"HELPDESK_{name}={value}" for name, value in settings.items()]) as web:
            web.fetch(_path(queries[0]))
            cold = time.perf_counter() - started
            web.times([_path(query) for query in queries], "")
            resident = web.resident_mb()
            wait = _new_item(member, encoder, web)
    return {
        "items": items,
        "p50_ms": float(np.percentile(milliseconds, 50)),
        "p95_ms": float(np.percentile(milliseconds, 95)),
        "recall@10": share,
        "resident_mb": resident,
        "cold_start_s": cold,
        "first_start_s": first,
        "new_item_s": wait,
    }


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _path(query: str) -> str:
    return f"/api/v1/suggestions?q={quote(query)}"


def _queries(texts: Sequence[str], count: int) -> list[str]:
    long = [text for text in texts if len(text.split()) >= FEWEST_WORDS]
    if not long:
        raise ValueError("There is nothing to measure with. Name files of texts with --texts.")
    chosen = random.Random(SEED).choices(long, k=count)  # noqa: S311 - a sample, not a secret
    return [" ".join(text.split()[:WORDS]) for text in chosen]


def _suggest(actor: Actor, text: str) -> None:
    with reading() as db:
        suggest(db, actor, text)


def _recall(using: Engine, queries: Sequence[str], vectors: Vectors) -> float:
    """The share of the nearest texts of each kind that the search finds, against comparing every vector."""
    shares = []
    for kind in FILLED:
        for query, vector in zip(queries, vectors, strict=True):
            found = _nearest(using, kind, query, vector, is_exact=False)
            shares.append(len(found & _nearest(using, kind, query, vector, is_exact=True)) / NEAREST)
    return float(np.mean(shares))


def _nearest(using: Engine, kind: str, query: str, vector: Vectors, *, is_exact: bool) -> set[int]:
    index = using.cache.kinds[kind].vectors
    if index is not None:
        usual, index.exact_up_to = index.exact_up_to, len(index) if is_exact else index.exact_up_to
        hits = index.search(vector, NEAREST)
        index.exact_up_to = usual
        return {hit.key for hit in hits}
    with reading() as db:
        if is_exact:
            db.connection().exec_driver_sql("SET LOCAL enable_indexscan = off")
        asked = pgvectors.Query(query, vector, {})
        (shelf,) = pgvectors.shelves(db, using.model, [using.cache.kinds[kind]], asked, {kind: None}, {})
        return {hit.key for hit in shelf.vectors.search(vector, NEAREST)}


def _new_item(member: Actor, encoder: Encoder, web: WebProcesses) -> float:
    """Seconds from the commit of a new question until a web process suggests it; the worker's part is done here."""
    with unit_of_work() as db:
        question = community.ask(db, member, title=NEW, body=NEW, is_public=True)
    started = time.perf_counter()
    indexing.embed_pending("question", encoder)
    while time.perf_counter() - started < PATIENCE:
        found = json.loads(web.fetch(_path(NEW)))
        if any(one["kind"] == "question" and one["id"] == question.id for one in found["items"]):
            return time.perf_counter() - started
    raise ValueError(f"A new question was not suggested within {PATIENCE} seconds.")
