"""Who may act on tickets. Reading is decided by `queries.visible` alone."""

from enum import StrEnum

from helpdesk.kernel.policy import Actor, Rules, is_admin, is_signed_in, is_staff
from helpdesk.tickets.enums import Audience
from helpdesk.tickets.models import Ticket


class Can(StrEnum):
    OPEN = "ticket:open"
    OPEN_FOR_OTHERS = "ticket:open_for_others"  # someone who telephoned or wrote; also from a question
    SEE_DESK = "ticket:see_desk"
    REPLY = "ticket:reply"
    WORK = "ticket:work"  # read its notes and history on the desk
    NOTE = "ticket:note"
    ASSIGN = "ticket:assign"
    TRIAGE = "ticket:triage"  # topic, priority and team
    SET_STATUS = "ticket:set_status"
    SOLVE = "ticket:solve"
    REOPEN = "ticket:reopen"
    LINK_CLAUSE = "ticket:link_clause"
    MANAGE_QUEUES = "ticket:manage_queues"
    IMPORT = "ticket:import"


def is_requester(actor: Actor, ticket: Ticket | None) -> bool:
    return ticket is not None and actor.id is not None and ticket.requester_id == actor.id


def shares_organisation(actor: Actor, ticket: Ticket | None) -> bool:
    """A colleague, where both the requester and the organisation chose to share."""
    return (
        ticket is not None
        and actor.shares_tickets
        and actor.organisation_id is not None
        and ticket.organisation_id == actor.organisation_id
        and ticket.audience is Audience.ORGANISATION
        and not ticket.queue.is_restricted
    )


def works_queue(actor: Actor, ticket: Ticket | None) -> bool:
    """Staff work every queue but the restricted ones, which only their named members do, administrators included."""
    if ticket is None or actor.is_system:
        return actor.is_staff
    queue = ticket.queue
    is_named = not queue.is_restricted or any(member.user_id == actor.id for member in queue.members)
    return actor.is_staff and is_named


RULES: Rules = {
    Can.OPEN: (is_signed_in, is_staff),
    Can.OPEN_FOR_OTHERS: (is_staff,),
    Can.SEE_DESK: (is_staff,),
    Can.REPLY: (works_queue, is_requester, shares_organisation),
    Can.WORK: (works_queue,),
    Can.NOTE: (works_queue,),
    Can.ASSIGN: (works_queue,),
    Can.TRIAGE: (works_queue,),
    Can.SET_STATUS: (works_queue,),
    Can.SOLVE: (works_queue, is_requester),
    Can.REOPEN: (works_queue, is_requester, shares_organisation),
    Can.LINK_CLAUSE: (works_queue,),
    Can.MANAGE_QUEUES: (is_admin,),
    Can.IMPORT: (is_admin,),
}
