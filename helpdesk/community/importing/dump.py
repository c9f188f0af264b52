"""Lays a Stack Exchange dump over what was imported from the same community before; mails nobody.

The caller owns the transaction: all of a dump is there, or none of it. Repeating it changes nothing; a newer dump over
an older one updates texts, votes and accepted answers, and removes nothing.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from helpdesk.community.importing import around, posts, settling
from helpdesk.community.importing.files import Dump
from helpdesk.community.importing.merging import Report
from helpdesk.community.importing.run import Run
from helpdesk.kernel import audit
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import SYSTEM

SOURCE_LENGTH = 60  # characters


def import_dump(
    db: Session, dump: Dump, source: str, *, is_public: bool = False, on_row: Callable[[], object] = lambda: None
) -> Report:
    """Import all of `dump` under the name `source`; `is_public` opens the questions to visitors.

    Raises:
        Invalid: a row cannot be read, or the name is empty or too long.
    """
    if not 0 < len(source) <= SOURCE_LENGTH:
        raise Invalid(f"Give the community a name of up to {SOURCE_LENGTH} characters with --name.")
    run = Run(db=db, dump=dump, source=source, is_public=is_public, on_row=on_row, report=Report(source))
    around.import_users(run)
    around.import_tags(run)
    posts.import_questions(run)
    around.tag_questions(run)
    posts.import_answers(run)
    around.import_comments(run)
    around.import_votes(run)
    around.import_links(run)
    settling.settle_standing(run)
    settling.settle_counts(run)
    settling.tell_indexes(run)
    audit.record(db, SYSTEM, "community.imported", source=source, facts=run.report.facts)
    return run.report
