"""Error pages: a sentence that says what is wrong and what to do next, never a stack trace."""

import structlog
from flask import Flask, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from helpdesk.kernel.errors import HelpdeskError, NotFound

log = structlog.get_logger()

SENTENCES = {
    400: ("That request was not understood", "Go back, reload the page and try again."),
    403: (
        "You may not open this page",
        "If you think you should, ask your Party's administrator or the helpdesk.",
    ),
    404: (
        "Page not found",
        "The address is wrong, or the page is not one that you may see. Try the search, or sign in.",
    ),
    405: ("That cannot be done at this address", "Go back and use the buttons of the page."),
    413: ("That was too large", "Send a shorter text or a smaller file."),
    429: ("Please wait a moment", "Too many requests came from your connection. Wait a minute and try again."),
    500: (
        "Something went wrong on our side",
        "What you typed is still in your browser: go back and try again. If it happens again, telephone the helpdesk.",
    ),
}


def install(app: Flask) -> None:
    app.register_error_handler(HelpdeskError, _known)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _known(error: HelpdeskError) -> ResponseReturnValue:
    if isinstance(error, NotFound):
        title, default = SENTENCES[404]
        return _answer(404, title, str(error) or default)
    return _answer(error.status, error.title, str(error))


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    return _answer(400, "This form had expired", "Go back, reload the page and send it again; copy a long text first.")


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error
    title, sentence = SENTENCES.get(status, SENTENCES[400])
    return _answer(status, title, sentence)


def _unknown(error: Exception) -> ResponseReturnValue:
    log.error("request_failed", exc_info=error)
    return _answer(500, *SENTENCES[500])


def _answer(status: int, title: str, sentence: str) -> ResponseReturnValue:
    if request.path.startswith("/api/") or request.path == "/drafts":
        return jsonify({"error": {"status": status, "title": title, "detail": sentence}}), status
    try:
        page = render_template(
            "errors/error.html",
            status=status,
            title=title,
            sentence=sentence,
            request_id=g.get("request_id", ""),
        )
        return page, status
    except Exception:  # the page frame itself needs the database; the person still gets a sentence
        log.exception("error_page_failed")
        return f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><p>{sentence}</p>", status
