"""`user add` and `user role`."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from helpdesk.accounts import access, queries
from helpdesk.accounts.enums import Purpose
from helpdesk.kernel.policy import Role
from tests.factories.accounts import make_organisation, make_user


def run(app: Flask, db: Session, *words: str):
    db.commit()
    result = app.test_cli_runner().invoke(args=["user", *words])
    db.expire_all()
    return result


class TestAddingFromTheCommandLine:
    def test_it_prints_a_link_that_works(self, app: Flask, db: Session):
        result = run(app, db, "add", "jo@x.example", "--name", "Jo", "--role", "agent")
        assert result.exit_code == 0
        link = result.output.split()[-1]
        assert link.startswith("http://127.0.0.1:8000/invite/")
        found = access.find_link(db, link.rpartition("/")[2], Purpose.INVITE)
        assert (found.user.email, found.user.role) == ("jo@x.example", Role.AGENT)

    def test_members_are_put_into_their_organisation(self, app: Flask, db: Session):
        party = make_organisation(db, "Alder")
        run(app, db, "add", "jo@x.example", "--name", "Jo", "--organisation", "Alder")
        user = queries.user_by_email(db, "jo@x.example")
        assert user is not None
        assert user.organisation_id == party.id

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("add", "jo", "--name", "Jo", "--role", "agent"), "whole e-mail address"),
            (("add", "jo@x.example", "--name", "Jo"), "Choose the organisation"),
            (("add", "jo@x.example", "--name", "Jo", "--organisation", "Nowhere"), "no organisation named"),
            (("role", "nobody@x.example", "agent"), "Add one with"),
        ],
    )
    def test_what_is_wrong_is_one_sentence(self, app: Flask, db: Session, words: tuple[str, ...], sentence: str):
        result = run(app, db, *words)
        assert result.exit_code == 1
        assert sentence in result.output


class TestChangingRolesFromTheCommandLine:
    def test_a_member_becomes_administrator(self, app: Flask, db: Session):
        user = make_user(db)
        assert run(app, db, "role", user.email or "", "admin").exit_code == 0
        assert (user.role, user.organisation_id) == (Role.ADMIN, None)
