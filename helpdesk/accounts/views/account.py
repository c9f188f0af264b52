"""A person's own account, and their organisation's page."""

import io
from typing import Any

import qrcode
from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from qrcode.image.svg import SvgPathFillImage

from helpdesk.accounts import access, credentials, queries, services
from helpdesk.accounts.enums import Notice, Purpose
from helpdesk.accounts.forms import (
    ROLE_LABELS,
    CodeForm,
    EmailForm,
    InviteColleagueForm,
    PasswordForm,
    ProfileForm,
    ProofForm,
    SharingForm,
    refusals_on,
)
from helpdesk.accounts.models import User
from helpdesk.accounts.signin import current_browser, current_user
from helpdesk.accounts.views.doors import safe_path
from helpdesk.kernel import once
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.policy import Role
from helpdesk.web.marks import signed_in

bp = Blueprint("account", __name__, url_prefix="/account")

WRONG_PASSWORD = "The password is wrong. Try again."  # noqa: S105 - a sentence
ACTIONS = {
    "approve": (services.approve, "Approved. They get an e-mail and can sign in."),
    "disable": (services.disable, "The account is switched off and signed out everywhere."),
    "enable": (services.enable, "The account is switched on again."),
    "invite-again": (services.invite_again, "A new invitation is on its way; the earlier link has stopped working."),
    "remove-second-step": (access.remove_totp, "The second step is off. They are signed out and can set it up again."),
}


# Tried in this order: most browsers also name those that they want to be taken for.
BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """What a person calls a browser, such as "Firefox on Windows"."""
    name = next((name for mark, name in BROWSERS if mark in user_agent), "Another browser")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{name} on {system}" if system else name


@bp.get("")
@signed_in
def show() -> ResponseReturnValue:
    return _page()


def _page(**given: Any) -> str:
    """The page with its three forms, of which one may come back filled."""
    user = _me()
    forms = {
        "profile": ProfileForm(formdata=None, prefix="profile", name=user.name, timezone=user.timezone),
        "email": EmailForm(formdata=None, prefix="email"),
        "password": PasswordForm(formdata=None, prefix="password"),
    }
    return render_template("accounts/account.html", user=user, forms={**forms, **given}, roles=ROLE_LABELS)


def _me() -> User:
    actor = current_user()
    with reading() as db:
        return queries.get(db, actor, actor.id or 0)


@bp.post("/profile")
@signed_in
def profile() -> ResponseReturnValue:
    form = ProfileForm(prefix="profile")
    if not form.validate_on_submit():
        return _page(profile=form), 422
    actor = current_user()
    with unit_of_work() as db:
        user = queries.get(db, actor, actor.id or 0)
        services.change_profile(db, actor, user, name=form.name.data, timezone=form.timezone.data)
    flash("Your name and time zone are kept.", "success")
    return redirect(url_for(".show"))


@bp.post("/password")
@signed_in
def password() -> ResponseReturnValue:
    form = PasswordForm(prefix="password")
    actor, browser = current_user(), current_browser()
    keep = browser.sign_in_id if browser else ""
    is_changed = False
    if form.validate_on_submit():
        with refusals_on(form), unit_of_work() as db:
            user = queries.get(db, actor, actor.id or 0)
            is_changed = access.change_password(db, actor, user, old=form.old.data, new=form.new.data, keep=keep)
    if not is_changed:
        form.old.errors = [] if form.errors else [WRONG_PASSWORD]
        return _page(password=form), 422
    flash("Your new password is kept. Your other browsers are signed out.", "success")
    return redirect(url_for(".show"))


@bp.post("/email")
@signed_in
def email() -> ResponseReturnValue:
    form = EmailForm(prefix="email")
    actor = current_user()
    is_asked = False
    if form.validate_on_submit():
        with refusals_on(form), unit_of_work() as db:
            user = queries.get(db, actor, actor.id or 0)
            is_asked = access.request_email_change(db, actor, user, email=form.email.data, password=form.password.data)
    if not is_asked:
        form.password.errors = [] if form.errors else [WRONG_PASSWORD]
        return _page(email=form), 422
    flash("Open the link that we sent to the new address. Until then the old one stays.", "success")
    return redirect(url_for(".show"))


@bp.get("/email/<token>")
@signed_in
def new_email(token: str) -> ResponseReturnValue:
    with reading() as db:
        link = access.find_link(db, token, Purpose.EMAIL)
    if link.user_id != current_user().id:
        raise NotFound("This link is for another account. Sign in to that account and open it again.")
    return render_template("accounts/new_email.html", email=link.email, token=token)


@bp.post("/email/<token>")
@signed_in
def new_email_post(token: str) -> ResponseReturnValue:
    with unit_of_work() as db:
        access.confirm_email(db, current_user(), token)
    flash("Your new e-mail address is kept.", "success")
    return redirect(url_for(".show"))


@bp.get("/security")
@signed_in
def security() -> ResponseReturnValue:
    return _security_page(CodeForm(formdata=None, prefix="code"), ProofForm(formdata=None, prefix="proof"))


def _security_page(code_form: CodeForm, proof_form: ProofForm) -> str:
    actor, browser = current_user(), current_browser()
    with reading() as db:
        user = queries.get(db, actor, actor.id or 0)
        sign_ins = queries.sign_ins(db, user.id)
    return render_template(
        "accounts/security.html",
        user=user,
        browsers=[(browser_name(row.user_agent), row) for row in sign_ins],
        here=browser.sign_in_id if browser else "",
        is_demanded=browser is not None and browser.lacks_totp,
        code_form=code_form,
        proof_form=proof_form,
    )


@bp.post("/security/second-step")
@signed_in
def security_begin() -> ResponseReturnValue:
    actor = current_user()
    with unit_of_work() as db:
        access.begin_totp(db, actor, queries.get(db, actor, actor.id or 0))
    return redirect(url_for(".security"))


@bp.get("/security/second-step.svg")
@signed_in
def security_picture() -> ResponseReturnValue:
    """The picture that an authenticator app scans, on white paper; only while the second step is being set up."""
    user = _me()
    if user.totp_secret is None or user.is_totp_on:
        raise NotFound("There is no second step to set up.")
    site_name = current_app.extensions["signpost.settings"].site_name
    address = credentials.totp_address(user.totp_secret, user.email or user.name, site_name)
    out = io.BytesIO()
    qrcode.make(address, image_factory=SvgPathFillImage, box_size=16).save(out)
    return Response(out.getvalue(), mimetype="image/svg+xml")


@bp.post("/security/second-step/confirm")
@signed_in
def security_confirm() -> ResponseReturnValue:
    form = CodeForm(prefix="code")
    actor = current_user()
    is_on = False
    if form.validate_on_submit():
        with unit_of_work() as db:
            is_on = access.confirm_totp(db, actor, queries.get(db, actor, actor.id or 0), form.code.data)
    if not is_on:
        form.code.errors = form.code.errors or ["The code is wrong. Enter the one that your app shows now."]
        return _security_page(form, ProofForm(formdata=None, prefix="proof")), 422
    flash("The second step is on. From now on you need your app to sign in.", "success")
    return redirect(url_for(".security"))


@bp.post("/security/second-step/off")
@signed_in
def security_off() -> ResponseReturnValue:
    form = ProofForm(prefix="proof")
    actor = current_user()
    is_off = False
    if form.validate_on_submit():
        with unit_of_work() as db:
            is_off = access.disable_totp(db, actor, queries.get(db, actor, actor.id or 0), form.password.data)
    if not is_off:
        form.password.errors = form.password.errors or [WRONG_PASSWORD]
        return _security_page(CodeForm(formdata=None, prefix="code"), form), 422
    flash("The second step is off.", "success")
    return redirect(url_for(".security"))


@bp.post("/security/browsers/end")
@signed_in
def security_end() -> ResponseReturnValue:
    with unit_of_work() as db:
        access.end_sign_in(db, current_user(), request.form.get("browser", "")[:64])
    flash("That browser is signed out.", "success")
    return redirect(url_for(".security"))


@bp.get("/notifications")
@signed_in
def notifications() -> ResponseReturnValue:
    with reading() as db:
        choices = queries.notification_choices(db, current_user().id or 0)
    return render_template("accounts/notifications.html", notices=list(Notice), choices=choices)


@bp.post("/notifications")
@signed_in
def notifications_post() -> ResponseReturnValue:
    wanted = set(request.form.getlist("by_mail"))
    with unit_of_work() as db:
        services.set_notifications(db, current_user(), {notice: notice.value in wanted for notice in Notice})
    flash("Your choices are kept.", "success")
    return redirect(url_for(".notifications"))


@bp.get("/organisation")
@signed_in
def organisation() -> ResponseReturnValue:
    return _organisation_page(InviteColleagueForm(formdata=None, prefix="invite"))


def _organisation_page(form: InviteColleagueForm) -> str:
    actor = current_user()
    if actor.organisation_id is None:
        raise NotFound("Your account belongs to no organisation.")
    with reading() as db:
        found = queries.organisation(db, actor.organisation_id)
        people = queries.colleagues(db, actor, found.id)
    sharing = SharingForm(formdata=None, prefix="sharing", shares_tickets=found.shares_tickets)
    return render_template(
        "accounts/organisation.html",
        organisation=found,
        people=people,
        form=form,
        sharing=sharing,
        roles=ROLE_LABELS,
        party_roles=(Role.MEMBER, Role.PARTY_ADMIN),
    )


@bp.post("/organisation/sharing")
@signed_in
def sharing() -> ResponseReturnValue:
    form = SharingForm(prefix="sharing")
    actor = current_user()
    with unit_of_work() as db:
        found = queries.organisation(db, actor.organisation_id or 0)
        services.set_sharing(db, actor, found, bool(form.shares_tickets.data))
    flash("Your choice is kept.", "success")
    return redirect(url_for(".organisation"))


@bp.post("/organisation/invite")
@signed_in
def invite_colleague() -> ResponseReturnValue:
    form = InviteColleagueForm(prefix="invite")
    actor = current_user()
    if form.validate_on_submit():
        with refusals_on(form), unit_of_work() as db:
            if once.claim(db, form.once.data) is None:
                found = queries.organisation(db, actor.organisation_id or 0)
                facts = {"email": form.email.data, "name": form.name.data, "role": Role(form.role.data)}
                services.invite(db, actor, organisation=found, **facts)
                once.settle(db, form.once.data, url_for(".organisation"))
    if form.errors:
        return _organisation_page(form), 422
    flash(f"The invitation to {form.email.data} is on its way.", "success")
    return redirect(url_for(".organisation"))


@bp.post(f"/people/<int:user_id>/<any({', '.join(repr(name) for name in ACTIONS)}):action>")
@signed_in
def act(user_id: int, action: str) -> ResponseReturnValue:
    """One button of a person's row; the service judges who may press it."""
    service, sentence = ACTIONS[action]
    actor = current_user()
    with unit_of_work() as db:
        service(db, actor, queries.get(db, actor, user_id))
    flash(sentence, "success")
    return redirect(safe_path(request.form.get("next", "")[:500]))


@bp.post("/people/<int:user_id>/role")
@signed_in
def change_role(user_id: int) -> ResponseReturnValue:
    word = request.form.get("role", "")
    if word not in set(Role):
        raise NotFound("There is no such role.")
    actor = current_user()
    with unit_of_work() as db:
        services.set_role(db, actor, queries.get(db, actor, user_id), Role(word))
    flash("The role is kept.", "success")
    return redirect(url_for(".organisation"))
