"""Imports questions and answers. A text that was edited here after the dump's last edit stays."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from helpdesk.community.enums import PostKind
from helpdesk.community.importing.merging import Change, Values, batches, merge
from helpdesk.community.importing.rows import ANSWER, POSTS, QUESTION, PostRow
from helpdesk.community.importing.run import Run
from helpdesk.community.models import Answer, Question, Revision, Vote

PAGE_TYPES = {"4": "a tag's excerpt", "5": "a tag's wiki", "6": "an election", "7": "the site's own wiki"}
TEXT = ("title", "body", "updated_at", "edited_at")
QUESTION_COLUMNS = (*TEXT, "author_id", "author_name", "score", "view_count", "last_activity_at")
ANSWER_COLUMNS = (*TEXT[1:], "question_id", "author_id", "author_name", "score")


def import_questions(run: Run) -> None:
    merged = merge(run.db, Question, _questions(run), QUESTION_COLUMNS, run.report.tally("questions"), _keep(run))
    known = select(Question.source_id, Question.id).where(Question.source == run.source)
    run.question_ids = {row.source_id: row.id for row in run.db.execute(known)}
    run.touched.update(run.question_ids[number] for number in merged.added)
    run.touched.update(change.before.id for change in merged.changes)
    _keep_former(run, PostKind.QUESTION, merged.changes)


def _questions(run: Run) -> Iterator[Values]:
    votes_here = _votes_here(run.db, run.source, Question, Vote.question_id)
    for number, post in run.rows(POSTS):
        if post.type == QUESTION:
            run.report.tally("questions").read += 1
            run.questions[post.id] = dataclasses.replace(post, body="", title="")
            yield {
                **_shared(run, post, votes_here),
                "title": post.title,
                "is_public": run.is_public,
                "view_count": post.views,
                "last_activity_at": post.active_at,
            }
        elif post.type != ANSWER:
            run.report.tally("other pages").read += 1
            what = PAGE_TYPES.get(post.type, f"a page of type {post.type}")
            run.refuse("other pages", POSTS, number, post.id, f"it is {what}, not a question or an answer")


def import_answers(run: Run) -> None:
    merged = merge(run.db, Answer, _answers(run), ANSWER_COLUMNS, run.report.tally("answers"), _keep(run))
    known = select(Answer.source_id, Answer.id, Answer.question_id).where(Answer.source == run.source)
    run.answer_ids = {row.source_id: (row.id, row.question_id) for row in run.db.execute(known)}
    run.touched.update(run.answer_ids[number][1] for number in merged.added)
    run.touched.update(change.before.question_id for change in merged.changes)
    _keep_former(run, PostKind.ANSWER, merged.changes)


def _answers(run: Run) -> Iterator[Values]:
    votes_here = _votes_here(run.db, run.source, Answer, Vote.answer_id)
    for number, post in run.dump.rows(POSTS):
        if post.type != ANSWER:
            continue
        run.report.tally("answers").read += 1
        question_id = run.question_ids.get(post.parent_id)
        if question_id is None:
            run.refuse("answers", POSTS, number, post.id, "its question is not in the dump")
            continue
        yield {**_shared(run, post, votes_here), "question_id": question_id}


def _shared(run: Run, post: PostRow, votes_here: dict[str, int]) -> Values:
    """What questions and answers have in common."""
    return {
        "source": run.source,
        "source_id": post.id,
        "body": post.body,
        "body_format": "html",
        **run.author(post.owner_id, post.owner_name),
        "score": post.score + votes_here.get(post.id, 0),
        "created_at": post.created_at,
        "updated_at": post.edited_at or post.created_at,
        "edited_at": post.edited_at,
    }


def _votes_here(db: Session, source: str, model: type[Question | Answer], column: Any) -> dict[str, int]:
    """The votes that imported posts got here, which no dump knows."""
    wanted = select(model.source_id, func.sum(Vote.value).label("votes")).join(Vote, column == model.id)
    wanted = wanted.where(model.source == source, Vote.source.is_(None)).group_by(model.source_id)
    return {row.source_id: row.votes for row in db.execute(wanted)}


def _keep(run: Run) -> Any:
    """Says which columns of a known post stay: its text, if somebody edited it here after the dump's last edit."""

    def kept(known: Any, row: Values) -> tuple[str, ...]:
        if known.edited_at is None or known.edited_at <= (row["edited_at"] or row["created_at"]):
            return ()
        run.report.note("texts that were edited here since, and stay")
        if "title" in row:
            run.edited_here.add(known.id)
        return TEXT

    return kept


def _keep_former(run: Run, kind: PostKind, changes: list[Change]) -> None:
    """Texts that a newer dump replaces go into the history, as those that people edit."""
    edited = [change for change in changes if change.values.keys() & {"title", "body"}]
    begun = _begun(run.db, kind, [change.before.id for change in edited])
    rows: list[Values] = []
    for change in edited:
        before = change.before
        former = {
            "kind": kind,
            "object_id": before.id,
            "title": getattr(before, "title", ""),
            "body": before.body,
            "body_format": "html",
            "editor_id": before.author_id,
            "editor_name": before.author_name,
            "at": before.updated_at,
        }
        if before.id not in begun:
            rows.append(former)
        newer = {name: change.values.get(name, former[name]) for name in ("title", "body")}
        at = change.values.get("updated_at", before.updated_at)
        rows.append({**former, **newer, "editor_id": None, "editor_name": f"Import of {run.source}", "at": at})
    if rows:
        run.db.execute(insert(Revision), rows)


def _begun(db: Session, kind: PostKind, ids: list[int]) -> set[int]:
    """Which of the posts have a history already."""
    begun: set[int] = set()
    for batch in batches(ids):
        wanted = select(Revision.object_id).where(Revision.kind == kind, Revision.object_id.in_(batch))
        begun.update(db.scalars(wanted))
    return begun
