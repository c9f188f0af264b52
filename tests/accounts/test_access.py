"""Getting in: sign-in, one-time links, passwords and the second step."""

from datetime import datetime, timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import access, credentials, queries
from helpdesk.accounts.enums import Purpose, Refusal, UserState
from helpdesk.accounts.models import SignIn, Token, User
from helpdesk.kernel import clock
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from helpdesk.kernel.models import AuditRow, OutboxRow
from helpdesk.kernel.policy import Role
from tests.conftest import REAL_HASHER
from tests.factories.accounts import PASSWORD, as_actor, make_actor, make_organisation, make_user, start_sign_in

NEW_PASSWORD = "another row of plain words"


def try_in(db: Session, email: str | None, password: str = PASSWORD, code: str = "", address: str = "192.0.2.1"):
    return access.sign_in(
        db, email=email or "", password=password, code=code, address=address, user_agent="Test browser"
    )


def later(monkeypatch: pytest.MonkeyPatch, **span: float) -> datetime:
    """Move the clock on."""
    moved = clock.now() + timedelta(**span)
    monkeypatch.setattr(clock, "now", lambda: moved)
    return moved


def token_of(path: str) -> str:
    return path.rpartition("/")[2]


def mailed(db: Session, to: str | None) -> list[str]:
    return list(db.scalars(select(OutboxRow.template).where(OutboxRow.to_address == to).order_by(OutboxRow.id)))


def mailed_token(db: Session, to: str | None) -> str:
    rows = db.scalars(select(OutboxRow).where(OutboxRow.to_address == to).order_by(OutboxRow.id)).all()
    return token_of(rows[-1].context["one_time_path"])


class TestSigningIn:
    def test_the_right_password_opens_one_browser(self, db: Session):
        user = make_user(db, password=PASSWORD)
        row = try_in(db, f" {(user.email or '').upper()} ")
        assert isinstance(row, SignIn)
        assert (row.user_id, row.user_agent, row.address) == (user.id, "Test browser", "192.0.2.1")
        assert [found.id for found in queries.sign_ins(db, user.id)] == [row.id]

    def test_unknown_address_and_wrong_password_are_one_answer(self, db: Session):
        user = make_user(db, password=PASSWORD)
        assert try_in(db, "nobody@example.com") is Refusal.WRONG
        assert try_in(db, user.email, "something else") is Refusal.WRONG

    def test_unknown_addresses_cost_the_same_hash(self, db: Session, monkeypatch: pytest.MonkeyPatch):
        verified = []
        real = PasswordHasher.verify
        monkeypatch.setattr(PasswordHasher, "verify", lambda *given: verified.append(1) or real(*given))
        make_user(db, email="no.password@example.com")
        try_in(db, "nobody@example.com")
        try_in(db, "no.password@example.com")
        assert len(verified) == 2

    def test_an_account_without_a_password_cannot_be_entered(self, db: Session):
        assert try_in(db, make_user(db).email, "") is Refusal.WRONG

    @pytest.mark.parametrize(
        ("state", "refusal"),
        [
            (UserState.AWAITING_APPROVAL, Refusal.AWAITING_APPROVAL),
            (UserState.DISABLED, Refusal.DISABLED),
            (UserState.INVITED, Refusal.DISABLED),
        ],
    )
    def test_only_the_active_get_in_and_only_the_right_password_tells_why(
        self, db: Session, state: UserState, refusal: Refusal
    ):
        user = make_user(db, password=PASSWORD, state=state)
        assert try_in(db, user.email) is refusal
        assert try_in(db, user.email, "something else") is Refusal.WRONG

    def test_people_of_an_inactive_organisation_stay_out(self, db: Session):
        user = make_user(db, organisation=make_organisation(db, is_active=False), password=PASSWORD)
        assert try_in(db, user.email) is Refusal.DISABLED

    def test_a_weaker_hash_is_replaced_on_the_way(self, db: Session, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(credentials, "_hasher", REAL_HASHER)
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        user = make_user(db, password_hash=weak)
        assert isinstance(try_in(db, user.email), SignIn)
        assert user.password_hash != weak
        assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert isinstance(try_in(db, user.email), SignIn)

    def test_every_attempt_leaves_an_audit_row(self, db: Session):
        user = make_user(db, password=PASSWORD)
        try_in(db, user.email, "something else")
        try_in(db, user.email)
        rows = db.scalars(select(AuditRow).where(AuditRow.subject_id == user.id).order_by(AuditRow.id)).all()
        assert [row.action for row in rows] == ["account.sign_in_refused", "account.signed_in"]
        assert PASSWORD not in str([row.details for row in rows])


class TestThrottling:
    def test_one_address_of_mail_is_guessed_only_so_often(self, db: Session):
        user = make_user(db, password=PASSWORD)
        for number in range(access.SIGN_INS_PER_EMAIL):
            assert try_in(db, user.email, "wrong", address=f"192.0.2.{number}") is Refusal.WRONG
        with pytest.raises(TooMany):
            try_in(db, user.email)

    def test_one_computer_tries_only_so_many_people(self, db: Session):
        for number in range(access.SIGN_INS_PER_ADDRESS):
            try_in(db, f"person-{number}@example.org", "wrong")
        with pytest.raises(TooMany):
            try_in(db, make_user(db, password=PASSWORD).email)
        assert isinstance(try_in(db, make_user(db, password=PASSWORD).email, address="192.0.2.99"), SignIn)

    def test_waiting_helps(self, db: Session, monkeypatch: pytest.MonkeyPatch):
        user = make_user(db, password=PASSWORD)
        for _ in range(access.SIGN_INS_PER_EMAIL):
            try_in(db, user.email, "wrong")
        later(monkeypatch, minutes=access.THROTTLE_MINUTES + 1)
        assert isinstance(try_in(db, user.email), SignIn)

    def test_success_starts_the_count_again(self, db: Session):
        user = make_user(db, password=PASSWORD)
        for _ in range(2):
            for _ in range(access.SIGN_INS_PER_EMAIL - 1):
                try_in(db, user.email, "wrong")
            assert isinstance(try_in(db, user.email), SignIn)


class TestBrowsers:
    def test_a_person_ends_one_of_their_browsers(self, db: Session):
        user = make_user(db)
        here, there = start_sign_in(db, user), start_sign_in(db, user)
        access.end_sign_in(db, as_actor(user), there)
        assert [row.id for row in queries.sign_ins(db, user.id)] == [here]
        with pytest.raises(NotFound):
            access.end_sign_in(db, as_actor(user), there)

    def test_nobody_ends_the_browser_of_another(self, db: Session):
        theirs = start_sign_in(db, make_user(db))
        with pytest.raises(NotFound):
            access.end_sign_in(db, make_actor(db, Role.ADMIN), theirs)

    def test_only_listed_accounts_are_ready(self, db: Session):
        ready, other = make_user(db, is_ready_account=True), make_user(db)
        row = access.sign_in_ready_account(db, ready.id, address="", user_agent="")
        assert row.user_id == ready.id
        with pytest.raises(NotFound):
            access.sign_in_ready_account(db, other.id, address="", user_agent="")


class TestLinks:
    def test_a_link_works_once(self, db: Session):
        user = make_user(db, password=PASSWORD)
        token = token_of(access.make_link(db, user, Purpose.RESET))
        access.reset_password(db, token, NEW_PASSWORD)
        with pytest.raises(NotFound):
            access.reset_password(db, token, PASSWORD)

    def test_the_database_keeps_no_token(self, db: Session):
        user = make_user(db)
        token = token_of(access.make_link(db, user, Purpose.RESET))
        row = db.scalars(select(Token).where(Token.user_id == user.id)).one()
        assert token not in {row.digest, str(row.id)}
        assert row.digest == credentials.digest(token)

    @pytest.mark.parametrize(("purpose", "hours"), [(Purpose.RESET, 1), (Purpose.INVITE, 7 * 24)])
    def test_a_link_grows_old(self, db: Session, monkeypatch: pytest.MonkeyPatch, purpose: Purpose, hours: int):
        token = token_of(access.make_link(db, make_user(db), purpose))
        later(monkeypatch, hours=hours - 0.1)
        assert access.find_link(db, token, purpose)
        later(monkeypatch, hours=0.2)
        with pytest.raises(NotFound):
            access.find_link(db, token, purpose)

    def test_a_new_link_ends_the_earlier_one(self, db: Session):
        user = make_user(db)
        first, second = (token_of(access.make_link(db, user, Purpose.RESET)) for _ in range(2))
        with pytest.raises(NotFound):
            access.find_link(db, first, Purpose.RESET)
        assert access.find_link(db, second, Purpose.RESET).user_id == user.id

    def test_a_link_serves_its_purpose_only(self, db: Session):
        token = token_of(access.make_link(db, make_user(db), Purpose.INVITE))
        with pytest.raises(NotFound):
            access.find_link(db, token, Purpose.RESET)

    def test_a_link_of_a_disabled_account_is_dead(self, db: Session):
        user = make_user(db)
        token = token_of(access.make_link(db, user, Purpose.RESET))
        user.state = UserState.DISABLED
        with pytest.raises(NotFound):
            access.find_link(db, token, Purpose.RESET)


class TestForgottenPasswords:
    def test_a_link_is_mailed_and_ends_every_browser(self, db: Session):
        user = make_user(db, password=PASSWORD)
        start_sign_in(db, user)
        access.request_reset(db, email=user.email or "", address="192.0.2.1")
        access.reset_password(db, mailed_token(db, user.email), NEW_PASSWORD)
        assert queries.sign_ins(db, user.id) == []
        assert try_in(db, user.email) is Refusal.WRONG
        assert isinstance(try_in(db, user.email, NEW_PASSWORD), SignIn)

    @pytest.mark.parametrize("state", [None, UserState.DISABLED])
    def test_nothing_is_mailed_where_nobody_can_sign_in(self, db: Session, state: UserState | None):
        email = "nobody@example.com" if state is None else make_user(db, password=PASSWORD, state=state).email
        access.request_reset(db, email=email or "", address="192.0.2.1")
        assert mailed(db, email) == []

    def test_who_never_chose_a_password_gets_the_link_to_choose_one(self, db: Session):
        invited, waiting = make_user(db, state=UserState.INVITED), make_user(db, state=UserState.AWAITING_APPROVAL)
        for user in (invited, waiting):
            access.request_reset(db, email=user.email or "", address="192.0.2.1")
        assert (mailed(db, invited.email), mailed(db, waiting.email)) == (["accounts/invite"], ["accounts/setup"])

    def test_a_mailbox_is_not_flooded(self, db: Session):
        user = make_user(db, password=PASSWORD)
        for _ in range(access.LINKS_PER_EMAIL):
            access.request_reset(db, email=user.email or "", address="192.0.2.1")
        with pytest.raises(TooMany):
            access.request_reset(db, email=user.email or "", address="192.0.2.2")

    def test_a_weak_password_leaves_the_link_usable(self, db: Session):
        token = token_of(access.make_link(db, make_user(db), Purpose.RESET))
        with pytest.raises(Invalid):
            access.reset_password(db, token, "short")
        assert access.reset_password(db, token, NEW_PASSWORD)


class TestPasswords:
    @pytest.mark.parametrize(
        "password",
        ["", "ninechars", "password123", "PassWord1234", "aaaaaaaaaaaa", "jo@example.com", "x" * 201],
    )
    def test_what_is_guessed_first_is_refused(self, password: str):
        with pytest.raises(Invalid):
            credentials.check_password(password, "jo@example.com")

    @pytest.mark.parametrize("password", [PASSWORD, "zehn Zeich", "пароль из слов", "🔑🔓🗝️🚪🏠🧱🪟🛏️🍽️"])
    def test_any_other_ten_characters_are_taken(self, password: str):
        credentials.check_password(password, "jo@example.com")
        assert credentials.verify_password(credentials.hash_password(password), password)

    def test_a_damaged_hash_lets_nobody_in(self):
        assert not credentials.verify_password("not a hash", PASSWORD)

    def test_changing_it_keeps_this_browser_only(self, db: Session):
        user = make_user(db, password=PASSWORD)
        here, _there = start_sign_in(db, user), start_sign_in(db, user)
        assert access.change_password(db, as_actor(user), user, old=PASSWORD, new=NEW_PASSWORD, keep=here)
        assert [row.id for row in queries.sign_ins(db, user.id)] == [here]
        assert isinstance(try_in(db, user.email, NEW_PASSWORD), SignIn)

    def test_the_old_one_is_asked_for_and_counted(self, db: Session):
        user = make_user(db, password=PASSWORD)
        for _ in range(access.SIGN_INS_PER_EMAIL):
            assert not access.change_password(db, as_actor(user), user, old="wrong", new=NEW_PASSWORD, keep="")
        with pytest.raises(TooMany):
            access.change_password(db, as_actor(user), user, old=PASSWORD, new=NEW_PASSWORD, keep="")

    def test_an_administrator_cannot_change_it_for_another(self, db: Session):
        user = make_user(db, password=PASSWORD)
        with pytest.raises(Forbidden):
            access.change_password(db, make_actor(db, Role.ADMIN), user, old=PASSWORD, new=NEW_PASSWORD, keep="")


class TestNewAddresses:
    def test_the_new_address_counts_when_its_link_is_opened(self, db: Session):
        user = make_user(db, password=PASSWORD)
        old = user.email
        assert access.request_email_change(db, as_actor(user), user, email="New@Example.org", password=PASSWORD)
        assert user.email == old
        access.confirm_email(db, as_actor(user), mailed_token(db, "new@example.org"))
        assert user.email == "new@example.org"
        assert mailed(db, old) == ["accounts/email_changed"]

    def test_an_address_that_is_taken_gets_no_mail_and_no_word(self, db: Session):
        user, other = make_user(db, password=PASSWORD), make_user(db)
        assert access.request_email_change(db, as_actor(user), user, email=other.email or "", password=PASSWORD)
        assert mailed(db, other.email) == []

    def test_another_person_cannot_use_the_link(self, db: Session):
        user = make_user(db, password=PASSWORD)
        access.request_email_change(db, as_actor(user), user, email="new@example.org", password=PASSWORD)
        with pytest.raises(NotFound):
            access.confirm_email(db, make_actor(db), mailed_token(db, "new@example.org"))

    def test_an_address_taken_in_the_meantime_stays_with_its_owner(self, db: Session):
        user = make_user(db, password=PASSWORD)
        access.request_email_change(db, as_actor(user), user, email="new@example.org", password=PASSWORD)
        make_user(db, email="new@example.org")
        with pytest.raises(Conflict):
            access.confirm_email(db, as_actor(user), mailed_token(db, "new@example.org"))

    def test_a_wrong_password_changes_nothing(self, db: Session):
        user = make_user(db, password=PASSWORD)
        assert not access.request_email_change(db, as_actor(user), user, email="new@example.org", password="wrong")
        assert mailed(db, "new@example.org") == []


class TestTheSecondStep:
    def with_totp(self, db: Session) -> tuple[User, pyotp.TOTP]:
        user = make_user(db, Role.AGENT, password=PASSWORD)
        access.begin_totp(db, as_actor(user), user)
        totp = pyotp.TOTP(user.totp_secret or "")
        assert access.confirm_totp(db, as_actor(user), user, totp.at(clock.now()))
        return user, totp

    def test_it_counts_from_the_first_right_code(self, db: Session):
        user = make_user(db, Role.AGENT, password=PASSWORD)
        access.begin_totp(db, as_actor(user), user)
        assert not access.confirm_totp(db, as_actor(user), user, "000 00x")
        assert isinstance(try_in(db, user.email), SignIn)

    def test_signing_in_needs_password_and_code(self, db: Session, monkeypatch: pytest.MonkeyPatch):
        user, totp = self.with_totp(db)
        at = later(monkeypatch, minutes=2)
        assert try_in(db, user.email) is Refusal.NEEDS_CODE
        assert try_in(db, user.email, code="12") is Refusal.WRONG_CODE
        assert try_in(db, user.email, "wrong", code=totp.at(at)) is Refusal.WRONG
        code = totp.at(at)
        assert isinstance(try_in(db, user.email, code=f"{code[:3]} {code[3:]}"), SignIn)

    def test_a_code_works_once(self, db: Session, monkeypatch: pytest.MonkeyPatch):
        user, totp = self.with_totp(db)
        at = later(monkeypatch, minutes=2)
        assert isinstance(try_in(db, user.email, code=totp.at(at)), SignIn)
        assert try_in(db, user.email, code=totp.at(at)) is Refusal.WRONG_CODE

    @pytest.mark.parametrize(("drift", "is_taken"), [(-60, False), (-30, True), (30, True), (90, False)])
    def test_a_clock_may_be_half_a_minute_off(self, drift: int, is_taken: bool):
        secret, at = credentials.new_totp_secret(), clock.now()
        code = pyotp.TOTP(secret).at(at + timedelta(seconds=drift))
        assert (credentials.match_code(secret, code, None, at) is not None) is is_taken

    def test_it_is_switched_off_with_the_password(self, db: Session):
        user, _ = self.with_totp(db)
        assert not access.disable_totp(db, as_actor(user), user, "wrong")
        assert user.is_totp_on
        assert access.disable_totp(db, as_actor(user), user, PASSWORD)
        assert isinstance(try_in(db, user.email), SignIn)

    def test_an_administrator_removes_it_for_who_lost_the_telephone(self, db: Session):
        user, _ = self.with_totp(db)
        start_sign_in(db, user)
        with pytest.raises(Forbidden):
            access.remove_totp(db, make_actor(db, Role.LEAD), user)
        access.remove_totp(db, make_actor(db, Role.ADMIN), user)
        assert (user.is_totp_on, user.totp_secret, queries.sign_ins(db, user.id)) == (False, None, [])

    def test_codes_are_not_guessed_without_end(self, db: Session):
        user = make_user(db)
        access.begin_totp(db, as_actor(user), user)
        for _ in range(access.CODES_PER_PERSON):
            access.confirm_totp(db, as_actor(user), user, "abc")
        with pytest.raises(TooMany):
            access.confirm_totp(db, as_actor(user), user, "abc")

    def test_a_key_in_use_is_not_replaced(self, db: Session):
        user, _ = self.with_totp(db)
        with pytest.raises(Conflict):
            access.begin_totp(db, as_actor(user), user)


class TestTheFirstAdministrator:
    def test_the_printed_link_makes_one(self, db: Session):
        link = access.create_first_admin(db, "https://signpost.example")
        assert link.startswith("https://signpost.example/invite/")
        user = access.accept_invitation(db, token_of(link), name="Ada", password=PASSWORD, email="Ada@Signpost.example")
        assert (user.role, user.state, user.email) == (Role.ADMIN, UserState.ACTIVE, "ada@signpost.example")
        with pytest.raises(Conflict):
            access.create_first_admin(db, "https://signpost.example")

    def test_asking_again_renews_the_link(self, db: Session):
        first, second = (access.create_first_admin(db, "") for _ in range(2))
        with pytest.raises(NotFound):
            access.find_link(db, token_of(first), Purpose.SETUP)
        assert access.find_link(db, token_of(second), Purpose.SETUP)
        assert len(db.scalars(select(User).where(User.role == Role.ADMIN)).all()) == 1

    def test_it_cannot_take_the_address_of_another(self, db: Session):
        taken = make_user(db)
        token = token_of(access.create_first_admin(db, ""))
        with pytest.raises(Conflict):
            access.accept_invitation(db, token, name="Ada", password=PASSWORD, email=taken.email or "")
