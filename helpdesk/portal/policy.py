"""Who may use the administrator's pages."""

from enum import StrEnum

from helpdesk.kernel.policy import Rules, is_admin


class Can(StrEnum):
    ADMINISTER = "site:administer"


RULES: Rules = {Can.ADMINISTER: (is_admin,)}
