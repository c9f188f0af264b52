"""What the shipped models are learned from is new to the encoder that they are learned with."""

from tools.fit_ranking import halves


def test_questions_with_a_passage_in_common_are_in_one_half_and_halves_are_of_like_size() -> None:
    a, b, c, d, e = ((1, name) for name in "abcde")
    gold = [{a, b}, {b, c}, {c}, {d}, {e}, {d, e}, {(2, "a")}]

    half = halves(gold)

    assert len(set(half[:3].tolist())) == 1
    assert len(set(half[3:6].tolist())) == 1
    assert half[0] != half[3]
    assert sorted(half.tolist()).count(0) in {3, 4}
