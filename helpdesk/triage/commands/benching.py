"""`bench`: how long suggestions and pages take on the site that is here."""

import json
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.enums import UserState
from helpdesk.accounts.models import SignIn, User
from helpdesk.config import Settings
from helpdesk.kernel import clock, sources
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.policy import Actor, Role
from helpdesk.nlp.evaluation import readers
from helpdesk.nlp.evaluation.readers import FileError
from helpdesk.triage import engine
from helpdesk.triage.commands import comparing, output, sizing
from helpdesk.triage.commands.web_processes import web_processes
from helpdesk.triage.models import SearchText
from helpdesk.triage.services.suggesting import suggest

FILE = click.Path(dir_okay=False, path_type=Path)
PAGES = 20  # different questions that are opened in turn
SEED = 0
WORDS = 12  # of a text that a person has typed when suggestions are looked for


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one kind of request."""

    name: str
    p50: float
    p95: float
    count: int


@click.group("bench", invoke_without_command=True, commands=[comparing.peers_command])
@click.option("--requests", type=click.IntRange(20), default=200, show_default=True, help="Of each kind.")
@click.option("--items", type=click.IntRange(10), help="Measure one suggestion among so many items instead.")
@click.option("--texts", type=FILE, multiple=True, help="With --items: files of texts that they are made of.")
@click.option("--database-url", default="", help="With --items: an empty database to fill; SQLite by default.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def bench_command(requests: int, items: int | None, texts: tuple[Path, ...], database_url: str, as_json: bool) -> None:
    """Time suggestions in this process, then pages of two web processes of their own."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    if items is None:
        _site(requests, as_json)
        return
    started = time.perf_counter()
    here: Settings = current_app.extensions["signpost.settings"]
    try:
        stock = [text for path in texts for text in readers.column(readers.read_rows(path), None, readers.TEXT_COLUMNS)]
        figures = sizing.size(here, stock, items, requests, database_url)
    except (FileError, HelpdeskError, ValueError) as err:
        raise click.ClickException(str(err)) from err
    output.show(figures, seconds=time.perf_counter() - started, as_json=as_json)


def _site(requests: int, as_json: bool) -> None:
    """Time the site that is here."""
    engine.warm()
    with reading() as db:
        texts = _texts(db, requests)
        member, agent = _person(db, Role.MEMBER), _person(db, Role.AGENT)
    if not texts or member is None or agent is None:
        raise click.ClickException("There is nothing here to measure. Load the demonstration first: `demo`.")
    timings = [_timing("suggestions, in process", [_suggest(member, text) for text in texts])]
    with (
        _signed_in(current_app, member) as as_member,
        _signed_in(current_app, agent) as as_agent,
        web_processes() as web,
    ):
        for name, paths, cookie in _pages(_questions(member), texts, as_member, as_agent):
            timings.append(_timing(name, web.times([paths[at % len(paths)] for at in range(requests)], cookie)))
        memory = web.resident_mb()
    if as_json:
        click.echo(json.dumps({"timings": [asdict(one) for one in timings], "resident_mb": memory}))
        return
    click.echo(f"{'milliseconds':<34}{'p50':>8}{'p95':>8}")
    for one in timings:
        click.echo(f"{one.name:<34}{one.p50:>8.1f}{one.p95:>8.1f}")
    click.echo(f"resident memory of one web process: {memory:.0f} MB")


def _texts(db: Session, count: int) -> list[str]:
    """What people wrote, cut to what is typed when the list first appears."""
    rows = db.execute(
        select(SearchText.title, SearchText.body)
        .where(SearchText.kind.in_(("ticket", "question")), SearchText.is_deleted.is_(False))
        .order_by(SearchText.id)
    ).all()
    chosen = random.Random(SEED).sample(rows, min(count, len(rows)))  # noqa: S311 - a sample, not a secret
    return [" ".join(f"{title} {body}".split()[:WORDS]) for title, body in chosen]


def _person(db: Session, role: Role) -> Actor | None:
    wanted = select(User.id).where(User.role == role, User.state == UserState.ACTIVE, User.email.is_not(None))
    user_id = db.scalar(wanted.order_by(User.id).limit(1))
    return accounts.actor(db, user_id) if user_id is not None else None


def _suggest(actor: Actor, text: str) -> float:
    started = time.perf_counter()
    with reading() as db:
        suggest(db, actor, text)
    return (time.perf_counter() - started) * 1000


def _questions(actor: Actor) -> list[str]:
    """Addresses of the first community questions that `actor` may see."""
    with reading() as db:
        ids = db.scalars(sources.source("question").visible(actor).limit(PAGES)).all()
    return [f"/questions/{question_id}" for question_id in ids]


def _pages(
    questions: list[str], texts: Sequence[str], as_member: str, as_agent: str
) -> Iterator[tuple[str, list[str], str]]:
    yield "GET /api/v1/suggestions", [f"/api/v1/suggestions?q={quote(text)}" for text in texts], as_member
    yield "GET / (home)", ["/"], as_member
    yield "GET a question", questions, as_member
    yield "GET /desk", ["/desk"], as_agent
    yield "GET /faq", ["/faq"], as_member


def _timing(name: str, times: Sequence[float]) -> Timing:
    steps = statistics.quantiles(times, n=20)
    return Timing(name, round(statistics.median(times), 1), round(steps[-1], 1), len(times))


@contextmanager
def _signed_in(app: Flask, actor: Actor) -> Iterator[str]:
    """The cookie of a browser that is signed in for the time of the block."""
    sign_in_id = f"bench-{random.SystemRandom().getrandbits(128):032x}"
    with unit_of_work() as db:
        db.add(SignIn(id=sign_in_id, user_id=actor.id, user_agent="bench", address="127.0.0.1"))
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    try:
        yield f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps({'_user_id': sign_in_id, '_fresh': True})}"
    finally:
        with unit_of_work() as db:
            db.get_one(SignIn, sign_in_id).ended_at = clock.now()
