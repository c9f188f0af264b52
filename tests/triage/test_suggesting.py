"""What is suggested to whom, and how sure it must be."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.community import services as community
from helpdesk.kernel import clock, options
from helpdesk.kernel.policy import SYSTEM, VISITOR, Role
from helpdesk.knowledge import services as knowledge
from helpdesk.knowledge.enums import Audience
from helpdesk.nlp.passages import LearnedOrder
from helpdesk.nlp.ranking import Candidate
from helpdesk.nlp.suggest import Suggester
from helpdesk.rulebook.drafts import ClauseDraft
from helpdesk.tickets import services as tickets
from helpdesk.triage import engine, pgvectors
from helpdesk.triage.models import Embedding
from helpdesk.triage.services.related import related
from helpdesk.triage.services.suggesting import ranked, suggest
from tests.factories.accounts import make_actor, make_organisation
from tests.factories.community import make_question
from tests.factories.knowledge import make_answer, make_article
from tests.factories.rulebook import add, make_version
from tests.factories.tickets import make_queue, make_ticket
from tests.factories.triage import index_all

QUESTION = "How much credit cover must we lodge"
FOR_ASKER = "Written for the Party category that asks."


def titles(db: Session, actor=VISITOR, text: str = QUESTION) -> list[str]:
    return [item.title for item in suggest(db, actor, text).items]


class TestOfferingAnswers:
    def test_a_published_answer_is_offered_with_its_words_marked(self, db, using) -> None:
        make_answer(db, QUESTION, body="The amount of <b>credit</b> cover is worked out each week.")
        index_all(db, using)

        found = suggest(db, VISITOR, QUESTION)

        (item,) = found.items
        assert (item.kind, item.title, item.likelihood) == ("answer", QUESTION, "likely")
        assert "&lt;b&gt;<mark>credit</mark>&lt;/b&gt; <mark>cover</mark>" in item.excerpt
        assert item.reasons
        assert not found.abstained

    def test_any_of_its_wordings_leads_to_it(self, db, using) -> None:
        make_answer(db, "What must be lodged", wordings=[QUESTION])
        index_all(db, using)

        assert titles(db) == ["What must be lodged"]

    def test_what_is_measured_of_an_answer_is_the_same_on_both_databases(self, db, using, monkeypatch) -> None:
        seen: list[Candidate] = []
        monkeypatch.setattr(using.confidence, "probabilities", lambda found: seen.extend(found) or np.ones(len(found)))
        for title in (QUESTION, "How much credit cover is enough", "Who lodges credit cover"):
            make_answer(db, title)
        index_all(db, using)
        vectors = using.encoder.encode([QUESTION, "How much credit cover is enough", "Who lodges credit cover"])
        doubled = LearnedOrder((), {"wording": 2 * np.eye(using.encoder.dimension, dtype=np.float32)})
        monkeypatch.setattr(using.ranker, "learned", doubled)

        ranked(db, SYSTEM, using, QUESTION, vectors[0], limit=3)

        cosines = vectors @ vectors.T
        between = (cosines[0, 1] + cosines[0, 2] + cosines[1, 2]) / 3
        assert [one.crowding for one in seen] == pytest.approx([between] * 3, abs=0.01)
        assert sorted(one.cosine for one in seen) == pytest.approx(sorted(cosines[0]), abs=0.01)
        assert sorted(one.near for one in seen) == pytest.approx(sorted(2 * cosines[0]), abs=0.02)

    def test_of_like_questions_the_newer_comes_first_until_people_vote_for_the_other(
        self, db, using, monkeypatch
    ) -> None:
        member, now = make_actor(db), clock.now()
        monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=400))
        old = make_question(db, title="Lodging credit cover")
        monkeypatch.setattr(clock, "now", lambda: now)
        new = make_question(db, title="Credit cover lodging")
        index_all(db, using)
        asked = "lodging of credit cover"
        order = [item.id for item in suggest(db, member, asked, kinds=["question"]).items]
        assert order == [new.id, old.id]

        for _ in range(20):
            community.vote(db, make_actor(db), old, 1)
        community.vote(db, make_actor(db), new, -1)  # below nought
        index_all(db, using)

        order = [item.id for item in suggest(db, member, asked, kinds=["question"]).items]
        assert order == [old.id, new.id]

    def test_what_staff_published_long_ago_stands_above_a_like_question_of_today_with_many_votes(
        self, db, using, monkeypatch
    ) -> None:
        member, now = make_actor(db), clock.now()
        monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=800))
        make_answer(db, "Lodging credit cover")
        monkeypatch.setattr(clock, "now", lambda: now)
        question = make_question(db, title="Credit cover lodging")
        for _ in range(20):
            community.vote(db, make_actor(db), question, 1)
        index_all(db, using)

        found = suggest(db, member, "lodging of credit cover").items

        assert [item.kind for item in found] == ["answer", "question"]

    def test_an_older_question_that_is_nearer_stands_above_a_published_answer(self, db, using, monkeypatch) -> None:
        words = [f"word{at}" for at in range(17)]
        member, now = make_actor(db), clock.now()
        make_answer(db, " ".join([*words[:-2], "gas", "hub"]))
        monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=800))
        make_question(db, title=" ".join([*words[:-1], "gas"]))
        monkeypatch.setattr(clock, "now", lambda: now)
        make_question(db, title="Who reads our meters")
        index_all(db, using)

        asked = " ".join([*words[:-1], *(f"noise{at}" for at in range(6))])
        first, second, *_ = suggest(db, member, asked).items

        assert [first.kind, second.kind] == ["question", "answer"]

    def test_of_like_tickets_the_newer_comes_first(self, db, using, monkeypatch) -> None:
        member, now = make_actor(db), clock.now()
        monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=400))
        old = make_ticket(db, member, subject="Lodging credit cover")
        monkeypatch.setattr(clock, "now", lambda: now)
        new = make_ticket(db, member, subject="Credit cover lodging")
        index_all(db, using)

        found = suggest(db, member, "lodging of credit cover", kinds=["ticket"]).items

        assert [item.id for item in found] == [new.id, old.id]

    def test_a_clause_that_only_the_turned_question_is_near_to_is_among_the_candidates(
        self, db, using, monkeypatch
    ) -> None:
        asked, meant = "who reads gas meters", "The Supplier visits each home."
        texts = {"A1": "Gas meters last.", "A2": meant}
        drafts = (ClauseDraft(number=number, heading="", text=text) for number, text in texts.items())
        clauses = add(db, make_version(db), *drafts)
        index_all(db, using)
        (row,) = db.scalars(select(Embedding).where(Embedding.object_id == clauses["A2"].id, Embedding.part == 0))
        order = LearnedOrder((), {"passage": np.outer(row.vector, using.encoder.encode([asked])[0])})
        monkeypatch.setattr(order, "scores", lambda found: np.array([one.adapted for one in found]))
        monkeypatch.setattr(pgvectors, "DEPTH", 1)
        monkeypatch.setitem(Suggester.__init__.__kwdefaults__, "depth", 1)
        vector = using.encoder.encode([asked])[0]

        found = []
        for learned in (None, order):
            monkeypatch.setattr(using.ranker, "learned", learned)
            ids = ranked(db, SYSTEM, using, asked, vector, limit=9, kinds=["clause"])
            found.append({one.id for one in ids})

        assert found == [{clauses["A1"].id}, {clauses["A1"].id, clauses["A2"].id}]

    def test_a_draft_is_not_offered_even_to_staff(self, db, using) -> None:
        make_answer(db, QUESTION, is_published=False)
        index_all(db, using)

        assert titles(db, make_actor(db, Role.LEAD)) == []

    def test_an_archived_answer_is_no_longer_offered(self, db, using) -> None:
        answer = make_answer(db, QUESTION)
        index_all(db, using)
        assert titles(db) == [QUESTION]

        knowledge.archive_answer(db, SYSTEM, answer)
        index_all(db, using)

        assert titles(db) == []

    def test_a_new_wording_replaces_the_old_one(self, db, using) -> None:
        answer = make_answer(db, QUESTION)
        index_all(db, using)

        knowledge.edit_answer(
            db, SYSTEM, answer, question="Who may join the Panel", body="Members.", audience=Audience.PUBLIC
        )
        index_all(db, using)

        assert titles(db) == []
        assert titles(db, text="Who may join the Panel") == ["Who may join the Panel"]

    def test_an_article_for_chosen_categories_is_offered_to_those_only(self, db, using) -> None:
        make_article(db, QUESTION, audience=Audience.CATEGORIES, categories=["gas_network"])
        gas = make_actor(db, organisation=make_organisation(db, category="gas_network"))
        other = make_actor(db, organisation=make_organisation(db, category="other"))
        index_all(db, using)

        assert titles(db, gas) == [QUESTION]
        assert titles(db, other) == []
        assert titles(db, VISITOR) == []

    def test_of_like_answers_the_one_for_the_askers_category_comes_first(self, db, using) -> None:
        for_all = make_answer(db, "Lodging credit cover")
        for_gas = make_answer(db, "Credit cover lodging", audience=Audience.CATEGORIES, categories=["gas_network"])
        index_all(db, using)
        asked = "lodging of credit cover"
        gas = make_actor(db, organisation=make_organisation(db, category="gas_network"))

        first, second = suggest(db, gas, asked).items

        assert (first.id, second.id) == (for_gas.id, for_all.id)
        assert FOR_ASKER in first.reasons
        assert FOR_ASKER not in second.reasons
        assert [one.id for one in suggest(db, make_actor(db, Role.AGENT), asked).items] == [for_all.id, for_gas.id]

    def test_an_answer_that_is_for_everybody_after_all_has_no_head_start(self, db, using) -> None:
        answer = make_answer(db, QUESTION, audience=Audience.CATEGORIES, categories=["gas_network"])
        index_all(db, using)
        gas = make_actor(db, organisation=make_organisation(db, category="gas_network"))
        assert FOR_ASKER in suggest(db, gas, QUESTION).items[0].reasons

        knowledge.edit_answer(db, SYSTEM, answer, question=QUESTION, body="For all.", audience=Audience.PUBLIC)
        index_all(db, using)

        assert FOR_ASKER not in suggest(db, gas, QUESTION).items[0].reasons


class TestPrivateTickets:
    def test_a_curious_member_of_a_competing_party_is_never_offered_them(self, db, using) -> None:
        owner = make_actor(db, organisation=make_organisation(db, shares_tickets=True))
        ticket = make_ticket(db, owner, subject=QUESTION, audience="organisation")
        curious = make_actor(db, organisation=make_organisation(db, shares_tickets=True))
        index_all(db, using)

        for text in (QUESTION, f"{ticket.reference} {QUESTION}", ticket.reference):
            assert suggest(db, curious, text).items == ()
            assert suggest(db, VISITOR, text).items == ()

    def test_a_colleague_is_offered_them_where_the_organisation_shares(self, db, using) -> None:
        organisation = make_organisation(db, shares_tickets=True)
        make_ticket(db, make_actor(db, organisation=organisation), subject=QUESTION, audience="organisation")
        index_all(db, using)

        assert titles(db, make_actor(db, organisation=organisation)) == [QUESTION]

    def test_a_colleague_is_not_offered_one_for_the_helpdesk_only(self, db, using) -> None:
        organisation = make_organisation(db, shares_tickets=True)
        make_ticket(db, make_actor(db, organisation=organisation), subject=QUESTION, audience="helpdesk")
        index_all(db, using)

        assert titles(db, make_actor(db, organisation=organisation)) == []

    def test_one_in_a_restricted_queue_is_offered_to_nobody(self, db, using) -> None:
        requester = make_actor(db)
        ticket = make_ticket(db, requester, subject=QUESTION)
        restricted = make_queue(db, is_restricted=True)
        tickets.set_queue(db, SYSTEM, ticket, restricted)
        index_all(db, using)

        assert titles(db, make_actor(db, Role.ADMIN)) == []
        assert titles(db, requester) == []

    def test_many_tickets_of_others_do_not_crowd_out_the_own_one(self, db, using) -> None:
        for _ in range(120):
            make_ticket(db, make_actor(db), subject=QUESTION)
        own = make_actor(db)
        make_ticket(db, own, subject=f"{QUESTION} now")
        index_all(db, using)

        assert titles(db, own) == [f"{QUESTION} now"]


class TestBesideATicket:
    def test_the_nearest_past_tickets_answers_and_clauses_are_shown(self, db, using) -> None:
        agent = make_actor(db, Role.AGENT)
        ticket = make_ticket(db, make_actor(db), subject=QUESTION, body="We are new.")
        earlier = make_ticket(db, make_actor(db), subject="Credit cover: how much must we lodge each week")
        make_answer(db, QUESTION)
        index_all(db, using)

        found = related(db, agent, "ticket", ticket.id, kinds=("ticket", "answer", "clause"))

        assert [item.id for item in found["ticket"]] == [earlier.id]
        assert [item.title for item in found["answer"]] == [QUESTION]

    def test_what_is_for_the_requesters_category_comes_first(self, db, using) -> None:
        agent = make_actor(db, Role.AGENT)
        for_small = make_answer(db, "Credit cover lodging", audience=Audience.CATEGORIES, categories=["small_supplier"])
        for_gas = make_answer(db, "Lodging credit cover", audience=Audience.CATEGORIES, categories=["gas_network"])
        by_category = {
            name: make_ticket(
                db,
                make_actor(db, organisation=make_organisation(db, category=name)),
                subject="lodging of credit cover",
                body="We are new.",
            )
            for name in ("small_supplier", "gas_network")
        }
        index_all(db, using)

        def shown(name: str) -> list[int]:
            return [one.id for one in related(db, agent, "ticket", by_category[name].id, kinds=("answer",))["answer"]]

        assert shown("small_supplier") == [for_small.id, for_gas.id]
        assert shown("gas_network") == [for_gas.id, for_small.id]

    def test_beside_what_is_no_ticket_the_readers_category_counts(self, db, using) -> None:
        gas = make_actor(db, organisation=make_organisation(db, category="gas_network"))
        question = make_question(db, title=QUESTION)
        both = {"audience": Audience.CATEGORIES, "categories": ["gas_network", "other"]}
        answer = make_answer(db, QUESTION, **both)
        make_answer(db, f"{QUESTION} now", **both)
        index_all(db, using)

        for kind, item in (("question", question), ("answer", answer)):
            for reader, is_theirs in ((gas, True), (make_actor(db, Role.AGENT), False)):
                found = related(db, reader, kind, item.id, kinds=("answer",))["answer"]
                assert [FOR_ASKER in one.reasons for one in found] == [is_theirs] * len(found) != []

    def test_a_ticket_is_left_out_before_those_beside_it_are_judged(self, db, using) -> None:
        agent = make_actor(db, Role.AGENT)
        ticket = make_ticket(db, make_actor(db), subject=QUESTION)
        make_ticket(db, make_actor(db), subject="Which cover do small suppliers lodge")
        index_all(db, using)
        (vector,) = using.encoder.encode([QUESTION])

        _, beaten = ranked(db, agent, using, QUESTION, vector, limit=9, kinds=["ticket"])
        (alone,) = ranked(db, agent, using, QUESTION, vector, limit=9, kinds=["ticket"], besides=("ticket", ticket.id))

        assert beaten.id == alone.id
        assert alone.score > beaten.score


class TestBeingSure:
    def test_nothing_likely_means_abstaining(self, db, using) -> None:
        make_answer(db, QUESTION)
        index_all(db, using)

        found = suggest(db, VISITOR, "Where is the zebra enclosure")

        assert found.abstained
        assert found.is_sought
        assert found.items == ()

    def test_staff_choose_what_is_called_likely(self, db, using) -> None:
        make_answer(db, QUESTION)
        index_all(db, using)
        options.write(db, "likely", 0.9999)
        db.flush()

        assert suggest(db, VISITOR, QUESTION).items[0].likelihood == "possible"

    def test_fewer_than_three_words_are_not_looked_for(self, db, using) -> None:
        make_answer(db, QUESTION)
        index_all(db, using)

        found = suggest(db, VISITOR, "credit cover")

        assert not found.is_sought
        assert not found.abstained

    @pytest.mark.parametrize(
        ("text", "is_sought"), [("如何支付账单", False), ("我们必须提交多少信用担保", True), ("Здравствуйте", False)]
    )
    def test_text_without_spaces_is_measured_by_its_letters(self, db, using, text, is_sought) -> None:
        assert suggest(db, VISITOR, text).is_sought is is_sought

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   \n\t ",
            "word " * 20_000,
            "😀 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👩‍👩‍👧 👍",
            "كيف ندفع الرسوم المستحقة",
            "a\x00b c d e",
            "\ud800 lone half of a character",
            "'; DROP TABLE tickets; -- or so",
            "<script>alert(1)</script> and so on",
            '"unclosed quote AND (bracket NEAR/3',
        ],
    )
    def test_rubbish_gives_an_answer_and_no_error(self, db, using, text: str) -> None:
        make_answer(db, QUESTION)
        index_all(db, using)

        assert suggest(db, VISITOR, text).took_ms >= 0


class TestWithoutAModel:
    def test_words_are_searched_and_the_reader_is_told(self, db, using) -> None:
        make_answer(db, QUESTION)
        engine.use(None)

        found = suggest(db, VISITOR, QUESTION)

        assert [item.title for item in found.items] == [QUESTION]
        assert found.items[0].likelihood == "possible"
        assert "Words are searched" in found.problem

    def test_a_missing_model_is_named_in_a_sentence(self, tmp_path) -> None:
        encoder, problem = engine.load_encoder(tmp_path)

        assert encoder is None
        assert problem.startswith("Suggestions by meaning are off, words are still searched.")

    def test_a_damaged_model_is_no_error(self, tmp_path) -> None:
        folder = tmp_path / "encoder"
        folder.mkdir()
        (folder / "manifest.json").write_text('{"name": "x", "parameters": {"dimension": 384}, "files": {}}')
        (folder / "model.onnx").write_bytes(b"broken")

        encoder, problem = engine.load_encoder(folder)

        assert encoder is None
        assert "damaged" in problem


class TestCost:
    def test_one_look_takes_at_most_ten_queries(self, db, using, counter) -> None:
        organisation = make_organisation(db, shares_tickets=True)
        member = make_actor(db, organisation=organisation)
        make_answer(db, QUESTION)
        make_article(db, f"{QUESTION} exactly")
        make_ticket(db, member, subject=f"{QUESTION} today")
        index_all(db, using)
        suggest(db, member, QUESTION)

        counted = counter(db)
        found = suggest(db, member, QUESTION)

        assert counted.stop() <= 10, counted.statements
        assert {item.kind for item in found.items} == {"answer", "article", "ticket"}
