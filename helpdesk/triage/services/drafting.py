"""From a topic to a draft answer that names its source questions."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel.policy import Actor, require
from helpdesk.knowledge import services as knowledge
from helpdesk.knowledge.enums import Audience
from helpdesk.knowledge.models import PublishedAnswer
from helpdesk.knowledge.services import WordingFrom
from helpdesk.triage.models import Group, SearchText
from helpdesk.triage.policy import RULES, Can
from helpdesk.triage.queries.groups import sample_items

SOURCES = 30  # items a draft names, the most typical first
OUTLINE = "Write the answer here, in plain words. Name the clause it rests on, for example G3.20.\n"


def draft_from_group(db: Session, actor: Actor, group: Group) -> PublishedAnswer:
    """A draft whose question is the topic's most typical one, and whose wordings are the others.

    Only items that `actor` may see go in. Wordings that come from tickets are matched and never shown to readers.
    """
    require(RULES, actor, Can.DRAFT_ANSWER)
    items = sample_items(db, actor, group.id, SOURCES)
    titles = _titles(db, items)
    wordings = [WordingFrom(text=titles[item], kind=item[0], id=item[1]) for item in items if titles.get(item)]
    # A ticket's subject is its requester's own and becomes no public title; staff word the question anew.
    question = next((one.text for one in wordings if one.kind == "question"), group.name)
    return knowledge.draft_answer(
        db,
        actor,
        question=question,
        body=OUTLINE,
        audience=Audience.PARTIES,
        wordings=wordings,
        sources=items,
        group_id=group.id,
    )


def _titles(db: Session, items: list[tuple[str, int]]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for kind in {kind for kind, _ in items}:
        ids = [object_id for one, object_id in items if one == kind]
        rows = db.execute(
            select(SearchText.object_id, SearchText.title).where(
                SearchText.kind == kind, SearchText.object_id.in_(ids), SearchText.is_deleted.is_(False)
            )
        )
        found.update({(kind, object_id): title for object_id, title in rows})
    return found
