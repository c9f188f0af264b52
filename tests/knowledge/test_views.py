"""Pages of answers and articles, as each role sees them."""

import pytest

from helpdesk.kernel.policy import Role
from helpdesk.knowledge.enums import Audience
from helpdesk.knowledge.services import WordingFrom
from tests.factories.accounts import make_user
from tests.factories.knowledge import make_answer, make_article


class TestReading:
    def test_a_visitor_reads_an_answer_with_its_wordings(self, client, db) -> None:
        make_answer(db, "How do we join?", wordings=["Becoming a Party"], body="See **Section B1**. <b>x</b>")

        assert "How do we join?" in client.get("/faq").text
        page = client.get("/faq/how-do-we-join").text
        assert "Official answer" in page
        assert "Becoming a Party" in page
        assert "<strong>Section B1</strong>" in page
        assert "<b>x</b>" not in page

    def test_wordings_from_tickets_are_matched_but_shown_to_staff_alone(self, client, db) -> None:
        wording = WordingFrom(text="Our firm Acme is late", kind="ticket", id=1)
        make_answer(db, "How do we join?", wordings=[wording, "Joining"])

        assert "Acme" not in client.get("/faq/how-do-we-join").text
        client.sign_in(make_user(db, Role.AGENT))
        assert "Acme" in client.get("/faq/how-do-we-join").text

    def test_what_is_not_for_the_reader_is_not_found(self, client, db) -> None:
        make_answer(db, "For staff", audience=Audience.STAFF)
        make_answer(db, "A draft", is_published=False)

        assert "For staff" not in client.get("/faq").text
        for slug in ("for-staff", "a-draft", "nothing"):
            assert client.get(f"/faq/{slug}").status_code == 404

    def test_articles_are_listed_and_read(self, client, db) -> None:
        make_article(db, "Joining, step by step")

        assert "Joining, step by step" in client.get("/articles").text
        assert client.get("/articles/joining-step-by-step").status_code == 200
        assert client.get("/articles?topic=nothing").status_code == 200


class TestHelpful:
    def test_a_member_says_that_it_helped(self, client, db) -> None:
        answer = make_answer(db, "How do we join?")
        client.sign_in(make_user(db))

        reply = client.post("/faq/how-do-we-join/helpful", data={"helped": "yes"})

        assert reply.status_code == 302
        db.refresh(answer)
        assert answer.helpful_count == 1
        assert 'aria-pressed="true">Yes' in client.get("/faq/how-do-we-join").text

    def test_a_visitor_is_asked_to_sign_in(self, client, db) -> None:
        make_answer(db, "How do we join?")

        assert client.post("/faq/how-do-we-join/helpful", data={"helped": "yes"}).status_code in {302, 401}


FORM = {
    "question": "How do we join?",
    "body": "Send the form.",
    "audience": "parties",
    "wordings": "Joining\nBecoming one",
    "topic": "",
}


class TestWriting:
    def test_an_agent_drafts_and_a_lead_publishes(self, client, db) -> None:
        client.sign_in(make_user(db, Role.AGENT))
        assert client.get("/faq/new").status_code == 200

        reply = client.post("/faq/new", data={**FORM, "once": "a" * 32})
        again = client.post("/faq/new", data={**FORM, "once": "a" * 32})

        assert reply.location == again.location == "/faq/how-do-we-join"
        assert client.post("/faq/how-do-we-join/publish").status_code == 403
        client.sign_in(make_user(db, Role.LEAD))
        assert client.post("/faq/how-do-we-join/publish").status_code == 302
        assert "Archive" in client.get("/faq/how-do-we-join").text
        assert client.post("/faq/how-do-we-join/archive").status_code == 302

    def test_a_preview_keeps_nothing(self, client, db) -> None:
        client.sign_in(make_user(db, Role.AGENT))

        page = client.post("/faq/new", data={**FORM, "once": "b" * 32, "preview": "1"})

        assert "Preview" in page.text
        assert client.get("/faq/how-do-we-join").status_code == 404

    def test_a_failed_form_comes_back_filled(self, client, db) -> None:
        client.sign_in(make_user(db, Role.AGENT))

        page = client.post("/faq/new", data={**FORM, "question": "", "once": "c" * 32})

        assert page.status_code == 422
        assert "Send the form." in page.text

    def test_an_edit_is_shown_and_kept(self, client, db) -> None:
        make_answer(db, "How do we join?", wordings=["Joining"])
        client.sign_in(make_user(db, Role.LEAD))
        assert "Joining" in client.get("/faq/how-do-we-join/edit").text

        reply = client.post("/faq/how-do-we-join/edit", data={**FORM, "body": "Write to us.", "once": "d" * 32})

        assert reply.status_code == 302
        assert "Write to us." in client.get("/faq/how-do-we-join").text

    def test_an_article_is_written_edited_published_and_archived(self, client, db) -> None:
        client.sign_in(make_user(db, Role.LEAD))
        form = {"title": "Joining", "summary": "In steps.", "body": "First this.", "audience": "public", "topic": ""}
        assert client.get("/articles/new").status_code == 200
        assert client.post("/articles/new", data={**form, "once": "e" * 32}).location == "/articles/joining"
        assert client.get("/articles/joining/edit").status_code == 200
        assert (
            client.post("/articles/joining/edit", data={**form, "body": "Then that.", "once": "f" * 32}).status_code
            == 302
        )
        assert client.post("/articles/joining/publish").status_code == 302
        assert "Then that." in client.get("/articles/joining").text
        assert client.post("/articles/joining/archive").status_code == 302

    @pytest.mark.parametrize("path", ["/faq/new", "/articles/new"])
    def test_a_member_may_not_write(self, client, db, path: str) -> None:
        client.sign_in(make_user(db))

        assert client.get(path).status_code == 403
