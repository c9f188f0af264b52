"""What an import settles when all rows are there: accepted answers, states, kept counts, and word to the indexes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update

from helpdesk.community.enums import State
from helpdesk.community.importing.merging import Values, batches
from helpdesk.community.importing.rows import PostRow
from helpdesk.community.importing.run import Run
from helpdesk.community.models import Answer, Comment, Question, Tag, question_tags
from helpdesk.community.queries import KIND
from helpdesk.kernel import sequences
from helpdesk.kernel.events import ContentChanged, publish

STANDING = ("state", "closed_at", "duplicate_of_id", "accepted_answer_id")


def settle_standing(run: Run) -> None:
    """Accepted answers, closed questions and duplicates as the dump has them.

    What staff hid or closed here stays so, and an answer written here stays accepted.
    """
    columns = (Question.id, Question.source_id, Question.closed_reason, *(getattr(Question, name) for name in STANDING))
    known = run.db.execute(select(*columns).where(Question.source == run.source)).all()
    written_here = set(
        run.db.scalars(
            select(Answer.id)
            .join(Question, Question.accepted_answer_id == Answer.id)
            .where(Question.source == run.source, Answer.source.is_(None))
        )
    )
    changed: list[Values] = []
    for row in known:
        post = run.questions.get(row.source_id)
        if post is None:
            continue
        values = {name: getattr(row, name) for name in STANDING}
        if row.accepted_answer_id not in written_here:
            values["accepted_answer_id"] = _accepted(run, post)
        if row.state is not State.HIDDEN and not row.closed_reason:
            values |= _state(run, post)
        if any(getattr(row, name) != value for name, value in values.items()):
            changed.append({"id": row.id, **values})
    for batch in batches(changed):
        run.db.execute(update(Question), batch)
    run.touched.update(row["id"] for row in changed)
    run.report.facts["closed"] = sum(post.closed_at is not None for post in run.questions.values())


def _accepted(run: Run, post: PostRow) -> int | None:
    found = run.answer_ids.get(post.accepted_id)
    if found is None:
        if post.accepted_id:
            run.report.note("accepted answers that are not in the dump")
        return None
    run.report.facts["accepted"] = run.report.facts.get("accepted", 0) + 1
    return found[0]


def _state(run: Run, post: PostRow) -> Values:
    original_id = run.question_ids.get(run.originals.get(post.id, ""))
    is_open = post.closed_at is None
    state = State.DUPLICATE if original_id is not None else State.OPEN if is_open else State.CLOSED
    return {"state": state, "closed_at": post.closed_at, "duplicate_of_id": original_id}


def settle_counts(run: Run) -> None:
    """The kept counts of the source's questions and of the tags that it has or had."""
    answers = select(func.count()).where(Answer.question_id == Question.id, Answer.is_hidden.is_(False))
    comments = select(func.count()).where(Comment.question_id == Question.id, Comment.is_hidden.is_(False))
    _update(
        run,
        update(Question).where(Question.source == run.source),
        {"answer_count": answers.scalar_subquery(), "comment_count": comments.scalar_subquery()},
    )
    shown = (
        select(func.count())
        .select_from(question_tags.join(Question, Question.id == question_tags.c.question_id))
        .where(question_tags.c.tag_id == Tag.id, Question.state != State.HIDDEN)
    )
    public = shown.where(Question.is_public)
    for batch in batches({*run.tag_ids.values(), *run.left_tag_ids}):
        _update(
            run,
            update(Tag).where(Tag.id.in_(batch)),
            {"question_count": shown.scalar_subquery(), "public_count": public.scalar_subquery()},
        )


def _update(run: Run, statement: Any, values: Mapping[str, Any]) -> None:
    run.db.execute(statement.values(values).execution_options(synchronize_session=False))


def tell_indexes(run: Run) -> None:
    """A number in the order of commits for every question that changed, and one event for each batch of them."""
    ids = sorted(run.touched)
    if not ids:
        return
    first = sequences.take(run.db, KIND, len(ids))
    for batch in batches(enumerate(ids, first)):
        run.db.execute(update(Question), [{"id": question_id, "seq": seq} for seq, question_id in batch])
        run.db.flush()
        publish(run.db, ContentChanged(KIND, tuple(question_id for _, question_id in batch)))
