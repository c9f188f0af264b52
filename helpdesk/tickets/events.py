"""What happens to tickets."""

from dataclasses import dataclass

from helpdesk.kernel.events import Event


@dataclass(frozen=True)
class TicketOpened(Event):
    ticket_id: int


@dataclass(frozen=True)
class MessageAdded(Event):
    ticket_id: int
    message_id: int
    kind: str  # a MessageKind


@dataclass(frozen=True)
class TicketSolved(Event):
    ticket_id: int


@dataclass(frozen=True)
class TicketReopened(Event):
    ticket_id: int


@dataclass(frozen=True)
class TicketAssigned(Event):
    ticket_id: int
    agent_id: int | None


@dataclass(frozen=True)
class ClauseLinked(Event):
    """An agent said that a clause bears on the ticket; `is_linked` is false when the link was taken away."""

    ticket_id: int
    clause_id: int
    is_linked: bool


@dataclass(frozen=True)
class TicketCorrected(Event):
    """An agent replaced a predicted (or chosen) `topic`, `priority` or `queue`; old and new are slugs, "" for none."""

    ticket_id: int
    field: str
    old: str
    new: str
    by_id: int | None = None


@dataclass(frozen=True)
class TicketsImported(Event):
    """Many tickets came at once from `source`; no `TicketOpened` is published for each."""

    source: str
    count: int
