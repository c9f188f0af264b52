"""Beside each chart stands its CSV, which no spreadsheet runs."""

import csv
import io

import pytest
from sqlalchemy.orm import Session

from helpdesk.analytics import services
from helpdesk.analytics.tables import TABLES
from helpdesk.kernel.policy import Role
from helpdesk.triage.models import Group
from tests.client import PageClient
from tests.factories.accounts import make_actor, make_user
from tests.factories.tickets import make_queue, make_ticket


def rows(client: PageClient, name: str) -> list[list[str]]:
    answer = client.get(f"/insights/{name}.csv")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


class TestDownloads:
    @pytest.mark.parametrize("name", list(TABLES))
    def test_each_begins_with_the_names_of_its_columns(self, client: PageClient, db: Session, name: str) -> None:
        client.sign_in(make_user(db, Role.LEAD))
        assert all(rows(client, name)[0])

    def test_the_figures_are_those_of_the_page(self, client: PageClient, db: Session) -> None:
        make_queue(db, "party-support")
        make_ticket(db, make_actor(db))
        services.refresh(db)
        client.sign_in(make_user(db, Role.LEAD))
        assert rows(client, "weeks")[-1][1:] == ["1", "0"]
        assert rows(client, "channel") == [["channel", "opened"], ["Web", "1"]]

    def test_a_name_that_a_spreadsheet_would_run_is_disarmed(self, client: PageClient, db: Session) -> None:
        db.add(Group(name='=HYPERLINK("http://evil.example")', size=3))
        client.sign_in(make_user(db, Role.LEAD))
        assert rows(client, "topics")[1][0].startswith("'=HYPERLINK")

    def test_members_get_none_and_unknown_ones_are_not_found(self, client: PageClient, db: Session) -> None:
        client.sign_in(make_user(db))
        assert client.get("/insights/weeks.csv").status_code == 403
        client.sign_in(make_user(db, Role.AGENT))
        assert client.get("/insights/nonsense.csv").status_code == 404
