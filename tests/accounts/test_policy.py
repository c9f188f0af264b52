"""Every role against every permission of people and organisations."""

import pytest
from sqlalchemy.orm import Session

from helpdesk.accounts.policy import RULES, Can, Grant
from helpdesk.kernel.policy import SYSTEM, VISITOR, Actor, Role, can
from tests.factories.accounts import as_actor, make_actor, make_organisation, make_user

# Who may do each thing: to what is their own, and to what is another organisation's.
OWN = {
    Can.MANAGE_PEOPLE: {Role.ADMIN},
    Can.MANAGE_ORGANISATIONS: {Role.ADMIN},
    Can.MANAGE_PARTY: {Role.PARTY_ADMIN, Role.ADMIN},
    Can.MANAGE_MEMBER: {Role.PARTY_ADMIN, Role.ADMIN},
    Can.GIVE_ROLE: {Role.PARTY_ADMIN, Role.ADMIN},
    Can.CHANGE_SELF: set(),
}
OTHER = {permission: roles & {Role.ADMIN} for permission, roles in OWN.items()}


class TestEveryRoleAgainstEveryPermission:
    @pytest.mark.parametrize("role", list(Role))
    def test_the_table_holds(self, db: Session, role: Role):
        own, other = make_organisation(db), make_organisation(db)
        party = own if role in {Role.MEMBER, Role.PARTY_ADMIN} else None
        actor = VISITOR if role is Role.VISITOR else make_actor(db, role, party)
        for organisation, table in ((own, OWN), (other, OTHER)):
            member = make_user(db, organisation=organisation)
            subjects = {
                Can.MANAGE_PARTY: organisation,
                Can.MANAGE_MEMBER: member,
                Can.GIVE_ROLE: Grant(Role.PARTY_ADMIN, organisation.id),
                Can.CHANGE_SELF: member,
            }
            for permission in Can:
                expected = role in table[permission]
                assert can(RULES, actor, permission, subjects.get(permission)) is expected, permission

    def test_the_table_names_every_permission(self):
        assert set(OWN) == set(Can) == set(RULES)

    def test_the_system_may_do_everything_but_be_somebody(self):
        assert {permission for permission in Can if not can(RULES, SYSTEM, permission)} == {Can.CHANGE_SELF}


class TestRaisingRoles:
    @pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD, Role.ADMIN])
    def test_a_party_administrator_makes_nobody_staff(self, db: Session, role: Role):
        party = make_organisation(db)
        actor = make_actor(db, Role.PARTY_ADMIN, party)
        assert not can(RULES, actor, Can.GIVE_ROLE, Grant(role, party.id))
        assert not can(RULES, actor, Can.GIVE_ROLE, Grant(role, None))

    @pytest.mark.parametrize("role", list(Role))
    def test_agents_and_leads_give_no_role(self, db: Session, role: Role):
        for actor in (make_actor(db, Role.AGENT), make_actor(db, Role.LEAD)):
            assert not can(RULES, actor, Can.GIVE_ROLE, Grant(role, None))

    def test_a_party_administrator_without_a_party_gives_no_role(self):
        stray = Actor(id=1, role=Role.PARTY_ADMIN)
        assert not can(RULES, stray, Can.GIVE_ROLE, Grant(Role.MEMBER, None))

    def test_a_party_administrator_cannot_manage_staff_of_the_same_number(self, db: Session):
        party = make_organisation(db)
        actor = make_actor(db, Role.PARTY_ADMIN, party)
        agent = make_user(db, Role.AGENT, party)
        assert not can(RULES, actor, Can.MANAGE_MEMBER, agent)


class TestOneself:
    def test_everybody_changes_themselves_and_nobody_else(self, db: Session):
        user, other = make_user(db), make_user(db)
        assert can(RULES, as_actor(user), Can.CHANGE_SELF, user)
        assert not can(RULES, as_actor(user), Can.CHANGE_SELF, other)
        assert not can(RULES, VISITOR, Can.CHANGE_SELF, user)
