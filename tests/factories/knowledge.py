"""Published answers and articles for tests."""

from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.kernel.policy import SYSTEM
from helpdesk.knowledge import services
from helpdesk.knowledge.models import Article, PublishedAnswer

_numbers = count(1)


def make_answer(
    db: Session, question: str | None = None, *, is_published: bool = True, **fields: Any
) -> PublishedAnswer:
    """An answer to a question of its own, published unless asked otherwise."""
    fields = {"body": "Read the guidance and send the form.", **fields}
    answer = services.draft_answer(db, SYSTEM, question=question or f"How is step {next(_numbers)} done?", **fields)
    if is_published:
        services.publish_answer(db, SYSTEM, answer)
    return answer


def make_article(db: Session, title: str | None = None, *, is_published: bool = True, **fields: Any) -> Article:
    fields = {"summary": "What to do, in order.", "body": "First read it. Then do it.", **fields}
    article = services.write_article(db, SYSTEM, title=title or f"Guide {next(_numbers)}", **fields)
    if is_published:
        services.publish_article(db, SYSTEM, article)
    return article
