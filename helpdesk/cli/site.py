"""`init` and `check`: make a database, and find what is wrong with an installation."""

import shutil
import sys
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk import schema
from helpdesk.accounts import access
from helpdesk.cli.server import settings
from helpdesk.kernel import db as database
from helpdesk.kernel.errors import Conflict
from helpdesk.triage.commands import checking, indexing

STATIC = Path(__file__).parent.parent / "static"
FREE_BYTES_WANTED = 500 * 1024 * 1024


@click.command("init")
@with_appcontext
def init_command() -> None:
    """Create or upgrade the database; print the first administrator's link. Safe to repeat."""
    here = settings()
    schema.upgrade(here.database_url)
    click.echo("The database is ready.")
    try:
        with database.unit_of_work() as db:
            link = access.create_first_admin(db, here.base_url)
    except Conflict:
        return
    click.echo(f"The first administrator's link works once:\n{link}")


@click.command("check")
@with_appcontext
def check_command() -> None:
    """Find what is wrong and say how to mend it."""
    problems = list(find_problems())
    for problem in problems:
        click.echo(f"✗ {problem}")
    if problems:
        sys.exit(1)
    click.echo("✓ Nothing is wrong.")


def find_problems() -> list[str]:
    """Sentences, each naming one fault and its cure."""
    problems = []
    here = settings()
    try:
        with database.reading() as db:
            db.execute(text("SELECT name FROM options LIMIT 1"))
    except SQLAlchemyError as error:  # whatever the driver raises, the cure is the same
        problems.append(f"The database does not answer ({type(error).__name__}). Run `python -m helpdesk init`.")
    if not (STATIC / "vendor" / "htmx.min.js").exists():
        problems.append("The page scripts are missing. Run `make assets`.")
    if shutil.disk_usage(here.data_dir).free < FREE_BYTES_WANTED:
        problems.append("Less than 500 MB of disk are free. Make room before mail and uploads are refused.")
    return problems or [*checking.find_problems(here), *indexing.find_problems(here)]
