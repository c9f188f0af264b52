"""The fixed words of a ticket."""

from enum import StrEnum


class Status(StrEnum):
    NEW = "new"
    OPEN = "open"
    WAITING_REQUESTER = "waiting_requester"
    WAITING_THIRD_PARTY = "waiting_third_party"
    SOLVED = "solved"
    CLOSED = "closed"

    @property
    def is_done(self) -> bool:
        return self in {Status.SOLVED, Status.CLOSED}


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Audience(StrEnum):
    """Who reads a ticket beside the staff of its queue."""

    ORGANISATION = "organisation"  # the requester and, where their organisation shares tickets, its members
    HELPDESK = "helpdesk"  # the requester alone


class Channel(StrEnum):
    WEB = "web"
    EMAIL = "email"
    PHONE = "phone"


CHANNEL_LABELS = {Channel.WEB: "Web", Channel.EMAIL: "E-mail", Channel.PHONE: "Telephone"}


class MessageKind(StrEnum):
    MESSAGE = "message"  # from the requester's side
    REPLY = "reply"  # from the helpdesk, read by the requester
    NOTE = "note"  # between staff, never read by anybody else


class QueueSlug(StrEnum):
    """Queues that the code itself names; all others are rows like any."""

    DEFAULT = "party-support"
    SECURITY_INCIDENTS = "security-incidents"
    DEFAULTS = "defaults-and-solr"
    DATA_PROTECTION = "data-protection"
