"""Mail is promised in the transaction, rendered by the worker, sent over real SMTP or held."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage, Message

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.access import send_link
from helpdesk.accounts.enums import Purpose
from helpdesk.config import Settings
from helpdesk.kernel import jobs, mail
from helpdesk.kernel.models import OutboxRow
from helpdesk.web.mailer import port_for
from tests.factories.accounts import make_user


class Kept(MessageHandler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.messages.append(message)


@pytest.fixture
def server() -> Iterator[Controller]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Kept(), hostname="127.0.0.1", port=port)
    controller.start()
    yield controller
    controller.stop()


def a_message() -> EmailMessage:
    row = OutboxRow(to_address="p@small.example", subject="Grüße – ticket", text="Plain £1", html="<p>HTML</p>")
    mail.finish(row, row.subject, row.text, row.html, "signpost.example")
    return mail.compose(row, "Signpost", "helpdesk@signpost.example")


class TestPorts:
    """The same message through the console port and through a real SMTP conversation."""

    def test_without_a_server_mail_is_held(self, settings: Settings) -> None:
        assert port_for(settings).send(a_message()) == "held"

    def test_a_real_server_receives_both_parts_and_says_it_is_automatic(self, server: Controller) -> None:
        assert mail.SmtpMail(f"smtp://127.0.0.1:{server.port}").send(a_message()) == "sent"
        received = server.handler.messages[0]
        assert received["Auto-Submitted"] == "auto-generated"
        assert received["Message-ID"].endswith("@signpost.example>")
        kinds = [part.get_content_type() for part in received.walk()]
        assert kinds == ["multipart/alternative", "text/plain", "text/html"]


class TestOutbox:
    def test_a_silent_block_promises_nothing(self, db: Session) -> None:
        with mail.silent():
            mail.outbox(db, "any", "p@small.example", {})
        assert db.scalars(select(OutboxRow)).all() == []

    def test_a_failing_template_is_a_failed_job_and_not_a_lost_message(self, app: Flask, db: Session) -> None:
        mail.outbox(db, "no/such/template", "p@small.example", {})
        db.commit()
        jobs.run_waiting()
        db.expire_all()
        row = db.scalars(select(OutboxRow)).one()
        assert row.state == "waiting"

    @pytest.mark.parametrize(("state", "is_kept"), [("held", True), ("sent", False)])
    def test_a_one_time_link_is_forgotten_once_it_was_sent(
        self, app: Flask, db: Session, monkeypatch: pytest.MonkeyPatch, state: str, is_kept: bool
    ) -> None:
        monkeypatch.setattr(mail.HeldMail, "send", lambda _self, _message: state)
        user = make_user(db)
        send_link(db, user, Purpose.RESET)
        db.commit()
        link = db.scalars(select(OutboxRow)).one().context[mail.ONE_TIME_PATH]
        jobs.run_waiting()
        db.expire_all()
        row = db.scalars(select(OutboxRow)).one()
        assert row.state == state
        assert [link in row.text, link in row.html, link in str(row.context)] == [is_kept] * 3
        assert link.startswith("/reset/")
