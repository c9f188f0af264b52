"""`import stackexchange`: a whole community from its data dump."""

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from helpdesk.community.importing.dump import import_dump
from helpdesk.community.importing.files import Dump
from helpdesk.community.importing.merging import Refusal, Report
from helpdesk.kernel import mail
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import HelpdeskError

ROWS_SHOWN = 3  # refused rows that are named for each reason; --json names all


@click.command("stackexchange")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", default="", help="Name of the community, by which it is known again. [default: the folder's]")
@click.option("--public", "is_public", is_flag=True, help="Open the questions to visitors.")
@click.option("--dry-run", is_flag=True, help="Do everything, keep nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@with_appcontext
def import_stackexchange_command(folder: Path, name: str, is_public: bool, dry_run: bool, as_json: bool) -> None:
    """Bring in a Stack Exchange data dump (.xml or .xml.gz). Mails nobody, and is safe to repeat."""
    try:
        report = _run(folder, name or folder.resolve().name, is_public=is_public, dry_run=dry_run)
    except HelpdeskError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(_plain(report, dry_run), ensure_ascii=False) if as_json else _table(report, dry_run))


def _run(folder: Path, name: str, *, is_public: bool, dry_run: bool) -> Report:
    """Check every row before the first one is written, so that nobody waits behind a file that breaks later."""
    dump = Dump(folder)
    with tqdm(desc="Checking", unit=" rows", disable=None) as bar:
        total = dump.check(bar.update)
    with mail.silent(), unit_of_work() as db, tqdm(desc="Importing", total=total, unit=" rows", disable=None) as bar:
        report = import_dump(db, dump, name, is_public=is_public, on_row=bar.update)
        if dry_run:
            db.rollback()
    return report


def _plain(report: Report, dry_run: bool) -> dict[str, Any]:
    counts = {kind: tally.read for kind, tally in report.tallies.items()}
    return {"source": report.source, "dry_run": dry_run, "counts": {**counts, **report.facts}, **asdict(report)}


def _table(report: Report, dry_run: bool) -> str:
    header = f"{'':<12}" + "".join(f"{name:>10}" for name in ("read", "added", "changed", "as before", "refused"))
    lines = [f"{report.source}{': nothing was kept (dry run)' if dry_run else ''}", header]
    for kind, tally in report.tallies.items():
        numbers = (tally.read, tally.added, tally.changed, tally.same, tally.refused)
        lines.append(f"{kind:<12}" + "".join(f"{number:>10,}" for number in numbers))
    lines.append(", ".join(f"{number:,} {fact}" for fact, number in sorted(report.facts.items())))
    lines += [f"Note: {number:,} {sentence}." for sentence, number in report.notes.items()]
    lines += _refused(report)
    return "\n".join(line for line in lines if line)


def _refused(report: Report) -> list[str]:
    by_reason: defaultdict[tuple[str, str], list[Refusal]] = defaultdict(list)
    for refusal in report.refusals:
        by_reason[refusal.file, refusal.reason].append(refusal)
    return [
        f"Refused: {len(rows):,} of {file}, because {reason}: "
        + ", ".join(f"row {row.number:,} (Id {row.id})" for row in rows[:ROWS_SHOWN])
        + (" and more; --json lists them all." if len(rows) > ROWS_SHOWN else ".")
        for (file, reason), rows in by_reason.items()
    ]
