"""Headers on every answer, CSRF on every form, and a coarse guard against floods."""

from flask import Flask, Response, abort, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
JSON_DOOR = "/drafts"  # the one address that is sent JSON
STATIC_SECONDS = 31_536_000  # a year: static addresses carry the file's digest

csrf = CSRFProtect()
# The memory store counts per process only; the limits that matter are counted in the database (kernel.throttle).
limiter = Limiter(get_remote_address, default_limits=["1200 per minute"], storage_uri="memory://")


def install(app: Flask) -> None:
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_refuse_nul)
    app.before_request(_refuse_json)
    app.after_request(_headers)


def _refuse_nul() -> None:
    """No text of a person holds a NUL, and PostgreSQL stores none: whoever sends one gets a sentence, not a failure."""
    texts = [request.path, *request.args.values(), *request.form.values()]
    if any("\0" in text for text in texts):
        abort(400)


def _refuse_json() -> None:
    """Flask-WTF would read a form from JSON, past the bounds and checks that forms have."""
    if request.method == "POST" and request.is_json and request.path != JSON_DOOR:
        abort(400)


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if request.endpoint == "static" and request.args.get("v"):
        response.cache_control.max_age = STATIC_SECONDS
        response.cache_control.public = True
        response.cache_control.immutable = True
        response.cache_control.no_cache = None
    elif request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")  # the back button must not show a signed-out person's page
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
