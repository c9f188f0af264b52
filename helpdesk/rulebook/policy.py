"""Who may change the rulebook. Everybody may read it."""

from enum import StrEnum

from helpdesk.kernel.policy import Rules, is_lead


class Can(StrEnum):
    WRITE = "code:write"


RULES: Rules = {Can.WRITE: (is_lead,)}
