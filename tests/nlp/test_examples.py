"""What the encoder learns from: batches in which every question has its turn and nothing right counts as wrong."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from helpdesk.nlp.adaptation import BATCH, Examples, alike, draw, recipe, steps_over, turns

LONG = "Which of the twelve forms must our company fill in before the certificate for site {} can be renewed again?"
COUNT = 50


@pytest.fixture(scope="module")
def examples() -> Examples:
    questions = [LONG.format(at) for at in range(COUNT)]
    passages = [f"Passage {at}" for at in range(COUNT)]
    right = [[at, (at + 1) % COUNT] for at in range(COUNT)]
    return Examples(questions, passages, right, [[(at + 2) % COUNT] for at in range(COUNT)])


def test_every_question_has_its_turn_and_no_right_passage_counts_as_wrong(examples: Examples) -> None:
    assert {one for turn in range(2) for one in draw(examples, turn, seed=0).asked} == set(range(COUNT))
    batch = draw(examples, 3, seed=0)
    assert len(batch.questions) == BATCH
    assert len(batch.passages) == 2 * BATCH
    for row, at in enumerate(batch.asked):
        right = {examples.passages[one] for one in examples.right[at]}
        assert batch.passages[row] in right
        assert right & set(np.array(batch.passages)[batch.allowed[row]]) == {batch.passages[row]}


def test_some_long_questions_are_put_in_a_few_of_their_words(examples: Examples) -> None:
    batch = draw(examples, 0, seed=0)
    pairs = [
        (said.split(), examples.questions[at].split()) for said, at in zip(batch.questions, batch.asked, strict=True)
    ]
    short = [(said, text) for said, text in pairs if said != text]

    assert 0 < len(short) < BATCH / 2
    assert all(len(said) <= 9 and set(said) < set(text) for said, text in short)


class TestAlike:
    def test_each_text_asks_for_another_of_its_label(self) -> None:
        made = alike(
            ["lost card", "new tariff", "card is gone", "alone", "tariffs"], ["card", "cost", "card", "x", "cost"]
        )

        assert list(made.questions) == ["lost card", "card is gone", "new tariff", "tariffs"]
        batch = draw(made, 0, seed=0)
        other = {"lost card": "card is gone", "new tariff": "tariffs"}
        other |= {text: first for first, text in other.items()}
        assert [other[text] for text in batch.questions] == batch.passages
        assert batch.allowed.sum(axis=1).tolist() == [3, 3, 3, 3]  # its own, and the two of the other label

    def test_words_that_stand_under_two_labels_are_wrong_for_neither(self) -> None:
        made = alike(["which form", "form one", "which form", "panel day"], ["a", "a", "b", "b"])
        batch = draw(made, 0, seed=0)

        for row, at in enumerate(batch.asked):
            wrong = {text for text, is_in in zip(batch.passages, batch.allowed[row], strict=True) if is_in}
            assert made.questions[at] not in wrong

    def test_every_text_has_its_turn_in_every_round(self) -> None:
        made = alike([f"text {at}" for at in range(100)], ["a", "b"] * 50)
        asked = [at for turn in range(25) for at in draw(made, turn, seed=0).asked]

        assert set(Counter(asked).values()) == {16}

    def test_few_texts_are_gone_over_more_often(self) -> None:
        rounds = [alike([f"text {at}" for at in range(count)], ["a"] * count).rounds for count in (10, 4_000, 20_000)]

        assert rounds == [6, 4, 2]

    def test_a_text_that_was_said_twice_is_the_other(self) -> None:
        batch = draw(alike(["hello", "hello"], ["a", "a"]), 0, seed=0)

        assert batch.passages == ["hello", "hello"]


class TestSources:
    def test_they_take_turns_by_their_share_of_the_batches(self, examples: Examples) -> None:
        large = Examples(examples.questions * 3, examples.passages, examples.right * 3, examples.hard * 3)
        drawn = list(turns([large, examples], 42))  # ten batches and four

        assert Counter(which for which, _ in drawn) == {0: 30, 1: 12}
        assert [turn for which, turn in drawn if which == 1] == list(range(12))
        assert {which for which, _ in drawn[:4]} == {0, 1}

    def test_another_source_length_or_beginning_is_another_run(self, examples: Examples, tmp_path: Path) -> None:
        start = tmp_path / "weights"
        start.write_bytes(b"weights")
        steps = steps_over([examples])
        names = {
            recipe([examples], None, steps, 0),
            recipe([examples], None, steps + 1, 0),
            recipe([examples], None, steps, 1),
            recipe([examples], start, steps, 0),
            recipe([alike(["a", "b"], ["c", "c"]), examples], None, steps, 0),
        }

        assert steps == 4  # two rounds of two batches
        assert len(names) == 5
