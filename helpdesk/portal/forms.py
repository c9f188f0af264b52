"""The form in which a question begins, and the choice of thresholds."""

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from helpdesk.kernel.policy import Actor
from helpdesk.web.forms import BODY_LENGTH, TITLE_LENGTH, OnceForm

MAX_FILES = 5

COMMUNITY, ORGANISATION, HELPDESK = "community", "organisation", "helpdesk"
AUDIENCES = {
    COMMUNITY: ("Community", "Every Party can read it and answer. The helpdesk reads it too."),
    ORGANISATION: (
        "My organisation and the helpdesk",
        "A ticket that your colleagues can read. No other organisation sees it.",
    ),
    HELPDESK: ("Helpdesk only", "A ticket that you and the agents of its queue read. Nobody else."),
}


class AskForm(OnceForm):
    """Title, details, and who will see it."""

    attempt = HiddenField(validators=[Length(max=64)])
    title = StringField(
        "Your question in one line",
        validators=[
            InputRequired("Write your question in one line."),
            Length(min=8, max=TITLE_LENGTH, message="Write your question in 8 to 200 characters."),
        ],
    )
    body = TextAreaField(
        "Details",
        validators=[Optional(), Length(max=BODY_LENGTH, message="Shorten the details to 20,000 characters.")],
    )
    audience = RadioField("Who will see it?", validators=[InputRequired("Choose who will see it.")])
    is_public = BooleanField("Visitors without an account may read it too")
    files = MultipleFileField(
        "Files", validators=[Optional(), Length(max=MAX_FILES, message="Attach at most 5 files.")]
    )

    def offer(self, actor: Actor) -> None:
        """Offer the audiences open to `actor`: colleagues only where the organisation shares its tickets."""
        kinds = [COMMUNITY, ORGANISATION, HELPDESK] if actor.shares_tickets else [COMMUNITY, HELPDESK]
        self.audience.choices = [SelectChoice(kind, AUDIENCES[kind][0]) for kind in kinds]


def _percent(label: str, hint: str) -> IntegerField:
    wrong = "Enter a whole number from 1 to 99."
    checks = [InputRequired(wrong), NumberRange(min=1, max=99, message=wrong)]
    return IntegerField(label, description=hint, validators=checks)


class ThresholdsForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """From which probability, in percent, suggestions are shown and called likely."""

    possible = _percent(
        "Shown from, in percent",
        "A list appears when the chance that one of its first three suggestions answers is at least this.",
    )
    likely = _percent("Called likely from, in percent", "A suggestion that is less probable is called possible.")

    def validate_likely(self, field: IntegerField) -> None:
        if self.possible.data is not None and field.data < self.possible.data:
            raise ValidationError("Enter a number no lower than the one above.")
