"""`demo`: fill an empty site with the demonstration."""

import logging

import click
from flask import current_app
from flask.cli import with_appcontext

from helpdesk import schema
from helpdesk.config import Settings
from helpdesk.demo import services
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.web import logs

ENQUIRIES = 6_000  # a third of what the helpdesk receives in a year, loaded in a few minutes
SEED = 2026


@click.command("demo")
@click.option("--enquiries", type=click.IntRange(0), default=ENQUIRIES, show_default=True, help="Of one year.")
@click.option("--seed", default=SEED, show_default=True, help="Another number invents other people and enquiries.")
@with_appcontext
def demo_command(enquiries: int, seed: int) -> None:
    """Fill an empty site with invented organisations, people, content and a year of enquiries. Safe to repeat."""
    settings: Settings = current_app.extensions["signpost.settings"]
    logs.configure(logging.ERROR)
    schema.upgrade(settings.database_url)
    try:
        is_new = services.load(seed=seed, size=enquiries, models_dir=settings.data_dir / "models", say=click.echo)
    except HelpdeskError as error:
        raise click.ClickException(str(error)) from error
    click.echo("The demonstration is loaded." if is_new else "The demonstration is loaded already.")
