"""The administrator's pages of models and thresholds: what they show, and what their buttons do."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel.models import AuditRow, JobRow
from helpdesk.kernel.policy import SYSTEM, Role
from helpdesk.triage.indexes import thresholds
from helpdesk.triage.services import models
from helpdesk.triage.services.thresholds import Point, keep_curve
from tests.client import PageClient
from tests.factories.accounts import make_user


@pytest.fixture
def admin(client: PageClient, db: Session) -> PageClient:
    client.sign_in(make_user(db, Role.ADMIN))
    return client


def promoted(db: Session, what: str = "ranking", name: str = "ranking-1") -> None:
    metrics = {"map@10": 0.7123, "measured_on": 558, "verdict": "In use from now on: better by +0.0355."}
    models.promote(db, SYSTEM, models.register(db, what=what, name=name, folder=Path("nowhere"), metrics=metrics))


class TestModels:
    def test_how_a_model_compared_is_shown_and_what_is_wrong_with_it(self, admin: PageClient, db: Session) -> None:
        promoted(db)
        page = admin.get("/admin/models").get_data(as_text=True)
        assert "In use from now on: better by +0.0355." in page
        assert "map@10 0.7123" in page
        assert "measured_on 558" in page
        assert "The model ranking-1 cannot be used." in page

    def test_one_click_goes_back(self, admin: PageClient, db: Session) -> None:
        promoted(db)
        assert "Go back" in admin.get("/admin/models").get_data(as_text=True)

        admin.post("/admin/models/ranking/back")

        assert models.champion(db, "ranking") is None
        page = admin.get("/admin/models").get_data(as_text=True)
        assert "ranking (shipped) is in use again." in page
        assert "Go back" not in page
        assert db.scalars(select(AuditRow).where(AuditRow.action == "model.rolled_back")).one()

    def test_the_first_model_of_what_does_not_ship_has_no_way_back(self, admin: PageClient, db: Session) -> None:
        promoted(db, "topic", "topic-1")
        assert "Go back" not in admin.get("/admin/models").get_data(as_text=True)
        assert admin.post("/admin/models/topic/back").status_code == 404
        assert admin.post("/admin/models/rubbish/back").status_code == 404

    @pytest.mark.parametrize("role", [Role.MEMBER, Role.AGENT, Role.LEAD])
    def test_nobody_else_goes_back(self, client: PageClient, db: Session, role: Role) -> None:
        promoted(db)
        client.sign_in(make_user(db, role))
        assert client.post("/admin/models/ranking/back").status_code == 403
        assert models.champion(db, "ranking") is not None


class TestThresholds:
    def test_before_it_is_counted_the_page_says_what_it_needs(self, admin: PageClient) -> None:
        page = admin.get("/admin/thresholds").get_data(as_text=True)
        assert "Not counted yet" in page
        assert 'value="35"' in page
        assert 'value="70"' in page

    def test_the_curve_is_drawn_without_a_script_and_stands_in_a_table(self, admin: PageClient, db: Session) -> None:
        keep_curve(db, 40, 30, [Point(0.25, 0.9, 0.6, 0.7), Point(0.5, 0.5, 0.8, 0.95)])
        page = admin.get("/admin/thresholds").get_data(as_text=True)
        assert 'points="149.0,46.8 250.0,138.0"' in page
        assert "style=" not in page
        assert '<td class="numeric">95.0%</td>' in page
        assert "40 questions" in page

    def test_a_choice_is_kept_and_written_down(self, admin: PageClient, db: Session) -> None:
        assert admin.post("/admin/thresholds", data={"possible": "40", "likely": "80"}).status_code == 302
        assert thresholds(db) == (0.8, 0.4)
        row = db.scalars(select(AuditRow).where(AuditRow.action == "thresholds.changed")).one()
        assert row.details["before"] == {"likely": 0.7, "possible": 0.35}

    @pytest.mark.parametrize(("possible", "likely"), [("0", "70"), ("80", "70"), ("x", "70"), ("40", "100"), ("", "")])
    def test_nonsense_comes_back_with_a_sentence(self, admin: PageClient, db: Session, possible, likely) -> None:
        answer = admin.post("/admin/thresholds", data={"possible": possible, "likely": likely})
        assert answer.status_code == 422
        assert "Enter a" in answer.get_data(as_text=True)
        assert thresholds(db) == (0.7, 0.35)

    def test_it_can_be_counted_again(self, admin: PageClient, db: Session) -> None:
        admin.post("/admin/thresholds/count")
        admin.post("/admin/thresholds/count")
        assert db.scalars(select(JobRow.name).where(JobRow.name == "triage.curve")).all() == ["triage.curve"]
