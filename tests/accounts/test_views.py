"""Pages of sign-in, account and administration, as a browser sees them."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pyotp
import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import access, queries, services
from helpdesk.accounts.enums import Category, Purpose, UserState
from helpdesk.accounts.models import Organisation, SignIn, User
from helpdesk.accounts.views.account import browser_name
from helpdesk.accounts.views.doors import safe_path
from helpdesk.kernel import clock, jobs, options
from helpdesk.kernel.models import OutboxRow
from helpdesk.kernel.policy import SYSTEM, Role
from tests.client import PageClient
from tests.factories.accounts import PASSWORD, make_organisation, make_user, start_sign_in

NEW_PASSWORD = "another row of plain words"
ACCOUNT_PAGES = ["/account", "/account/security", "/account/notifications"]
ADMIN_PAGES = ["/admin/people", "/admin/people/invite", "/admin/organisations", "/admin/organisations/new"]
ONCE = "0123456789abcdef"


def enter(client: PageClient, user: User, password: str = PASSWORD, **fields: str):
    return client.post("/sign-in", data={"email": user.email, "password": password, **fields})


def mailed_paths(db: Session) -> list[str]:
    return [row.context["one_time_path"] for row in db.scalars(select(OutboxRow).order_by(OutboxRow.id))]


class TestSigningIn:
    def test_the_right_password_leads_to_where_one_was_going(self, client: PageClient, db: Session):
        user = make_user(db, password=PASSWORD)
        asked = client.get("/account/security")
        assert asked.status_code == 302
        assert urlsplit(asked.location).path == "/sign-in"
        assert 'value="/account/security"' in client.get(asked.location).text
        answer = enter(client, user, next="/account/security")
        assert (answer.status_code, answer.location) == (302, "/account/security")
        assert client.get("/account/security").status_code == 200

    def test_a_refusal_keeps_the_address_and_never_the_password(self, client: PageClient, db: Session):
        answer = client.post("/sign-in", data={"email": "jo@x.example", "password": "not this one"})
        assert answer.status_code == 422
        assert "The e-mail address or the password is wrong." in answer.text
        assert 'value="jo@x.example"' in answer.text
        assert "not this one" not in answer.text

    def test_refused_attempts_are_counted_across_requests(self, client: PageClient, db: Session):
        user = make_user(db, password=PASSWORD)
        for _ in range(access.SIGN_INS_PER_EMAIL):
            assert enter(client, user, "wrong").status_code == 422
        assert enter(client, user).status_code == 429

    @pytest.mark.parametrize(
        "target",
        ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\\\\evil", "", "/a\nb"],
    )
    def test_nobody_is_led_to_another_site(self, target: str):
        assert safe_path(target) == "/"

    def test_a_path_here_is_kept(self):
        assert safe_path("/desk?queue=2&page=3") == "/desk?queue=2&page=3"

    def test_signing_out_ends_the_row(self, client: PageClient, db: Session):
        user = make_user(db, password=PASSWORD)
        enter(client, user)
        assert client.post("/sign-out").status_code == 302
        assert queries.sign_ins(db, user.id) == []
        assert client.get("/account").status_code == 302

    def test_an_old_cookie_opens_nothing_after_signing_out(self, client: PageClient, db: Session):
        user = make_user(db)
        client.sign_in(user)
        for row in queries.sign_ins(db, user.id):
            access.sign_out(db, row.id)
        assert client.get("/account").status_code == 302

    def test_who_is_signed_in_is_led_on(self, client: PageClient, db: Session):
        client.sign_in(make_user(db))
        assert client.get("/sign-in?next=/tickets").location == "/tickets"


class TestReadyAccounts:
    def test_the_demonstration_lists_them_and_one_click_enters(self, client: PageClient, db: Session):
        user = make_user(db, Role.AGENT, is_ready_account=True, name="Ready Agent")
        options.write(db, "is_demonstration", True)
        assert "Ready Agent" in client.get("/sign-in").text
        assert client.post(f"/sign-in/ready/{user.id}", data={"next": "/account"}).location == "/account"
        assert "Ready Agent" in client.get("/account").text

    def test_elsewhere_they_do_not_exist(self, client: PageClient, db: Session):
        user = make_user(db, is_ready_account=True, name="Ready Agent")
        assert "Ready Agent" not in client.get("/sign-in").text
        assert client.post(f"/sign-in/ready/{user.id}").status_code == 404

    def test_other_accounts_of_the_demonstration_need_their_password(self, client: PageClient, db: Session):
        options.write(db, "is_demonstration", True)
        assert client.post(f"/sign-in/ready/{make_user(db, Role.ADMIN).id}").status_code == 404


class TestTheSignedInBrowser:
    def test_each_request_asks_once(self, client: PageClient, db: Session, connection):
        client.sign_in(make_user(db))
        statements: list[str] = []
        event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
        client.get("/account/notifications")
        assert len([text for text in statements if "FROM sign_ins" in text]) == 1

    @pytest.mark.parametrize(("minutes", "is_written"), [(3, False), (6, True)])
    def test_last_seen_is_written_now_and_then(self, client: PageClient, db: Session, minutes: int, is_written: bool):
        user = make_user(db)
        client.sign_in(user)
        seen = clock.now() - timedelta(minutes=minutes)
        db.scalars(select(SignIn)).one().last_seen_at = seen
        client.get("/account")
        assert (db.scalars(select(SignIn)).one().last_seen_at > seen) is is_written

    def test_a_browser_that_was_away_for_two_weeks_signs_in_again(self, client: PageClient, db: Session):
        client.sign_in(make_user(db))
        db.scalars(select(SignIn)).one().last_seen_at = clock.now() - timedelta(days=15)
        assert client.get("/account").status_code == 302

    def test_a_disabled_person_is_out_at_once(self, client: PageClient, db: Session):
        user = make_user(db)
        client.sign_in(user)
        user.state = UserState.DISABLED
        assert client.get("/account").status_code == 302

    def test_people_of_an_organisation_switched_off_are_out_at_once(self, client: PageClient, db: Session):
        user = make_user(db)
        client.sign_in(user)
        db.get_one(Organisation, user.organisation_id).is_active = False
        assert client.get("/account").status_code == 302

    def test_a_post_without_sign_in_is_refused(self, client: PageClient):
        assert client.post("/account/profile").status_code == 401


class TestForgottenPasswords:
    def test_the_answer_is_the_same_for_everybody(self, client: PageClient, db: Session):
        user = make_user(db, password=PASSWORD)
        known, unknown = (
            client.post("/reset", data={"email": email}).text.replace(email, "…")
            for email in (user.email, "nobody@example.com")
        )
        token = re.compile(r'(csrf[-_]token" (?:content|value)=")[^"]+')  # signed with the second in which it was made
        assert token.sub(r"\1", known) == token.sub(r"\1", unknown)

    def test_the_mailed_link_sets_a_new_password(self, client: PageClient, db: Session):
        user = make_user(db, password=PASSWORD)
        client.post("/reset", data={"email": user.email})
        path = mailed_paths(db)[-1]
        assert client.get(path).status_code == 200
        assert client.post(path, data={"password": "short"}).status_code == 422
        assert client.post(path, data={"password": NEW_PASSWORD}).status_code == 302
        assert enter(client, user, NEW_PASSWORD).status_code == 302
        client.sign_out()
        assert client.get(path).status_code == 404


class TestSigningUp:
    def test_from_request_to_approval(self, client: PageClient, db: Session):
        party = services.create_organisation(
            db, SYSTEM, name="Alder", category=Category.OTHER, domains=["alder.example"]
        )
        chief = make_user(db, Role.PARTY_ADMIN, party)
        assert client.post("/sign-up", data={"name": "Jo", "email": "jo@alder.example"}).status_code == 200
        path = mailed_paths(db)[-1]
        assert "jo@alder.example" in client.get(path).text
        assert client.post(path, data={"name": "Jo Alder", "password": PASSWORD}).status_code == 302
        user = queries.user_by_email(db, "jo@alder.example")
        assert user is not None
        assert enter(client, user).status_code == 422
        client.sign_in(chief)
        assert "Jo Alder" in client.get("/account/organisation").text
        client.post(f"/account/people/{user.id}/approve", data={"next": "/account/organisation"})
        client.sign_out()
        assert enter(client, user).status_code == 302

    def test_an_unlisted_domain_gets_a_sentence_and_the_filled_form(self, client: PageClient, db: Session):
        answer = client.post("/sign-up", data={"name": "Jo", "email": "jo@nowhere.example"})
        assert answer.status_code == 422
        assert "No organisation here uses this e-mail domain." in answer.text
        assert 'value="jo@nowhere.example"' in answer.text

    def test_asking_for_unlisted_domains_is_counted(self, client: PageClient, db: Session):
        for number in range(services.SIGN_UPS_PER_ADDRESS):
            client.post("/sign-up", data={"name": "Jo", "email": f"jo@party{number}.example"})
        assert client.post("/sign-up", data={"name": "Jo", "email": "jo@last.example"}).status_code == 429


class TestOnesOwnAccount:
    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.VISITOR])
    def test_every_role_opens_its_own_pages(self, client: PageClient, db: Session, role: Role):
        client.sign_in(make_user(db, role))
        for page in ACCOUNT_PAGES:
            assert client.get(page).status_code == 200, page
        expected = 200 if role in {Role.MEMBER, Role.PARTY_ADMIN} else 404
        assert client.get("/account/organisation").status_code == expected

    def test_name_and_zone_are_kept(self, client: PageClient, db: Session):
        user = make_user(db)
        client.sign_in(user)
        zone = {"profile-name": " Zoë  <b>Ødegård</b> ", "profile-timezone": "Europe/Paris"}
        assert client.post("/account/profile", data=zone).status_code == 302
        assert (user.name, user.timezone) == ("Zoë <b>Ødegård</b>", "Europe/Paris")
        assert "<b>Ødegård" not in client.get("/account").text

    @pytest.mark.parametrize("fields", [{"profile-name": ""}, {"profile-timezone": "Mars/Base"}])
    def test_a_wrong_profile_comes_back(self, client: PageClient, db: Session, fields: dict):
        client.sign_in(make_user(db))
        data = {"profile-name": "Jo", "profile-timezone": "Europe/London", **fields}
        assert client.post("/account/profile", data=data).status_code == 422

    def test_the_password_is_changed_with_the_old_one(self, client: PageClient, db: Session):
        user = make_user(db, password=PASSWORD)
        client.sign_in(user)
        start_sign_in(db, user)
        for old, status in (("wrong", 422), (PASSWORD, 302)):
            data = {"password-old": old, "password-new": NEW_PASSWORD}
            assert client.post("/account/password", data=data).status_code == status
        assert len(queries.sign_ins(db, user.id)) == 1
        assert client.get("/account").status_code == 200

    def test_a_new_address_is_proved_by_its_link(self, client: PageClient, db: Session):
        user = make_user(db, password=PASSWORD)
        client.sign_in(user)
        wrong = client.post("/account/email", data={"email-email": "new@x.example", "email-password": "wrong"})
        assert wrong.status_code == 422
        client.post("/account/email", data={"email-email": "new@x.example", "email-password": PASSWORD})
        path = mailed_paths(db)[-1]
        assert "new@x.example" in client.get(path).text
        assert client.post(path).status_code == 302
        assert user.email == "new@x.example"

    def test_unticked_events_are_not_mailed(self, client: PageClient, db: Session):
        user = make_user(db)
        client.sign_in(user)
        client.post("/account/notifications", data={"by_mail": ["ticket_reply"]})
        choices = queries.notification_choices(db, user.id)
        assert (choices["ticket_reply"], choices["question_answer"]) == (True, False)
        assert client.get("/account/notifications").text.count(" checked") == 1


class TestSecurity:
    def test_the_second_step_from_picture_to_sign_in(self, client: PageClient, db: Session):
        user = make_user(db, Role.AGENT, password=PASSWORD)
        client.sign_in(user)
        assert client.get("/account/security/second-step.svg").status_code == 404
        client.post("/account/security/second-step")
        picture = client.get("/account/security/second-step.svg")
        assert (picture.mimetype, picture.headers["Cache-Control"]) == ("image/svg+xml", "no-store")
        assert b"style=" not in picture.data
        page = client.get("/account/security").text
        secret = user.totp_secret or ""
        assert secret in page
        assert client.post("/account/security/second-step/confirm", data={"code-code": "1"}).status_code == 422
        code = pyotp.TOTP(secret).at(clock.now() - timedelta(seconds=30))
        assert client.post("/account/security/second-step/confirm", data={"code-code": code}).status_code == 302
        assert secret not in client.get("/account/security").text
        assert client.get("/account/security/second-step.svg").status_code == 404
        client.sign_out()
        assert enter(client, user).status_code == 422
        assert enter(client, user, code=pyotp.TOTP(secret).now()).status_code == 302

    def test_it_is_switched_off_with_the_password(self, client: PageClient, db: Session):
        user = make_user(db, password=PASSWORD, totp_secret="A" * 32, is_totp_on=True)
        client.sign_in(user)
        off = "/account/security/second-step/off"
        assert client.post(off, data={"proof-password": "wrong"}).status_code == 422
        assert client.post(off, data={"proof-password": PASSWORD}).status_code == 302
        assert not user.is_totp_on

    def test_staff_of_whom_it_is_demanded_go_nowhere_else(self, client: PageClient, db: Session):
        options.write(db, "staff_need_totp", True)
        client.sign_in(make_user(db, Role.ADMIN))
        assert client.get("/admin/people").location == "/account/security"
        assert client.post("/admin/people/staff-second-step").status_code == 403
        assert "One thing is left to do" in client.get("/account/security").text
        assert client.post("/sign-out").status_code == 302

    def test_it_is_not_demanded_of_members(self, client: PageClient, db: Session):
        options.write(db, "staff_need_totp", True)
        client.sign_in(make_user(db))
        assert client.get("/account").status_code == 200

    def test_another_browser_is_signed_out(self, client: PageClient, db: Session):
        user = make_user(db)
        other = start_sign_in(db, user)
        client.sign_in(user)
        assert "This browser" in client.get("/account/security").text
        client.post("/account/security/browsers/end", data={"browser": other})
        assert len(queries.sign_ins(db, user.id)) == 1
        assert client.get("/account").status_code == 200


class TestTheOrganisationsPage:
    def test_its_administrator_invites_a_colleague_once(self, client: PageClient, db: Session):
        party = make_organisation(db)
        client.sign_in(make_user(db, Role.PARTY_ADMIN, party))
        data = {"invite-name": "Jo", "invite-email": "jo@x.example", "invite-role": "member", "invite-once": ONCE}
        for _ in range(2):
            assert client.post("/account/organisation/invite", data=data).status_code == 302
        assert len(mailed_paths(db)) == 1
        again = client.post("/account/organisation/invite", data={**data, "invite-once": ONCE[::-1]})
        assert again.status_code == 422
        assert "There is an account for jo@x.example already." in again.text

    def test_staff_roles_are_not_on_offer(self, client: PageClient, db: Session):
        client.sign_in(make_user(db, Role.PARTY_ADMIN))
        data = {"invite-name": "Jo", "invite-email": "jo@x.example", "invite-role": "admin", "invite-once": ONCE}
        assert client.post("/account/organisation/invite", data=data).status_code == 422
        colleague = make_user(db)
        assert client.post(f"/account/people/{colleague.id}/role", data={"role": "admin"}).status_code == 404

    def test_a_forged_role_is_refused(self, client: PageClient, db: Session):
        party = make_organisation(db)
        client.sign_in(make_user(db, Role.PARTY_ADMIN, party))
        colleague = make_user(db, organisation=party)
        assert client.post(f"/account/people/{colleague.id}/role", data={"role": "admin"}).status_code == 403
        assert client.post(f"/account/people/{colleague.id}/role", data={"role": "owner"}).status_code == 404
        assert client.post(f"/account/people/{colleague.id}/role", data={"role": "party_admin"}).status_code == 302
        assert colleague.role is Role.PARTY_ADMIN

    def test_sharing_is_chosen_there(self, client: PageClient, db: Session):
        party = make_organisation(db)
        client.sign_in(make_user(db, Role.PARTY_ADMIN, party))
        client.post("/account/organisation/sharing", data={"sharing-shares_tickets": "y"})
        assert party.shares_tickets
        client.post("/account/organisation/sharing", data={})
        assert not party.shares_tickets

    def test_members_read_and_change_nothing(self, client: PageClient, db: Session):
        party = make_organisation(db)
        chief = make_user(db, Role.PARTY_ADMIN, party, name="The Chief")
        client.sign_in(make_user(db, organisation=party))
        page = client.get("/account/organisation").text
        assert "The Chief" in page
        assert "Invite a colleague" not in page
        assert client.post("/account/organisation/sharing", data={}).status_code == 403
        assert client.post(f"/account/people/{chief.id}/disable").status_code == 403

    def test_another_partys_people_do_not_exist(self, client: PageClient, db: Session):
        stranger = make_user(db, name="A Stranger")
        client.sign_in(make_user(db, Role.PARTY_ADMIN))
        assert "A Stranger" not in client.get("/account/organisation").text
        assert client.post(f"/account/people/{stranger.id}/disable").status_code == 404
        assert client.post("/account/people/1/explode").status_code == 404


class TestAdministration:
    @pytest.mark.parametrize("page", ADMIN_PAGES)
    @pytest.mark.parametrize("role", list(Role))
    def test_only_administrators_open_it(self, client: PageClient, db: Session, role: Role, page: str):
        if role is not Role.VISITOR:
            client.sign_in(make_user(db, role))
        expected = {Role.ADMIN: 200, Role.VISITOR: 302}.get(role, 403)
        assert client.get(page).status_code == expected

    def admin(self, client: PageClient, db: Session) -> User:
        user = make_user(db, Role.ADMIN)
        client.sign_in(user)
        return user

    def test_people_are_found_and_paged(self, client: PageClient, db: Session):
        self.admin(client, db)
        for number in range(26):
            make_user(db, Role.AGENT, name=f"Agent {number:02}")
        page = client.get("/admin/people?role=agent&q=agent")
        assert "Agent 24" in page.text
        assert "Agent 25" not in page.text
        assert "Agent 25" in client.get("/admin/people?role=agent&q=agent&page=2").text
        assert "Nobody was found" in client.get("/admin/people?q=%25%25&state=invited&role=rubbish").text

    def test_somebody_is_invited_into_an_organisation(self, client: PageClient, db: Session):
        self.admin(client, db)
        party = make_organisation(db, "Alder")
        assert "Alder" in client.get(f"/admin/people/invite?organisation={party.id}").text
        data = {"name": "Jo", "email": "jo@x.example", "role": "party_admin", "organisation": party.id, "once": ONCE}
        first, second = (client.post("/admin/people/invite", data=data) for _ in range(2))
        assert first.location == second.location
        user = queries.user_by_email(db, "jo@x.example")
        assert user is not None
        assert (user.role, user.organisation_id) == (Role.PARTY_ADMIN, party.id)
        assert client.get(first.location).status_code == 200

    def test_a_party_role_without_a_party_comes_back_with_a_sentence(self, client: PageClient, db: Session):
        self.admin(client, db)
        data = {"name": "Jo", "email": "jo@x.example", "role": "member", "organisation": 0, "once": ONCE}
        answer = client.post("/admin/people/invite", data=data)
        assert answer.status_code == 422
        assert "Choose the organisation of this person." in answer.text

    def test_a_person_is_changed_and_switched_off(self, client: PageClient, db: Session):
        self.admin(client, db)
        user = make_user(db)
        page = f"/admin/people/{user.id}"
        assert client.post(page, data={"name": "New", "role": "agent", "organisation": 0}).status_code == 302
        assert (user.name, user.role, user.organisation_id) == ("New", Role.AGENT, None)
        for action in ("disable", "enable", "remove-second-step"):
            answer = client.post(f"/account/people/{user.id}/{action}", data={"next": page})
            assert (answer.status_code, answer.location) == (302, page)
        assert client.get("/admin/people/999999").status_code == 404

    def test_ones_own_role_stays(self, client: PageClient, db: Session):
        user = self.admin(client, db)
        data = {"name": user.name, "role": "agent", "organisation": 0}
        answer = client.post(f"/admin/people/{user.id}", data=data)
        assert answer.status_code == 422
        assert "Ask another administrator" in answer.text

    def test_the_second_step_is_demanded_of_staff(self, client: PageClient, db: Session):
        self.admin(client, db)
        client.post("/admin/people/staff-second-step", data={"is_needed": "yes"})
        assert options.read(db, "staff_need_totp") is True

    def test_an_organisation_is_added_once_and_changed(self, client: PageClient, db: Session):
        self.admin(client, db)
        data = {
            "name": "Alder",
            "category": "dcc",
            "voting_group": "Alder",
            "user_roles": ["gas_supplier", "other_user"],
            "domains": "alder.example\r\nalder.test",
            "once": ONCE,
        }
        first, second = (client.post("/admin/organisations/new", data=data) for _ in range(2))
        assert first.location == second.location
        page = client.get(first.location).text
        assert "alder.example" in page
        assert len(re.findall(r'name="user_roles"[^>]* checked|checked[^>]*name="user_roles"', page)) == 2
        changed = {**data, "name": "Birch", "domains": "alder.test", "once": ONCE[::-1], "user_roles": []}
        assert client.post(first.location, data=changed).status_code == 302
        found = db.scalars(select(Organisation).where(Organisation.name == "Birch")).one()
        assert not found.is_active
        assert "Birch" in client.get("/admin/organisations?q=bir&category=dcc").text
        assert "No organisation was found" in client.get("/admin/organisations?category=other&q=bir").text

    def test_a_name_that_is_taken_comes_back_with_a_sentence(self, client: PageClient, db: Session):
        self.admin(client, db)
        make_organisation(db, "Alder")
        db.commit()
        answer = client.post("/admin/organisations/new", data={"name": "Alder", "category": "dcc", "once": ONCE})
        assert answer.status_code == 422
        assert "Another organisation has this name" in answer.text
        assert db.scalar(select(func.count()).select_from(Organisation)) == 1


class TestForgedForms:
    """The other tests switch the CSRF check off; these leave it on."""

    @pytest.fixture(autouse=True)
    def _checked(self, app: Flask) -> None:
        app.config["WTF_CSRF_ENABLED"] = True

    def token(self, page: str) -> dict[str, str]:
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found is not None
        return {"csrf_token": found.group(1)}

    def test_signing_in_needs_the_pages_token(self, client: PageClient, db: Session):
        user = make_user(db, password=PASSWORD)
        assert enter(client, user).status_code == 400
        assert enter(client, user, **self.token(client.get("/sign-in").text)).status_code == 302

    def test_a_form_among_several_needs_it_too(self, client: PageClient, db: Session):
        user = make_user(db)
        client.sign_in(user)
        data = {"profile-name": "Jo", "profile-timezone": "Europe/London"}
        assert client.post("/account/profile", data=data).status_code == 400
        data |= self.token(client.get("/account").text)
        assert client.post("/account/profile", data=data).status_code == 302
        assert user.name == "Jo"


class TestMail:
    def test_every_message_renders_with_its_link(self, app: Flask, client: PageClient, db: Session):
        user = make_user(db, name="Jo <b>", password=PASSWORD)
        for purpose in Purpose:
            access.send_link(db, user, purpose, email="new@x.example" if purpose is Purpose.EMAIL else None)
        services.create_organisation(db, SYSTEM, name="Alder", category=Category.OTHER, domains=["example.com"])
        services.sign_up(db, email=user.email or "", name="Jo", address="192.0.2.1")
        waiting = make_user(db, state=UserState.AWAITING_APPROVAL)
        make_user(db, Role.ADMIN)
        link = access.make_link(db, waiting, Purpose.SETUP)
        access.accept_invitation(db, link.rpartition("/")[2], name="Jo", password=PASSWORD)
        services.approve(db, SYSTEM, waiting)
        client.sign_in(user)
        client.post(mailed_paths_of(db, "accounts/email")[0])
        jobs.run_waiting()
        db.expire_all()
        rows = db.scalars(select(OutboxRow)).all()
        assert {row.template.partition("/")[2] for row in rows} == {
            "invite", "reset", "setup", "email", "email_changed", "already_registered", "approval", "approved",
        }  # fmt: skip
        for row in rows:
            assert (row.state, row.error, bool(row.subject)) == ("held", "", True), row.template
            path = row.context.get("one_time_path")
            if path is not None:
                assert f"http://127.0.0.1:8000{path}" in row.text
                assert f'href="http://127.0.0.1:8000{path}"' in row.html
            assert "<b>," not in row.html


def mailed_paths_of(db: Session, template: str) -> list[str]:
    return [row.context["one_time_path"] for row in db.scalars(select(OutboxRow).where(OutboxRow.template == template))]


class TestNamesOfBrowsers:
    @pytest.mark.parametrize(
        ("user_agent", "name"),
        [
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140", "Edge on Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19 Safari/604.1", "Safari on iPhone"),
            ("curl/8.0", "Another browser"),
        ],
    )
    def test_they_are_what_people_call_them(self, user_agent: str, name: str):
        assert browser_name(user_agent) == name
