"""Every role against every permission of the community."""

from typing import Any

import pytest

from helpdesk.community.models import Answer, Question
from helpdesk.community.policy import RULES, Can
from helpdesk.kernel.policy import VISITOR, Actor, Role, can

AUTHOR = Actor(id=1, name="Author", role=Role.MEMBER, organisation_id=1)
PEOPLE = {
    "visitor": VISITOR,
    "author": AUTHOR,
    "colleague": Actor(id=2, name="Colleague", role=Role.MEMBER, organisation_id=1),
    "party_admin": Actor(id=3, name="Party administrator", role=Role.PARTY_ADMIN, organisation_id=1),
    "stranger": Actor(id=4, name="Stranger", role=Role.MEMBER, organisation_id=2),
    "agent": Actor(id=5, name="Agent", role=Role.AGENT),
    "lead": Actor(id=6, name="Lead", role=Role.LEAD),
    "admin": Actor(id=7, name="Administrator", role=Role.ADMIN),
}
PARTIES = {"author", "colleague", "party_admin", "stranger"}
STAFF = {"agent", "lead", "admin"}
ALLOWED = {
    Can.ASK: PARTIES | STAFF,
    Can.ANSWER: PARTIES | STAFF,
    Can.ANSWER_OFFICIALLY: STAFF,
    Can.COMMENT: PARTIES | STAFF,
    Can.FOLLOW: PARTIES | STAFF,
    Can.VOTE: PARTIES - {"author"} | STAFF,
    Can.ACCEPT: {"author"} | STAFF,
    Can.EDIT: {"author"} | STAFF,
    Can.MODERATE: STAFF,
}


@pytest.mark.parametrize("permission", Can)
@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(
    "post", [Question(author_id=AUTHOR.id), Answer(author_id=AUTHOR.id)], ids=["question", "answer"]
)
def test_who_may_do_what(permission: Can, who: str, post: Any) -> None:
    assert can(RULES, PEOPLE[who], permission, post) == (who in ALLOWED[permission])


@pytest.mark.parametrize("who", PEOPLE)
def test_nobody_is_the_author_of_a_deleted_users_post(who: str) -> None:
    orphan = Question(author_id=None)
    assert can(RULES, PEOPLE[who], Can.EDIT, orphan) == (who in STAFF)
    assert can(RULES, PEOPLE[who], Can.VOTE, orphan) == (who != "visitor")
