import numpy as np
import pytest

from helpdesk.nlp.manifest import ArtefactError, Manifest
from helpdesk.nlp.topics import TopicClassifier

WORDS = {
    "charges": "credit cover invoice payment charge amount",
    "testing": "test slot entry approach environment device",
    "website": "password login account newsletter register page",
}


def drawn(words, count, seed):
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(words.split(), 4)) for _ in range(count)]


@pytest.fixture(scope="module")
def texts():
    return [text for seed, words in enumerate(WORDS.values()) for text in drawn(words, 20, seed)]


@pytest.fixture(scope="module")
def labels():
    return [label for label in WORDS for _ in range(20)]


@pytest.fixture(scope="module")
def classifier(texts, labels, hashing):
    return TopicClassifier(seed=1).fit(texts, hashing.encode(texts), labels)


@pytest.fixture(scope="module")
def predict(classifier, hashing):
    return lambda text, **more: classifier.predict([text], hashing.encode([text]), **more)[0]


class TestPredicting:
    def test_a_plain_case_is_sorted_right_and_surely(self, predict):
        prediction = predict("invoice payment amount")
        assert prediction.label == "charges"
        assert prediction.probability > 0.7
        assert not prediction.is_unknown

    def test_the_first_three_fall_and_sum_to_one_at_most(self, predict):
        shares = [share for _, share in predict("invoice login").top3]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1)

    def test_something_else_is_unknown(self, predict):
        prediction = predict("zebra giraffe elephant lion")
        assert prediction.is_unknown
        assert "unlike what was asked before" in prediction.reasons[2]

    def test_three_reasons_are_given_in_words(self, predict):
        words, near, rival = predict("invoice payment amount").reasons
        assert "“invoice" in words or "“payment" in words or "“amount" in words
        assert near == "5 of the 5 nearest past enquiries had this topic."
        assert rival.startswith("The next topic, ")

    def test_the_neighbours_given_are_the_ones_counted(self, predict):
        prediction = predict("invoice payment amount", neighbours=[["charges", "website"]])
        assert prediction.reasons[1].startswith("1 of the 2")

    def test_no_texts_give_no_predictions(self, classifier, hashing):
        assert classifier.predict([], hashing.encode([])) == []

    @pytest.mark.parametrize("text", ["", "x", "y" * 100_000, "שלום 🔥", "\x00"])
    def test_odd_texts_get_a_prediction(self, predict, text):
        assert predict(text).label in WORDS


class TestLearning:
    def test_the_same_seed_learns_the_same(self, texts, labels, classifier, hashing):
        vectors = hashing.encode(texts)
        again = TopicClassifier(seed=1).fit(texts, vectors, labels)
        assert np.array_equal(again.predict_proba(texts, vectors), classifier.predict_proba(texts, vectors))

    def test_two_topics_are_enough(self, texts, labels, hashing):
        vectors = hashing.encode(texts[:40])
        two = TopicClassifier().fit(texts[:40], vectors, labels[:40])
        predictions = two.predict(texts[:40], vectors)
        assert [one.label for one in predictions] == labels[:40]
        assert "point to it" in predictions[0].reasons[0]
        assert "point to it" in predictions[-1].reasons[0]

    def test_one_topic_is_refused(self, hashing):
        with pytest.raises(ValueError, match="at least two"):
            TopicClassifier().fit(["a", "b"], hashing.encode(["a", "b"]), ["x", "x"])

    def test_topics_with_too_few_texts_are_refused(self, hashing):
        with pytest.raises(ValueError, match="texts each"):
            TopicClassifier().fit(["a", "b"], hashing.encode(["a", "b"]), ["x", "y"])

    def test_strangers_that_were_shown_are_told_apart(self, texts, labels, hashing):
        strangers = hashing.encode(drawn("weather football recipe song", 20, 9))
        taught = TopicClassifier().fit(texts, hashing.encode(texts), labels, strangers)
        assert taught.unknown_scores(hashing.encode(["weather song"]))[0] > 0


class TestKeeping:
    def test_it_comes_back_as_it_was_saved(self, classifier, texts, hashing, tmp_path):
        classifier.save(tmp_path, Manifest(name="triage", seed=1))
        loaded = TopicClassifier.load(tmp_path)
        vectors = hashing.encode(texts)
        assert np.allclose(loaded.predict_proba(texts, vectors), classifier.predict_proba(texts, vectors))
        assert np.allclose(loaded.unknown_scores(vectors), classifier.unknown_scores(vectors), atol=0.05)

    def test_a_damaged_file_is_noticed(self, classifier, tmp_path):
        classifier.save(tmp_path, Manifest(name="triage"))
        (tmp_path / "state.skops").write_bytes(b"damaged")
        with pytest.raises(ArtefactError, match="is damaged"):
            TopicClassifier.load(tmp_path)

    def test_nothing_saved_is_said_in_a_sentence(self, tmp_path):
        with pytest.raises(ArtefactError, match="train again"):
            TopicClassifier.load(tmp_path / "absent")
