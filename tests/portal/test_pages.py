"""Home, search, drafts, health, and the administrator's own pages."""

import pytest
from sqlalchemy.orm import Session

from helpdesk.kernel import audit, mail
from helpdesk.kernel.models import JobRow, OutboxRow
from helpdesk.kernel.policy import SYSTEM, Role
from tests.client import PageClient
from tests.factories.accounts import make_user
from tests.factories.community import make_question
from tests.factories.knowledge import make_answer

ADMIN_PAGES = ["/admin", "/admin/audit", "/admin/jobs", "/admin/mail", "/admin/models", "/admin/thresholds"]


class TestHome:
    def test_a_visitor_sees_what_is_public_and_nothing_else(self, client: PageClient, db: Session) -> None:
        make_question(db, title="A question for Parties only", body="Body of it")
        make_question(db, title="A question that visitors may read", body="Body of it", is_public=True)
        make_answer(db, question="What is the Smart Energy Code?")
        page = client.get("/").get_data(as_text=True)
        assert "A question that visitors may read" in page
        assert "What is the Smart Energy Code?" in page
        assert "A question for Parties only" not in page

    def test_drafts_are_not_shown_as_answers_to_staff_either(self, client: PageClient, db: Session) -> None:
        make_answer(db, question="What will we say?", is_published=False)
        client.sign_in(make_user(db, Role.LEAD))
        assert "What will we say?" not in client.get("/").get_data(as_text=True)

    def test_a_person_can_be_reached_from_the_first_screen(self, client: PageClient) -> None:
        assert "Talk to a person" in client.get("/").get_data(as_text=True)


class TestSearch:
    def test_matching_words_are_marked_and_private_texts_stay_hidden(self, client: PageClient, db: Session) -> None:
        make_question(db, title="Credit cover for a new supplier", body="How much credit cover?", is_public=True)
        make_question(db, title="Credit cover in our group", body="How much?")
        page = client.get("/search?q=credit cover").get_data(as_text=True)
        assert "for a new supplier" in page
        assert "<mark>" in page
        assert "in our group" not in page

    def test_nothing_found_offers_to_ask_with_the_text_kept(self, client: PageClient) -> None:
        page = client.get("/search?q=zebra crossings").get_data(as_text=True)
        assert "/ask?q=zebra%20crossings" in page

    @pytest.mark.parametrize("query", ["%", "'", '"', "a" * 5000, "* OR", "NEAR(", "(((", "🙂", "-", "x:y"])
    def test_rubbish_is_searched_for_without_harm(self, client: PageClient, query: str) -> None:
        assert client.get("/search", query_string={"q": query}).status_code == 200

    def test_a_nul_is_refused_with_a_sentence(self, client: PageClient) -> None:
        answer = client.get("/search?q=a%00b")
        assert answer.status_code == 400
        assert "not understood" in answer.get_data(as_text=True)

    @pytest.mark.parametrize("page", ["0", "-1", "9" * 50, "x", "²"])
    def test_absurd_page_numbers_are_pages(self, client: PageClient, page: str) -> None:
        assert client.get("/search", query_string={"q": "credit", "page": page}).status_code == 200


class TestDrafts:
    def test_a_draft_comes_back_to_its_writer_alone(self, client: PageClient, db: Session) -> None:
        client.sign_in(make_user(db))
        saved = client.post("/drafts", json={"key": "ask", "fields": {"title": "Half a sentence"}})
        assert saved.get_json()["saved_at"]
        assert client.get("/drafts?key=ask").get_json()["fields"] == {"title": "Half a sentence"}
        client.sign_in(make_user(db))
        assert client.get("/drafts?key=ask").status_code == 204

    def test_a_box_that_was_not_ticked_does_not_come_back_ticked(self, client: PageClient, db: Session) -> None:
        client.sign_in(make_user(db))
        client.post("/drafts", json={"key": "ask", "fields": {"is_public": False, "title": 7}})
        assert client.get("/drafts?key=ask").get_json()["fields"] == {"is_public": False, "title": "7"}

    @pytest.mark.parametrize(
        "body",
        [
            None,
            [],
            {"key": "ask"},
            {"key": "", "fields": {}},
            {"key": "ask\0", "fields": {}},
            {"key": "ask\ud800", "fields": {}},
            {"key": "ask", "fields": {"a": "x" * 70_000}},
        ],
    )
    def test_rubbish_is_refused_with_a_sentence(self, client: PageClient, db: Session, body: object) -> None:
        client.sign_in(make_user(db))
        answer = client.post("/drafts", json=body)
        assert answer.status_code == 422
        assert answer.get_json()["error"]["detail"]


class TestMachines:
    def test_health_and_readiness_answer(self, client: PageClient) -> None:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200

    def test_figures_for_prometheus_stay_on_this_machine(self, client: PageClient) -> None:
        assert client.get("/metrics").status_code == 200
        away = client.get("/metrics", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
        assert away.status_code == 404

    def test_every_answer_carries_the_strict_policy(self, client: PageClient) -> None:
        policy = client.get("/").headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


class TestAdministration:
    @pytest.mark.parametrize("url", ADMIN_PAGES)
    @pytest.mark.parametrize("role", [Role.MEMBER, Role.PARTY_ADMIN, Role.AGENT, Role.LEAD])
    def test_only_administrators_open_these_pages(self, client: PageClient, db: Session, url: str, role: Role) -> None:
        client.sign_in(make_user(db, role))
        assert client.get(url).status_code == 403

    def test_the_pages_show_rows_and_take_rubbish(self, client: PageClient, db: Session) -> None:
        audit.record(db, SYSTEM, "ticket.assigned", "ticket", 7, agent=3)
        mail.outbox(db, "accounts/reset", "p@small.example", {})
        client.sign_in(make_user(db, Role.ADMIN))
        for url in ADMIN_PAGES:
            assert client.get(f"{url}?page=x&state=%25&who=%25&action=_").status_code == 200
        assert "ticket.assigned" in client.get("/admin/audit").get_data(as_text=True)
        assert "p@small.example" in client.get("/admin/mail").get_data(as_text=True)

    def test_a_failed_job_is_retried_by_a_button(self, client: PageClient, db: Session) -> None:
        row = JobRow(name="triage.index", arguments={}, state="failed", error="ValueError: broken", attempts=5)
        db.add(row)
        client.sign_in(make_user(db, Role.ADMIN))
        assert "ValueError: broken" in client.get("/admin/jobs?state=failed").get_data(as_text=True)
        client.post(f"/admin/jobs/{row.id}/retry")
        assert db.get_one(JobRow, row.id).state == "waiting"

    def test_a_message_is_shown_as_it_would_look_without_its_scripts(self, client: PageClient, db: Session) -> None:
        row = OutboxRow(
            template="x",
            to_address="p@small.example",
            context={},
            subject="Welcome",
            text="Go to http://127.0.0.1:8000/invite/abc",
            html="<p>Hello</p><script>alert(1)</script>",
            state="held",
        )
        db.add(row)
        client.sign_in(make_user(db, Role.ADMIN))
        page = client.get(f"/admin/mail/{row.id}").get_data(as_text=True)
        assert 'href="http://127.0.0.1:8000/invite/abc"' in page
        assert "<script>alert" not in page
        assert client.get("/admin/mail/999999").status_code == 404
