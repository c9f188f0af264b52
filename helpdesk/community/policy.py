"""Who may act in the community. Reading is `queries.visible` alone."""

from enum import StrEnum

from helpdesk.community.models import Answer, Question
from helpdesk.kernel.policy import Actor, Rules, is_signed_in, is_staff


class Can(StrEnum):
    ASK = "question:ask"
    ANSWER = "question:answer"
    ANSWER_OFFICIALLY = "question:answer_officially"
    COMMENT = "question:comment"
    FOLLOW = "question:follow"
    VOTE = "question:vote"  # on a question or an answer
    ACCEPT = "question:accept"
    EDIT = "question:edit"  # a question or an answer
    MODERATE = "question:moderate"  # close, mark as duplicate, hide


def is_author(actor: Actor, post: Question | Answer | None) -> bool:
    return post is not None and actor.id is not None and post.author_id == actor.id


def votes_on_another(actor: Actor, post: Question | Answer | None) -> bool:
    """Nobody votes on their own text."""
    return actor.is_authenticated and not is_author(actor, post)


RULES: Rules = {
    Can.ASK: (is_signed_in,),
    Can.ANSWER: (is_signed_in,),
    Can.ANSWER_OFFICIALLY: (is_staff,),
    Can.COMMENT: (is_signed_in,),
    Can.FOLLOW: (is_signed_in,),
    Can.VOTE: (votes_on_another,),
    Can.ACCEPT: (is_author, is_staff),
    Can.EDIT: (is_author, is_staff),
    Can.MODERATE: (is_staff,),
}
