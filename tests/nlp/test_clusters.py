import numpy as np
import pytest

from helpdesk.nlp.clusters import TopicClusterer, describe, join, match

THEMES = ("credit cover invoice amount", "password login account mail", "meter hub firmware device")


@pytest.fixture(scope="module")
def texts():
    generator = np.random.default_rng(3)
    return [" ".join(generator.choice(theme.split(), 3)) + f" n{at}" for theme in THEMES for at in range(30)]


@pytest.fixture(scope="module")
def labels(texts, hashing):
    return TopicClusterer().fit_predict(texts, hashing.encode(texts))


class TestGrouping:
    def test_themes_do_not_mix(self, labels):
        for label in set(labels.tolist()) - {-1}:
            assert len({at // 30 for at in np.flatnonzero(labels == label)}) == 1

    def test_nearly_every_text_finds_a_group(self, labels):
        assert (labels < 0).mean() < 0.1

    def test_groups_are_numbered_by_falling_size(self, labels):
        sizes = np.bincount(labels[labels >= 0])
        assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)

    def test_it_is_the_same_every_time(self, texts, labels, hashing):
        assert np.array_equal(TopicClusterer().fit_predict(texts, hashing.encode(texts)), labels)

    def test_equal_texts_are_together(self, texts, hashing):
        doubled = [*texts, *(f"  {text.upper()} " for text in texts)]
        vectors = np.vstack([hashing.encode(texts), hashing.encode(texts)[::-1]])
        found = TopicClusterer().fit_predict(doubled, vectors)
        assert np.array_equal(found[: len(texts)], found[len(texts) :])

    @pytest.mark.parametrize("few", [[], ["one"], ["one", "two"], ["same"] * 5, ["a", "b", "c", "d"]])
    def test_a_few_texts_are_no_trouble(self, few, hashing):
        assert len(TopicClusterer().fit_predict(few, hashing.encode(few))) == len(few)

    def test_two_texts_alone_are_no_topic(self, hashing):
        assert TopicClusterer().fit_predict(["one", "two"], hashing.encode(["one", "two"])).tolist() == [-1, -1]

    def test_what_nobody_else_asks_stays_alone(self, texts, hashing):
        mixed = [*texts, "zebra", "volcano eruption", "quantum chess"]
        assert TopicClusterer().fit_predict(mixed, hashing.encode(mixed))[-3:].tolist() == [-1, -1, -1]

    def test_three_equal_texts_are_one(self, hashing):
        assert TopicClusterer().fit_predict(["one"] * 3, hashing.encode(["one"] * 3)).tolist() == [0, 0, 0]


class TestTroublesomeInput:
    def test_a_broken_vector_is_named_as_such(self, texts, hashing):
        vectors = hashing.encode(texts)
        vectors[4, 2] = np.nan
        with pytest.raises(ValueError, match="no numbers"):
            TopicClusterer().fit_predict(texts, vectors)

    def test_vectors_of_other_texts_are_refused(self, texts, hashing):
        with pytest.raises(ValueError, match="90 texts and 89 vectors"):
            TopicClusterer().fit_predict(texts, hashing.encode(texts[1:]))

    def test_thousands_of_equal_texts_join_one_group_and_split_no_other(self, texts, labels, hashing):
        flooded = [*texts, *["buy now"] * 5_000]
        found = TopicClusterer().fit_predict(flooded, hashing.encode(flooded[: len(texts) + 1]).take(rows(91), axis=0))
        assert set(found[90:].tolist()) == {0}
        assert len(set(found[:90].tolist()) - {-1}) >= 3

    def test_two_texts_asked_often_are_two_topics(self, hashing):
        texts = ["credit cover"] * 4 + ["panel meeting"] * 3
        assert TopicClusterer().fit_predict(texts, hashing.encode(texts)).tolist() == [0] * 4 + [1] * 3

    def test_different_texts_with_one_vector_are_grouped(self):
        texts = [f"what is the credit cover for {number}" for number in range(60)]
        found = TopicClusterer().fit_predict(texts, np.tile(np.eye(1, 8, dtype=np.float32), (60, 1)))
        assert (found >= 0).all()

    def test_vectors_of_zeros_belong_nowhere(self):
        found = TopicClusterer().fit_predict([f"text {number}" for number in range(9)], np.zeros((9, 8), np.float32))
        assert (found == -1).all()

    @pytest.mark.parametrize("text", ["", "?!…", "x", "о́чень", "質問です", "long " * 20_000, "\ud800"])
    def test_any_text_is_taken(self, text, texts, hashing):
        mixed = [*texts, text]
        assert len(TopicClusterer().fit_predict(mixed, hashing.encode(mixed))) == len(mixed)


def rows(last: int) -> list[int]:
    """All rows before `last`, and then only its last one, five thousand times in all."""
    return [*range(last - 1), *[last - 1] * 5_000]


class TestKeepingIdentity:
    def test_a_grown_group_carries_on(self):
        previous = {7: {"a", "b", "c"}, 9: {"x", "y", "z"}}
        labels = np.array([0, 0, 0, 0, 1, 1, 1])
        assert match(previous, labels, ["x", "y", "z", "new", "a", "b", "c"]) == {0: 9, 1: 7}

    def test_of_two_halves_one_carries_on_and_the_other_is_new(self):
        labels = np.array([0, 0, 0, 1, 1])
        assert match({7: set("abcde")}, labels, list("abcde")) == {0: 7, 1: None}

    def test_a_group_without_overlap_is_new(self):
        assert match({7: {"a"}}, np.array([0, -1]), ["b", "a"]) == {0: None}

    def test_the_first_run_has_only_new_groups(self):
        assert match({}, np.array([0, 1]), ["a", "b"]) == {0: None, 1: None}


class TestDescribing:
    def test_terms_come_from_the_theme_and_samples_from_the_group(self, texts, labels, hashing):
        for label, description in describe(texts, hashing.encode(texts), labels).items():
            rows = np.flatnonzero(labels == label).tolist()
            theme = set(THEMES[rows[0] // 30].split())
            assert set(description.terms[0].split()) <= theme
            assert set(description.samples) <= set(rows)

    def test_samples_are_not_equal_to_each_other(self, hashing):
        texts = ["same text"] * 6 + ["other text"]
        (described,) = describe(texts, hashing.encode(texts), np.zeros(7, dtype=np.int64)).values()
        assert len(described.samples) == 2


class TestJoining:
    @pytest.fixture
    def groups(self):
        rows = {7: [[1, 0], [0.8, 0.6]], 9: [[0, 1], [0, 1]]}
        return {group: np.array(own, dtype=np.float32) for group, own in rows.items()}

    def test_a_text_joins_the_nearest_group_within_whose_reach_it_lies(self, groups):
        later = np.array([[0.96, 0.28], [0, 1], [-1, 0], [0.28, 0.96]], dtype=np.float32)
        assert join(groups, later).tolist() == [7, 9, -1, -1]

    def test_without_groups_or_texts_nothing_joins(self, groups):
        assert join({}, np.ones((2, 2), dtype=np.float32)).tolist() == [-1, -1]
        assert join(groups, np.empty((0, 2), dtype=np.float32)).tolist() == []
