import numpy as np
import pytest

from helpdesk.nlp import topic_graph
from helpdesk.nlp.encoder import unit
from helpdesk.nlp.topic_graph import centred, text_graph


def cloud(count: int, centres: int, *, spread: float = 0.6):
    """Unit vectors around a few random directions, shape (count, 32)."""
    generator = np.random.default_rng(5)
    places = unit(generator.standard_normal((centres, 32)))
    noise = unit(generator.standard_normal((count, 32)))
    return unit(places[np.arange(count) % centres] + spread * noise)


class TestGraph:
    def test_joins_go_both_ways_and_never_to_itself(self):
        graph = text_graph([f"text {number}" for number in range(200)], cloud(200, 5))
        assert (graph != graph.T).nnz == 0
        assert graph.diagonal().sum() == 0
        assert graph.nnz > 0

    def test_alike_texts_are_joined_and_others_are_not(self):
        joins = text_graph([f"text {number}" for number in range(200)], cloud(200, 5)).tocoo()
        assert (joins.row % 5 == joins.col % 5).all()

    def test_of_texts_that_mean_the_same_those_with_the_same_words_are_joined_more_strongly(self):
        """Vectors alone cannot tell these; function words and their order can."""
        texts = [f"{how} card {number}" for number in range(60) for how in ("why was my", "how do i get a")]
        joins = text_graph(texts, cloud(120, 1, spread=0.3))
        own = joins[0::2][:, 0::2].sum() + joins[1::2][:, 1::2].sum()
        assert own > 3 * joins[0::2][:, 1::2].sum()

    def test_a_text_far_from_all_has_no_joins(self):
        vectors = np.vstack([cloud(100, 3), np.eye(1, 32, 7, dtype=np.float32)])
        graph = text_graph([f"text {number}" for number in range(101)], vectors)
        assert graph[100].nnz == 0

    def test_texts_with_one_vector_are_not_joined_to_themselves(self):
        vectors = np.tile(cloud(1, 1), (120, 1))
        graph = text_graph([f"text {number}" for number in range(120)], vectors)
        assert graph.diagonal().sum() == 0

    def test_cells_find_nearly_the_neighbours_of_a_full_search(self, monkeypatch: pytest.MonkeyPatch):
        vectors = cloud(4_000, 12)
        exact = topic_graph._nearest(vectors, 10)[0]
        monkeypatch.setattr(topic_graph, "EXACT_UP_TO", 100)
        found = topic_graph._nearest(vectors, 10)[0]
        assert np.mean([len(set(a) & set(b)) for a, b in zip(exact, found, strict=True)]) > 9.5

    def test_cells_that_hold_too_few_leave_gaps_and_no_joins(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(topic_graph, "EXACT_UP_TO", 100)
        monkeypatch.setattr(topic_graph, "CELL", 50)
        monkeypatch.setattr(topic_graph, "CELLS_SEEN", 1)
        graph = text_graph([f"text {number}" for number in range(300)], cloud(300, 6, spread=0.2))
        assert graph.nnz > 0
        assert graph.diagonal().sum() == 0


class TestCentring:
    def test_what_all_share_is_taken_away(self):
        shared = unit(cloud(2_000, 4) + 3 * np.eye(1, 32, dtype=np.float32))
        assert np.linalg.norm(shared.mean(axis=0)) > 0.8
        assert np.linalg.norm(centred(shared).mean(axis=0)) < 0.3

    def test_few_texts_keep_what_they_have_in_common(self):
        few = cloud(6, 1, spread=0.3)
        assert (centred(few) @ centred(few).T).min() > 0.7
