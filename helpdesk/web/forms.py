"""Forms that every domain builds on."""

import secrets

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import Regexp

TITLE_LENGTH = 200  # characters
BODY_LENGTH = 20_000  # characters
# Ours begin with hex digits, so that no form can claim the tokens by which jobs mail once (`mail:…`).
ONCE_FORM = r"^[0-9a-f]{16,32}(?:-\w{1,24})?$"


class OnceForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form whose second sending does nothing: see `kernel.once`."""

    once = HiddenField(default=lambda: secrets.token_hex(16), validators=[Regexp(ONCE_FORM)])
