"""People and organisations: adding, inviting, approving, changing; follows, choices, drafts, imports."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import access, queries, services
from helpdesk.accounts.enums import Category, Notice, UserRole, UserState
from helpdesk.accounts.importing import ImportedPerson, import_people
from helpdesk.accounts.models import Organisation, User
from helpdesk.kernel import clock, mail
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from helpdesk.kernel.models import AuditRow, OutboxRow
from helpdesk.kernel.paging import Window
from helpdesk.kernel.policy import SYSTEM, VISITOR, Role
from tests.factories.accounts import PASSWORD, as_actor, make_actor, make_organisation, make_user, start_sign_in

FIRST = Window(1, 25)


def last_mail(db: Session) -> OutboxRow:
    return db.scalars(select(OutboxRow).order_by(OutboxRow.id.desc()).limit(1)).one()


def last_token(db: Session) -> str:
    return str(last_mail(db).context["one_time_path"]).rpartition("/")[2]


class TestOrganisations:
    def create(self, db: Session, name: str = "Alder Energy", **fields) -> Organisation:
        return services.create_organisation(db, SYSTEM, name=name, category=Category.OTHER, **fields)

    def test_one_is_added_with_roles_domains_and_voting_group(self, db: Session):
        roles = [UserRole.GAS_SUPPLIER, UserRole.IMPORT_SUPPLIER]
        made = self.create(db, voting_group="Alder", user_roles=roles, domains=["@Alder.Example ", ""])
        db.expire_all()
        found = queries.organisation(db, made.id)
        assert {row.user_role for row in found.user_roles} == set(roles)
        assert [row.domain for row in found.domains] == ["alder.example"]
        assert found.voting_group is not None
        assert found.voting_group.name == "Alder"

    def test_related_parties_share_one_voting_group(self, db: Session):
        first, second = self.create(db, voting_group="Alder"), self.create(db, "Birch", voting_group="Alder")
        assert first.voting_group_id == second.voting_group_id is not None

    def test_editing_replaces_what_is_listed(self, db: Session):
        made = self.create(db, user_roles=[UserRole.GAS_SUPPLIER], domains=["a.example", "b.example"])
        db.flush()
        db.expire_all()
        services.edit_organisation(
            db,
            SYSTEM,
            queries.organisation(db, made.id),
            name="Alder",
            category=Category.DCC,
            voting_group="",
            user_roles=[UserRole.GAS_SUPPLIER, UserRole.OTHER_USER],
            domains=["b.example", "c.example"],
            is_active=False,
        )
        db.expire_all()
        found = queries.organisation(db, made.id)
        assert {row.domain for row in found.domains} == {"b.example", "c.example"}
        assert len(found.user_roles) == 2
        assert (found.name, found.category, found.is_active) == ("Alder", Category.DCC, False)

    @pytest.mark.parametrize("same", [{"name": "Alder Energy"}, {"name": "Birch", "domains": ["a.example"]}])
    def test_names_and_domains_belong_to_one(self, db: Session, same: dict):
        self.create(db, domains=["a.example"])
        with pytest.raises(Conflict):
            self.create(db, **same)

    @pytest.mark.parametrize("domain", ["gmail.com", "no dots", "a..b", "x" * 200 + ".com", "<b>.com", "-a.com"])
    def test_a_domain_that_proves_nothing_is_refused(self, db: Session, domain: str):
        with pytest.raises(Invalid):
            self.create(db, domains=[domain])

    def test_only_administrators_add_and_edit(self, db: Session):
        with pytest.raises(Forbidden):
            services.create_organisation(db, make_actor(db, Role.LEAD), name="Alder", category=Category.OTHER)

    def test_sharing_is_the_choice_of_its_own_administrator(self, db: Session):
        party = make_organisation(db)
        with pytest.raises(Forbidden):
            services.set_sharing(db, make_actor(db, Role.MEMBER, party), party, True)
        with pytest.raises(Forbidden):
            services.set_sharing(db, make_actor(db, Role.PARTY_ADMIN), party, True)
        services.set_sharing(db, make_actor(db, Role.PARTY_ADMIN, party), party, True)
        assert party.shares_tickets


class TestInvitations:
    def test_the_invited_choose_name_and_password(self, db: Session):
        party = make_organisation(db)
        actor = make_actor(db, Role.PARTY_ADMIN, party)
        user = services.invite(db, actor, email="Jo@Alder.example", name="Jo", role=Role.MEMBER, organisation=party)
        assert (user.state, user.email, last_mail(db).to_address) == (
            UserState.INVITED,
            "jo@alder.example",
            "jo@alder.example",
        )
        access.accept_invitation(db, last_token(db), name="Jo Alder", password=PASSWORD)
        assert (user.state, user.name) == (UserState.ACTIVE, "Jo Alder")

    def test_an_address_has_one_account(self, db: Session):
        taken = make_user(db)
        with pytest.raises(Conflict):
            services.invite(db, SYSTEM, email=(taken.email or "").upper(), name="Jo", role=Role.AGENT)

    def test_a_party_administrator_invites_into_no_other_party(self, db: Session):
        actor = make_actor(db, Role.PARTY_ADMIN)
        with pytest.raises(Forbidden):
            services.invite(
                db, actor, email="jo@x.example", name="Jo", role=Role.MEMBER, organisation=make_organisation(db)
            )

    def test_a_party_administrator_invites_no_staff(self, db: Session):
        party = make_organisation(db)
        actor = make_actor(db, Role.PARTY_ADMIN, party)
        with pytest.raises(Forbidden):
            services.invite(db, actor, email="jo@x.example", name="Jo", role=Role.AGENT, organisation=party)

    @pytest.mark.parametrize("role", [Role.MEMBER, Role.PARTY_ADMIN, Role.VISITOR])
    def test_a_party_role_needs_a_party(self, db: Session, role: Role):
        with pytest.raises(Invalid):
            services.create_user(db, SYSTEM, email="jo@x.example", name="Jo", role=role)

    def test_staff_belong_to_no_party(self, db: Session):
        with pytest.raises(Invalid):
            services.create_user(
                db, SYSTEM, email="jo@x.example", name="Jo", role=Role.AGENT, organisation=make_organisation(db)
            )

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "jo",
            "jo@",
            "jo@x",
            "a b@x.example",
            "jo@x\n.example",
            "a,b@x.example",
            "Jo <jo@x.example>",
            "x" * 250 + "@x.example",
        ],
    )
    def test_an_address_is_whole(self, db: Session, email: str):
        with pytest.raises(Invalid):
            services.create_user(db, SYSTEM, email=email, name="Jo", role=Role.AGENT)

    def test_inviting_again_ends_the_first_link(self, db: Session):
        user = services.invite(db, SYSTEM, email="jo@x.example", name="Jo", role=Role.AGENT)
        first = last_token(db)
        services.invite_again(db, make_actor(db, Role.ADMIN), user)
        with pytest.raises(NotFound):
            access.accept_invitation(db, first, name="Jo", password=PASSWORD)
        access.accept_invitation(db, last_token(db), name="Jo", password=PASSWORD)
        with pytest.raises(Conflict):
            services.invite_again(db, make_actor(db, Role.ADMIN), user)

    def test_loading_in_bulk_mails_nobody(self, db: Session):
        with mail.silent():
            services.invite(db, SYSTEM, email="jo@x.example", name="Jo", role=Role.AGENT)
        assert db.scalar(select(OutboxRow.id).limit(1)) is None


class TestSigningUp:
    def party(self, db: Session) -> Organisation:
        return services.create_organisation(
            db, SYSTEM, name="Alder", category=Category.OTHER, domains=["alder.example"]
        )

    def sign_up(self, db: Session, email: str = "jo@alder.example", address: str = "192.0.2.1") -> User | None:
        services.sign_up(db, email=email, name="Jo", address=address)
        return queries.user_by_email(db, email)

    def test_a_listed_domain_leads_to_approval_by_the_party(self, db: Session):
        party = self.party(db)
        chief = make_user(db, Role.PARTY_ADMIN, party)
        user = self.sign_up(db)
        assert user is not None
        access.accept_invitation(db, last_token(db), name="Jo Alder", password=PASSWORD)
        assert (user.state, user.organisation_id) == (UserState.AWAITING_APPROVAL, party.id)
        assert (last_mail(db).template, last_mail(db).to_address) == ("accounts/approval", chief.email)
        services.approve(db, as_actor(chief), user)
        assert (user.state, last_mail(db).template) == (UserState.ACTIVE, "accounts/approved")

    def test_a_party_without_administrator_is_approved_by_the_sites(self, db: Session):
        self.party(db)
        chief = make_user(db, Role.ADMIN)
        self.sign_up(db)
        access.accept_invitation(db, last_token(db), name="Jo", password=PASSWORD)
        assert last_mail(db).to_address == chief.email

    def test_an_unlisted_domain_is_told_so_whoever_asks(self, db: Session):
        known = make_user(db, email="known@elsewhere.example")
        for email in ("unknown@elsewhere.example", known.email or ""):
            assert not services.sign_up(db, email=email, name="Jo", address="192.0.2.1")

    def test_who_has_an_account_is_told_by_mail_only(self, db: Session):
        self.party(db)
        first = self.sign_up(db)
        second = self.sign_up(db)
        assert first is second
        assert last_mail(db).template == "accounts/already_registered"

    def test_a_domain_of_an_inactive_organisation_opens_nothing(self, db: Session):
        self.party(db).is_active = False
        assert self.sign_up(db) is None

    def test_one_computer_asks_only_so_often(self, db: Session):
        self.party(db)
        for number in range(services.SIGN_UPS_PER_ADDRESS):
            self.sign_up(db, f"jo{number}@alder.example")
        with pytest.raises(TooMany):
            self.sign_up(db, "last@alder.example")

    def test_another_party_cannot_approve(self, db: Session):
        self.party(db)
        user = self.sign_up(db)
        assert user is not None
        for actor in (make_actor(db, Role.PARTY_ADMIN), make_actor(db, Role.AGENT), make_actor(db, Role.LEAD)):
            with pytest.raises(Forbidden):
                services.approve(db, actor, user)

    def test_approval_happens_once(self, db: Session):
        with pytest.raises(Conflict):
            services.approve(db, SYSTEM, make_user(db))


class TestRolesAndStates:
    def test_a_member_becomes_administrator_of_the_party(self, db: Session):
        party = make_organisation(db)
        user = make_user(db, organisation=party)
        services.set_role(db, make_actor(db, Role.PARTY_ADMIN, party), user, Role.PARTY_ADMIN)
        assert (user.role, user.organisation_id) == (Role.PARTY_ADMIN, party.id)

    def test_staff_leave_their_organisation(self, db: Session):
        user = make_user(db)
        services.set_role(db, make_actor(db, Role.ADMIN), user, Role.AGENT)
        assert (user.role, user.organisation_id) == (Role.AGENT, None)

    def test_an_agent_raises_nobody(self, db: Session):
        agent = make_user(db, Role.AGENT)
        for user in (agent, make_user(db)):
            with pytest.raises(Forbidden):
                services.set_role(db, as_actor(agent), user, Role.ADMIN)

    def test_a_party_administrator_takes_nobody_from_another_party(self, db: Session):
        party = make_organisation(db)
        with pytest.raises(Forbidden):
            services.set_role(db, make_actor(db, Role.PARTY_ADMIN, party), make_user(db), Role.MEMBER, party)

    def test_nobody_locks_themselves_out(self, db: Session):
        chief = make_user(db, Role.ADMIN)
        with pytest.raises(Conflict):
            services.set_role(db, as_actor(chief), chief, Role.AGENT)
        with pytest.raises(Conflict):
            services.disable(db, as_actor(chief), chief)

    def test_switching_off_ends_every_browser(self, db: Session):
        user = make_user(db)
        start_sign_in(db, user)
        services.disable(db, SYSTEM, user)
        assert (user.state, queries.sign_ins(db, user.id)) == (UserState.DISABLED, [])
        services.enable(db, SYSTEM, user)
        assert user.state is UserState.ACTIVE
        with pytest.raises(Conflict):
            services.enable(db, SYSTEM, user)

    def test_every_change_leaves_an_audit_row(self, db: Session):
        chief, user = make_actor(db, Role.ADMIN), make_user(db, state=UserState.AWAITING_APPROVAL)
        services.approve(db, chief, user)
        services.rename(db, chief, user, "Other Name")
        services.set_role(db, chief, user, Role.PARTY_ADMIN)
        services.disable(db, chief, user)
        services.enable(db, chief, user)
        services.change_profile(db, as_actor(user), user, name="Mine", timezone="Europe/Paris")
        db.flush()
        rows = db.scalars(select(AuditRow).where(AuditRow.subject_id == user.id).order_by(AuditRow.id))
        assert [row.action.removeprefix("account.") for row in rows] == [
            "approved",
            "renamed",
            "role",
            "disabled",
            "enabled",
            "profile",
        ]


class TestSeeingPeople:
    def test_members_see_their_own_organisation_only(self, db: Session):
        party = make_organisation(db)
        actor, colleague, stranger = (
            make_actor(db, organisation=party),
            make_user(db, organisation=party),
            make_user(db),
        )
        assert queries.get(db, actor, colleague.id).id == colleague.id
        with pytest.raises(NotFound):
            queries.get(db, actor, stranger.id)
        assert {user.id for user in queries.people(db, actor, FIRST).items} == {actor.id, colleague.id}
        assert queries.colleagues(db, actor, stranger.organisation_id or 0) == []

    def test_people_without_an_organisation_see_only_themselves(self, db: Session):
        loose = make_user(db, source="elsewhere", source_id="1")
        make_user(db, source="elsewhere", source_id="2")
        assert [user.id for user in queries.people(db, as_actor(loose), FIRST).items] == [loose.id]

    def test_visitors_see_nobody_and_staff_everybody(self, db: Session):
        user = make_user(db)
        with pytest.raises(NotFound):
            queries.get(db, VISITOR, user.id)
        assert queries.get(db, make_actor(db, Role.AGENT), user.id).id == user.id

    @pytest.mark.parametrize("text", ["ALDER", "100%_sure", "jo@"])
    def test_people_are_found_by_name_address_and_organisation(self, db: Session, text: str):
        party = make_organisation(db, "Alder 100%_sure")
        wanted = make_user(db, organisation=party, email="jo@x.example")
        make_user(db)
        found = queries.people(db, make_actor(db, Role.ADMIN), FIRST, text=text)
        assert [user.id for user in found.items] == [wanted.id]

    def test_names_come_for_many_at_once(self, db: Session):
        member, agent = make_user(db), make_user(db, Role.AGENT)
        names = queries.names(db, [member.id, agent.id, 999_999])
        assert names[member.id].organisation != ""
        assert (names[agent.id].is_staff, len(names)) == (True, 2)

    def test_agents_are_the_active_staff(self, db: Session):
        agent = make_user(db, Role.AGENT)
        make_user(db, Role.LEAD, state=UserState.DISABLED)
        make_user(db)
        assert queries.agents(db) == [agent]

    def test_an_actor_knows_category_and_sharing(self, db: Session):
        user = make_user(db, organisation=make_organisation(db, category=Category.DCC, shares_tickets=True))
        actor = queries.actor(db, user.id)
        assert (actor.category, actor.shares_tickets, actor.organisation_id) == ("dcc", True, user.organisation_id)


class TestFollowing:
    def test_following_twice_is_following_once(self, db: Session):
        user = make_user(db)
        actor = as_actor(user)
        for _ in range(2):
            services.follow(db, actor, "question", 7)
        assert queries.is_following(db, actor, "question", 7)
        assert queries.followers(db, "question", 7, "question_answer") == [(actor, user.email)]
        services.unfollow(db, actor, "question", 7)
        assert not queries.is_following(db, actor, "question", 7)

    def test_followers_without_wish_account_or_address_get_no_mail(self, db: Session):
        keen, quiet = make_user(db), make_user(db)
        gone = make_user(db, state=UserState.DISABLED)
        nameless = make_user(db, email=None, source="elsewhere", source_id="1")
        for user in (keen, quiet, gone, nameless):
            services.follow(db, as_actor(user), "ticket", 3)
        services.set_notifications(db, as_actor(quiet), {Notice.TICKET_REPLY: False})
        assert [email for _, email in queries.followers(db, "ticket", 3, "ticket_reply")] == [keen.email]
        assert len(queries.followers(db, "ticket", 3, "ticket_solved")) == 2

    def test_choices_can_be_changed_back(self, db: Session):
        actor = make_actor(db)
        for wish in (False, True):
            services.set_notifications(db, actor, {Notice.TICKET_REPLY: wish})
            assert queries.notification_choices(db, actor.id or 0) == {"ticket_reply": wish}

    def test_visitors_follow_nothing(self, db: Session):
        with pytest.raises(Forbidden):
            services.follow(db, VISITOR, "question", 1)


class TestDrafts:
    def test_the_last_text_is_kept_for_its_writer_only(self, db: Session):
        writer, other = make_actor(db), make_actor(db)
        services.save_draft(db, writer, "ask", {"title": "a"})
        services.save_draft(db, writer, "ask", {"title": "ab"})
        db.expire_all()
        kept = queries.draft(db, writer, "ask")
        assert kept is not None
        assert kept.fields == {"title": "ab"}
        assert queries.draft(db, other, "ask") is None
        services.drop_draft(db, writer, "ask")
        db.expire_all()
        assert queries.draft(db, writer, "ask") is None

    def test_the_oldest_make_room(self, db: Session):
        writer = make_actor(db)
        for number in range(services.DRAFTS_PER_PERSON + 2):
            services.save_draft(db, writer, f"reply-{number}", {})
        assert queries.draft(db, writer, "reply-0") is None
        assert queries.draft(db, writer, f"reply-{services.DRAFTS_PER_PERSON + 1}") is not None

    @pytest.mark.parametrize(("key", "text"), [("k" * 121, ""), ("ask", "x" * 60_001)])
    def test_what_is_too_long_is_refused(self, db: Session, key: str, text: str):
        with pytest.raises(Invalid):
            services.save_draft(db, make_actor(db), key, {"body": text})


class TestImportedPeople:
    def test_the_same_people_twice_are_the_same_people(self, db: Session):
        people = [
            ImportedPerson(source_id=str(number), name=name, created_at=clock.now())
            for number, name in enumerate(["Ann", "  ", "Bo\0b", "x" * 500])
        ]
        first = import_people(db, "stack/earth", people)
        again = import_people(
            db, "stack/earth", [*people, ImportedPerson(source_id="9", name="Cy", created_at=clock.now())]
        )
        assert first == {key: again[key] for key in first}
        assert len(again) == 5
        names = queries.names(db, again.values())
        assert [names[again[key]].name for key in "012"] == ["Ann", "User 1", "Bob"]

    def test_nobody_signs_in_as_an_imported_author(self, db: Session):
        ids = import_people(db, "stack/earth", [ImportedPerson(source_id="1", name="Ann", created_at=clock.now())])
        user = db.get_one(User, ids["1"])
        assert (user.email, user.password_hash, user.state) == (None, None, UserState.DISABLED)
