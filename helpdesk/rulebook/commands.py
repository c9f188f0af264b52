"""`import code`: numbered clauses from files."""

from datetime import date, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from helpdesk.kernel import clock
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.policy import SYSTEM
from helpdesk.rulebook import readers, services
from helpdesk.rulebook.drafts import Added, CodeDraft


@click.command("code")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--format", "file_format", type=click.Choice(["passages", "csv"]), required=True)
@click.option("--title", default="", help="Title of the document where the files do not say one.")
@click.option("--version-date", type=click.DateTime(["%Y-%m-%d"]), help="From when this version is in force.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, keep nothing.")
@with_appcontext
def import_code_command(path: Path, file_format: str, title: str, version_date: datetime | None, dry_run: bool) -> None:
    """Bring documents of numbered clauses into the rulebook. Safe to repeat."""
    in_force_from = version_date.date() if version_date else None
    try:
        code = readers.read_passages(path, title) if file_format == "passages" else readers.read_csv(path, title)
        added = _write(code, in_force_from, dry_run=dry_run)
    except HelpdeskError as error:
        raise click.ClickException(str(error)) from error
    verb = "would be" if dry_run else "were"
    click.echo(
        f"{len(code.documents)} documents: {added.added} clauses {verb} added, {added.changed} changed; "
        f"{added.unchanged} are as they were, {added.missing} stand only in the database."
    )


def _write(code: CodeDraft, in_force_from: date | None, *, dry_run: bool) -> Added:
    label = f"In force from {in_force_from}" if in_force_from else "Current"
    count = sum(len(document.clauses) for document in code.documents)
    with unit_of_work() as db, tqdm(total=count, unit=" clauses", disable=None) as bar:
        added = services.import_code(
            db,
            SYSTEM,
            code,
            label=label,
            in_force_from=in_force_from or clock.now().date(),
            progress=bar.update,
        )
        if dry_run:
            db.rollback()
    return added
