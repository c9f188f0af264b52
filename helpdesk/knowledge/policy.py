"""Who may act on published answers and articles. Reading is `queries.visible` alone."""

from enum import StrEnum

from helpdesk.kernel.policy import Rules, is_lead, is_signed_in, is_staff


class Can(StrEnum):
    WRITE = "knowledge:write"
    PUBLISH = "knowledge:publish"
    MARK_HELPFUL = "knowledge:mark_helpful"


RULES: Rules = {
    Can.WRITE: (is_staff,),
    Can.PUBLISH: (is_lead,),
    Can.MARK_HELPFUL: (is_signed_in,),
}
