"""Forms of the community."""

from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from helpdesk.community.services import BODY_LENGTH, COMMENT_LENGTH, MAX_TAGS, TAG_LENGTH, TITLE_LENGTH
from helpdesk.web.forms import OnceForm

TAGS_LENGTH = MAX_TAGS * (TAG_LENGTH + 2)  # characters


class AnswerForm(OnceForm):
    body = TextAreaField(
        "Your answer",
        validators=[
            InputRequired("Write your answer first."),
            Length(max=BODY_LENGTH, message="Shorten your answer to 20,000 characters."),
        ],
    )
    is_official = BooleanField("This is the helpdesk's official answer")


class CommentForm(OnceForm):
    comment = TextAreaField(
        "Your comment",
        validators=[
            InputRequired("Write your comment first."),
            Length(max=COMMENT_LENGTH, message="Shorten the comment to 1,000 characters, or write an answer."),
        ],
    )


class EditForm(OnceForm):
    """`seen_at` says which text the editor started from, so that nobody's newer one is overwritten."""

    seen_at = HiddenField(validators=[InputRequired(), Length(max=40)])
    body = TextAreaField(
        "Text",
        validators=[
            InputRequired("The text is empty. Write it again, or leave this page."),
            Length(max=BODY_LENGTH, message="Shorten the text to 20,000 characters."),
        ],
    )


class EditQuestionForm(EditForm):
    title = StringField(
        "Question in one line",
        validators=[
            InputRequired("Write the question in one line."),
            Length(max=TITLE_LENGTH, message="Shorten the title to 200 characters."),
        ],
    )
    tags = StringField(
        "Tags",
        description="Up to five, with commas between them: user-entry, charges",
        validators=[Length(max=TAGS_LENGTH, message="Choose at most five short tags.")],
    )
    is_public = BooleanField("Visitors without an account may read it too")
