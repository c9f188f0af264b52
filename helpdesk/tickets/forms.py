"""Forms of tickets: writing, working and opening."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Length, Optional

from helpdesk.accounts.enums import Category
from helpdesk.accounts.models import User
from helpdesk.tickets.enums import CHANNEL_LABELS, Channel, Priority, Status
from helpdesk.tickets.models import Queue, Topic
from helpdesk.tickets.queries import Filters
from helpdesk.web.converters import row_number
from helpdesk.web.forms import BODY_LENGTH, TITLE_LENGTH, OnceForm

MAX_FILES = 5
EARLIEST_YEAR, LATEST_YEAR = 1970, 2100  # of a day that a filter takes
ANY = ""  # the value of a filter that narrows nothing

STATUS_LABELS = {
    Status.NEW: "New",
    Status.OPEN: "Open",
    Status.WAITING_REQUESTER: "Waiting for requester",
    Status.WAITING_THIRD_PARTY: "Waiting for third party",
    Status.SOLVED: "Solved",
    Status.CLOSED: "Closed",
}
# What a button of the reply form does beside sending: the status that it gives.
REPLY_ACTIONS = {"reply": None, "wait": Status.WAITING_REQUESTER, "solve": Status.SOLVED}


def _body(label: str, missing: str) -> TextAreaField:
    too_long = Length(max=BODY_LENGTH, message="Shorten the text to 20,000 characters, or attach it as a file.")
    return TextAreaField(label, validators=[InputRequired(missing), too_long])


def _files() -> MultipleFileField:
    too_many = Length(max=MAX_FILES, message="Attach at most 5 files.")
    return MultipleFileField("Files", validators=[Optional(), too_many])


class ReplyForm(OnceForm):
    """What the requester reads. `seen` is the last message that stood on the page."""

    body = _body("Reply", "Write your reply.")
    seen = HiddenField(validators=[Length(max=20)])
    files = _files()

    @property
    def seen_id(self) -> int | None:
        return row_number(self.seen.data or "")


class NoteForm(OnceForm):
    """What only staff read: never the reply form with another button."""

    body = _body("Internal note", "Write the note.")


class TriageForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Topic, priority and team."""

    topic = SelectField("Topic", validators=[Optional()])
    priority = SelectField("Priority", choices=[SelectChoice(one.value, one.value.title()) for one in Priority])
    queue = SelectField("Team")

    def offer(self, topics: Sequence[Topic], queues: Sequence[Queue]) -> None:
        self.topic.choices = [SelectChoice(ANY, "None yet"), *(SelectChoice(one.slug, one.name) for one in topics)]
        self.queue.choices = [SelectChoice(one.slug, one.name) for one in queues]


class AssignForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    agent = SelectField("Agent", validators=[Optional()])

    def offer(self, agents: Sequence[User]) -> None:
        people = (SelectChoice(str(one.id), one.name) for one in agents)
        self.agent.choices = [SelectChoice(ANY, "Nobody"), *people]


class ClauseForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    number = StringField(
        "Clause", validators=[InputRequired("Write the clause's number, such as G3.20."), Length(max=120)]
    )


class OpenForm(OnceForm):
    """A ticket for someone who telephoned or wrote."""

    requester_name = StringField("Their name", validators=[InputRequired("Write who asks."), Length(max=200)])
    requester_email = EmailField(
        "Their e-mail address",
        validators=[Optional(), Email("This is not an e-mail address. Correct it or leave it empty."), Length(max=254)],
    )
    organisation = StringField("Organisation", validators=[Optional(), Length(max=200)])
    channel = RadioField(
        "How they reached us",
        choices=[SelectChoice(one.value, CHANNEL_LABELS[one]) for one in (Channel.PHONE, Channel.EMAIL)],
        default=Channel.PHONE.value,
    )
    subject = StringField(
        "Question in one line", validators=[InputRequired("Write the question in one line."), Length(max=TITLE_LENGTH)]
    )
    body = _body("Details", "Write what they asked.")
    files = _files()


class FilterForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """The desk's filters; they stand in the address, so no token protects them."""

    class Meta:
        csrf = False

    queue = SelectField("Team", default=ANY)
    status = SelectField("Status", default="unsolved")
    topic = SelectField("Topic", default=ANY)
    priority = SelectField("Priority", default=ANY)
    agent = SelectField("Agent", default=ANY)
    channel = SelectField("Channel", default=ANY)
    category = SelectField("Party category", default=ANY)
    is_unsure = BooleanField("Not sure only")
    opened_from = DateField("Opened from", validators=[Optional()])
    opened_to = DateField("Opened until", validators=[Optional()])

    def offer(self, queues: Sequence[Queue], topics: Sequence[Topic], agents: Sequence[User]) -> None:
        self.queue.choices = _any("All teams", ((one.slug, one.name) for one in queues))
        statuses = [("unsolved", "Not solved"), *STATUS_LABELS.items()]
        self.status.choices = [
            *(SelectChoice(str(value), label) for value, label in statuses),
            SelectChoice(ANY, "All"),
        ]
        self.topic.choices = _any("All topics", ((one.slug, one.name) for one in topics))
        self.priority.choices = _any("All priorities", ((one, one.value.title()) for one in Priority))
        people = [("me", "Me"), ("none", "Nobody"), *((str(one.id), one.name) for one in agents)]
        self.agent.choices = _any("Everybody", people)
        self.channel.choices = _any("All channels", CHANNEL_LABELS.items())
        self.category.choices = _any("All categories", ((one, one.label) for one in Category))

    def filters(self, sort: str) -> Filters:
        """What the address asks for; a value that no list offers narrows nothing."""
        return Filters(
            queue=self._chosen(self.queue),
            status=self._chosen(self.status),
            topic=self._chosen(self.topic),
            priority=self._chosen(self.priority),
            agent=self._chosen(self.agent),
            channel=self._chosen(self.channel),
            category=self._chosen(self.category),
            is_unsure=bool(self.is_unsure.data),
            opened_from=_day(self.opened_from),
            opened_to=_day(self.opened_to),
            sort=sort,
        )

    @staticmethod
    def _chosen(field: Any) -> str:
        offered = {choice.value for choice in field.choices}
        return str(field.data) if field.data in offered else str(field.default)


def _any(label: str, choices: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(ANY, label), *(SelectChoice(str(value), name) for value, name in choices)]


def _day(field: Any) -> date | None:
    """A day that can be compared with; a year that no ticket has would overflow the arithmetic of dates."""
    found: date | None = field.data
    return found if found is not None and EARLIEST_YEAR <= found.year <= LATEST_YEAR else None
