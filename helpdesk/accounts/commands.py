"""`user`: add a person or change a role from the command line."""

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import access, queries, services
from helpdesk.accounts.enums import Purpose, UserState
from helpdesk.accounts.models import Organisation
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.policy import SYSTEM, Role

ROLES = [role.value for role in Role if role is not Role.VISITOR]


@click.group("user")
def user_group() -> None:
    """People and their roles."""


@user_group.command("add")
@click.argument("email")
@click.option("--name", required=True, help="How others see this person.")
@click.option("--role", type=click.Choice(ROLES), default=Role.MEMBER.value, show_default=True)
@click.option("--organisation", default="", help="Name of the Party; staff have none.")
@with_appcontext
def add_command(email: str, name: str, role: str, organisation: str) -> None:
    """Add a person and print the one-time link by which they choose a password."""
    try:
        with unit_of_work() as db:
            place = _organisation(db, organisation)
            state = UserState.INVITED
            user = services.create_user(
                db, SYSTEM, email=email, name=name, role=Role(role), organisation=place, state=state
            )
            link = _base_url() + access.make_link(db, user, Purpose.INVITE)
    except HelpdeskError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} is added. The link works once, within seven days:\n{link}")


@user_group.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--organisation", default="", help="Name of the Party to move to; without it they stay where they are.")
@with_appcontext
def role_command(email: str, role: str, organisation: str) -> None:
    """Give a person another role."""
    try:
        with unit_of_work() as db:
            user = queries.user_by_email(db, email)
            if user is None:
                raise click.ClickException(f"There is no account for {email}. Add one with `user add`.")
            services.set_role(db, SYSTEM, user, Role(role), _organisation(db, organisation))
    except HelpdeskError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} has the role {role}.")


def _organisation(db: Session, name: str) -> Organisation | None:
    if not name:
        return None
    found = db.scalar(select(Organisation).where(Organisation.name == name.strip()))
    if found is None:
        raise click.ClickException(f"There is no organisation named “{name}”. Write the name exactly as it is listed.")
    return found


def _base_url() -> str:
    base_url: str = current_app.extensions["signpost.settings"].base_url
    return base_url
