"""Who is asking: the browser's sign-in row, `current_user`, and the checker behind the marks of views."""

from dataclasses import dataclass
from datetime import timedelta

import flask_login
from flask import Flask, abort, has_request_context, redirect, request, url_for
from sqlalchemy import or_, select, update

from helpdesk.accounts import queries
from helpdesk.accounts.enums import UserState
from helpdesk.accounts.models import Organisation, SignIn, User
from helpdesk.kernel import clock, options
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import Forbidden
from helpdesk.kernel.models import OptionRow
from helpdesk.kernel.policy import VISITOR, Actor, Rules, require
from helpdesk.web.marks import CHECKER, Mark

IDLE_DAYS = 14  # a browser that was not seen for so long signs in again
SEEN_EVERY = timedelta(minutes=5)  # how exact "last seen" is; a write for every request would be waste
# What staff can still do before they have the second step that the site demands of them.
OPEN_WITHOUT_TOTP = frozenset({"accounts.sign_out", "static"})


@dataclass(frozen=True, slots=True)
class Browser:
    """What Flask-Login carries: the sign-in row of one browser, and whose it is."""

    sign_in_id: str
    actor: Actor
    lacks_totp: bool
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return self.sign_in_id


def current_user() -> Actor:
    """The person of this request, or the visitor."""
    browser = current_browser()
    return VISITOR if browser is None else browser.actor


def current_browser() -> Browser | None:
    """The signed-in browser of this request; none in commands and jobs."""
    if not has_request_context():
        return None
    found = flask_login.current_user
    return found._get_current_object() if found.is_authenticated else None  # noqa: SLF001 - the proxy's own way


def install(app: Flask, rules: Rules) -> None:
    """Make Flask-Login read sign-in rows, and make the marks of views mean something."""
    login = flask_login.LoginManager()
    login.init_app(app, add_context_processor=False)
    login.session_protection = None  # the row says where a browser is signed in; addresses of telephones change
    login.user_loader(load)

    def check(mark: Mark) -> None:
        actor = current_user()
        if mark.kind == "public":
            return
        if not actor.is_authenticated:
            _ask_to_sign_in()
        _demand_totp()
        if mark.permission is not None:
            require(rules, actor, mark.permission)

    app.extensions[CHECKER] = check


def load(sign_in_id: str) -> Browser | None:
    """The open sign-in of that id with its person and their organisation: one query."""
    now = clock.now()
    wanted = (
        select(SignIn, User, Organisation, OptionRow.value)
        .join(User, User.id == SignIn.user_id)
        .outerjoin(Organisation, Organisation.id == User.organisation_id)
        .outerjoin(OptionRow, OptionRow.name == "staff_need_totp")
        .where(
            SignIn.id == sign_in_id,
            SignIn.ended_at.is_(None),
            SignIn.last_seen_at > now - timedelta(days=IDLE_DAYS),
            User.state == UserState.ACTIVE,
            or_(Organisation.id.is_(None), Organisation.is_active),
        )
    )
    with reading() as db:
        row = db.execute(wanted).first()
    if row is None:
        return None
    sign_in, user, organisation, staff_need_totp = row
    if now - sign_in.last_seen_at > SEEN_EVERY:
        with unit_of_work() as db:
            db.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))
    if staff_need_totp is None:
        staff_need_totp = options.DEFAULTS["staff_need_totp"]
    lacks_totp = bool(staff_need_totp) and user.is_staff and not user.is_totp_on
    return Browser(sign_in.id, queries.actor_of(user, organisation), lacks_totp)


def _ask_to_sign_in() -> None:
    if request.path.startswith("/api/") or request.method not in {"GET", "HEAD"}:
        abort(401)
    abort(redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?"))))


def _demand_totp() -> None:
    browser = current_browser()
    endpoint = request.endpoint or ""
    if browser is None or not browser.lacks_totp:
        return
    if endpoint in OPEN_WITHOUT_TOTP or endpoint.startswith("account.security"):
        return
    if request.path.startswith("/api/") or request.method not in {"GET", "HEAD"}:
        raise Forbidden("Switch on the second step of your account first: Account, Security.")
    abort(redirect(url_for("account.security")))
