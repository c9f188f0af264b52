"""Forms of sign-in, accounts and administration."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Email, Length, Optional
from wtforms.widgets import CheckboxInput

from helpdesk.accounts.addresses import MAX_EMAIL
from helpdesk.accounts.credentials import MAX_LENGTH, MIN_LENGTH
from helpdesk.accounts.enums import Category, UserRole
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.policy import Role
from helpdesk.web.forms import OnceForm

ROLE_LABELS = {
    Role.MEMBER: "Party member",
    Role.PARTY_ADMIN: "Party administrator",
    Role.AGENT: "Agent",
    Role.LEAD: "Lead",
    Role.ADMIN: "Administrator",
}
PARTY_ROLE_CHOICES = [SelectChoice(role.value, ROLE_LABELS[role]) for role in (Role.MEMBER, Role.PARTY_ADMIN)]
ROLE_CHOICES = [SelectChoice(role.value, label) for role, label in ROLE_LABELS.items()]
ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
PASSWORD_HINT = f"At least {MIN_LENGTH} characters. A few words in a row work well."


def _one_line(text: str | None) -> str | None:
    """Spaces made single; what cannot be seen or stored removed."""
    return None if text is None else " ".join(text.replace("\0", "").split())


def _name(label: str = "Name") -> StringField:
    missing = "Enter a name."
    return StringField(label, filters=[_one_line], validators=[DataRequired(missing), Length(max=200)])


def _email(label: str = "E-mail address") -> StringField:
    missing, wrong = "Enter an e-mail address.", "Enter a whole e-mail address, such as name@example.com."
    checks = [DataRequired(missing), Length(max=MAX_EMAIL), Email(wrong)]
    return StringField(label, filters=[_one_line], validators=checks)


def _password(label: str = "Password", hint: str = "") -> PasswordField:
    long = f"A password has at most {MAX_LENGTH} characters."
    checks = [DataRequired("Enter a password."), Length(max=MAX_LENGTH, message=long)]
    return PasswordField(label, validators=checks, description=hint)


def _code(*, is_required: bool) -> StringField:
    check = DataRequired("Enter the six digits that your app shows.") if is_required else Optional()
    return StringField("Six-digit code", validators=[check, Length(max=12)])


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    email = StringField(
        "E-mail address",
        filters=[_one_line],
        validators=[DataRequired("Enter your e-mail address."), Length(max=MAX_EMAIL)],
    )
    password = _password()
    code = _code(is_required=False)
    next = HiddenField(validators=[Length(max=500)])


class SignUpForm(FlaskForm):  # type: ignore[misc]
    name = _name("Your name")
    email = _email("Your work e-mail address")


class AddressForm(FlaskForm):  # type: ignore[misc]
    email = _email()


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    password = _password("New password", PASSWORD_HINT)


class InvitationForm(FlaskForm):  # type: ignore[misc]
    name = _name("Your name")
    password = _password("Choose a password", PASSWORD_HINT)


class SetupForm(InvitationForm):
    """The first administrator also says which address is theirs."""

    email = _email()


class ProfileForm(FlaskForm):  # type: ignore[misc]
    name = _name("Your name")
    timezone = SelectField("Time zone", choices=ZONES)


class EmailForm(FlaskForm):  # type: ignore[misc]
    email = _email("New e-mail address")
    password = _password("Your password")


class PasswordForm(FlaskForm):  # type: ignore[misc]
    old = _password("Your present password")
    new = _password("New password", PASSWORD_HINT)


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = _code(is_required=True)


class ProofForm(FlaskForm):  # type: ignore[misc]
    password = _password("Your password")


class SharingForm(FlaskForm):  # type: ignore[misc]
    shares_tickets = BooleanField("Colleagues may read each other's tickets")


class InviteForm(OnceForm):
    name = _name()
    email = _email()
    role = SelectField("Role", choices=ROLE_CHOICES, default=Role.MEMBER.value)
    organisation = SelectField("Organisation", coerce=int, default=0)


class InviteColleagueForm(OnceForm):
    name = _name()
    email = _email()
    role = SelectField("Role", choices=PARTY_ROLE_CHOICES, default=Role.MEMBER.value)


class PersonForm(FlaskForm):  # type: ignore[misc]
    name = _name()
    role = SelectField("Role", choices=ROLE_CHOICES)
    organisation = SelectField("Organisation", coerce=int, default=0)


class OrganisationForm(OnceForm):
    name = _name()
    category = SelectField("Party category", choices=[SelectChoice(word.value, word.label) for word in Category])
    voting_group = StringField(
        "Voting Group",
        filters=[_one_line],
        validators=[Length(max=200)],
        description="Parties of one Voting Group vote as one. A new name makes a new group.",
    )
    user_roles = SelectMultipleField(
        "User Roles", choices=[SelectChoice(word.value, word.label) for word in UserRole], option_widget=CheckboxInput()
    )
    domains = TextAreaField(
        "E-mail domains",
        validators=[Length(max=2_000)],
        description="One a line. People with an address there may sign up; the Party's administrator approves them.",
    )
    is_active = BooleanField(
        "Active", default=True, description="People of an organisation that is not active cannot sign in."
    )


def choose_organisation(form: Any, choices: list[tuple[int, str]]) -> None:
    """Fill the list of organisations; staff belong to none."""
    form.organisation.choices = [
        SelectChoice("0", "None (staff)"),
        *(SelectChoice(str(key), name) for key, name in choices),
    ]


@contextmanager
def refusals_on(form: Any) -> Iterator[None]:
    """Show what a service refuses at the top of the form, which comes back filled."""
    try:
        yield
    except (Invalid, Conflict) as error:
        form.form_errors = [*form.form_errors, str(error)]
