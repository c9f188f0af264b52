"""Pages for people who are not signed in yet: sign-in, sign-up, forgotten passwords, invitations."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import access, queries, services
from helpdesk.accounts.enums import Purpose, Refusal
from helpdesk.accounts.forms import (
    ROLE_LABELS,
    AddressForm,
    InvitationForm,
    NewPasswordForm,
    SetupForm,
    SignInForm,
    SignUpForm,
    refusals_on,
)
from helpdesk.accounts.models import SignIn
from helpdesk.accounts.signin import current_browser
from helpdesk.kernel import options
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import NotFound
from helpdesk.web.marks import public

bp = Blueprint("accounts", __name__)

UNLISTED = (
    "No organisation here uses this e-mail domain. Check the address, or ask your Party's administrator for an"
    " invitation."
)


def client_address() -> str:
    """The address that limits are counted for."""
    return request.remote_addr or ""


def safe_path(target: str) -> str:
    """`target` if it is a path on this site, else the home page: a mailed link must not lead elsewhere."""
    parts = urlsplit(target.replace("\\", "/"))
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith("/") and target.isprintable()
    return target if is_ours and not target.startswith(("//", "/\\")) else "/"


def start_session(row: SignIn) -> None:
    """Put the sign-in row into this browser's cookie; nothing of an earlier session stays."""
    session.clear()
    session.permanent = True
    session["_user_id"], session["_fresh"] = row.id, True


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    if current_browser() is not None:
        return redirect(safe_path(request.args.get("next", "")))
    return _sign_in_page(SignInForm(formdata=None, next=request.args.get("next", "")[:500]))


@bp.post("/sign-in")
@public
def sign_in_post() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_page(form), 422
    with unit_of_work() as db:
        outcome = access.sign_in(
            db,
            email=form.email.data,
            password=form.password.data,
            code=form.code.data or "",
            address=client_address(),
            user_agent=request.user_agent.string,
        )
    if isinstance(outcome, Refusal):
        form.form_errors = [outcome.sentence]
        return _sign_in_page(form), 422
    start_session(outcome)
    return redirect(safe_path(form.next.data or ""))


def _sign_in_page(form: SignInForm) -> str:
    with reading() as db:
        accounts = queries.ready_accounts(db) if options.read(db, "is_demonstration") else []
    return render_template("accounts/sign_in.html", form=form, accounts=accounts, roles=ROLE_LABELS)


@bp.post("/sign-in/ready/<int:user_id>")
@public
def sign_in_ready(user_id: int) -> ResponseReturnValue:
    with unit_of_work() as db:
        if not options.read(db, "is_demonstration"):
            raise NotFound("Ready accounts exist in the demonstration only.")
        row = access.sign_in_ready_account(db, user_id, address=client_address(), user_agent=request.user_agent.string)
    start_session(row)
    return redirect(safe_path(request.form.get("next", "")[:500]))


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    browser = current_browser()
    if browser is not None:
        with unit_of_work() as db:
            access.sign_out(db, browser.sign_in_id)
    session.clear()
    flash("You are signed out.", "success")
    return redirect(url_for("accounts.sign_in"))


@bp.get("/sign-up")
@public
def sign_up() -> ResponseReturnValue:
    return render_template("accounts/sign_up.html", form=SignUpForm(formdata=None))


@bp.post("/sign-up")
@public
def sign_up_post() -> ResponseReturnValue:
    form = SignUpForm()
    if form.validate_on_submit():
        is_listed = True
        with refusals_on(form), unit_of_work() as db:
            is_listed = services.sign_up(db, email=form.email.data, name=form.name.data, address=client_address())
        if not is_listed:
            form.form_errors = [UNLISTED]
    if form.errors:
        return render_template("accounts/sign_up.html", form=form), 422
    return render_template("accounts/sent.html", email=form.email.data, what="sign-up")


@bp.get("/reset")
@public
def reset() -> ResponseReturnValue:
    return render_template("accounts/reset.html", form=AddressForm(formdata=None))


@bp.post("/reset")
@public
def reset_post() -> ResponseReturnValue:
    form = AddressForm()
    if not form.validate_on_submit():
        return render_template("accounts/reset.html", form=form), 422
    with unit_of_work() as db:
        access.request_reset(db, email=form.email.data, address=client_address())
    return render_template("accounts/sent.html", email=form.email.data, what="reset")


@bp.get("/reset/<token>")
@public
def new_password(token: str) -> ResponseReturnValue:
    with reading() as db:
        access.find_link(db, token, Purpose.RESET)
    return render_template("accounts/new_password.html", form=NewPasswordForm(formdata=None), token=token)


@bp.post("/reset/<token>")
@public
def new_password_post(token: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    if form.validate_on_submit():
        with refusals_on(form), unit_of_work() as db:
            access.reset_password(db, token, form.password.data)
    if form.errors:
        return render_template("accounts/new_password.html", form=form, token=token), 422
    flash("Your new password is kept. Sign in with it.", "success")
    return redirect(url_for("accounts.sign_in"))


@bp.get("/invite/<token>")
@public
def invitation(token: str) -> ResponseReturnValue:
    with reading() as db:
        user = access.find_link(db, token, Purpose.INVITE, Purpose.SETUP).user
    form_kind = InvitationForm if user.email else SetupForm
    form = form_kind(formdata=None, name=user.name if user.email else "")
    return render_template("accounts/invitation.html", form=form, token=token, email=user.email)


@bp.post("/invite/<token>")
@public
def invitation_post(token: str) -> ResponseReturnValue:
    with reading() as db:
        user = access.find_link(db, token, Purpose.INVITE, Purpose.SETUP).user
    form = InvitationForm() if user.email else SetupForm()
    if form.validate_on_submit():
        email = "" if user.email else form.email.data
        with refusals_on(form), unit_of_work() as db:
            access.accept_invitation(db, token, name=form.name.data, password=form.password.data, email=email)
    if form.errors:
        return render_template("accounts/invitation.html", form=form, token=token, email=user.email), 422
    flash("Your password is kept. Sign in; if your account still waits for approval, you get an e-mail.", "success")
    return redirect(url_for("accounts.sign_in"))
