"""Forms for writing published answers and articles."""

from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from helpdesk.accounts.enums import Category
from helpdesk.knowledge.enums import Audience
from helpdesk.web.forms import BODY_LENGTH, TITLE_LENGTH, OnceForm

WORDINGS_LENGTH = 20_000  # characters of all wordings together
AUDIENCES = {
    Audience.PUBLIC: "Everyone",
    Audience.PARTIES: "All Parties",
    Audience.CATEGORIES: "Chosen Party categories",
    Audience.STAFF: "Staff only",
}


NO_TOPIC = SelectChoice("", "No topic")


def category_choices() -> list[SelectChoice]:
    return [SelectChoice(one.value, one.label) for one in Category]


class KnowledgeForm(OnceForm):
    """What answers and articles share."""

    body = TextAreaField("Text", validators=[DataRequired("Write the text."), Length(max=BODY_LENGTH)])
    audience = SelectField(
        "Who can read it", choices=[SelectChoice(one.value, label) for one, label in AUDIENCES.items()]
    )
    categories = SelectMultipleField("Party categories", choices=category_choices)
    topic = SelectField("Topic", choices=[NO_TOPIC])


class AnswerForm(KnowledgeForm):
    question = StringField(
        "Question",
        validators=[DataRequired("Write the question in the words of those who ask it."), Length(max=TITLE_LENGTH)],
    )
    wordings = TextAreaField(
        "Also asked as",
        validators=[Length(max=WORDINGS_LENGTH)],
        description="One wording a line. Each one is matched while people type.",
    )


class ArticleForm(KnowledgeForm):
    title = StringField("Title", validators=[DataRequired("Give the article a title."), Length(max=TITLE_LENGTH)])
    summary = TextAreaField("Summary", validators=[Length(max=500)], description="One or two sentences for lists.")
