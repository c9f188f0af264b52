"""No page asks the database more than twelve times, whoever opens it."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from helpdesk.kernel import options
from helpdesk.rulebook import resolver
from helpdesk.triage.models import KINDS
from tests.architecture.conftest import Visits
from tests.architecture.scene import Scene, Who
from tests.architecture.test_routes import address, rules

MOST = 12
READERS = (Who.VISITOR, Who.MEMBER, Who.AGENT, Who.ADMIN)
ASKED = "What+does+G3.20+ask+of+us+about+the+charges"
LISTS = (
    "/desk?status=&sort=opened&priority=normal",
    "/questions?sort=votes&tag=charges",
    "/search?q=charges&stay=1",
    "/search?q=G3.20&stay=1",
    f"/api/v1/suggestions?q={ASKED}",
    f"/ask?q={ASKED}",
)


@pytest.fixture
def asked(connection: Connection) -> Iterator[list[str]]:
    """The statements that ran, without those that begin and end transactions."""
    seen: list[str] = []

    def note(*given: object) -> None:
        statement = str(given[2])
        if statement.lstrip("( ").upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


def pages(app: Flask, scene: Scene) -> Iterator[str]:
    """Every address of the scene that can be opened, and lists as people narrow them."""
    for rule, method in rules(app):
        given = [values for values in ({}, *scene.values.values()) if rule.arguments <= set(values)]
        yield from dict.fromkeys(address(app, rule, dict(values)) for values in given if method == "GET")
    yield from LISTS


class TestBudget:
    @pytest.mark.slow
    def test_no_page_asks_the_database_more_than_it_may(
        self, app: Flask, scene: Scene, visits: Visits, asked: list[str]
    ) -> None:
        spent: dict[tuple[str, Who], int] = {}
        for url in pages(app, scene):
            for who in READERS:
                asked.clear()
                if visits.open(who, url).status_code == 200:
                    spent[url, who] = len(asked)
        assert len(spent) > 100
        assert {visit: count for visit, count in spent.items() if count > MOST} == {}

    def test_a_list_of_suggestions_stays_within_it(
        self, db: Session, visits: Visits, asked: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A clause is cited, every kind is found, and what was offered is remembered: the most there is to do."""
        options.write(db, "possible", 0.0)
        monkeypatch.setattr(resolver.memory, "_look_again_seconds", 60.0)  # on a busy machine a second passes meanwhile
        visits.open(Who.MEMBER, f"/ask/suggestions?q={ASKED}")  # what a process remembers of the code is read once
        # PostgreSQL is asked for the nearest vectors too, which the process itself holds on SQLite.
        most = MOST + (db.get_bind().dialect.name == "postgresql")
        for text in (ASKED, f"{ASKED}+quokkashared", f"{ASKED}+again"):
            asked.clear()
            page = visits.open(Who.MEMBER, f"/ask/suggestions?q={text}&attempt={'d' * 32}").get_data(as_text=True)
            assert all(f'value="{kind}:' in page for kind in KINDS), page
            assert len(asked) <= most, "\n\n".join(asked)
