"""The community's pages, as each role sees them."""

from xml.etree import ElementTree

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.community import moderation, queries, services
from helpdesk.community.enums import State
from helpdesk.community.models import Answer, Comment, Question
from helpdesk.kernel.policy import Role
from tests.client import PageClient
from tests.factories.accounts import as_actor, make_actor, make_user
from tests.factories.community import counted_statements, make_answer, make_question

ATOM = "{http://www.w3.org/2005/Atom}"
MAX_QUERIES = 12  # for one page, signing in included


def once(number: int = 1) -> str:
    return f"{number:032d}"


class TestReading:
    def test_the_address_is_mended_to_the_present_title(self, client: PageClient, db: Session) -> None:
        question = make_question(db, is_public=True)
        for address in (f"/questions/{question.id}", f"/questions/{question.id}/anything"):
            response = client.get(address)
            assert response.status_code == 301
            assert response.location == question.path

    def test_a_visitor_reads_public_questions_only(self, client: PageClient, db: Session) -> None:
        public, closed_shop = make_question(db, is_public=True), make_question(db, title="For Parties alone")
        assert client.get(public.path).status_code == 200
        assert client.get(closed_shop.path).status_code == 404
        assert "For Parties alone" not in client.get("/questions").get_data(as_text=True)

    def test_a_visitor_learns_nothing_from_the_tags_of_other_questions(self, client: PageClient, db: Session) -> None:
        make_question(db, tags=("charges",), is_public=True)
        make_question(db, tags=("secret-project", "charges"))
        page = client.get("/questions/tags").get_data(as_text=True)
        assert "charges" in page
        assert "secret-project" not in page
        assert "1</span> question<" in page.replace("\n", "")

    def test_a_party_reads_all_but_hidden_questions(self, client: PageClient, db: Session) -> None:
        question, hidden = make_question(db), make_question(db, title="To be hidden")
        moderation.hide(db, make_actor(db, Role.AGENT), hidden)
        client.sign_in(make_user(db))
        assert client.get(question.path).status_code == 200
        assert client.get(hidden.path).status_code == 404
        client.sign_in(make_user(db, Role.AGENT))
        assert "Only staff see this question" in client.get(hidden.path).get_data(as_text=True)

    def test_a_huge_number_is_not_found(self, client: PageClient) -> None:
        assert client.get("/questions/99999999999999999999999").status_code == 404

    def test_official_answers_stand_before_the_accepted_one(self, client: PageClient, db: Session) -> None:
        asker = make_actor(db)
        question = make_question(db, asker)
        voted, accepted = make_answer(db, question, body="Voted"), make_answer(db, question, body="Accepted")
        official = make_answer(db, question, make_actor(db, Role.AGENT), body="Official", is_official=True)
        services.vote(db, make_actor(db), voted, 1)
        services.accept(db, asker, question, accepted)
        client.sign_in(make_user(db))
        page = client.get(question.path).get_data(as_text=True)
        places = [page.index(f'id="answer-{one.id}"') for one in (official, accepted, voted)]
        assert places == sorted(places)
        assert "Solved" in page

    def test_text_that_tries_to_break_the_page_is_shown_as_text(self, client: PageClient, db: Session) -> None:
        question = make_question(
            db,
            title="<script>alert(1)</script> \u202eright to left 🦊",
            body="<img src=x onerror=alert(1)>",
            is_public=True,
        )
        page = client.get(question.path).get_data(as_text=True)
        assert "<script>alert" not in page
        assert "onerror=alert(1)>" not in page.replace("&gt;", "")

    def test_who_wrote_it_stays_known_when_the_account_goes(self, client: PageClient, db: Session) -> None:
        person = make_user(db, name="Ada Gone")
        question = make_question(db, as_actor(person), is_public=True)
        question.author_id = None
        assert "Ada Gone" in client.get(question.path).get_data(as_text=True)

    def test_the_feed_holds_public_questions_only_whoever_asks(self, client: PageClient, db: Session) -> None:
        make_question(db, title="Public & open", body="A \x0b control sign", is_public=True)
        make_question(db, title="For Parties alone")
        client.sign_in(make_user(db, Role.AGENT))
        response = client.get("/questions.atom")
        assert response.mimetype == "application/atom+xml"
        feed = ElementTree.fromstring(response.get_data())
        titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
        assert titles == ["Public & open"]
