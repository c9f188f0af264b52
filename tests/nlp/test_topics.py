import numpy as np
import pytest

from helpdesk.nlp import artefacts
from helpdesk.nlp.jury import Batch
from helpdesk.nlp.manifest import ArtefactError, Manifest
from helpdesk.nlp.reasons import reasons
from helpdesk.nlp.topics import TopicClassifier, _folds, name_of

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
    return lambda text: classifier.predict([text], hashing.encode([text]))[0]


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
        others = drawn("weather football recipe song", 20, 9)
        strangers = Batch(others, hashing.encode(others))
        taught = TopicClassifier().fit(texts, hashing.encode(texts), labels, strangers=strangers)
        assert taught.unknown_scores(["weather song"], hashing.encode(["weather song"]))[0] > 0

    def test_a_few_strangers_teach_nothing(self, texts, labels, classifier, hashing):
        others = drawn("weather football recipe song", 9, 9)
        vectors = hashing.encode(texts)
        taught = TopicClassifier(seed=1).fit(texts, vectors, labels, strangers=Batch(others, hashing.encode(others)))
        assert np.array_equal(taught.unknown_scores(texts, vectors), classifier.unknown_scores(texts, vectors))

    def test_a_lower_share_kept_calls_more_unknown(self, texts, labels, classifier, hashing):
        vectors = hashing.encode(texts)
        strict = TopicClassifier(seed=1, kept=0.5).fit(texts, vectors, labels)
        assert (strict.unknown_scores(texts, vectors) > classifier.unknown_scores(texts, vectors)).all()

    def test_a_topic_with_one_text_is_learned(self, texts, labels, hashing):
        more, named = [*texts, "zebra stripes"], [*labels, "zoo"]
        taught = TopicClassifier().fit(more, hashing.encode(more), named)
        assert taught.predict(["zebra stripes"], hashing.encode(["zebra stripes"]))[0].label == "zoo"

    def test_the_names_of_topics_teach_words_that_no_text_has(self, texts, labels, hashing):
        named = ["zebra_crossing" if label == "website" else label for label in labels]
        names = [name_of(label) for label in sorted(set(named))]
        vectors, asked = hashing.encode(texts), hashing.encode(["zebra crossing"])
        place = sorted(set(named)).index("zebra_crossing")
        with_names = TopicClassifier().fit(texts, vectors, named, names=Batch(names, hashing.encode(names)))
        without = TopicClassifier().fit(texts, vectors, named)
        gained = with_names.predict_proba(["zebra crossing"], asked) - without.predict_proba(["zebra crossing"], asked)
        assert gained[0, place] > 0.1
        assert "zebra crossing" not in with_names.predict(["invoice"], hashing.encode(["invoice"]))[0].reasons[1]

    def test_equal_texts_are_learned(self, hashing):
        same = ["invoice amount"] * 20 + ["login page"] * 20
        taught = TopicClassifier().fit(same, hashing.encode(same), ["a"] * 20 + ["b"] * 20)
        assert [one.label for one in taught.predict(same[19:21], hashing.encode(same[19:21]))] == ["a", "b"]

    def test_equal_texts_of_two_topics_are_a_toss_up(self, hashing):
        same = ["invoice amount"] * 40
        taught = TopicClassifier().fit(same, hashing.encode(same), ["a", "b"] * 20)
        assert taught.predict_proba(same[:1], hashing.encode(same[:1]))[0] == pytest.approx([0.5, 0.5], abs=0.05)

    @pytest.mark.parametrize("broken", [np.nan, np.inf])
    def test_vectors_that_are_no_numbers_are_refused(self, texts, labels, classifier, hashing, broken):
        vectors = hashing.encode(texts)
        vectors[3, 5] = broken
        with pytest.raises(ValueError, match="not numbers"):
            TopicClassifier().fit(texts, vectors, labels)
        with pytest.raises(ValueError, match="not numbers"):
            classifier.predict(texts, vectors)


class TestHoldingOut:
    def test_only_later_texts_are_held_out(self):
        places = np.array([0] * 20 + [1] * 20)
        (first, tried), (second, last) = _folds(places)
        assert tried.tolist() == [14, 15, 16, 34, 35, 36]
        assert last.tolist() == [17, 18, 19, 37, 38, 39]
        assert sorted([*first, *tried, *last]) == list(range(40))
        assert second.tolist() == sorted([*first, *tried])

    def test_a_rare_topic_is_always_learned(self):
        places = np.array([2, *[0] * 10, *[1] * 10])
        assert all(0 in learned and 0 not in held for learned, held in _folds(places))


class TestReasons:
    def test_they_change_with_the_prediction(self, predict):
        first, second = predict("invoice payment login"), predict("invoice login password")
        assert (first.label, second.label) == ("charges", "website")
        assert "invoice" in first.reasons[0]
        assert "invoice" not in second.reasons[0]

    def test_a_word_that_speaks_for_the_rival_is_not_named(self, classifier):
        words = classifier.jury_.words
        charges, website = classifier.labels_.tolist().index("charges"), classifier.labels_.tolist().index("website")
        assert words.deciding("invoice login", charges, website) == ["invoice"]
        assert words.deciding("invoice login", website, charges) == ["login"]

    def test_past_enquiries_of_other_topics_are_not_held_against_it(self):
        _, past, _ = reasons(["fee"], [("charges", 0.6), ("website", 0.4)], ["website"] * 5, is_unknown=False)
        assert "0 of" not in past
        assert past.startswith("Its meaning as a whole")

    def test_one_word_points(self):
        top3 = [("charges", 0.6), ("website", 0.4)]
        assert reasons(["fee"], top3, [], is_unknown=False)[0] == "The word “fee” points to it."
        assert reasons(["a fee"], top3, [], is_unknown=False)[0] == "The words “a fee” point to it."
        assert reasons([], top3, [], is_unknown=False)[0] == "No single word decides."


class TestKeeping:
    def test_it_comes_back_as_it_was_saved(self, classifier, texts, hashing, tmp_path):
        classifier.save(tmp_path, Manifest(name="triage", seed=1))
        loaded = TopicClassifier.load(tmp_path)
        vectors = hashing.encode(texts)
        assert np.array_equal(loaded.predict_proba(texts, vectors), classifier.predict_proba(texts, vectors))
        assert np.array_equal(loaded.unknown_scores(texts, vectors), classifier.unknown_scores(texts, vectors))
        assert loaded.predict(texts, vectors) == classifier.predict(texts, vectors)

    def test_one_of_an_older_version_is_said_so(self, tmp_path):
        artefacts.save(tmp_path, {"words_": 1}, Manifest(name="triage"))
        with pytest.raises(ArtefactError, match="another version"):
            TopicClassifier.load(tmp_path)

    def test_strangers_come_back_too(self, texts, labels, hashing, tmp_path):
        others = drawn("weather football recipe song", 20, 9)
        vectors = hashing.encode(texts)
        taught = TopicClassifier().fit(texts, vectors, labels, strangers=Batch(others, hashing.encode(others)))
        taught.save(tmp_path, Manifest(name="triage"))
        loaded = TopicClassifier.load(tmp_path)
        assert np.array_equal(loaded.unknown_scores(texts, vectors), taught.unknown_scores(texts, vectors))

    def test_a_damaged_file_is_noticed(self, classifier, tmp_path):
        classifier.save(tmp_path, Manifest(name="triage"))
        (tmp_path / "state.skops").write_bytes(b"damaged")
        with pytest.raises(ArtefactError, match="is damaged"):
            TopicClassifier.load(tmp_path)

    def test_nothing_saved_is_said_in_a_sentence(self, tmp_path):
        with pytest.raises(ArtefactError, match="train again"):
            TopicClassifier.load(tmp_path / "absent")
