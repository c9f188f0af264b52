"""One import: the ids of what is known so far by their number in the dump, and the report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.community.importing.files import Dump
from helpdesk.community.importing.merging import Refusal, Report, Values
from helpdesk.community.importing.rows import PostRow, Table

DELETED_USER = "deleted user"


@dataclass(slots=True, kw_only=True)
class Run:
    """What the steps of an import hand to each other."""

    db: Session
    dump: Dump
    source: str
    is_public: bool
    on_row: Callable[[], object]
    report: Report
    user_ids: dict[str, int] = field(default_factory=dict)
    tag_ids: dict[str, int] = field(default_factory=dict)  # by name
    left_tag_ids: set[int] = field(default_factory=set)  # taken away from a question by this dump
    question_ids: dict[str, int] = field(default_factory=dict)
    answer_ids: dict[str, tuple[int, int]] = field(default_factory=dict)  # the answer and its question
    questions: dict[str, PostRow] = field(default_factory=dict)  # those of the dump, without their texts
    originals: dict[str, str] = field(default_factory=dict)  # what a duplicate of the dump repeats
    edited_here: set[int] = field(default_factory=set)  # questions whose newer text was kept
    touched: set[int] = field(default_factory=set)  # questions that the indexes must read again

    def rows(self, table: Table[Any]) -> Iterator[tuple[int, Any]]:
        for number, row in self.dump.rows(table):
            self.on_row()
            yield number, row

    def refuse(self, kind: str, table: Table[Any], number: int, row_id: str, reason: str) -> None:
        path = self.dump.path(table)
        self.report.refuse(kind, Refusal(path.name if path else table.name, number, row_id, reason))

    def author(self, owner_id: str, owner_name: str) -> Values:
        """The imported account, or the name that was left of a deleted one."""
        author_id = self.user_ids.get(owner_id)
        if author_id is None:
            self.report.note("texts without an account, kept under the name that was left of it")
            return {"author_id": None, "author_name": owner_name or DELETED_USER}
        return {"author_id": author_id, "author_name": owner_name}
