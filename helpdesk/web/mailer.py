"""Turns outbox rows into messages: the templates are the site's own, the port sends or holds them."""

from urllib.parse import urlsplit

from jinja2 import Environment

from helpdesk.config import Settings
from helpdesk.kernel import mail, options
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.models import OutboxRow


class Mailer:
    """The job behind every promised message."""

    def __init__(self, settings: Settings, templates: Environment, port: mail.MailPort) -> None:
        self.settings = settings
        self.templates = templates
        self.port = port

    def deliver(self, outbox_id: int) -> None:
        """Render and send one row. Sending happens outside the transaction; a second run of a sent row does nothing."""
        with unit_of_work() as db:
            row = db.get_one(OutboxRow, outbox_id)
            if row.state in {"sent", "held"}:
                return
            self._render(row, is_demonstration=bool(options.read(db, "is_demonstration")))
        message = mail.compose(row, self.settings.site_name, self.settings.helpdesk_email)
        state = self.port.send(message)
        with unit_of_work() as db:
            mail.delivered(db.get_one(OutboxRow, outbox_id), state)

    def _render(self, row: OutboxRow, *, is_demonstration: bool) -> None:
        context = {
            **row.context,
            "base_url": self.settings.base_url,
            "site_name": self.settings.site_name,
            "to_address": row.to_address,
            "is_demonstration": is_demonstration,
        }
        subject, text, html = (
            self.templates.get_template(f"email/{row.template}/{part}").render(context)
            for part in ("subject.txt", "body.txt", "body.html")
        )
        mail.finish(row, subject, text, html, urlsplit(self.settings.base_url).hostname or "localhost")


def port_for(settings: Settings) -> mail.MailPort:
    """The configured mail server, or none: then messages are held where an administrator can read them."""
    return mail.SmtpMail(settings.smtp_url) if settings.smtp_url else mail.HeldMail()
