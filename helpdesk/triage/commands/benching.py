"""`bench`: how long suggestions and pages take on the site that is here."""

import http.client
import json
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from helpdesk.kernel import clock, sources
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.policy import Actor, Role
from helpdesk.triage import engine
from helpdesk.triage.commands import comparing
from helpdesk.triage.models import SearchText
from helpdesk.triage.services.suggesting import suggest

WORKERS = 2
THREADS = 4  # of each worker, as `serve` has them
CLIENTS = 2  # at once
PAGES = 20  # different questions that are opened in turn
SEED = 0
START_SECONDS = 60  # within which the web processes must answer
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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def bench_command(requests: int, as_json: bool) -> None:
    """Time suggestions in this process, then pages of two web processes of their own."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    engine.warm()
    with reading() as db:
        texts = _texts(db, requests)
        member, agent = _person(db, Role.MEMBER), _person(db, Role.AGENT)
    if not texts or member is None or agent is None:
        raise click.ClickException("There is nothing here to measure. Load the demonstration first: `demo`.")
    timings = [_timing("suggestions, in process", [_suggest(member, text) for text in texts])]
    with _signed_in(current_app, member) as as_member, _signed_in(current_app, agent) as as_agent, _web() as site:
        for name, paths, cookie in _pages(_questions(member), texts, as_member, as_agent):
            timings.append(_timing(name, site.times([paths[at % len(paths)] for at in range(requests)], cookie)))
        memory = site.resident_mb()
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


@dataclass(frozen=True, slots=True)
class _Site:
    """Web processes on a port of their own."""

    process: subprocess.Popen[bytes]
    port: int

    def times(self, paths: Sequence[str], cookie: str) -> list[float]:
        """Milliseconds of each request, two clients at once; the first of each worker are not counted."""
        for _ in range(2 * WORKERS):
            self.fetch(paths[0], cookie)
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(lambda path: self.fetch(path, cookie), paths))

    def fetch(self, path: str, cookie: str) -> float:
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Cookie": cookie})
            reply = connection.getresponse()
            reply.read()
            location = reply.getheader("Location")
        finally:
            connection.close()
        if reply.status in {301, 302, 308} and location and location.startswith("/questions/"):
            return self.fetch(location, cookie)  # a question's full address ends in its title
        if reply.status != 200:
            raise click.ClickException(f"{path} answered {reply.status}; nothing can be measured.")
        return (time.perf_counter() - started) * 1000

    def resident_mb(self) -> float:
        """Resident memory of the largest worker process, from Linux's /proc."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return max(_resident_mb(Path(f"/proc/{child}/status")) for child in children.split())


def _resident_mb(status: Path) -> float:
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@contextmanager
def _web() -> Iterator[_Site]:
    """The web processes as `serve` starts them, on a free port, ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)]
    command += ["--worker-class", "gthread", "--threads", str(THREADS), "--timeout", "60"]
    command += ["--config", "python:helpdesk.triage.commands.bench_hooks", "wsgi:app"]
    process = subprocess.Popen(command)  # noqa: S603 - our own command
    site = _Site(process, port)
    try:
        _wait(lambda: site.fetch("/healthz", ""))
        yield site
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(attempt: Callable[[], object]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            attempt()
        except OSError as err:
            if time.monotonic() > deadline:
                raise click.ClickException("The web processes did not start.") from err
            time.sleep(0.2)
        else:
            return
