"""Imports what stands around the posts: users, tags, comments, votes, links."""

from collections.abc import Iterable, Iterator

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.accounts.importing import ImportedPerson, import_people
from helpdesk.accounts.models import User
from helpdesk.community.enums import LinkKind
from helpdesk.community.importing.merging import Values, batches, merge
from helpdesk.community.importing.rows import COMMENTS, LINKS, TAGS, USERS, VOTES
from helpdesk.community.importing.run import Run
from helpdesk.community.models import Comment, Question, QuestionLink, Tag, Vote, question_tags

COMMENT_COLUMNS = ("question_id", "answer_id", "body", "author_id", "author_name", "score")
VOTE_COLUMNS = ("user_id", "question_id", "answer_id", "kind", "value")
LINK_COLUMNS = ("question_id", "other_id", "kind")


def import_users(run: Run) -> None:
    tally = run.report.tally("users")
    here = select(func.count()).select_from(User).where(User.source == run.source)
    before = run.db.scalar(here) or 0
    people = [ImportedPerson(source_id=row.id, name=row.name, created_at=row.created_at) for _, row in run.rows(USERS)]
    run.user_ids = import_people(run.db, run.source, people)
    tally.read = len(people)
    tally.added = (run.db.scalar(here) or 0) - before
    tally.same = tally.read - tally.added


def import_tags(run: Run) -> None:
    """The dump's own list; a tag that only a question names comes with the question."""
    tally = run.report.tally("tags")
    names = [row.name for _, row in run.rows(TAGS)]
    tally.read, tally.added = len(names), _add_tags(run, names)
    tally.same = tally.read - tally.added


def tag_questions(run: Run) -> None:
    """Give the dump's questions its tags, and take away those that it took away."""
    _add_tags(run, [tag for post in run.questions.values() for tag in post.tags])
    pairs = select(question_tags).join(Question, Question.id == question_tags.c.question_id)
    known = {(row.question_id, row.tag_id) for row in run.db.execute(pairs.where(Question.source == run.source))}
    wanted = {
        (run.question_ids[number], run.tag_ids[tag]) for number, post in run.questions.items() for tag in post.tags
    }
    decided = {run.question_ids[number] for number in run.questions} - run.edited_here
    for question_id, tag_id in sorted(pair for pair in known - wanted if pair[0] in decided):
        pair = (question_tags.c.question_id == question_id, question_tags.c.tag_id == tag_id)
        run.db.execute(delete(question_tags).where(*pair))
        run.left_tag_ids.add(tag_id)
    new = sorted(pair for pair in wanted - known if pair[0] in decided)
    if new:
        rows = [{"question_id": question_id, "tag_id": tag_id} for question_id, tag_id in new]
        run.db.execute(insert(question_tags), rows)


def _add_tags(run: Run, names: Iterable[str]) -> int:
    """Learn the ids of all `names`, adding those that are missing; how many were."""
    dialect = postgresql if run.db.get_bind().dialect.name == "postgresql" else sqlite
    added = 0
    for batch in batches(sorted(set(names) - run.tag_ids.keys())):
        rows = [{"name": name, "question_count": 0, "public_count": 0} for name in batch]
        made = dialect.insert(Tag).values(rows).on_conflict_do_nothing().returning(Tag.id)
        added += len(run.db.scalars(made).all())
        known = run.db.execute(select(Tag.name, Tag.id).where(Tag.name.in_(batch)))
        run.tag_ids.update({row.name: row.id for row in known})
    return added


def _post(run: Run, number: str) -> Values | None:
    """Which question or answer of ours a number of the dump is."""
    if number in run.question_ids:
        return {"question_id": run.question_ids[number], "answer_id": None}
    if number in run.answer_ids:
        return {"question_id": None, "answer_id": run.answer_ids[number][0]}
    return None


def import_comments(run: Run) -> None:
    merge(run.db, Comment, _comments(run), COMMENT_COLUMNS, run.report.tally("comments"))


def _comments(run: Run) -> Iterator[Values]:
    tally = run.report.tally("comments")
    for number, row in run.rows(COMMENTS):
        tally.read += 1
        post = _post(run, row.post_id)
        if post is None:
            run.refuse("comments", COMMENTS, number, row.id, "its question or answer is not in the dump")
            continue
        if post["answer_id"] is not None:
            post["question_id"] = run.answer_ids[row.post_id][1]
        yield {
            **post,
            "source": run.source,
            "source_id": row.id,
            "body": row.text,
            **run.author(row.owner_id, row.owner_name),
            "score": row.score,
            "created_at": row.created_at,
        }


def import_votes(run: Run) -> None:
    """Every vote by its kind. The post's score says what they came to, so they are not added to it again."""
    merge(run.db, Vote, _votes(run), VOTE_COLUMNS, run.report.tally("votes"))


def _votes(run: Run) -> Iterator[Values]:
    tally = run.report.tally("votes")
    counted: set[tuple[str, str]] = set()
    for number, row in run.rows(VOTES):
        tally.read += 1
        if row.value and row.user_id:
            if (row.user_id, row.post_id) in counted:
                run.refuse("votes", VOTES, number, row.id, "the same person voted on the same post before")
                continue
            counted.add((row.user_id, row.post_id))
        post = _post(run, row.post_id)
        if post is None:
            run.report.note("votes on posts that are gone or are neither question nor answer, kept by themselves")
        yield {
            "question_id": None,
            "answer_id": None,
            **(post or {}),
            "user_id": run.user_ids.get(row.user_id),
            "source": run.source,
            "source_id": row.id,
            "kind": row.kind,
            "value": row.value,
            "created_at": row.created_at,
        }


def import_links(run: Run) -> None:
    merge(run.db, QuestionLink, _links(run), LINK_COLUMNS, run.report.tally("links"))


def _links(run: Run) -> Iterator[Values]:
    tally = run.report.tally("links")
    for _, row in run.rows(LINKS):
        tally.read += 1
        question_id, other_id = run.question_ids.get(row.question_id), run.question_ids.get(row.other_id)
        if question_id is None or other_id is None:
            run.report.note("links with an end that is not a question here, kept with the other end")
        if row.kind is LinkKind.DUPLICATE:
            run.report.facts["duplicates"] = run.report.facts.get("duplicates", 0) + 1
            if question_id is not None and other_id is not None and question_id != other_id:
                run.originals.setdefault(row.question_id, row.other_id)
        yield {
            "source": run.source,
            "source_id": row.id,
            "question_id": question_id,
            "other_id": other_id,
            "kind": row.kind,
            "created_at": row.created_at,
        }
