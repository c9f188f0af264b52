"""What the shipped models are learned from is new to the encoder that they are learned with."""

from pathlib import Path

import numpy as np

from helpdesk.nlp.evaluation.readers import read_rows
from tests.nlp.conftest import ROOT
from tools.fit_encoder import of_topics
from tools.fit_ranking import LOOSE, PACKS, TOPICS, halves, halves_of_topics, topics


def test_questions_with_a_passage_in_common_are_in_one_half_and_halves_are_of_like_size() -> None:
    a, b, c, d, e = ((1, name) for name in "abcde")
    gold = [{a, b}, {b, c}, {c}, {d}, {e}, {d, e}, {(2, "a")}]

    half = halves(gold)

    assert len(set(half[:3].tolist())) == 1
    assert len(set(half[3:6].tolist())) == 1
    assert half[0] != half[3]
    assert sorted(half.tolist()).count(0) in {3, 4}


def test_a_topic_is_in_one_half_as_a_whole() -> None:
    assert halves_of_topics(["lost card", "exchange", "lost card", "top-up", "exchange"]).tolist() == [1, 0, 1, 0, 0]


def test_no_loose_question_is_asked_twice_or_about_a_passage_that_test_questions_were_written_from() -> None:
    every = read_rows(ROOT / LOOSE)
    test = [row for name in ("test.jsonl", "pooled.jsonl") for row in read_rows(ROOT / LOOSE.with_name(name))]

    assert len({row["question"] for row in every}) == len(every)
    assert {tuple(row["gold"][0].values()) for row in every}.isdisjoint(tuple(row["gold"][0].values()) for row in test)


class Named:
    """An encoder that is known by its name alone."""

    def __init__(self, name: str) -> None:
        self.name = name

    def encode(self, texts):
        return np.zeros((len(texts), 4), dtype=np.float32)


def test_topics_are_found_by_the_encoder_that_they_taught_nothing(tmp_path: Path) -> None:
    for pack, column in PACKS.items():
        rows = [f"{pack} {topic} {number},{topic}" for topic in "abcd" for number in range(3)]
        (tmp_path / pack).parent.mkdir()
        (tmp_path / pack).write_text("\n".join([f"text,{column}", *rows]))

    found = [one for one in topics(tmp_path, [Named("0"), Named("1")]) if one.pack == TOPICS]

    assert sorted(text for one in found for text in one.texts) == sorted(
        row["text"] for row in read_rows(tmp_path / TOPICS)
    )
    for one in found:
        assert set(of_topics(tmp_path, int(one.encoder.name)).questions).isdisjoint(one.texts)
