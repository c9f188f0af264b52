"""A better model is told from a lucky one."""

import numpy as np
import pytest

from helpdesk.nlp.evaluation.bootstrap import FEWEST, paired_difference


def figures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(count)


class TestDifference:
    def test_a_small_gain_on_every_question_is_a_gain_however_hard_they_are(self):
        before = figures(200)
        found = paired_difference(before, before + 0.01)
        assert found.is_gain
        assert found.mean == pytest.approx(0.01)

    def test_noise_is_none(self):
        found = paired_difference(figures(200, 1), figures(200, 2))
        assert not found.is_gain
        assert found.low < 0 < found.high

    def test_the_interval_holds_the_truth_about_as_often_as_it_says(self):
        generator = np.random.default_rng(3)
        draws = [paired_difference(np.zeros(80), generator.normal(0.1, 1, 80), draws=400) for _ in range(200)]
        assert 0.90 <= np.mean([one.low <= 0.1 <= one.high for one in draws]) <= 0.98

    def test_few_questions_prove_nothing(self):
        assert not paired_difference(np.zeros(FEWEST - 1), np.ones(FEWEST - 1)).is_gain
        assert paired_difference(np.zeros(FEWEST), np.ones(FEWEST)).is_gain
        assert not paired_difference(np.zeros(0), np.zeros(0)).is_gain

    def test_it_is_the_same_every_time_and_says_itself_in_words(self):
        one = paired_difference(figures(100, 1), figures(100, 2))
        assert one == paired_difference(figures(100, 1), figures(100, 2))
        assert "95% interval" in str(one)
        assert "100 questions" in str(one)
