"""Who may act on topics and models. Suggestions need no permission: they show what the reader may see anyway."""

from enum import StrEnum

from helpdesk.kernel.policy import Rules, is_admin, is_lead, is_staff


class Can(StrEnum):
    SEE_TOPICS = "triage:see_topics"
    RENAME_TOPIC = "triage:rename_topic"
    DRAFT_ANSWER = "triage:draft_answer"
    MODELS = "triage:models"


RULES: Rules = {
    Can.SEE_TOPICS: (is_staff,),
    Can.RENAME_TOPIC: (is_lead,),
    Can.DRAFT_ANSWER: (is_lead,),
    Can.MODELS: (is_admin,),
}
