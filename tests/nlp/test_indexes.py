import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.nlp.encoder import unit
from helpdesk.nlp.lexical import TAIL, Bm25Index
from helpdesk.nlp.vectors import FaissIndex
from tests.factories.encoder import HashEncoder

TEXTS = {
    1: "How is credit cover calculated",
    2: "Credit cover and charges for the quarter",
    3: "Certificate signing requests, see G3.20",
    4: "How do I become a Party",
}


def keys_of(hits):
    return [hit.key for hit in hits]


@pytest.fixture
def lexical():
    index = Bm25Index()
    index.put(list(TEXTS), list(TEXTS.values()))
    return index


class TestFindingByWords:
    def test_the_best_match_comes_first(self, lexical):
        assert keys_of(lexical.search("calculating credit cover", 3)) == [1, 2]

    def test_an_identifier_is_found(self, lexical):
        assert keys_of(lexical.search("what does g3.20 say", 3)) == [3]

    def test_unknown_words_find_nothing(self, lexical):
        assert lexical.search("zebra", 3) == []
        assert lexical.search("", 3) == []

    def test_of_many_that_match_alike_those_with_the_lowest_keys_come(self):
        index = Bm25Index()
        index.put(range(40, 0, -1), ["credit cover"] * 40)
        assert keys_of(index.search("credit", 5)) == [1, 2, 3, 4, 5]

    def test_only_allowed_keys_are_found(self, lexical):
        assert keys_of(lexical.search("credit cover", 3, np.array([2, 99]))) == [2]
        assert lexical.search("credit cover", 3, np.array([], dtype=np.int64)) == []

    def test_scores_of_given_keys_are_those_of_the_search(self, lexical):
        found = {hit.key: hit.score for hit in lexical.search("credit cover", 4)}
        scores = lexical.scores("credit cover", np.array([4, 2, 77, 1]))
        assert scores.tolist() == pytest.approx([0, found[2], 0, found[1]])

    def test_shared_words_are_given_as_written(self, lexical):
        assert set(lexical.shared("Calculating our credit", 1)) == {"calculating", "credit"}
        assert lexical.shared("credit", 77) == []

    def test_shared_words_follow_words_that_come_and_are_numbered_anew(self):
        index = Bm25Index()
        index.put([1, 2], ["zebras", "credit"])
        assert index.shared("ponies on credit", 2) == ["credit"]
        index.remove([1])
        index.put([3], ["ponies on credit"])
        assert index.shared("ponies on credit", 3) == ["ponies", "credit"]
        index.state()  # as many words as before, by other numbers
        assert index.shared("ponies on credit", 2) == ["credit"]

    def test_an_item_that_says_just_the_query_scores_about_the_ideal(self, lexical):
        text = TEXTS[3]
        assert lexical.search(text, 1)[0].score == pytest.approx(lexical.ideal(text), rel=0.4)
        assert lexical.ideal("") == 0

    def test_an_empty_index_finds_nothing(self):
        assert Bm25Index().search("credit", 3) == []
        assert Bm25Index().scores("credit", np.array([1])).tolist() == [0]


class TestKeepingTheWordsUpToDate:
    def test_a_new_item_is_found_at_once(self, lexical):
        lexical.put([5], ["zebra crossing"])
        assert keys_of(lexical.search("zebra", 3)) == [5]

    def test_a_changed_item_is_found_by_its_new_words_only(self, lexical):
        lexical.put([1], ["zebra crossing"])
        assert keys_of(lexical.search("zebra", 3)) == [1]
        assert keys_of(lexical.search("credit", 3)) == [2]
        assert len(lexical) == 4

    def test_what_was_asked_before_does_not_outlive_a_removal(self, lexical):
        text = "calculating credit cover"
        lexical.search(text, 3, np.array([2]))
        assert keys_of(lexical.search(text, 3)) == [1, 2]
        lexical.remove([1])
        assert keys_of(lexical.search(text, 3)) == [2]
        assert lexical.scores(text, np.array([1])).tolist() == [0]

    def test_a_removed_item_is_gone_and_removing_it_again_is_harmless(self, lexical):
        lexical.remove([1])
        lexical.remove([1, 1000])
        assert keys_of(lexical.search("credit cover", 3)) == [2]
        assert len(lexical) == 3

    def test_many_items_are_merged_without_loss(self):
        index = Bm25Index()
        for start in range(0, 3 * TAIL, 100):
            index.put(range(start, start + 100), [f"word{at} common" for at in range(start, start + 100)])
        index.remove([0])
        index.put([1], ["replaced"])
        assert len(index) == 3 * TAIL - 1
        assert keys_of(index.search(f"word{TAIL}", 3)) == [TAIL]
        assert keys_of(index.search("replaced", 3)) == [1]
        assert index.search("word0 word1", 3) == []

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 5), st.sampled_from(["", "credit cover", "party", "hub firmware"])), max_size=30
        )
    )
    def test_it_knows_just_what_was_put_last(self, steps):
        index, kept = Bm25Index(), {}
        for key, text in steps:
            if text:
                index.put([key], [text])
                kept[key] = text
            else:
                index.remove([key])
                kept.pop(key, None)
        assert set(keys_of(index.search("credit party firmware", 10))) == set(kept)


class TestFindingByMeaning:
    @pytest.fixture(params=[50_000, 2], ids=["exact", "signs"])
    def index(self, request):
        encoder = HashEncoder()
        index = FaissIndex(encoder.dimension, exact_up_to=request.param)
        index.put(list(TEXTS), encoder.encode(list(TEXTS.values())))
        return index

    def vector(self, text):
        return HashEncoder().encode([text])[0]

    def test_the_nearest_comes_first_with_its_cosine(self, index):
        first, *_ = index.search(self.vector(TEXTS[4]), 2)
        assert first.key == 4
        assert first.score == pytest.approx(1, abs=3e-3)

    def test_only_allowed_keys_are_found(self, index):
        assert keys_of(index.search(self.vector(TEXTS[4]), 9, np.array([2, 99, 2]))) == [2]
        assert index.search(self.vector(TEXTS[4]), 9, np.array([], dtype=np.int64)) == []

    def test_a_wide_allowance_is_compared_in_blocks(self, index, monkeypatch):
        monkeypatch.setattr("helpdesk.nlp.vectors.BLOCK", 1)
        assert keys_of(index.search(self.vector(TEXTS[2]), 9, np.array([1, 2]))) == [2, 1]

    def test_equal_texts_come_in_the_order_of_their_keys(self, index):
        index.put([9, 8, 7], HashEncoder().encode([TEXTS[4]] * 3))
        assert keys_of(index.search(self.vector(TEXTS[4]), 2)) == [4, 7]

    def test_its_state_makes_an_index_that_finds_the_same(self, index):
        index.remove([1])
        other = FaissIndex(index.dimension, exact_up_to=index.exact_up_to)
        other.restore(index.state())
        other.put([6], HashEncoder().encode(["zebra crossing"]))
        assert other.search(self.vector(TEXTS[4]), 3)[0] == index.search(self.vector(TEXTS[4]), 3)[0]
        assert keys_of(other.search(self.vector("zebra crossing"), 1)) == [6]
        assert len(other) == 4

    def test_changed_and_removed_items_follow(self, index):
        index.put([4], HashEncoder().encode(["zebra crossing"]))
        index.remove([1, 1000])
        assert keys_of(index.search(self.vector("zebra crossing"), 1)) == [4]
        assert set(keys_of(index.search(self.vector(TEXTS[1]), 9))) == {2, 3, 4}
        assert len(index) == 3

    def test_a_key_given_twice_keeps_the_last(self, index):
        index.put([7, 7], HashEncoder().encode(["first text", "zebra crossing"]))
        assert keys_of(index.search(self.vector("zebra crossing"), 1)) == [7]

    def test_products_with_given_keys_are_cosines(self, index):
        own, twice = index.products((self.vector(TEXTS[1]), 2 * self.vector(TEXTS[1])), np.array([1, 55]))
        assert own.tolist() == pytest.approx([1, 0], abs=3e-3)
        assert twice.tolist() == pytest.approx([2, 0], abs=6e-3)

    @pytest.mark.parametrize("count", [101, 102, 103])
    def test_equal_vectors_have_equal_products_wherever_they_stand(self, count):
        generator = np.random.default_rng(count)
        vectors = unit(generator.normal(size=(count, 384)).astype(np.float32))
        vectors[-1] = vectors[0]
        index = FaissIndex(384)
        index.put(range(count), vectors)
        for vector in unit(generator.normal(size=(50, 384)).astype(np.float32)):
            first, *_, last = index.products((vector,), np.arange(count))[0].tolist()
            assert first == last

    def test_an_empty_index_finds_nothing(self):
        assert FaissIndex(64).search(self.vector("x"), 3) == []

    def test_many_removals_compact_it_without_loss(self):
        encoder = HashEncoder()
        index = FaissIndex(encoder.dimension)
        texts = [f"text number{at}" for at in range(2_500)]
        index.put(range(2_500), encoder.encode(texts))
        index.remove(range(2_000))
        assert len(index) == 500
        assert keys_of(index.search(self.vector(texts[2_100]), 1)) == [2_100]

    def test_among_many_nearly_all_of_the_nearest_are_found(self):
        """Texts' vectors lie in bundles; so do these."""
        generator = np.random.default_rng(0)
        centres = generator.normal(size=(300, 384))
        rows = centres[generator.integers(0, 300, 6_000)] + 0.7 * generator.normal(size=(6_000, 384))
        vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        index = FaissIndex(384, exact_up_to=100)
        index.put(range(6_000), vectors)
        index.remove(range(0, 6_000, 10))
        alive = np.array([at for at in range(6_000) if at % 10])
        shares = []
        for query in vectors[alive[:50]]:
            nearest = alive[np.argsort(-(vectors[alive] @ query), kind="stable")[:10]]
            shares.append(len(set(keys_of(index.search(query, 10))) & set(nearest.tolist())) / 10)
        assert np.mean(shares) >= 0.97
