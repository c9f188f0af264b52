"""Staff read the figures; leads act on topics."""

from enum import StrEnum

from helpdesk.kernel.policy import Rules, is_lead, is_staff


class Can(StrEnum):
    READ = "insights:read"
    CURATE = "insights:curate"


RULES: Rules = {
    Can.READ: (is_staff,),
    Can.CURATE: (is_lead,),
}
