"""Forms that every domain builds on."""

import secrets

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import Length

TITLE_LENGTH = 200  # characters
BODY_LENGTH = 20_000  # characters


class OnceForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form whose second sending does nothing: see `kernel.once`."""

    once = HiddenField(default=lambda: secrets.token_hex(16), validators=[Length(min=16, max=64)])
