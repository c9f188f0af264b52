"""Errors whose message is a sentence for the person who caused them."""


class HelpdeskError(Exception):
    """Something a person can read and act on; `status` is the HTTP answer."""

    status = 400
    title = "That could not be done"


class Invalid(HelpdeskError):
    status = 422
    title = "Please check what you entered"


class NotFound(HelpdeskError):
    status = 404
    title = "Page not found"


class Forbidden(HelpdeskError):
    status = 403
    title = "You may not do this"


class Conflict(HelpdeskError):
    status = 409
    title = "Something changed in the meantime"


class TooMany(HelpdeskError):
    status = 429
    title = "Please wait a moment"
