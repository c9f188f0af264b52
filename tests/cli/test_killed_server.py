"""A server that is killed while people post: what was answered is whole, what was not is nowhere, nothing is lost."""

import json
import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import schema
from helpdesk.accounts.models import Follow
from helpdesk.community.models import Question
from helpdesk.kernel.db import Database
from helpdesk.kernel.models import EventRow, JobRow, OnceRow, OutboxRow
from helpdesk.portal.views.ask import ASKS_PER_HOUR
from helpdesk.tickets.models import Message, QueueCount, Ticket
from helpdesk.triage.models import SearchText
from tests.factories.accounts import PASSWORD, make_user
from tests.functional import serving

pytestmark = pytest.mark.slow

PEOPLE = 4  # each in a browser of their own, all at once
KILLS = 2
POSTS_BEFORE_A_KILL = 24  # of all people together
WAIT_SECONDS = 120
TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


class StayHere(HTTPRedirectHandler):
    def redirect_request(self, *_of_the_answer: Any) -> None:
        """Where a post leads is looked at, not followed."""


@dataclass
class Sent:
    """One form as it was sent, and the address that its answer led to; none if no answer came."""

    title: str
    audience: str
    once: str = field(default_factory=lambda: secrets.token_hex(8))
    address: str | None = None
    is_draft_kept: bool = False  # whether the site had confirmed the draft before the form was sent


class Person:
    """A signed-in browser that types, keeps drafts and sends, as the page's scripts do."""

    def __init__(self, url: str, email: str) -> None:
        self.url, self.email = url, email
        self.browser = build_opener(HTTPCookieProcessor(CookieJar()), StayHere())
        self.sent: list[Sent] = []

    def get(self, path: str) -> bytes:
        with self.browser.open(f"{self.url}{path}", timeout=WAIT_SECONDS) as answer:
            return bytes(answer.read())

    def post(self, path: str, body: bytes, kind: str) -> str:
        """Where the answer leads to; "" if it leads nowhere."""
        headers = {"Content-Type": kind, "X-CSRFToken": self.token}
        try:
            with self.browser.open(Request(f"{self.url}{path}", body, headers), timeout=WAIT_SECONDS):
                return ""
        except HTTPError as answer:
            with answer:
                if answer.code != 302:
                    raise AssertionError(f"{path}: {answer.code} {answer.read().decode()[-2000:]}") from answer
                return str(answer.headers["Location"])

    def open(self, path: str) -> None:
        found = TOKEN.search(self.get(path).decode())
        assert found
        self.token = found[1]

    def sign_in(self) -> None:
        self.open("/sign-in")
        fields = {"email": self.email, "password": PASSWORD, "csrf_token": self.token}
        assert self.post("/sign-in", urlencode(fields).encode(), "application/x-www-form-urlencoded")
        self.open("/ask")

    def keep_draft(self, fields: dict[str, str], key: str = "ask") -> None:
        self.post("/drafts", json.dumps({"key": key, "fields": fields}).encode(), "application/json")

    def draft(self, key: str = "ask") -> dict[str, str] | None:
        kept = self.get(f"/drafts?key={key}")
        return dict(json.loads(kept)["fields"]) if kept else None

    def send(self, form: Sent) -> str:
        fields = {"title": form.title, "audience": form.audience, "once": form.once, "csrf_token": self.token}
        return self.post("/ask", urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def ask_until(self, stop: threading.Event) -> None:
        """Write a draft and send it, one question after the other, until the server is gone."""
        while not stop.is_set() and len(self.sent) < ASKS_PER_HOUR - KILLS * 2:
            number = len(self.sent)
            audience = "community" if number % 2 else "helpdesk"
            form = Sent(f"How does step {number} of {self.email} work?", audience)
            self.sent.append(form)
            try:
                self.keep_draft({"title": form.title})
                form.is_draft_kept = True
                form.address = self.send(form)
            except (OSError, HTTPException):
                return


@dataclass
class KilledSite:
    """The site, which can be killed as a machine that loses its power kills it."""

    url: str
    data_dir: Path
    database: Database
    starts: int = 0

    def start(self) -> None:
        self.starts += 1
        log = self.data_dir / f"serve-{self.starts}.log"
        self.process = serving.start(self.data_dir, self.url, log, is_own_group=True)

    def kill(self) -> None:
        """End launcher, web processes and worker together, with no chance to put anything in order."""
        os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.wait(timeout=WAIT_SECONDS) == -signal.SIGKILL


@pytest.fixture
def site(tmp_path: Path) -> Iterator[KilledSite]:
    url = f"sqlite:///{tmp_path / 'signpost.db'}"
    schema.upgrade(url)
    made = KilledSite(f"http://127.0.0.1:{serving.free_port()}", tmp_path, Database(url))
    made.start()
    yield made
    if made.process.poll() is None:
        os.killpg(made.process.pid, signal.SIGKILL)
        made.process.wait(timeout=WAIT_SECONDS)
    made.database.close()


@pytest.fixture
def people(site: KilledSite) -> list[Person]:
    with site.database.unit_of_work() as db:
        emails = [make_user(db, password=PASSWORD).email or "" for _ in range(PEOPLE)]
    made = [Person(site.url, email) for email in emails]
    for person in made:
        person.sign_in()
    return made


def ids_of(db: Session, event: str, name: str) -> list[int]:
    return sorted(payload[name] for payload in db.scalars(select(EventRow.payload).where(EventRow.name == event)))


def check_whole(site: KilledSite) -> int:
    """Assert that every post is there with all that belongs to it, and nothing without its post; how many posts."""
    with site.database.read() as db:
        tickets = {ticket.id: ticket for ticket in db.scalars(select(Ticket))}
        questions = {question.id: question for question in db.scalars(select(Question))}
        asked, opened = sorted(questions), sorted(tickets)
        assert ids_of(db, "QuestionAsked", "question_id") == asked
        assert ids_of(db, "TicketOpened", "ticket_id") == opened
        assert sorted(db.scalars(select(Message.ticket_id))) == opened
        assert db.scalar(select(func.coalesce(func.sum(QueueCount.count), 0))) == len(tickets)
        promised = select(JobRow.arguments).where(JobRow.name == "tickets.notify")
        assert sorted(arguments["ticket_id"] for arguments in db.scalars(promised)) == opened
        for kind, rows in (("question", questions), ("ticket", tickets)):
            followed = db.execute(select(Follow.object_id, Follow.user_id).where(Follow.kind == kind)).all()
            owners = {row.id: row.author_id if isinstance(row, Question) else row.requester_id for row in rows.values()}
            assert sorted(followed) == sorted(owners.items())
            assert sorted(db.scalars(select(SearchText.object_id).where(SearchText.kind == kind))) == sorted(rows)
        addresses = {f"/tickets/{ticket.reference}/received" for ticket in tickets.values()}
        addresses |= {question.path for question in questions.values()}
        used = select(OnceRow.url).where(OnceRow.token.not_like("mail:%"))
        assert sorted(db.scalars(used)) == sorted(addresses)
        return len(addresses)


def titles(site: KilledSite) -> list[str]:
    with site.database.read() as db:
        return [*db.scalars(select(Ticket.subject)), *db.scalars(select(Question.title))]


def ask_and_kill(site: KilledSite, people: list[Person]) -> int:
    """Let everybody ask at once, look again and again, kill in the middle; how often was looked."""
    stop = threading.Event()
    threads = [threading.Thread(target=person.ask_until, args=(stop,)) for person in people]
    before, looks = check_whole(site), 0
    for thread in threads:
        thread.start()
    end = time.monotonic() + WAIT_SECONDS
    while check_whole(site) < before + POSTS_BEFORE_A_KILL:  # what a reader sees is what a kill now would leave
        looks += 1
        assert time.monotonic() < end, f"only {check_whole(site) - before} posts came through"
        assert any(thread.is_alive() for thread in threads)
    site.kill()
    stop.set()
    for thread in threads:
        thread.join(timeout=WAIT_SECONDS)
    return looks


def check_mails(site: KilledSite) -> None:
    """Wait until every ticket's requester was promised the one mail that says it was received."""
    end = time.monotonic() + WAIT_SECONDS
    unfinished = select(func.count()).where(JobRow.name == "tickets.notify", JobRow.state != "done")
    while True:
        with site.database.read() as db:
            if not db.scalar(unfinished):
                mails = db.scalars(select(OutboxRow.to_address).where(OutboxRow.template == "tickets/received"))
                assert sorted(mails) == sorted(db.scalars(select(Ticket.requester_email)))
                return
        assert time.monotonic() < end, "the jobs that the kill interrupted were not run again"
        time.sleep(0.5)


class TestKilledServer:
    def test_what_was_answered_is_whole_and_nothing_typed_is_lost(self, site: KilledSite, people: list[Person]) -> None:
        elsewhere = {"body": "Typed on another page, and never sent."}
        people[0].keep_draft(elsewhere, "another-page")
        interrupted = 0
        for _ in range(KILLS):
            assert ask_and_kill(site, people) > 0
            check_whole(site)
            site.start()
            check_whole(site)
            for person in people:
                answered = [form for form in person.sent if form.address]
                assert {form.title for form in answered} <= set(titles(site))
                last = person.sent[-1]
                if last.address is not None:
                    continue
                interrupted += 1
                # Either the post is there and its draft is gone, or the draft is there and the post is not.
                is_there = last.title in titles(site)
                if last.is_draft_kept:
                    assert person.draft() == (None if is_there else {"title": last.title})
                last.address = person.send(last)
                assert person.send(last) == last.address
                assert person.get(last.address)
                assert titles(site).count(last.title) == 1
        assert interrupted > 0
        assert people[0].draft("another-page") == elsewhere
        sent = [form.title for person in people for form in person.sent]
        assert sorted(titles(site)) == sorted(sent)
        assert check_whole(site) == len(sent)
        check_mails(site)
