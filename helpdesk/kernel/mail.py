"""Outgoing mail: a row in the same transaction, rendered and sent by the worker."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from sqlalchemy.orm import Session

from helpdesk.kernel import clock, jobs
from helpdesk.kernel.models import OutboxRow

SMTP_TIMEOUT_SECONDS = 20
ONE_TIME_PATH = "one_time_path"  # in a context: a link that lets its holder in, gone from here once it was sent
SPENT = "/[one-time link, sent]"


class MailPort(Protocol):
    """Where a finished message goes."""

    def send(self, message: EmailMessage) -> str:
        """Deliver, and return the state that the outbox row then has."""
        ...


class HeldMail:
    """No mail server is set: the message stays in the outbox, to be read under Admin, Mail."""

    def send(self, message: EmailMessage) -> str:
        return "held"


class SmtpMail:
    """A mail server named `smtp://` (STARTTLS when offered) or `smtps://user:password@host:port`."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)

    def send(self, message: EmailMessage) -> str:
        host, port = self.url.hostname or "localhost", self.url.port
        context = ssl.create_default_context()
        if self.url.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=SMTP_TIMEOUT_SECONDS, context=context)
        else:
            client = smtplib.SMTP(host, port or 25, timeout=SMTP_TIMEOUT_SECONDS)
        with client:
            client.ehlo()
            if self.url.scheme == "smtp" and client.has_extn("starttls"):
                client.starttls(context=context)
                client.ehlo()
            if self.url.username:
                client.login(unquote(self.url.username), unquote(self.url.password or ""))
            client.send_message(message)
        return "sent"


_is_silent: ContextVar[bool] = ContextVar("mail_is_silent", default=False)


@contextmanager
def silent() -> Iterator[None]:
    """Within this block no mail is promised: imports and the demonstration notify nobody."""
    token = _is_silent.set(True)
    try:
        yield
    finally:
        _is_silent.reset(token)


def is_silent() -> bool:
    return _is_silent.get()


def outbox(db: Session, template: str, to: str, context: dict[str, Any]) -> None:
    """Promise one message to one address; `templates/email/<template>/` holds its three files.

    The context holds plain values only: it is stored and rendered later.
    """
    if is_silent():
        return
    row = OutboxRow(template=template, to_address=to, context=context)
    db.add(row)
    db.flush()
    jobs.enqueue(db, "kernel.mail", outbox_id=row.id)


def compose(row: OutboxRow, sender_name: str, sender: str) -> EmailMessage:
    """The message of a rendered row, in plain text and HTML, never an invitation to an auto-reply loop."""
    message = EmailMessage()
    message["Subject"] = row.subject
    message["From"] = formataddr((sender_name, sender))
    message["To"] = row.to_address
    message["Message-ID"] = row.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.text)
    message.add_alternative(row.html, subtype="html")
    return message


def finish(row: OutboxRow, subject: str, text: str, html: str, domain: str) -> None:
    """Keep what was rendered, so that the Mail page shows exactly what left."""
    row.subject, row.text, row.html = " ".join(subject.split())[:250], text, html
    row.message_id = row.message_id or make_msgid(domain=domain)


def delivered(row: OutboxRow, state: str) -> None:
    """Note how the message left. A one-time link in it is forgotten once only its receiver should have it."""
    row.state, row.sent_at, row.error = state, clock.now(), ""
    row.attempts += 1
    link = row.context.get(ONE_TIME_PATH)
    if link and state == "sent":
        row.text, row.html = row.text.replace(link, SPENT), row.html.replace(link, SPENT)
        row.context = {**row.context, ONE_TIME_PATH: SPENT}
