"""The style guide: every component in every state, for developers only."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, EmailField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Length

from helpdesk.kernel.errors import NotFound
from helpdesk.web.forms import BODY_LENGTH
from helpdesk.web.marks import public

bp = Blueprint("styleguide", __name__)

AUDIENCES = {
    "community": "Every Party can read it and answer. Visitors only if you tick “public”.",
    "organisation": "Your colleagues and the helpdesk can read it.",
    "helpdesk": "You and the agents of its queue can read it, nobody else.",
}
WEEKS = (("1 June", 182, 61, 40), ("8 June", 211, 70, 38), ("15 June", 196, 66, 47), ("22 June", 243, 81, 44))
TOPICS = (("User entry", 31), ("Security assessment", 27), ("Charges", 19), ("Certificates", 14), ("Party details", 9))


class SampleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """One field of each sort."""

    email = EmailField(
        "E-mail address", validators=[InputRequired("Enter your e-mail address."), Email(), Length(max=200)]
    )
    category = SelectField(
        "Party category",
        choices=[SelectChoice("small_supplier", "Small Supplier"), SelectChoice("other", "Other SEC Party")],
    )
    body = TextAreaField("Your question", validators=[InputRequired("Write your question."), Length(max=BODY_LENGTH)])
    audience = RadioField(
        "Who may see it?",
        choices=[
            SelectChoice("community", "All Parties"),
            SelectChoice("organisation", "My organisation"),
            SelectChoice("helpdesk", "Helpdesk only"),
        ],
        validators=[InputRequired("Choose who may see it.")],
    )
    follow = BooleanField("Mail me when somebody answers")


@bp.get("/styleguide")
@public
def show() -> ResponseReturnValue:
    if not current_app.extensions["signpost.settings"].is_development:
        raise NotFound("There is no page at this address.")
    return render_template("styleguide.html", **context())


def context() -> dict[str, Any]:
    """Invented values for the page."""
    refused = SampleForm(MultiDict({"refused-category": "other"}), prefix="refused", meta={"csrf": False})
    refused.validate()
    return {
        "sample": SampleForm(None, prefix="sample", data={"audience": "community"}),
        "refused": refused,
        "audience_sentences": AUDIENCES,
        "sample_time": datetime(2026, 6, 3, 9, 42, tzinfo=UTC),
        "sample_prose": Markup(
            "<p>We finished the entry steps in <a href='/code/sec/H1.10'>H1.10</a> and wait for the assessment.</p>"
            "<ul><li>Evidence form sent</li><li>Assessor booked for <code>12 June</code></li></ul>"
        ),
        "marked": Markup("The text with the words you searched for <mark>marked</mark>."),
        "weeks": [{"label": label, "values": values, "href": f"/desk?week={label}"} for label, *values in WEEKS],
        "topics": [{"label": label, "values": [count], "href": f"/desk?topic={label}"} for label, count in TOPICS],
    }
