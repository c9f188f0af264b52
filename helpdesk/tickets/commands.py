"""`import tickets`: bring in the enquiries of an older system. `queue`: who reads the restricted queues."""

import json
import sys
import time
from collections import Counter
from pathlib import Path

import click
from flask.cli import with_appcontext

from helpdesk.accounts import queries as people
from helpdesk.kernel import mail
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.policy import SYSTEM
from helpdesk.tickets import importing, queues
from helpdesk.tickets.enums import QueueSlug
from helpdesk.tickets.import_files import FIELDS, Read, Row, parse_map, read

SHOWN_REFUSALS = 50  # the report names all of them in JSON
RESTRICTED = [slug.value for slug in QueueSlug if slug is not QueueSlug.DEFAULT]


@click.command("tickets")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "columns", required=True, help=f"field=column,… Fields: {', '.join(FIELDS)}.")
@click.option("--source", default="", help="Name that the tickets' origin is kept under; the file's name if missing.")
@click.option("--dry-run", is_flag=True, help="Check every row and write nothing.")
@click.option("--strict", is_flag=True, help="Write nothing at all when any row is refused.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@with_appcontext
def import_tickets_command(file: Path, columns: str, source: str, dry_run: bool, strict: bool, as_json: bool) -> None:
    """Import tickets from a CSV or JSON-lines FILE, plain or .gz; safe to repeat.

    Rows that cannot be tickets are refused by number with the reason; the others are written in one transaction, or
    none of them. A date without a time counts from 9am when opened and to 5pm when answered, in London.
    """
    started = time.monotonic()
    source = source or file.name.partition(".")[0]
    try:
        found = _read(file, columns)
        is_written = not dry_run and not (strict and found.refused)
        added = _write(found.rows, source) if is_written else 0
    except HelpdeskError as error:
        raise click.ClickException(str(error)) from error
    with reading() as db:
        there = importing.already_there(db, source)
    report = {
        "rows": found.total,
        "imported": added,
        "already_there": sum(row.source_id in there for row in found.rows) - added,
        "by_rule": dict(Counter(row.rule for row in found.rows if row.rule)),
        "refused": [{"row": number, "reason": reason} for number, reason in found.refused],
        "is_dry_run": dry_run,
        "seconds": round(time.monotonic() - started, 1),
    }
    click.echo(json.dumps(report)) if as_json else _tell(report, found)
    if strict and found.refused:
        sys.exit(1)


def _read(file: Path, columns: str) -> Read:
    found = Read()
    with click.progressbar(read(file, parse_map(columns)), label="Reading", file=sys.stderr) as rows:
        for row in rows:
            if isinstance(row, Row):
                found.rows.append(row)
            else:
                found.refused.append(row)
    return found


def _write(rows: list[Row], source: str) -> int:
    with (
        click.progressbar(length=len(rows), label="Writing", file=sys.stderr) as bar,
        mail.silent(),
        unit_of_work() as db,
    ):
        return importing.import_tickets(db, SYSTEM, rows, source, bar.update)


def _tell(report: dict[str, object], found: Read) -> None:
    if report["is_dry_run"]:
        click.echo(f"{len(found.rows):,} of {found.total:,} rows can be imported. Nothing was written (dry run).")
    else:
        click.echo(f"{report['imported']:,} tickets imported, {report['already_there']:,} were there already.")
    for name, count in dict(report["by_rule"]).items():  # type: ignore[call-overload]
        click.echo(f"  {count:,} by the rule {name}")
    if found.refused:
        click.echo(f"{len(found.refused):,} rows refused:")
    for number, reason in found.refused[:SHOWN_REFUSALS]:
        click.echo(f"  row {number}: {reason}.")
    if len(found.refused) > SHOWN_REFUSALS:
        click.echo(f"  and {len(found.refused) - SHOWN_REFUSALS:,} more; --json names all.")


@click.group("queue")
def queue_group() -> None:
    """Members of the restricted queues, who alone read their tickets."""


@queue_group.command("add")
@click.argument("queue", type=click.Choice(RESTRICTED))
@click.argument("email")
@with_appcontext
def add_member_command(queue: str, email: str) -> None:
    """Let a member of staff read and work a restricted queue."""
    _change_members(queue, email, is_member=True)
    click.echo(f"{email} reads the queue {queue} from now on.")


@queue_group.command("remove")
@click.argument("queue", type=click.Choice(RESTRICTED))
@click.argument("email")
@with_appcontext
def remove_member_command(queue: str, email: str) -> None:
    """Take a restricted queue from somebody."""
    _change_members(queue, email, is_member=False)
    click.echo(f"{email} does not read the queue {queue} any more.")


def _change_members(slug: str, email: str, *, is_member: bool) -> None:
    change = queues.add_member if is_member else queues.remove_member
    with unit_of_work() as db:
        user = people.user_by_email(db, email)
        if user is None or not user.is_staff:
            raise click.ClickException(f"{email} is not staff here. Add an agent with `user add` first.")
        change(db, SYSTEM, queues.ensure(db, slug), user)
