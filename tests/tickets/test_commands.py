"""`queue add` and `queue remove`."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.policy import Role
from helpdesk.tickets import queries
from tests.factories.accounts import make_actor
from tests.factories.tickets import make_restricted_ticket


def run(app: Flask, db: Session, *words: str):
    db.commit()
    result = app.test_cli_runner().invoke(args=["queue", *words])
    db.expire_all()
    return result


class TestMembers:
    def test_a_named_agent_reads_the_queue_until_removed(self, app: Flask, db: Session) -> None:
        ticket, agent = make_restricted_ticket(db, make_actor(db)), make_actor(db, Role.AGENT, email="ada@example.com")
        with pytest.raises(NotFound):
            queries.get(db, agent, ticket.id)
        assert run(app, db, "add", "security-incidents", "ada@example.com").exit_code == 0
        assert queries.get(db, agent, ticket.id).id == ticket.id
        assert run(app, db, "remove", "security-incidents", "ada@example.com").exit_code == 0
        with pytest.raises(NotFound):
            queries.get(db, agent, ticket.id)

    @pytest.mark.parametrize("email", ["nobody@example.com", "member@example.com"])
    def test_only_staff_can_be_named(self, app: Flask, db: Session, email: str) -> None:
        make_actor(db, email="member@example.com")
        result = run(app, db, "add", "data-protection", email)
        assert result.exit_code == 1
        assert "is not staff here" in result.output
