"""Use cases of getting in: signing in and out, one-time links, passwords and the second step."""

from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts import credentials, queries
from helpdesk.accounts.addresses import clean_email
from helpdesk.accounts.enums import Purpose, Refusal, UserState
from helpdesk.accounts.models import Organisation, SignIn, Token, User
from helpdesk.accounts.policy import RULES, Can
from helpdesk.kernel import audit, clock, mail, throttle
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.policy import SYSTEM, VISITOR, Actor, Role, require

THROTTLE_MINUTES = 15
SIGN_INS_PER_EMAIL = 10  # within THROTTLE_MINUTES; more than a forgetful person, fewer than a guesser wants
SIGN_INS_PER_ADDRESS = 60  # an office shares one address
CODES_PER_PERSON = 10
LINKS_PER_EMAIL = 5
LINKS_PER_ADDRESS = 20

LINK_HOURS = {Purpose.INVITE: 7 * 24, Purpose.SETUP: 7 * 24, Purpose.RESET: 1, Purpose.EMAIL: 24}
LINK_PATHS = {
    Purpose.INVITE: "/invite/",
    Purpose.SETUP: "/invite/",
    Purpose.RESET: "/reset/",
    Purpose.EMAIL: "/account/email/",
}


def sign_in(db: Session, *, email: str, password: str, code: str, address: str, user_agent: str) -> SignIn | Refusal:
    """Sign a browser in, or say why not. A refusal is returned, not raised, so that its count is kept.

    Raises:
        TooMany: this e-mail or this address was tried too often.
    """
    email = email.strip().lower()[:254]
    throttle.count(db, "sign_in", email, SIGN_INS_PER_EMAIL, THROTTLE_MINUTES)
    throttle.count(db, "sign_in", address, SIGN_INS_PER_ADDRESS, THROTTLE_MINUTES)
    user = queries.user_by_email(db, email)
    refusal = _judge(db, user, password, code)
    if refusal is not None or user is None:
        audit.record(db, VISITOR, "account.sign_in_refused", "user", user.id if user else None, reason=refusal)
        return refusal or Refusal.WRONG
    throttle.forget(db, "sign_in", email)
    if user.password_hash is not None and credentials.needs_rehash(user.password_hash):
        user.password_hash = credentials.hash_password(password)
    return open_browser(db, user, address=address, user_agent=user_agent)


def _judge(db: Session, user: User | None, password: str, code: str) -> Refusal | None:
    """Nothing about an account is said before its password was right."""
    if not credentials.verify_password(user.password_hash if user else None, password) or user is None:
        return Refusal.WRONG
    if user.state is UserState.AWAITING_APPROVAL:
        return Refusal.AWAITING_APPROVAL
    if user.state is not UserState.ACTIVE or not _is_party_active(db, user):
        return Refusal.DISABLED
    if user.is_totp_on:
        if not code.strip():
            return Refusal.NEEDS_CODE
        if not take_code(user, code):
            return Refusal.WRONG_CODE
    return None


def _is_party_active(db: Session, user: User) -> bool:
    return user.organisation_id is None or db.get_one(Organisation, user.organisation_id).is_active


def open_browser(db: Session, user: User, *, address: str, user_agent: str) -> SignIn:
    """The row that keeps one browser signed in."""
    row = SignIn(id=credentials.new_token(), user_id=user.id, address=address[:64], user_agent=user_agent[:300])
    db.add(row)
    audit.record(db, queries.actor_of(user, None), "account.signed_in", "user", user.id)
    db.flush()
    return row


def sign_in_ready_account(db: Session, user_id: int, *, address: str, user_agent: str) -> SignIn:
    """Sign in without a password to an account that the demonstration lists.

    Raises:
        NotFound: it is not one of the listed accounts.
    """
    listed = {user.id: user for user in queries.ready_accounts(db)}
    if user_id not in listed:
        raise NotFound("This is not one of the demonstration's accounts.")
    return open_browser(db, listed[user_id], address=address, user_agent=user_agent)


def sign_out(db: Session, sign_in_id: str) -> None:
    db.execute(update(SignIn).where(SignIn.id == sign_in_id, _is_open()).values(ended_at=clock.now()))


def end_sign_in(db: Session, actor: Actor, sign_in_id: str) -> None:
    """Sign one of `actor`'s own browsers out.

    Raises:
        NotFound: it is not theirs, or has ended already.
    """
    row = db.scalar(select(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == actor.id, _is_open()))
    if row is None:
        raise NotFound("This browser is not signed in any more.")
    row.ended_at = clock.now()
    audit.record(db, actor, "account.browser_signed_out", "user", actor.id)


def end_all(db: Session, user_id: int, keep: str | None = None) -> None:
    """Sign a person out everywhere, but for the browser `keep`."""
    rows = update(SignIn).where(SignIn.user_id == user_id, _is_open(), SignIn.id != (keep or ""))
    db.execute(rows.values(ended_at=clock.now()))


def send_link(db: Session, user: User, purpose: Purpose, *, email: str | None = None, **context: str) -> None:
    """Mail a one-time link to `user`, or to the new address `email` that they want to prove."""
    to = email or user.email
    if to is None:
        raise Invalid("This person has no e-mail address, so no link can be sent.")
    path = make_link(db, user, purpose, email=email)
    facts = {"name": user.name, mail.ONE_TIME_PATH: path, "hours": LINK_HOURS[purpose], **context}
    mail.outbox(db, f"accounts/{purpose.value}", to, facts)


def make_link(db: Session, user: User, purpose: Purpose, *, email: str | None = None) -> str:
    """The path of a new one-time link; earlier ones of the same purpose stop working."""
    older = update(Token).where(Token.user_id == user.id, Token.purpose == purpose, Token.used_at.is_(None))
    db.execute(older.values(used_at=clock.now()))
    token = credentials.new_token()
    expires_at = clock.now() + timedelta(hours=LINK_HOURS[purpose])
    digest = credentials.digest(token)
    db.add(Token(purpose=purpose, digest=digest, user_id=user.id, expires_at=expires_at, email=email))
    db.flush()
    return LINK_PATHS[purpose] + token


def find_link(db: Session, token: str, *purposes: Purpose) -> Token:
    """An unused one-time link, with its user.

    Raises:
        NotFound: it is unknown, used or too old.
    """
    wanted = select(Token).where(
        Token.digest == credentials.digest(token),
        Token.purpose.in_(purposes),
        Token.used_at.is_(None),
        Token.expires_at > clock.now(),
    )
    found = db.scalar(wanted.options(joinedload(Token.user)))
    if found is None or found.user.state is UserState.DISABLED:
        raise NotFound("This link was used already or is too old. Ask for a new one.")
    return found


def accept_invitation(db: Session, token: str, *, name: str, password: str, email: str = "") -> User:
    """The person behind a link chooses name and password; who signed up then waits for approval.

    Raises:
        NotFound: the link does not work any more.
        Invalid: the password is too weak.
        Conflict: the e-mail address has an account.
    """
    link = find_link(db, token, Purpose.INVITE, Purpose.SETUP)
    user = link.user
    if user.email is None:  # the first administrator
        email = clean_email(email)
        if queries.user_by_email(db, email) is not None:
            raise Conflict("There is an account with this e-mail address already. Enter another one.")
        user.email = email
    _set_password(user, password)
    link.used_at = clock.now()
    user.name = name
    if user.state is UserState.INVITED:
        user.state = UserState.ACTIVE
    elif user.state is UserState.AWAITING_APPROVAL:
        _tell_approvers(db, user)
    audit.record(db, queries.actor_of(user, None), "account.link_accepted", "user", user.id, state=user.state)
    db.flush()
    return user


def _tell_approvers(db: Session, user: User) -> None:
    for approver in queries.approvers(db, user.organisation_id):
        is_site_admin = approver.role is Role.ADMIN
        people_path = "/admin/people?state=awaiting_approval" if is_site_admin else "/account/organisation"
        facts = {
            "name": approver.name,
            "applicant": user.name,
            "applicant_email": user.email,
            "people_path": people_path,
        }
        mail.outbox(db, "accounts/approval", approver.email or "", facts)


def request_reset(db: Session, *, email: str, address: str) -> None:
    """Mail a link to choose a new password, if there is such an account; the asker is told the same either way.

    Raises:
        TooMany: asked too often for this e-mail or from this address.
    """
    email = email.strip().lower()[:254]
    throttle.count(db, "reset", email, LINKS_PER_EMAIL, 60)
    throttle.count(db, "reset", address, LINKS_PER_ADDRESS, 60)
    user = queries.user_by_email(db, email)
    if user is None or user.state is UserState.DISABLED:
        return
    if user.password_hash is None:
        send_link(db, user, Purpose.INVITE if user.state is UserState.INVITED else Purpose.SETUP)
    else:
        send_link(db, user, Purpose.RESET)
    audit.record(db, VISITOR, "account.reset_requested", "user", user.id)


def reset_password(db: Session, token: str, password: str) -> User:
    """Set a new password by a mailed link and sign the person out everywhere.

    Raises:
        NotFound: the link does not work any more.
        Invalid: the password is too weak.
    """
    link = find_link(db, token, Purpose.RESET)
    _set_password(link.user, password)
    link.used_at = clock.now()
    end_all(db, link.user_id)
    audit.record(db, queries.actor_of(link.user, None), "account.password_reset", "user", link.user_id)
    return link.user


def change_password(db: Session, actor: Actor, user: User, *, old: str, new: str, keep: str) -> bool:
    """Change one's own password and end the other browsers' sign-ins; False if the old one is wrong.

    Raises:
        Forbidden: it is not one's own account.
        Invalid: the new password is too weak.
        TooMany: the old one was guessed too often.
    """
    if not proves_self(db, actor, user, old):
        return False
    _set_password(user, new)
    end_all(db, user.id, keep=keep)
    audit.record(db, actor, "account.password_changed", "user", user.id)
    return True


def proves_self(db: Session, actor: Actor, user: User, password: str) -> bool:
    """Whether `password` is the account's own; counted, because a borrowed browser may guess.

    Raises:
        Forbidden: it is not one's own account.
        TooMany: tried too often.
    """
    require(RULES, actor, Can.CHANGE_SELF, user)
    throttle.count(db, "password", str(user.id), SIGN_INS_PER_EMAIL, THROTTLE_MINUTES)
    return credentials.verify_password(user.password_hash, password)


def _set_password(user: User, password: str) -> None:
    credentials.check_password(password, user.email)
    user.password_hash = credentials.hash_password(password)


def request_email_change(db: Session, actor: Actor, user: User, *, email: str, password: str) -> bool:
    """Mail a link to the new address; False if the password is wrong.

    An address that has an account already gets no link, and the asker is not told so.
    """
    if not proves_self(db, actor, user, password):
        return False
    email = clean_email(email)
    if queries.user_by_email(db, email) is None:
        send_link(db, user, Purpose.EMAIL, email=email)
    audit.record(db, actor, "account.email_change_requested", "user", user.id)
    return True


def confirm_email(db: Session, actor: Actor, token: str) -> None:
    """Take the address that a link proved, and tell the old one.

    Raises:
        NotFound: the link does not work any more, or is for another account.
        Conflict: the address has got an account since.
    """
    link = find_link(db, token, Purpose.EMAIL)
    if link.user_id != actor.id:
        raise NotFound("This link is for another account. Sign in to that account and open it again.")
    if queries.user_by_email(db, link.email or ""):
        raise Conflict("This e-mail address belongs to another account by now.")
    old, link.user.email, link.used_at = link.user.email, link.email, clock.now()
    if old:
        mail.outbox(db, "accounts/email_changed", old, {"name": link.user.name})
    audit.record(db, actor, "account.email_changed", "user", actor.id)


def begin_totp(db: Session, actor: Actor, user: User) -> None:
    """Choose a secret for the second step; it counts from the first right code."""
    require(RULES, actor, Can.CHANGE_SELF, user)
    if user.is_totp_on:
        raise Conflict("The second step is on already. Switch it off first if you want to use another app.")
    user.totp_secret, user.totp_last_step = credentials.new_totp_secret(), None
    audit.record(db, actor, "account.second_step_begun", "user", user.id)


def confirm_totp(db: Session, actor: Actor, user: User, code: str) -> bool:
    """Switch the second step on by the app's first code; False if the code is wrong.

    Raises:
        TooMany: guessed too often.
    """
    require(RULES, actor, Can.CHANGE_SELF, user)
    throttle.count(db, "code", str(user.id), CODES_PER_PERSON, THROTTLE_MINUTES)
    if not take_code(user, code):
        return False
    user.is_totp_on = True
    audit.record(db, actor, "account.second_step_on", "user", user.id)
    return True


def take_code(user: User, code: str) -> bool:
    """Accept each code once."""
    if user.totp_secret is None:
        return False
    step = credentials.match_code(user.totp_secret, code, user.totp_last_step, clock.now())
    if step is None:
        return False
    user.totp_last_step = step
    return True


def disable_totp(db: Session, actor: Actor, user: User, password: str) -> bool:
    """Switch one's own second step off; False if the password is wrong."""
    if not proves_self(db, actor, user, password):
        return False
    _forget_totp(user)
    audit.record(db, actor, "account.second_step_off", "user", user.id)
    return True


def remove_totp(db: Session, actor: Actor, user: User) -> None:
    """An administrator switches off the second step of somebody who lost their telephone, and signs them out.

    Raises:
        Forbidden: only administrators may.
    """
    require(RULES, actor, Can.MANAGE_PEOPLE)
    _forget_totp(user)
    end_all(db, user.id)
    audit.record(db, actor, "account.second_step_removed", "user", user.id)


def _forget_totp(user: User) -> None:
    user.totp_secret, user.totp_last_step, user.is_totp_on = None, None, False


def create_first_admin(db: Session, base_url: str) -> str:
    """The one-time link by which an empty site gets its first administrator.

    Raises:
        Conflict: there is an administrator already.
    """
    found = db.scalars(select(User).where(User.role == Role.ADMIN)).all()
    if any(user.state is not UserState.INVITED or user.email for user in found):
        raise Conflict("This site has an administrator already; ask them for an invitation.")
    user = found[0] if found else User(name="Administrator", role=Role.ADMIN, state=UserState.INVITED)
    db.add(user)
    db.flush()
    audit.record(db, SYSTEM, "account.first_administrator", "user", user.id)
    return base_url + make_link(db, user, Purpose.SETUP)


def _is_open() -> ColumnElement[bool]:
    return SignIn.ended_at.is_(None)
