"""JSON log lines: a constant event and fields, a request id on every line, never a text or an address."""

import logging
import secrets

import structlog
from flask import Flask, g, request


def configure(level: int = logging.INFO) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def install(app: Flask) -> None:
    @app.before_request
    def _number_request() -> None:
        g.request_id = secrets.token_hex(6)
        structlog.contextvars.clear_contextvars()
        # The rule, not the path: the path of a mailed link holds its one-time token.
        path = request.url_rule.rule if request.url_rule else ""
        structlog.contextvars.bind_contextvars(request_id=g.request_id, path=path)
