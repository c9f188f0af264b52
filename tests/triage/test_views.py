"""What lies near an item: where pages leave a place for it, and what fills the place."""

from helpdesk.accounts.models import User
from helpdesk.kernel.policy import Role
from tests.factories.accounts import as_actor, make_user
from tests.factories.community import make_question
from tests.factories.knowledge import make_answer
from tests.factories.tickets import make_ticket
from tests.factories.triage import index_all

QUESTION = "How much credit cover must we lodge"
PART = {"HX-Request": "true"}


def near_a_ticket(db, using):
    """An answer in the very words of a ticket; the address of what lies near, and the ticket's pages."""
    make_answer(db, QUESTION)
    ticket = make_ticket(db, as_actor(make_user(db)), subject=QUESTION)
    index_all(db, using)
    return f"/related/ticket/{ticket.id}", ticket


class TestNearATicket:
    def test_its_page_on_the_desk_leaves_a_place_that_fills_itself(self, client, db, using) -> None:
        address, ticket = near_a_ticket(db, using)
        client.sign_in(make_user(db, Role.AGENT))

        page = client.get(f"/desk/tickets/{ticket.reference}").get_data(as_text=True)

        assert f'hx-get="{address}" hx-trigger="load"' in page
        assert f'<a href="{address}">' in page
        assert QUESTION in client.get(address, headers=PART).get_data(as_text=True)

    def test_the_part_has_no_frame_and_the_page_has_one(self, client, db, using) -> None:
        address, _ = near_a_ticket(db, using)
        client.sign_in(make_user(db, Role.AGENT))

        part, page = client.get(address, headers=PART), client.get(address)

        assert "<h1>" not in part.get_data(as_text=True)
        assert f"<h1>Near “{QUESTION}”</h1>" in page.get_data(as_text=True)
        assert 'href="/faq/' in page.get_data(as_text=True)

    def test_members_get_neither(self, client, db, using) -> None:
        address, ticket = near_a_ticket(db, using)
        client.sign_in(db.get_one(User, ticket.requester_id))

        assert client.get(address).status_code == 404
        assert address not in client.get(f"/tickets/{ticket.reference}").get_data(as_text=True)


class TestNearAQuestion:
    def test_everybody_who_may_read_it_sees_what_they_may_see(self, client, db, using) -> None:
        make_answer(db, QUESTION)
        public, closed = (make_question(db, title=f"{QUESTION} {n}?", is_public=n == 1) for n in (1, 2))
        index_all(db, using)

        near = client.get(f"/related/question/{public.id}", headers=PART).get_data(as_text=True)

        assert QUESTION in near
        assert closed.title not in near
        assert client.get(f"/related/question/{closed.id}").status_code == 404

    def test_without_an_encoder_it_says_that_nothing_was_found(self, client, db, using) -> None:
        question = make_question(db, title=QUESTION, is_public=True)
        index_all(db, using)
        using.encoder = None

        page = client.get(f"/related/question/{question.id}").get_data(as_text=True)

        assert "Nothing that lies near it was found." in page

    def test_other_kinds_have_nothing_near(self, client, db, using) -> None:
        assert client.get("/related/clause/1").status_code == 404
        assert client.get("/related/nonsense/1").status_code == 404
