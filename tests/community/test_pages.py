"""The community's pages, as each role sees them."""

from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.community import moderation, services
from helpdesk.community.enums import State
from helpdesk.community.models import Answer, Comment, Question, Vote
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

    def test_a_visitor_who_asks_for_their_own_is_asked_to_sign_in(self, client: PageClient) -> None:
        assert "/sign-in" in client.get("/questions?show=mine").location

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
        feed = ET.fromstring(response.get_data())
        titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
        assert titles == ["Public & open"]


class TestTakingPart:
    def test_a_double_click_answers_once(self, client: PageClient, db: Session) -> None:
        question, helper = make_question(db), make_user(db)
        client.sign_in(helper)
        data = {"once": once(), "body": "Send the form."}
        addresses = {client.post(f"/questions/{question.id}/answers", data=data).location for _ in range(2)}
        answer = db.scalars(select(Answer).where(Answer.question_id == question.id)).one()
        assert addresses == {f"{question.path}#answer-{answer.id}"}
        assert not answer.is_official

    def test_a_form_cannot_claim_the_token_by_which_a_job_mails_once(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        client.sign_in(make_user(db))
        data = {"once": f"mail:question_answer:{question.id}", "body": "Send the form."}
        assert client.post(f"/questions/{question.id}/answers", data=data).status_code == 422

    def test_only_staff_can_tick_official(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        for number, role in enumerate((Role.MEMBER, Role.AGENT)):
            client.sign_in(make_user(db, role))
            data = {"once": once(number), "body": "Here.", "is_official": "y"}
            client.post(f"/questions/{question.id}/answers", data=data)
        officials = db.scalars(select(Answer.is_official).order_by(Answer.id)).all()
        assert officials == [False, True]

    def test_a_refused_answer_comes_back_filled(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        client.sign_in(make_user(db))
        response = client.post(f"/questions/{question.id}/answers", data={"once": once(), "body": "x" * 20_001})
        assert response.status_code == 422
        page = response.get_data(as_text=True)
        assert "Shorten your answer to 20,000 characters." in page
        assert "x" * 20_001 in page

    def test_a_preview_publishes_nothing(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        client.sign_in(make_user(db))
        data = {"once": once(), "body": "This is **bold**.", "preview": "1"}
        page = client.post(f"/questions/{question.id}/answers", data=data).get_data(as_text=True)
        assert "<strong>bold</strong>" in page
        assert db.scalar(select(func.count()).select_from(Answer)) == 0

    def test_a_comment_on_an_answer_and_a_refused_one(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        answer = make_answer(db, question)
        client.sign_in(make_user(db))
        address = f"/questions/{question.id}/answers/{answer.id}/comments"
        response = client.post(address, data={"once": once(), "comment": "Thank you."})
        comment = db.scalars(select(Comment)).one()
        assert (comment.answer_id, comment.question_id) == (answer.id, question.id)
        assert response.location == f"{question.path}#comment-{comment.id}"
        again = client.post(address, data={"once": once(), "comment": "Thank you."})
        assert again.location == response.location
        refused = client.post(address, data={"once": once(2), "comment": "y" * 1_001})
        assert refused.status_code == 422
        assert "y" * 1_001 in refused.get_data(as_text=True)

    def test_votes_work_as_plain_forms(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        answer = make_answer(db, question)
        client.sign_in(make_user(db))
        client.post(f"/questions/{question.id}/vote", data={"value": "1"})
        client.post(f"/questions/{question.id}/answers/{answer.id}/vote", data={"value": "-1"})
        assert 'aria-pressed="true"' in client.get(question.path).get_data(as_text=True)
        assert sorted(db.scalars(select(Vote.value))) == [-1, 1]
        assert client.post(f"/questions/{question.id}/vote", data={"value": "17"}).status_code == 422

    def test_accepting_and_thinking_again(self, client: PageClient, db: Session) -> None:
        asker = make_user(db)
        question = make_question(db, as_actor(asker))
        answer = make_answer(db, question)
        client.sign_in(asker)
        client.post(f"/questions/{question.id}/answers/{answer.id}/accept")
        assert db.get_one(Question, question.id).is_solved
        client.post(f"/questions/{question.id}/unaccept")
        assert not db.get_one(Question, question.id).is_solved

    def test_following_starts_and_stops(self, client: PageClient, db: Session) -> None:
        question, reader = make_question(db), make_user(db)
        client.sign_in(reader)
        client.post(f"/questions/{question.id}/follow")
        assert accounts.is_following(db, as_actor(reader), "question", question.id)
        assert "Stop following" in client.get(question.path).get_data(as_text=True)
        client.post(f"/questions/{question.id}/unfollow")
        assert not accounts.is_following(db, as_actor(reader), "question", question.id)

    def test_a_hidden_question_cannot_be_reached_by_any_act(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        answer = make_answer(db, question)
        moderation.hide(db, make_actor(db, Role.AGENT), question)
        client.sign_in(make_user(db))
        base = f"/questions/{question.id}"
        for act in ("answers", "comments", "vote", "follow", "unaccept", f"answers/{answer.id}/vote", "edit"):
            data = {"once": once(), "body": "x", "comment": "x", "value": "1"}
            assert client.post(f"{base}/{act}", data=data).status_code == 404, act
        for page in ("edit", "history", f"answers/{answer.id}/edit", f"answers/{answer.id}/history"):
            assert client.get(f"{base}/{page}").status_code == 404, page


class TestEditing:
    def test_an_edit_shows_in_the_history_as_what_changed(self, client: PageClient, db: Session) -> None:
        asker = make_user(db)
        question = make_question(db, as_actor(asker), body="Send the old form.")
        client.sign_in(asker)
        address = f"/questions/{question.id}/edit"
        assert "Send the old form." in client.get(address).get_data(as_text=True)
        data = {
            "once": once(),
            "seen_at": question.updated_at.isoformat(),
            "title": question.title,
            "body": "Send the new form.",
            "tags": "user entry, charges",
        }
        assert "<p>Send the new form.</p>" in client.post(address, data={**data, "preview": "1"}).get_data(as_text=True)
        assert client.post(address, data=data).status_code == 302
        page = client.get(f"/questions/{question.id}/history").get_data(as_text=True)
        assert "<del>old </del><ins>new </ins>" in page
        assert "user-entry" in client.get(db.get_one(Question, question.id).path).get_data(as_text=True)

    def test_an_older_text_does_not_overwrite_a_newer_one(self, client: PageClient, db: Session) -> None:
        helper = make_user(db)
        question = make_question(db)
        answer = make_answer(db, question, as_actor(helper), body="Mine")
        client.sign_in(helper)
        address = f"/questions/{question.id}/answers/{answer.id}/edit"
        assert "Mine" in client.get(address).get_data(as_text=True)
        assert client.post(address, data={"once": once(), "seen_at": "x", "body": ""}).status_code == 422
        data = {"once": once(), "seen_at": answer.updated_at.isoformat(), "body": "First save"}
        assert client.post(address, data=data).status_code == 302
        for seen_at in (data["seen_at"], "yesterday"):
            late = client.post(address, data={**data, "seen_at": seen_at, "body": "Second save"})
            assert late.status_code == 409
            assert "Second save" in late.get_data(as_text=True)
        assert db.get_one(Answer, answer.id).body == "First save"
        history = client.get(f"/questions/{question.id}/answers/{answer.id}/history").get_data(as_text=True)
        assert "First save" in history

    @pytest.mark.parametrize("form", [{}, {"title": "", "body": ""}, {"title": "x" * 201, "body": "y"}])
    def test_what_cannot_be_kept_is_refused_with_a_reason(
        self, client: PageClient, db: Session, form: dict[str, str]
    ) -> None:
        asker = make_user(db)
        question = make_question(db, as_actor(asker))
        client.sign_in(asker)
        response = client.post(f"/questions/{question.id}/edit", data={"once": once(), "seen_at": "x", **form})
        assert response.status_code == 422
        assert "Please put this right" in response.get_data(as_text=True)

    def test_too_many_tags_come_back_with_the_text(self, client: PageClient, db: Session) -> None:
        asker = make_user(db)
        question = make_question(db, as_actor(asker))
        client.sign_in(asker)
        seen_at = question.updated_at.isoformat()
        data = {"once": once(), "seen_at": seen_at, "title": "T", "body": "Kept text", "tags": "a,b,c,d,e,f"}
        response = client.post(f"/questions/{question.id}/edit", data=data)
        assert response.status_code == 422
        assert "Kept text" in response.get_data(as_text=True)

    def test_another_party_cannot_open_the_form(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        client.sign_in(make_user(db))
        assert client.get(f"/questions/{question.id}/edit").status_code == 403


class TestModerating:
    def test_staff_close_reopen_and_hide(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        client.sign_in(make_user(db, Role.AGENT))
        base = f"/questions/{question.id}"
        states = []
        for act, data in (("close", {"reason": "It belongs to the REC."}), ("reopen", {}), ("hide", {})):
            client.post(f"{base}/{act}", data=data)
            states.append(db.get_one(Question, question.id).state)
            assert client.get(question.path).status_code == 200
        assert states == [State.CLOSED, State.OPEN, State.HIDDEN]

    @pytest.mark.parametrize("named", ["{id}", "/questions/{id}/some-words", "http://127.0.0.1:8000/questions/{id}"])
    def test_a_duplicate_names_the_survivor_by_number_or_address(
        self, client: PageClient, db: Session, named: str
    ) -> None:
        question, original = make_question(db), make_question(db, title="The one that stays")
        client.sign_in(make_user(db, Role.AGENT))
        client.post(f"/questions/{question.id}/duplicate", data={"original": named.format(id=original.id)})
        assert db.get_one(Question, question.id).duplicate_of_id == original.id
        assert "The one that stays" in client.get(question.path).get_data(as_text=True)

    @pytest.mark.parametrize(("named", "status"), [("", 422), ("no number", 422), ("9" * 40, 422), ("123456", 404)])
    def test_a_survivor_that_is_not_there_is_refused(
        self, client: PageClient, db: Session, named: str, status: int
    ) -> None:
        question = make_question(db)
        client.sign_in(make_user(db, Role.AGENT))
        response = client.post(f"/questions/{question.id}/duplicate", data={"original": named})
        assert response.status_code == status

    def test_staff_hide_answers_and_comments(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        answer = make_answer(db, question)
        remark = services.comment(db, make_actor(db), question, "Rude.")
        client.sign_in(make_user(db, Role.AGENT))
        client.post(f"/questions/{question.id}/answers/{answer.id}/hide")
        client.post(f"/questions/{question.id}/comments/{remark.id}/hide")
        assert db.get_one(Answer, answer.id).is_hidden
        assert db.get_one(Comment, remark.id).is_hidden
        assert "Rude." in client.get(question.path).get_data(as_text=True)
        client.sign_in(make_user(db))
        page = client.get(question.path).get_data(as_text=True)
        assert "Rude." not in page
        assert f"answer-{answer.id}" not in page

    def test_a_party_cannot_moderate(self, client: PageClient, db: Session) -> None:
        question = make_question(db)
        client.sign_in(make_user(db))
        for act in ("close", "reopen", "duplicate", "hide"):
            assert client.post(f"/questions/{question.id}/{act}", data={"reason": "x"}).status_code == 403


class TestBudget:
    def test_no_page_asks_the_database_more_than_it_may(
        self, client: PageClient, db: Session, connection: Connection
    ) -> None:
        asker = make_user(db, Role.AGENT)
        actor = as_actor(asker)
        questions = [make_question(db, actor, tags=["charges", f"tag-{n}"], is_public=True) for n in range(12)]
        moderation.mark_duplicate(db, actor, questions[1], questions[0])
        for number in range(6):
            answer = make_answer(db, questions[0], body=f"Answer {number} about H1.10")
            services.comment(db, make_actor(db), questions[0], "A remark.", answer)
        client.sign_in(asker)
        pages = ["/questions", "/questions?show=mine", "/questions?tag=charges", "/questions/tags", "/questions.atom"]
        pages += [questions[0].path, questions[1].path, f"/questions/{questions[0].id}/history"]
        pages += [f"/questions/{questions[0].id}/edit"]
        client.get(questions[0].path)  # what a process remembers of the code is read once
        spent = {}
        for page in pages:
            with counted_statements(connection) as statements:
                assert client.get(page).status_code == 200
            spent[page] = len(statements)
        assert max(spent.values()) <= MAX_QUERIES, spent
