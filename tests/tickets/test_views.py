"""The pages of tickets as each person meets them."""

import io
import re
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from helpdesk.accounts.models import User
from helpdesk.community.models import Question
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.policy import SYSTEM, Actor, Role
from helpdesk.tickets import queries, queues, services
from helpdesk.tickets.enums import MessageKind, Priority, Status
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.questions import open_from_question
from tests.client import PageClient
from tests.factories.accounts import as_actor, make_organisation, make_user
from tests.factories.community import make_question
from tests.factories.tickets import make_queue, make_restricted_ticket, make_ticket, make_topic

TOKEN = "0123456789abcdef"
MOST_QUERIES = 12  # of one page, sign-in included


@pytest.fixture
def member(db: Session, client: PageClient) -> Actor:
    return signed_in(db, client, Role.MEMBER)


@pytest.fixture
def agent(db: Session) -> Actor:
    return as_actor(make_user(db, Role.AGENT, name="Ada Agent"))


def signed_in(db: Session, client: PageClient, role: Role, **fields: Any) -> Actor:
    user = make_user(db, role, **fields)
    client.sign_in(user)
    return as_actor(user)


def switch(db: Session, client: PageClient, actor: Actor) -> None:
    client.sign_out()
    client.sign_in(db.get_one(User, actor.id))


def text_of(response: Any) -> str:
    return str(response.get_data(as_text=True))


def last_message(db: Session, ticket: Ticket) -> Message:
    return queries.messages(db, ticket, with_notes=True)[-1]


class TestMyTickets:
    def test_it_lists_only_ones_own(self, db: Session, client: PageClient, member: Actor) -> None:
        mine = make_ticket(db, member, subject="Mine alone")
        make_ticket(db, as_actor(make_user(db)), subject="Of a stranger")
        page = text_of(client.get("/tickets"))
        assert mine.reference in page
        assert "Of a stranger" not in page

    def test_the_organisations_are_offered_where_it_shares(self, db: Session, client: PageClient) -> None:
        organisation = make_organisation(db, shares_tickets=True)
        signed_in(db, client, Role.MEMBER, organisation=organisation)
        colleague = as_actor(make_user(db, organisation=organisation))
        make_ticket(db, colleague, subject="Shared with us", audience="organisation")
        make_ticket(db, colleague, subject="Kept to themselves", audience="helpdesk")
        page = text_of(client.get("/tickets?show=organisation"))
        assert "Shared with us" in page
        assert "Kept to themselves" not in page

    def test_a_status_narrows_it(self, db: Session, client: PageClient, member: Actor) -> None:
        solved = make_ticket(db, member, subject="Long solved")
        make_ticket(db, member, subject="Still open")
        services.solve(db, member, solved)
        page = text_of(client.get("/tickets?status=solved"))
        assert "Long solved" in page
        assert "Still open" not in page

    @pytest.mark.parametrize("address", ["/tickets", "/tickets?show=following", "/tickets?show=rubbish&page=-1"])
    def test_an_empty_list_says_what_to_do(self, client: PageClient, member: Actor, address: str) -> None:
        response = client.get(address)
        assert response.status_code == 200
        assert "/ask?to=helpdesk" in text_of(response)


class TestReceived:
    def test_it_names_reference_and_deadline(self, db: Session, client: PageClient, member: Actor) -> None:
        ticket = make_ticket(db, member)
        page = text_of(client.get(f"/tickets/{ticket.reference}/received"))
        assert ticket.reference in page
        assert "You hear from a person by" in page
        assert re.search(r"\d\d:\d\d (GMT|BST)", page)

    def test_a_dcc_incident_is_handed_over(self, db: Session, client: PageClient, member: Actor) -> None:
        ticket = make_ticket(db, member, subject="The DCC is down")
        assert "Self-Service Interface" in text_of(client.get(f"/tickets/{ticket.reference}/received"))

    def test_a_restricted_matter_says_who_reads_it(self, db: Session, client: PageClient, member: Actor) -> None:
        ticket = make_restricted_ticket(db, member)
        assert "Security Incidents" in text_of(client.get(f"/tickets/{ticket.reference}/received"))


class TestTicketPage:
    def test_notes_are_not_on_it(self, db: Session, client: PageClient, member: Actor, agent: Actor) -> None:
        ticket = make_ticket(db, member)
        services.note(db, agent, ticket, "Between ourselves")
        services.reply(db, agent, ticket, "Here is your answer")
        page = text_of(client.get(f"/tickets/{ticket.reference}"))
        assert "Here is your answer" in page
        assert "Between ourselves" not in page

    def test_what_people_write_is_text(self, db: Session, client: PageClient, member: Actor) -> None:
        ticket = make_ticket(
            db, member, subject="<script>alert(1)</script>", body="<img src=x onerror=alert(1)> 😀 \u202eabc"
        )
        page = text_of(client.get(f"/tickets/{ticket.reference}"))
        assert "<script>alert" not in page
        assert "onerror" not in page.replace("&lt;img src=x onerror", "")

    @pytest.mark.parametrize("part", ["", "/received"])
    def test_strangers_find_nothing(self, db: Session, client: PageClient, member: Actor, part: str) -> None:
        ticket = make_ticket(db, as_actor(make_user(db)))
        assert client.get(f"/tickets/{ticket.reference}{part}").status_code == 404

    def test_visitors_are_asked_to_sign_in(self, db: Session, client: PageClient) -> None:
        ticket = make_ticket(db, as_actor(make_user(db)))
        assert client.get(f"/tickets/{ticket.reference}").status_code in {302, 401}

    def test_a_message_is_sent_once(self, db: Session, client: PageClient, member: Actor) -> None:
        ticket = make_ticket(db, member)
        fields = {"body": "One more thing", "once": TOKEN}
        first = client.post(f"/tickets/{ticket.reference}/reply", data=fields)
        second = client.post(f"/tickets/{ticket.reference}/reply", data=fields)
        assert first.status_code == second.status_code == 302
        assert first.location == second.location
        assert len(queries.messages(db, ticket, with_notes=False)) == 2

    @pytest.mark.parametrize("body", ["", "   ", "x" * 20_001])
    def test_a_refused_message_comes_back_filled(
        self, db: Session, client: PageClient, member: Actor, body: str
    ) -> None:
        ticket = make_ticket(db, member)
        response = client.post(f"/tickets/{ticket.reference}/reply", data={"body": body, "once": TOKEN})
        assert response.status_code == 422
        assert "Please put this right" in text_of(response)
        assert body.strip() in text_of(response)

    def test_solve_and_reopen(self, db: Session, client: PageClient, member: Actor) -> None:
        ticket = make_ticket(db, member)
        client.post(f"/tickets/{ticket.reference}/solve")
        db.refresh(ticket)
        assert ticket.status is Status.SOLVED
        assert "Send and reopen" in text_of(client.get(f"/tickets/{ticket.reference}"))
        client.post(f"/tickets/{ticket.reference}/reopen")
        db.refresh(ticket)
        assert ticket.status is Status.OPEN

    def test_follow_and_stop(self, db: Session, client: PageClient) -> None:
        organisation = make_organisation(db, shares_tickets=True)
        signed_in(db, client, Role.MEMBER, organisation=organisation)
        ticket = make_ticket(db, as_actor(make_user(db, organisation=organisation)), audience="organisation")
        client.post(f"/tickets/{ticket.reference}/follow")
        assert ticket.reference in text_of(client.get("/tickets?show=following"))
        client.post(f"/tickets/{ticket.reference}/follow", data={"stop": "1"})
        assert ticket.reference not in text_of(client.get("/tickets?show=following"))


class TestFiles:
    def attach(self, client: PageClient, ticket: Ticket, name: str, content: bytes) -> Any:
        fields = {"body": "See the file", "once": TOKEN, "files": (io.BytesIO(content), name)}
        return client.post(f"/tickets/{ticket.reference}/reply", data=fields, content_type="multipart/form-data")

    def file_id(self, db: Session, ticket: Ticket) -> int:
        (attachment,) = last_message(db, ticket).attachments
        return attachment.file_id

    def test_they_are_saved_not_shown(self, db: Session, client: PageClient, member: Actor) -> None:
        ticket = make_ticket(db, member)
        assert self.attach(client, ticket, "../../list.csv", b"a,b\n").status_code == 302
        assert "list.csv" in text_of(client.get(f"/tickets/{ticket.reference}"))
        response = client.get(f"/files/{self.file_id(db, ticket)}", buffered=True)
        assert response.data == b"a,b\n"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"].startswith("attachment")

    def test_they_open_for_readers_of_the_ticket_only(
        self, db: Session, client: PageClient, member: Actor, agent: Actor
    ) -> None:
        ticket = make_ticket(db, member)
        self.attach(client, ticket, "list.csv", b"a,b\n")
        address = f"/files/{self.file_id(db, ticket)}"
        switch(db, client, agent)
        assert client.get(address, buffered=True).status_code == 200
        switch(db, client, as_actor(make_user(db)))
        assert client.get(address).status_code == 404
        client.sign_out()
        assert client.get(address).status_code in {302, 401}

    def test_a_dangerous_one_is_refused_with_the_text_kept(
        self, db: Session, client: PageClient, member: Actor
    ) -> None:
        ticket = make_ticket(db, member)
        response = self.attach(client, ticket, "page.html", b"<script>")
        assert response.status_code == 422
        assert "See the file" in text_of(response)
        assert len(queries.messages(db, ticket, with_notes=False)) == 1


class TestDesk:
    def test_members_do_not_enter(self, client: PageClient, member: Actor) -> None:
        for address in ("/desk", "/desk/questions", "/desk/new", "/desk/tickets/SP-000001"):
            assert client.get(address).status_code == 403

    def test_it_shows_tickets_with_what_the_model_thinks(self, db: Session, client: PageClient) -> None:
        signed_in(db, client, Role.AGENT)
        topic = make_topic(db, "charges", queue=make_queue(db, "finance"))
        sure, unsure = (make_ticket(db, as_actor(make_user(db))) for _ in range(2))
        for ticket, is_unsure in ((sure, False), (unsure, True)):
            guess = {
                "topic": {"slug": topic.slug, "name": topic.name, "probability": 0.91},
                "priority": {"slug": "high", "name": "High", "probability": 0.6},
                "queue": {"slug": "finance", "name": "Finance", "probability": 0.8},
                "reasons": ["It says charge", "So does SP-1", "It cites J1"],
                "is_unsure": is_unsure,
                "model": "test",
            }
            services.apply_prediction(db, ticket.id, guess)
        page = text_of(client.get("/desk"))
        assert "91%" in page
        assert "Not sure" in page
        assert "It says charge" in page
        page = text_of(client.get("/desk?is_unsure=y"))
        assert unsure.reference in page
        assert sure.reference not in page

    def test_filters_narrow_and_are_remembered(self, db: Session, client: PageClient) -> None:
        signed_in(db, client, Role.AGENT)
        requester = as_actor(make_user(db))
        low, high = (make_ticket(db, requester, priority=one) for one in (Priority.LOW, Priority.HIGH))
        page = text_of(client.get("/desk?priority=low&status=unsolved"))
        assert low.reference in page
        assert high.reference not in page
        again = client.get("/desk")
        assert again.status_code == 302
        assert "priority=low" in again.location
        client.get("/desk?clear=1")
        assert high.reference in text_of(client.get("/desk"))

    @pytest.mark.parametrize(
        "address",
        [
            "/desk?queue=x&status=y&topic=z&priority=9&agent=abc&channel=q&category=w&sort=zzz&page=zz",
            "/desk?opened_from=2026-99-99&opened_to=yesterday",
            "/desk?opened_from=0001-01-01&opened_to=9999-12-31",
            "/desk?agent=999999999999999999999&page=99999999",
            "/desk?status=&queue='--",
        ],
    )
    def test_rubbish_in_the_address_does_no_harm(self, db: Session, client: PageClient, address: str) -> None:
        signed_in(db, client, Role.AGENT)
        assert client.get(address).status_code == 200

    @pytest.mark.parametrize("filters", ["status=solved", "agent=me", "agent=none", "channel=phone", "sort=opened"])
    def test_every_filter_finds_its_tickets(self, db: Session, client: PageClient, filters: str) -> None:
        me = signed_in(db, client, Role.AGENT)
        wanted = make_ticket(db, me, requester_name="A. Caller", channel="phone")
        if filters == "agent=me":
            services.assign(db, me, wanted, db.get_one(User, me.id))
        if filters == "status=solved":
            services.solve(db, me, wanted)
        assert wanted.reference in text_of(client.get(f"/desk?{filters}"))

    def test_a_restricted_ticket_is_for_its_members(self, db: Session, client: PageClient) -> None:
        admin = signed_in(db, client, Role.ADMIN)
        ticket = make_restricted_ticket(db, as_actor(make_user(db)))
        queue = ticket.queue
        assert ticket.reference not in text_of(client.get("/desk?status="))
        assert client.get(f"/desk/tickets/{ticket.reference}").status_code == 404
        queues.add_member(db, SYSTEM, queue, db.get_one(User, admin.id))
        assert ticket.reference in text_of(client.get("/desk?status="))
        assert client.get(f"/desk/tickets/{ticket.reference}").status_code == 200


class TestWork:
    @pytest.fixture
    def ticket(self, db: Session, client: PageClient, agent: Actor) -> Ticket:
        client.sign_in(db.get_one(User, agent.id))
        return make_ticket(db, as_actor(make_user(db, name="Rita Requester")))

    def send(self, db: Session, client: PageClient, ticket: Ticket, **fields: str) -> Any:
        fields = {"body": "The answer", "once": TOKEN, "seen": str(last_message(db, ticket).id), **fields}
        return client.post(f"/desk/tickets/{ticket.reference}/reply", data=fields)

    @pytest.mark.parametrize(
        ("action", "status"),
        [("reply", Status.OPEN), ("wait", Status.WAITING_REQUESTER), ("solve", Status.SOLVED), ("junk", Status.OPEN)],
    )
    def test_the_button_names_what_happens(
        self, db: Session, client: PageClient, ticket: Ticket, action: str, status: Status
    ) -> None:
        assert self.send(db, client, ticket, action=action).status_code == 302
        db.refresh(ticket)
        assert ticket.status is status
        assert last_message(db, ticket).kind is MessageKind.REPLY

    def test_a_newer_message_blocks_sending_and_keeps_the_text(
        self, db: Session, client: PageClient, ticket: Ticket
    ) -> None:
        seen = str(last_message(db, ticket).id)
        requester = as_actor(db.get_one(User, ticket.requester_id))
        services.reply(db, requester, ticket, "I have found it myself")
        response = self.send(db, client, ticket, seen=seen, body="My long answer")
        page = text_of(response)
        assert response.status_code == 409
        assert "My long answer" in page
        assert "I have found it myself" in page
        assert "New since you began to write" in page
        (field,) = re.findall(r'name="seen" value="(\d+)"', page)
        assert self.send(db, client, ticket, seen=field, body="My long answer").status_code == 302

    def test_a_wild_number_of_a_message_does_no_harm(self, db: Session, client: PageClient, ticket: Ticket) -> None:
        assert self.send(db, client, ticket, seen="9" * 20).status_code == 302

    def test_a_note_has_its_own_door(self, db: Session, client: PageClient, ticket: Ticket) -> None:
        fields = {"note-body": "Ask finance first", "note-once": TOKEN, "body": "Not this"}
        assert client.post(f"/desk/tickets/{ticket.reference}/note", data=fields).status_code == 302
        written = last_message(db, ticket)
        assert (written.kind, written.body) == (MessageKind.NOTE, "Ask finance first")
        page = text_of(client.get(f"/desk/tickets/{ticket.reference}"))
        assert "Internal note: staff only" in page

    def test_an_empty_note_is_refused_and_the_page_stays_whole(
        self, db: Session, client: PageClient, ticket: Ticket
    ) -> None:
        response = client.post(f"/desk/tickets/{ticket.reference}/note", data={"note-once": TOKEN})
        assert response.status_code == 422
        assert "Write the note." in text_of(response)

    def test_assign_correct_and_history(self, db: Session, client: PageClient, ticket: Ticket, agent: Actor) -> None:
        topic, team = make_topic(db, "charges"), make_queue(db, "finance")
        at = f"/desk/tickets/{ticket.reference}"
        client.post(f"{at}/assign", data={"agent": str(agent.id)})
        client.post(f"{at}/triage", data={"topic": topic.slug, "priority": "urgent", "queue": team.slug})
        db.refresh(ticket)
        assert ticket.agent_id == agent.id
        assert (ticket.topic_id, ticket.priority, ticket.queue_id) == (topic.id, Priority.URGENT, team.id)
        page = text_of(client.get(at))
        assert "Ada Agent: priority from Normal to Urgent" in page

    @pytest.mark.parametrize("door", ["assign", "triage"])
    def test_values_that_no_list_offers_are_refused(
        self, db: Session, client: PageClient, ticket: Ticket, door: str
    ) -> None:
        fields = {"agent": "999", "topic": "x", "priority": "x", "queue": "x"}
        assert client.post(f"/desk/tickets/{ticket.reference}/{door}", data=fields).status_code == 422

    def test_a_ticket_sent_to_a_restricted_team_is_gone_from_ones_desk(
        self, db: Session, client: PageClient, ticket: Ticket
    ) -> None:
        team = make_queue(db, is_restricted=True)
        fields = {"topic": "", "priority": "high", "queue": team.slug}
        response = client.post(f"/desk/tickets/{ticket.reference}/triage", data=fields)
        assert response.location == "/desk"
        assert client.get(f"/desk/tickets/{ticket.reference}").status_code == 404

    def test_solve_wait_reopen(self, db: Session, client: PageClient, ticket: Ticket) -> None:
        for wanted in ("waiting_third_party", "solved", "open", "closed"):
            client.post(f"/desk/tickets/{ticket.reference}/status/{wanted}")
            db.refresh(ticket)
            assert ticket.status == wanted
        assert client.post(f"/desk/tickets/{ticket.reference}/status/rubbish").status_code == 404

    def test_a_clause_that_does_not_exist_is_refused(self, db: Session, client: PageClient, ticket: Ticket) -> None:
        response = client.post(f"/desk/tickets/{ticket.reference}/clauses", data={"clause-number": "Z99.99"})
        assert response.status_code == 422
        assert "There is no clause with that number" in text_of(response)

    def test_a_requester_who_is_staff_reads_no_notes_of_a_restricted_queue(
        self, db: Session, client: PageClient, agent: Actor
    ) -> None:
        client.sign_in(db.get_one(User, agent.id))
        ticket = make_restricted_ticket(db, agent)
        assert client.get(f"/tickets/{ticket.reference}").status_code == 200
        assert client.get(f"/desk/tickets/{ticket.reference}").status_code == 403


NEW = {
    "requester_name": "A. Caller",
    "channel": "phone",
    "subject": "How do we join?",
    "body": "They want to accede.",
    "once": TOKEN,
}


class TestNewTicket:
    def test_for_a_caller_without_an_account(self, db: Session, client: PageClient, agent: Actor) -> None:
        client.sign_in(db.get_one(User, agent.id))
        organisation = make_organisation(db, name="Example Energy")
        response = client.post("/desk/new", data={**NEW, "organisation": "example energy"})
        ticket = db.scalars(select(Ticket)).one()
        assert response.location.endswith(ticket.reference)
        assert (ticket.channel, ticket.organisation_id) == ("phone", organisation.id)
        assert (ticket.requester_id, ticket.requester_name) == (None, "A. Caller")

    def test_an_unknown_organisation_is_refused_with_the_form_filled(
        self, db: Session, client: PageClient, agent: Actor
    ) -> None:
        client.sign_in(db.get_one(User, agent.id))
        response = client.post("/desk/new", data={**NEW, "organisation": "Nobody Ltd"})
        assert response.status_code == 422
        assert "There is no organisation called" in text_of(response)
        assert "They want to accede." in text_of(response)

    def test_a_report_that_the_agent_may_not_read_leads_back_to_the_list(
        self, db: Session, client: PageClient, agent: Actor
    ) -> None:
        client.sign_in(db.get_one(User, agent.id))
        response = client.post("/desk/new", data={**NEW, "subject": "Their private key has been stolen"})
        assert response.location == "/desk"
        assert "restricted queue" in text_of(client.get("/desk"))

    @pytest.mark.parametrize("missing", ["requester_name", "subject", "body"])
    def test_what_is_missing_is_named(self, db: Session, client: PageClient, agent: Actor, missing: str) -> None:
        client.sign_in(db.get_one(User, agent.id))
        assert client.post("/desk/new", data={**NEW, missing: ""}).status_code == 422
        assert db.scalars(select(Ticket)).all() == []


class TestQueryBudget:
    @pytest.mark.parametrize(
        "address", ["/desk", "/tickets", "/tickets/{}", "/desk/tickets/{}", "/tickets/{}/received"]
    )
    def test_a_page_stays_within_it(self, db: Session, client: PageClient, agent: Actor, address: str) -> None:
        client.sign_in(db.get_one(User, agent.id))
        requester = as_actor(make_user(db, organisation=make_organisation(db, shares_tickets=True)))
        tickets = [make_ticket(db, requester, audience="organisation") for _ in range(5)]
        for number in range(3):
            services.reply(db, agent, tickets[0], f"Reply {number}")
        seen: list[str] = []
        connection = db.connection()
        event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
        assert client.get(address.format(tickets[0].reference)).status_code == 200
        asked = [sql for sql in seen if sql.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE"))]
        assert len(asked) <= MOST_QUERIES, "\n\n".join(asked)


class TestUnansweredQuestions:
    def test_they_stand_beside_the_tickets(self, db: Session, client: PageClient, agent: Actor) -> None:
        client.sign_in(db.get_one(User, agent.id))
        question = make_question(db, title="Which form do we use?")
        assert question.title in text_of(client.get("/desk/questions"))

    def test_one_becomes_a_ticket_of_who_asked(self, db: Session, client: PageClient, agent: Actor) -> None:
        client.sign_in(db.get_one(User, agent.id))
        author = as_actor(make_user(db))
        question = make_question(db, author, title="Which form do we use?")
        response = client.post(f"/desk/questions/{question.id}/ticket")
        ticket = db.scalars(select(Ticket)).one()
        assert response.location == f"/desk/tickets/{ticket.reference}"
        assert (ticket.requester_id, ticket.question_id) == (author.id, question.id)
        assert client.post(f"/desk/questions/{question.id}/ticket").status_code == 409

    def test_two_agents_at_once_make_one_ticket(self, db: Session, agent: Actor) -> None:
        question, other = make_question(db, as_actor(make_user(db))), make_ticket(db, agent, requester_name="A. Caller")
        elsewhere = update(Question).where(Question.id == question.id).values(ticket_id=other.id)
        db.execute(elsewhere.execution_options(synchronize_session=False))
        with pytest.raises(Conflict, match="a ticket already"):
            open_from_question(db, agent, question)

    def test_a_report_among_them_leaves_the_community(self, db: Session, agent: Actor) -> None:
        question = make_question(db, as_actor(make_user(db)))
        question.title = "Our private key has been stolen"  # as an imported or older one may say
        ticket = open_from_question(db, agent, question)
        assert ticket.queue.is_restricted
        assert question.state == "hidden"
