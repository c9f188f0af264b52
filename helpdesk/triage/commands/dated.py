"""Dated questions that people put beside others: in parliament by one answer, in a community by a link."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from helpdesk.community.importing.files import Dump
from helpdesk.community.importing.rows import LINKS, POSTS, QUESTION
from helpdesk.nlp.evaluation import readers
from helpdesk.nlp.evaluation.readers import FileError
from helpdesk.nlp.evaluation.searching import Dated


def of_groups(rows: Sequence[readers.Row], groups: Sequence[readers.Row], *, strip_addressee: bool) -> list[Dated]:
    """Questions (id, question, date_tabled) whose fellows are of one group (ids).

    Raises:
        FileError: a date cannot be read.
    """
    group_of = {str(one): str(row["group"]) for row in groups for one in row["ids"]}
    members: defaultdict[str, set[int]] = defaultdict(set)
    for at, row in enumerate(rows):
        if label := group_of.get(str(row["id"])):
            members[label].add(at)
    asked = []
    for at, row in enumerate(rows):
        text, day = str(row["question"]), str(row["date_tabled"])[:10]
        label = group_of.get(str(row["id"]), "")
        text = readers.without_addressee(text) if strip_addressee else text
        try:
            asked.append(Dated(text, date.fromisoformat(day), members[label] - {at}, label=label))
        except ValueError as err:
            raise FileError(f"Question {row['id']} has no date but {day!r}.") from err
    return asked


def of_dump(folder: Path) -> list[Dated]:
    """Titles of a community's questions, the oldest first, each with the earlier ones that people linked it to.

    A link from or to an answer is one of its question.

    Raises:
        Invalid: no dump, or a row that cannot be read.
    """
    dump = Dump(folder)
    posts = [post for _, post in dump.rows(POSTS)]
    question_of = {post.id: post.parent_id or post.id for post in posts}
    questions = sorted((post for post in posts if post.type == QUESTION), key=lambda post: post.created_at)
    places = {post.id: at for at, post in enumerate(questions)}
    fellows: defaultdict[int, set[int]] = defaultdict(set)
    for _, link in dump.rows(LINKS):
        later, before = (places.get(question_of.get(post, "")) for post in (link.question_id, link.other_id))
        if later is not None and before is not None and before < later:
            fellows[later].add(before)
    return [Dated(post.title, post.created_at.date(), fellows[places[post.id]], post.score) for post in questions]
