"""Asking: answers first, then a question or a ticket, once, seen by whom the asker chose."""

import io
import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import User
from helpdesk.community.models import Question
from helpdesk.kernel.policy import SYSTEM
from helpdesk.portal.views import ask, home
from helpdesk.rulebook.resolver import CodeMemory
from helpdesk.rulebook.services import set_glossary
from helpdesk.tickets.enums import Audience
from helpdesk.tickets.models import Attachment, Ticket
from helpdesk.triage.enums import Outcome
from helpdesk.triage.models import Attempt
from helpdesk.web.security import limiter
from tests.client import PageClient
from tests.factories.accounts import make_organisation, make_user
from tests.factories.knowledge import make_answer
from tests.factories.tickets import make_queue

TITLE = "How early must we book a security assessment?"
FORM = {"title": TITLE, "body": "We are a Small Supplier.", "audience": "helpdesk", "attempt": "a" * 32}


@pytest.fixture
def asker(client: PageClient, db: Session) -> User:
    make_queue(db, "party-support")
    make_queue(db, "security-incidents", is_restricted=True)
    user = make_user(db, organisation=make_organisation(db, shares_tickets=True))
    client.sign_in(user)
    return user


def sent(client: PageClient, **changes: object) -> object:
    page = client.get("/ask").get_data(as_text=True)
    once = re.search(r'name="once"[^>]*value="([0-9a-f]+)"', page)
    assert once
    return client.post("/ask", data={**FORM, "once": once[1], **changes}, content_type="multipart/form-data")


class TestBeforeAsking:
    def test_a_visitor_may_look_for_answers_and_is_told_how_to_ask(self, client: PageClient) -> None:
        page = client.get("/ask?q=Do we need a privacy assessment?").get_data(as_text=True)
        assert "Do we need a privacy assessment?" in page
        assert "/sign-in?next=/ask%3Fresume%3D1%26q%3DDo%2520we%2520need" in page
        assert client.post("/ask", data=FORM).status_code in {302, 401}

    def test_what_may_answer_is_offered_with_its_reason(self, client: PageClient, db: Session, asker: User) -> None:
        make_answer(db, question=TITLE)
        page = client.get(f"/ask/suggestions?q={TITLE}&attempt={'b' * 32}").get_data(as_text=True)
        assert "How early must we book" in page
        assert "This answered me" in page
        assert db.scalars(select(Attempt)).one().is_offered

    def test_when_nothing_is_likely_the_list_says_so(self, client: PageClient, asker: User) -> None:
        page = client.get("/ask/suggestions?q=purple elephants dancing loudly").get_data(as_text=True)
        assert "Nothing likely found" in page

    def test_what_a_term_means_stands_beside_the_question_and_above_what_is_found(
        self, client: PageClient, db: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_glossary(db, SYSTEM, {"SMKI": "Smart Metering Key Infrastructure"})
        monkeypatch.setattr(ask, "memory", CodeMemory(look_again_seconds=0))
        monkeypatch.setattr(home, "memory", CodeMemory(look_again_seconds=0))
        db.commit()
        for address in ("/ask?q=what is smki", "/ask/suggestions?q=what is smki", "/search?q=what is smki"):
            page = client.get(address).get_data(as_text=True)
            assert "<dt>SMKI</dt><dd>Smart Metering Key Infrastructure</dd>" in page
        assert "<dt>" not in client.get("/ask/suggestions?q=what is a zebra").get_data(as_text=True)

    def test_two_words_are_too_few(self, client: PageClient, db: Session, asker: User) -> None:
        client.get(f"/ask/suggestions?q=credit cover&attempt={'b' * 32}")
        assert db.scalar(select(func.count()).select_from(Attempt)) == 0

    def test_without_javascript_the_check_shows_the_list_and_keeps_what_was_typed(
        self, client: PageClient, db: Session, asker: User
    ) -> None:
        make_answer(db, question=TITLE)
        page = client.post("/ask/check", data=FORM).get_data(as_text=True)
        assert "This answered me" in page
        assert "We are a Small Supplier." in page
        assert db.scalar(select(func.count()).select_from(Ticket)) == 0

    def test_a_visitor_may_check_too(self, client: PageClient, db: Session) -> None:
        make_answer(db, question=TITLE)
        page = client.post("/ask/check", data=FORM).get_data(as_text=True)
        assert "This answered me" in page
        assert "We are a Small Supplier." in page

    def test_the_question_of_the_home_page_is_looked_up_at_once(
        self, client: PageClient, db: Session, asker: User
    ) -> None:
        make_answer(db, question=TITLE)
        page = client.get(f"/ask?q={TITLE}").get_data(as_text=True)
        assert "This answered me" in page
        assert "One text may already answer this." in page
        assert db.scalars(select(Attempt)).one().is_offered
        assert "Begin to type" in client.get("/ask?q=credit cover").get_data(as_text=True)

    def test_who_asks_without_end_is_slowed(self, client: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limiter, "enabled", True)
        limiter.reset()
        statuses = [client.browser.get("/ask/suggestions?q=a").status_code for _ in range(125)]
        limiter.reset()
        assert (statuses[0], statuses[-1]) == (200, 429)


class TestBeingAnswered:
    def test_this_answered_me_ends_the_attempt_and_is_counted(
        self, client: PageClient, db: Session, asker: User
    ) -> None:
        answer = make_answer(db, question=TITLE)
        client.get(f"/ask/suggestions?q={TITLE}&attempt={'b' * 32}")
        done = client.post("/ask/answered", data={"item": f"answer:{answer.id}", "attempt": "b" * 32})
        assert "Glad that this answered you" in done.get_data(as_text=True)
        attempt = db.scalars(select(Attempt)).one()
        assert (attempt.outcome, attempt.confirmed_id) == (Outcome.CONFIRMED, answer.id)

    def test_opening_a_suggestion_is_counted_and_leads_there(
        self, client: PageClient, db: Session, asker: User
    ) -> None:
        answer = make_answer(db, question=TITLE)
        client.get(f"/ask/suggestions?q={TITLE}&attempt={'b' * 32}")
        link = f"/ask/open/{'b' * 32}/answer/{answer.id}"
        assert link in client.get(f"/ask/suggestions?q={TITLE}&attempt={'b' * 32}").get_data(as_text=True)
        going = client.get(link)
        assert going.headers["Location"].endswith(f"/faq/{answer.slug}")
        assert db.scalars(select(Attempt)).one().is_opened

    @pytest.mark.parametrize("item", ["", "answer", "answer:x", "nonsense:1", "ticket:999999", f"answer:{10**20}"])
    def test_rubbish_is_a_sentence(self, client: PageClient, asker: User, item: str) -> None:
        assert client.post("/ask/answered", data={"item": item}).status_code in {404, 422}


class TestSending:
    def test_a_ticket_is_made_and_the_attempt_ends(self, client: PageClient, db: Session, asker: User) -> None:
        answer = sent(client)
        ticket = db.scalars(select(Ticket)).one()
        assert answer.headers["Location"] == f"/tickets/{ticket.reference}/received"
        assert (ticket.audience, ticket.requester_id) == (Audience.HELPDESK, asker.id)
        assert ticket.reference in client.get(answer.headers["Location"]).get_data(as_text=True)

    def test_a_double_click_posts_once(self, client: PageClient, db: Session, asker: User) -> None:
        first = sent(client, once="c" * 32)
        second = sent(client, once="c" * 32)
        assert first.headers["Location"] == second.headers["Location"]
        assert db.scalar(select(func.count()).select_from(Ticket)) == 1

    def test_a_community_question_is_seen_by_visitors_only_if_the_asker_says_so(
        self, client: PageClient, db: Session, asker: User
    ) -> None:
        sent(client, audience="community")
        question = db.scalars(select(Question)).one()
        assert not question.is_public
        client.sign_out()
        assert client.get(question.path).status_code == 404

    def test_a_security_incident_is_refused_to_the_community(
        self, client: PageClient, db: Session, asker: User
    ) -> None:
        answer = sent(client, audience="community", title="Our private key was compromised last night")
        assert answer.status_code == 422
        assert "must not be posted to the community" in answer.get_data(as_text=True)
        assert db.scalar(select(func.count()).select_from(Question)) == 0

    def test_an_incident_at_the_end_of_a_long_text_is_refused_too(
        self, client: PageClient, db: Session, asker: User
    ) -> None:
        body = "We wait for the assessor. " * 200 + "Our private key was compromised last night."
        assert sent(client, audience="community", body=body).status_code == 422
        assert db.scalar(select(func.count()).select_from(Question)) == 0

    def test_sharing_is_offered_only_where_the_organisation_allows_it(self, client: PageClient, db: Session) -> None:
        make_queue(db, "party-support")
        client.sign_in(make_user(db, organisation=make_organisation(db, shares_tickets=False)))
        assert "My organisation and the helpdesk" not in client.get("/ask").get_data(as_text=True)
        assert sent(client, audience="organisation").status_code == 422
        assert db.scalar(select(func.count()).select_from(Ticket)) == 0

    def test_a_failed_form_comes_back_filled(self, client: PageClient, db: Session, asker: User) -> None:
        answer = sent(client, title="Short", body="Long and careful details.")
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        assert "Long and careful details." in page
        assert "8 to 200 characters" in page

    def test_a_file_goes_with_the_ticket_and_a_bad_one_stops_it(
        self, client: PageClient, db: Session, asker: User
    ) -> None:
        bad = sent(client, files=(io.BytesIO(b"MZ"), "tool.exe"))
        assert bad.status_code == 422
        assert db.scalar(select(func.count()).select_from(Ticket)) == 0
        sent(client, files=(io.BytesIO(b"%PDF-1.7"), "letter.pdf"))
        assert db.scalar(select(func.count()).select_from(Attachment)) == 1

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x" * 100_000,
            "مرحبا كيف حالك اليوم",
            "👍" * 300,
            "'; DROP TABLE tickets; --",
            "<script>alert(1)</script>",
        ],
    )
    def test_rubbish_is_taken_safely_or_refused_with_a_sentence(
        self, client: PageClient, db: Session, asker: User, text: str
    ) -> None:
        answer = sent(client, body=text)
        assert answer.status_code in {302, 422}
        if answer.status_code == 302:
            page = client.get(f"/tickets/{db.scalars(select(Ticket)).one().reference}").get_data(as_text=True)
            assert "<script>alert" not in page

    def test_too_many_questions_in_an_hour_are_refused(
        self, client: PageClient, db: Session, asker: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("helpdesk.portal.views.ask.ASKS_PER_HOUR", 1)
        assert sent(client).status_code == 302
        refused = sent(client)
        assert refused.status_code == 429
        assert "Please wait" in refused.get_data(as_text=True)
