"""What the encoder learns from at a site, and what is made of how it compares; without training one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from helpdesk.nlp.adaptation import Examples
from helpdesk.nlp.evaluation.bootstrap import Difference
from helpdesk.nlp.lessons import Lessons
from helpdesk.nlp.manifest import Manifest
from helpdesk.nlp.passages import LearnedOrder
from helpdesk.nlp.ranking import PASSAGE_KINDS
from helpdesk.rulebook.drafts import ClauseDraft
from helpdesk.triage.services.predicting import TOPIC, Labelled
from helpdesk.triage.services.training import tickets
from helpdesk.triage.services.training.encoder import WORDING_KINDS, Compared, Finding, Sorting, challenger
from helpdesk.triage.services.training.keeping import Challenger
from helpdesk.triage.services.training.practice import practise
from tests.factories.encoder import HashEncoder
from tests.factories.rulebook import add, make_version
from tests.factories.triage import index_all

GAIN, LOSS = Difference(0.02, 0.01, 0.03, 200), Difference(-0.02, -0.03, -0.01, 200)
NOISE = Difference(0.001, -0.01, 0.012, 200)
ENCODER = HashEncoder(dimension=32)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DRAFTS = [ClauseDraft(number=f"A{at}", heading="", text=f"Charge number {at} is due soon.") for at in range(8)]
FORM, CHARGE = ("answer", 1), ("answer", 2)

Answered = dict[str, list[tuple[str, int]]]


def lessons(queries: Answered, encoder: HashEncoder = ENCODER) -> Lessons:
    right = [frozenset(items) for items in queries.values()]
    return Lessons(list(queries), encoder.encode(list(queries)), right, right)


def finding(older: Answered, later: Answered) -> Finding:
    texts = {("answer", 1, 0): "Which form is it?", ("answer", 1, 1): "form for us", ("answer", 2, 0): "What is paid?"}
    return Finding(WORDING_KINDS, [], texts, lessons(older), lessons(later), None)


def meanings(examples: Examples) -> Iterator[tuple[str, set[str]]]:
    for text, right in zip(examples.questions, examples.right, strict=True):
        yield text, {examples.passages[at] for at in right}


class TestVerdict:
    def made(self, *results: Compared) -> Challenger:
        return challenger(results, Path("made"), Manifest(name="challenger"), learned_from=400)

    def verdict(self, *results: Compared) -> str:
        return self.made(*results).verdict

    def test_a_gain_anywhere_is_enough_where_nothing_is_lost(self) -> None:
        made = self.made(Compared("passages", NOISE, {}), Compared("topics", GAIN, {}))

        assert made.is_better
        assert not made.takes_over  # every text has to be embedded anew
        assert "Better by +0.0200" in made.verdict
        assert (made.metrics["topics low"], made.metrics["passages high"]) == (0.01, 0.012)

    def test_it_does_not_pay_for_a_loss_elsewhere(self) -> None:
        said = self.verdict(Compared("passages", LOSS, {}), Compared("topics", GAIN, {}))

        assert said.startswith("Kept aside: passages are worse: -0.0200")

    def test_what_nothing_pointed_to_must_not_pay_either(self) -> None:
        said = self.verdict(Compared("wordings", GAIN, {}, "what no earlier question pointed to is found worse."))

        assert said == "Kept aside: wordings: what no earlier question pointed to is found worse."

    def test_noise_is_no_gain(self) -> None:
        assert "not better beyond noise" in self.verdict(Compared("topics", NOISE, {}))


class TestQuestions:
    def test_the_texts_of_an_answer_and_what_it_answered_mean_the_same(self) -> None:
        own = finding({"the form again": [FORM], "what to pay": [CHARGE]}, {})
        form, charge = {"the form again", "Which form is it?", "form for us"}, {"what to pay", "What is paid?"}

        assert dict(meanings(own.examples(set()))) == {text: some for some in (form, charge) for text in some}

    def test_what_measures_any_task_is_left_out(self) -> None:
        own = finding({"the form again": [FORM], "what to pay": [CHARGE]}, {"form for us": [FORM]})

        assert own.held == {"form for us"}
        assert sorted(own.examples(own.held | {"what to pay"}).questions) == ["Which form is it?", "the form again"]

    def test_a_question_that_two_items_answered_says_of_neither(self) -> None:
        examples = finding({"form and pay": [FORM, CHARGE], "the form": [FORM]}, {}).examples(set())

        assert sorted(examples.questions) == ["Which form is it?", "form for us", "the form"]

    def test_passages_are_told_from_near_misses(self, db, using) -> None:
        texts = [draft.text for draft in DRAFTS]
        ids = [clause.id for clause in add(db, make_version(db), *DRAFTS).values()]
        index_all(db, using)
        older = lessons({"charge number 3 due": [("clause", ids[3])]}, using.encoder)
        parts = {("clause", item, 0): text for item, text in zip(ids, texts, strict=True)}
        own = Finding(PASSAGE_KINDS, practise(using.encoder).shelves_of(PASSAGE_KINDS), parts, older, older, None)

        examples = own.examples(set())

        assert dict(meanings(examples)) == {"charge number 3 due": {texts[3]}}
        near = {examples.passages[at] for at in examples.hard[0]}
        assert near
        assert near <= set(texts) - {texts[3]}
        assert not own.examples(own.held).questions

    def test_both_encoders_are_compared_by_the_order_that_serves_both(self, db, using) -> None:
        ids = [clause.id for clause in add(db, make_version(db), *DRAFTS).values()]
        index_all(db, using)
        asked = {f"charge number {at} due": [("clause", ids[at])] for at in range(8)}
        shelves = practise(using.encoder).shelves_of(PASSAGE_KINDS)
        parts = {("clause", item, 0): draft.text for item, draft in zip(ids, DRAFTS, strict=True)}
        every = lessons(asked, using.encoder)
        order = LearnedOrder((), {})
        seen: list[int] = []
        order.scores = lambda found: seen.append(len(found)) or np.array([-one.cosine for one in found])

        made = Finding(PASSAGE_KINDS, shelves, parts, every, every, order).compared(using.encoder, using.encoder)

        assert len(seen) == 2 * len(asked)
        assert made.difference.mean == 0
        assert made.figures["map@10"] == made.figures["map@10_before"] < 0.5  # the order puts the nearest last


class TestTopics:
    def lesson(self) -> tickets.Lesson:
        texts = [f"{word} number {at}" for at in range(60) for word in ("charge", "meeting")]
        return tickets.Lesson(texts, texts, ENCODER.encode(texts), ["cost", "panel"] * 60, 96, NOW, ["Costs", "Panels"])

    def test_later_tickets_are_sorted_with_either_encoder(self) -> None:
        made = Sorting(self.lesson()).compared(ENCODER, HashEncoder(dimension=16))

        assert made.figures == {"accuracy": 1.0, "accuracy_before": 1.0}
        assert (made.what, made.difference.rows) == ("topics", 24)

    def test_later_tickets_are_not_learned_from(self) -> None:
        lesson = self.lesson()
        own = Sorting(lesson)
        learned = own.examples(own.held | {"charge number 0"}).questions

        assert own.held == set(lesson.texts[96:])
        assert set(learned) == set(lesson.texts[1:96])

    def test_two_topics_with_three_earlier_tickets_are_needed(self) -> None:
        def row(text: str, topic: str) -> Labelled:
            return Labelled(text, text, np.zeros(4, np.float32), topic, topic, "normal", NOW)

        rows = [*(row(f"text {at}", "cost") for at in range(20)), *(row(f"new {at}", "panel") for at in range(5))]

        assert tickets.lesson_of(rows, TOPIC) is None
