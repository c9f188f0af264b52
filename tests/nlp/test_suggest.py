from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from helpdesk.nlp.calibrate import Lists, Replay, fit_curve, replay
from helpdesk.nlp.confidence import CITED, FEATURES, POSSIBLE, Confidence, Curve, features
from helpdesk.nlp.lexical import Bm25Index
from helpdesk.nlp.manifest import ArtefactError, Manifest
from helpdesk.nlp.ranking import Candidate, Ranker
from helpdesk.nlp.suggest import (
    PARTS,
    Shelf,
    Suggester,
    Suggestion,
    crowding_of,
    item_of,
    key_of,
    worth_showing,
)
from helpdesk.nlp.vectors import FaissIndex
from tests.nlp.conftest import ROOT

ANSWERS = {
    1: ["how is credit cover calculated", "what amount of credit cover do we owe"],
    2: ["how do I reset a forgotten password"],
    3: ["when does the june release take place"],
}
CLAUSES = {10: ["credit cover must be given before the invoice"], 11: ["certificates must be renewed"]}
TICKETS = {20: ["credit cover invoice of another organisation"], 21: ["password reset mail never came"]}
BY_TEXT = (10.0, 2.0, *(0.0 for _ in FEATURES[2:]))
SURE = Curve(BY_TEXT, -5.0)


class Believing:
    """A learned order that holds the first of two for three times as likely."""

    def scores(self, candidates):
        return np.log([0.75, 0.25])

    def turned(self, vector, matching):
        return vector


def shelf(kind, items, encoder):
    made = Shelf(kind, Bm25Index(), FaissIndex(encoder.dimension))
    for item, wordings in items.items():
        keys = [key_of(item, part) for part in range(len(wordings))]
        made.lexical.put(keys, wordings)
        made.vectors.put(keys, encoder.encode(wordings))
    return made


@pytest.fixture
def suggester(hashing):
    kinds = {"answer": ANSWERS, "clause": CLAUSES, "ticket": TICKETS}
    shelves = [shelf(kind, items, hashing) for kind, items in kinds.items()]
    return Suggester(hashing, shelves, Ranker(), Confidence({"wording": SURE, "passage": SURE}))


def found(items):
    return [(one.kind, one.id) for one in items]


class TestSuggesting:
    def test_an_answer_is_found_by_any_of_its_wordings_and_stands_once(self, suggester):
        ranked = found(suggester.rank("what amount of credit cover do we owe", limit=20))
        assert ranked[0] == ("answer", 1)
        assert ranked.count(("answer", 1)) == 1

    def test_the_very_words_of_a_question_stand_above_a_passage_that_is_more_probable(self, hashing):
        answers = {1: ["what happens if our credit cover is late"]}
        articles = {2: ["what happens if our credit cover is late what happens if our credit cover is late and then"]}
        sure_of_passages = {"wording": SURE, "passage": Curve(BY_TEXT, 5.0)}
        shelves = [shelf("answer", answers, hashing), shelf("article", articles, hashing)]
        ranked = Suggester(hashing, shelves, Ranker(), Confidence(sure_of_passages)).rank(
            "what happens if our credit cover is late"
        )
        assert found(ranked) == [("answer", 1), ("article", 2)]
        assert ranked[1].probability > ranked[0].probability

    def test_words_say_more_between_long_questions(self):
        alike = [
            Candidate("ticket", 1, 1, words=0.2, cosine=0.80),
            Candidate("ticket", 2, 2, words=0.4, cosine=0.70),
            Candidate("ticket", 3, 3, words=0.0, cosine=0.10),
        ]
        firsts = []
        for terms in (8, 10, 12, 40):
            for one in alike:
                one.asked = terms
            firsts.append(int(Ranker().scores(alike).argmax()))
        assert firsts == [0, 0, 1, 1]

    def test_the_terms_of_the_question_are_counted(self, suggester, hashing):
        query = "How is the credit cover for G3.20 calculated"
        found = suggester.candidates(query, hashing.encode([query])[0])
        assert {one.asked for one in found} == {4}

    def test_without_learned_curves_nothing_is_probable(self):
        assert not Confidence({}).probabilities([Candidate("answer", 1, 1, words=1.0, cosine=1.0)]).any()

    def test_it_abstains_when_nothing_is_likely(self, suggester):
        assert worth_showing(suggester.rank("zebra crossing"), POSSIBLE) == []

    def test_a_list_is_shown_if_one_of_its_first_three_probably_answers(self):
        def shown(*probabilities, kind="clause"):
            ranked = [Suggestion(kind, at, 0.0, one, ()) for at, one in enumerate(probabilities)]
            return [one.id for one in worth_showing(ranked, 0.35)]

        assert shown(0.4, 0.05, 0.03) == [0, 1]
        assert shown(0.2, 0.15, 0.12, 0.1, 0.12) == [0, 1, 2, 4]
        assert shown(0.2, 0.16) == []
        assert shown(0.2, 0.16, kind="answer") == [0, 1]
        assert shown(0.11, 0.11, 0.11, 0.11, 0.11, 0.11, 0.11) == []
        assert shown() == []

    def test_what_is_shown_is_worth_it(self, suggester):
        shown = worth_showing(suggester.rank("how is credit cover calculated"), 0.35)
        assert shown
        assert all(one.probability >= shown[0].probability / 10 for one in shown)

    def test_no_more_than_the_limit_is_given(self, suggester):
        assert len(suggester.rank("credit cover invoice", limit=2)) == 2

    @pytest.mark.parametrize("query", ["", "   ", "\n"])
    def test_an_empty_question_finds_nothing(self, suggester, query):
        assert suggester.rank(query) == []

    @pytest.mark.parametrize("query", ["x", "credit " * 20_000, "שלום 🔥", "\ud800", "<b>'; --"])
    def test_odd_questions_are_answered_calmly(self, suggester, query):
        assert all(0 <= one.probability <= 1 for one in suggester.rank(query))

    def test_without_indexes_there_is_nothing_and_no_error(self, hashing):
        assert Suggester(hashing, [], Ranker(), Confidence({})).rank("credit cover") == []


class TestWhatTheReaderMaySee:
    def test_kinds_that_are_not_allowed_are_not_searched(self, suggester):
        ranked = suggester.rank("credit cover invoice", allowed={"clause": None})
        assert {one.kind for one in ranked} == {"clause"}

    def test_only_allowed_keys_of_a_kind_are_found(self, suggester):
        allowed = {"ticket": np.array([key_of(21)])}
        assert found(suggester.rank("credit cover invoice", allowed=allowed)) == [("ticket", 21)]

    def test_what_the_filter_drops_is_not_shown(self, suggester):
        ranked = suggester.rank("credit cover invoice", keep=lambda seen: {**seen, "ticket": [21]})
        assert ("ticket", 20) not in found(ranked)
        assert ("clause", 10) in found(ranked)

    def test_the_filter_is_asked_once_with_every_candidate(self, suggester):
        calls = []
        suggester.rank("credit cover", keep=lambda seen: calls.append(seen) or seen)
        (seen,) = calls
        assert {1, 2, 3} == set(seen["answer"])


class TestCitations:
    def test_a_clause_that_is_named_comes_first(self, suggester):
        first, *_ = suggester.rank("how is credit cover calculated", cited={"clause": [11]})
        assert (first.kind, first.id, first.probability) == ("clause", 11, CITED)
        assert "You named it." in first.reasons


class TestReasons:
    def test_they_name_the_words_that_are_shared(self, suggester):
        first, *_ = suggester.rank("Is credit cover calculated daily?")
        assert any("“credit”" in reason and "“calculated”" in reason for reason in first.reasons)
        assert not any("daily" in reason for reason in first.reasons)

    @pytest.mark.parametrize(
        ("days", "votes", "said"),
        [
            (30, 2, ["2 votes.", "Asked in the last month."]),
            (31, 1, ["1 vote."]),
            (0, 0, ["Asked in the last month."]),
            (-1, 0, []),
            (None, 0, []),
        ],
    )
    def test_they_name_votes_and_a_date_within_a_month(self, hashing, days, votes, said):
        today = date(2026, 11, 26)
        asked = shelf("question", ANSWERS, hashing)
        asked = replace(asked, days={} if days is None else {1: today.toordinal() - days}, votes={1: votes})
        suggester = Suggester(hashing, [asked], Ranker(), Confidence({"wording": SURE}))

        def of_age_and_votes(on):
            first, *_ = suggester.rank("how is credit cover calculated", on=on)
            return [reason for reason in first.reasons if "vote" in reason or "month" in reason]

        assert of_age_and_votes(today) == said
        assert of_age_and_votes(None) == []


class Scoring(Ranker):
    """Gives each candidate the score that its id is told to have."""

    def __init__(self, given):
        super().__init__()
        self.given = given

    def scores(self, candidates):
        return np.array([self.given[one.id] for one in candidates])


class TestForWhomItIsWritten:
    def ranked(self, encoder, given, *, written_for, categories):
        answers = replace(shelf("answer", ANSWERS, encoder), written_for=written_for)
        shelves = [answers, shelf("clause", CLAUSES, encoder)]
        suggester = Suggester(encoder, shelves, Scoring(given), Confidence({"wording": SURE, "passage": SURE}))
        return suggester.rank("credit cover, passwords and certificates", categories=categories)

    def test_it_takes_the_place_of_what_is_as_near_and_says_so(self, hashing):
        given = {1: 0.90, 2: 0.87, 3: 0.86, 10: 0.7, 11: 0.1}
        plain = self.ranked(hashing, given, written_for={}, categories=["gas"])
        again = self.ranked(hashing, given, written_for={3: frozenset({"gas", "power"})}, categories=["gas"])

        assert [one.id for one in plain if one.kind == "answer"] == [1, 2, 3]
        assert [one.id for one in again if one.kind == "answer"] == [3, 1, 2]
        # The places themselves stay what they are: nothing else comes sooner or later, or is more or less probable.
        assert [one.kind for one in again] == [one.kind for one in plain]
        assert {one.id: one.probability for one in again} == {one.id: one.probability for one in plain}
        said = {one.id for one in again if "Written for the Party category that asks." in one.reasons}
        assert said == {3}

    @pytest.mark.parametrize(
        ("third", "for_whom", "categories", "order"),
        [
            (0.86, {"gas"}, ["power"], [1, 2, 3]),
            (0.86, {"gas"}, [], [1, 2, 3]),
            (0.83, {"gas"}, ["gas"], [1, 3, 2]),
            (0.81, {"gas"}, ["gas"], [1, 2, 3]),
        ],
        ids=["for-others", "nobody-of-a-party-asks", "less-near", "farther"],
    )
    def test_it_passes_nothing_that_is_nearer(self, hashing, third, for_whom, categories, order):
        given = {1: 0.90, 2: 0.87, 3: third, 10: 0.7, 11: 0.1}
        again = self.ranked(hashing, given, written_for={3: frozenset(for_whom)}, categories=categories)
        assert [one.id for one in again if one.kind == "answer"] == order

    def test_the_very_words_of_the_question_stay_first(self, hashing):
        answers = replace(shelf("answer", ANSWERS, hashing), written_for={3: frozenset({"gas"})})
        suggester = Suggester(hashing, [answers], Scoring({1: 0.9, 2: 0.1, 3: 0.89}), Confidence({"wording": SURE}))
        first, second, _ = suggester.rank(ANSWERS[1][0], categories=["gas"])
        assert (first.id, second.id) == (1, 3)


class TestKeys:
    def test_a_key_gives_its_item_back(self):
        assert item_of(key_of(123, PARTS - 1)) == 123
        assert key_of(123) != key_of(123, 1)


class TestRanking:
    def test_words_decide_among_clauses_and_meaning_among_questions(self):
        def order(kind):
            pair = [Candidate(kind, 1, 1, words=0.9, cosine=0.4), Candidate(kind, 2, 2, words=0.2, cosine=0.8)]
            return int(np.argmax(Ranker().scores(pair))) + 1

        assert order("clause") == 1
        assert order("question") == 2

    def test_of_two_alike_the_published_answer_comes_first(self):
        pair = [Candidate("ticket", 1, 1, 0.5, 0.5), Candidate("answer", 2, 2, 0.5, 0.5)]
        assert np.argmax(Ranker().scores(pair)) == 1

    def test_no_candidates_have_no_scores(self):
        assert Ranker().scores([]).shape == (0,)


class TestConfidence:
    def draw(self, generator):
        """One right candidate among four, whose cosine is usually the highest."""
        cosines = generator.uniform(0.2, 0.6, size=4)
        cosines[0] += 0.3
        return [Candidate("answer", at, at, 0.1, float(cosine)) for at, cosine in enumerate(cosines)]

    @pytest.mark.parametrize("matching", ["wording", "passage"])
    def test_a_fitted_curve_knows_how_often_it_is_right(self, matching):
        generator = np.random.default_rng(0)
        draws = [self.draw(generator) for _ in range(400)]
        right, none = np.array([True, False, False, False]), np.zeros(4, dtype=np.bool_)
        # Of every fifth query the right candidate is far off, and nothing answers.
        for draw in draws[::5]:
            draw[0].cosine -= 0.3
        labels = [none if at % 5 == 0 else right for at in range(200)]
        has_answer = [at % 5 > 0 for at in range(200)]
        curve = fit_curve(matching, Lists([features(draw) for draw in draws[:200]], labels, has_answer))
        given = curve.together if matching == "wording" else curve.alone
        probabilities = np.vstack([given(features(draw)) for draw in draws[200:]])
        assert probabilities.mean() == pytest.approx(0.2, abs=0.03)
        assert probabilities[1::5, 0].mean() > 0.7
        assert probabilities[::5].sum(axis=1).mean() < 0.5

    @pytest.mark.parametrize("matching", ["wording", "passage"])
    def test_questions_without_an_answer_count_for_the_share_that_is_said(self, matching):
        generator = np.random.default_rng(0)
        rows = [features(self.draw(generator)) for _ in range(400)]
        right, none = np.array([True, False, False, False]), np.zeros(4, dtype=np.bool_)
        # What was found says nothing of whether anything answers: half of them have no answer.
        has_answer = [at % 2 > 0 for at in range(400)]
        lists = Lists(rows, [right if has else none for has in has_answer], has_answer)
        for share in (0.5, 0.2):
            curve = fit_curve(matching, lists, share)
            given = curve.together if matching == "wording" else curve.alone
            assert np.vstack([given(row) for row in rows]).sum(axis=1).mean() == pytest.approx(1 - share, abs=0.03)

    def test_what_is_the_same_for_all_candidates_gets_no_weight(self):
        generator = np.random.default_rng(0)
        draws = [features(self.draw(generator)) for _ in range(50)]
        right = np.array([True, False, False, False])
        for matching in ("wording", "passage"):
            curve = fit_curve(matching, Lists(draws, [right] * 50, [True] * 50))
            assert dict(zip(FEATURES, curve.weights, strict=True))["crowding"] == 0.0
            assert max(map(abs, curve.weights)) < 1_000

    def test_of_questions_that_compete_one_is_meant(self):
        sure = Confidence({"wording": SURE})
        alone = sure.probabilities([Candidate("answer", 1, 1, 0.5, 0.6)])
        beside = sure.probabilities([Candidate("answer", 1, 1, 0.5, 0.6), Candidate("answer", 2, 2, 0.5, 0.59)])
        assert beside[0] < alone[0]
        assert beside.sum() < 1

    def test_passages_that_one_question_led_to_do_not_compete(self):
        sure = Confidence({"wording": SURE, "passage": Curve(BY_TEXT, -30.0)})
        led = [Candidate("clause", at, at, 0.1, 0.1, agreement=at / 10, lead=0.9, lead_words=0.9) for at in (1, 2)]
        assert sure.probabilities(led) == pytest.approx(sure.probabilities(led[:1])[[0, 0]])
        by_agreement = tuple(float(name in ("cosine", "agreement")) for name in FEATURES)
        both = Confidence({"wording": Curve(by_agreement, 3.0)}).probabilities(led)
        assert both.min() > 0.8  # together far more than one

    def test_a_text_said_twice_stands_for_one(self):
        sure = Confidence({"wording": SURE})
        twice = [Candidate("question", at, at, 0.5, 0.6) for at in (1, 2)]
        assert sure.probabilities(twice) == pytest.approx(sure.probabilities(twice[:1])[[0, 0]])

    def test_one_near_wording_says_less_than_three(self):
        one, three = Candidate("answer", 1, 1, 0.2, 0.7, (0.7, 0.3)), Candidate("answer", 2, 2, 0.2, 0.7, (0.7,) * 3)
        assert 0.6 < one.near < three.near == pytest.approx(0.7)
        assert Ranker().scores([one, three]).argmax() == 1
        assert features([one, three])[:, FEATURES.index("near")] == pytest.approx([one.near, 0.7])
        assert Candidate("answer", 1, 1, 0.2, 0.7, (0.7,)).near == 0.7

    def test_the_margin_is_measured_against_the_others(self):
        rows = features([Candidate("answer", 1, 1, 0.5, 0.9), Candidate("answer", 2, 2, 0.3, 0.6)])
        margin = FEATURES.index("cosine_margin")
        assert rows[:, margin].tolist() == pytest.approx([0.3, -0.3])

    def test_crowding_is_how_near_the_nearest_are_to_each_other(self):
        index, vectors = FaissIndex(8), np.zeros((3, 8), dtype=np.float32)
        vectors[:, :2] = [[1, 0], [0.6, 0.8], [0, 1]]
        index.put([1, 2, 3], vectors)
        hits = index.search(vectors[0], 3)
        # By pairs 0.6, 0 and 0.8: each of the three with the two others.
        assert crowding_of(index, hits) == pytest.approx((0.6 + 0.0 + 0.8) / 3, abs=1e-3)
        assert crowding_of(index, hits[:1]) == 0.0

    def test_without_a_learned_order_the_best_passage_gets_a_cautious_share(self):
        found = [Candidate("clause", at, at, 0.9 if not at else 0.4, 0.9 if not at else 0.4) for at in range(100)]
        found.append(Candidate("clause", 100, 100, 0.0, 0.0))
        Ranker().scores(found)
        assert sum(one.share for one in found) == pytest.approx(1)
        assert 0.1 < found[0].share < 0.5

    def test_passages_know_their_share_of_the_learned_order_and_among_how_many_and_others_do_not(self):
        found = [
            Candidate("clause", 1, 1, 0.5, 0.9),
            Candidate("clause", 2, 2, 0.3, 0.6),
            Candidate("answer", 3, 3, 1, 1),
        ]
        Ranker(learned=Believing()).scores(found)
        assert [one.share for one in found] == pytest.approx([0.75, 0.25, 0.0])
        odds = features(found[:2])[:, FEATURES.index("odds")]
        assert odds.tolist() == pytest.approx([np.log(3), -np.log(3)])
        assert features(found[2:])[0, FEATURES.index("odds")] == 0.0
        assert features(found)[:, FEATURES.index("rivals")].tolist() == pytest.approx([np.log(2), np.log(2), 0.0])

    def test_it_comes_back_as_it_was_saved(self, tmp_path):
        saved = Confidence({"wording": SURE})
        saved.save(tmp_path, Manifest(name="confidence"))
        assert Confidence.load(tmp_path).curves == saved.curves

    def test_curves_for_other_features_are_refused(self, tmp_path):
        Confidence({"wording": Curve((1.0,), 0.0)}).save(tmp_path, Manifest(name="confidence"))
        with pytest.raises(ArtefactError, match="Train it again"):
            Confidence.load(tmp_path)

    def test_the_shipped_curves_rise_with_likeness(self):
        shipped = Confidence.load(ROOT / "models" / "confidence")
        for kind in ("answer", "clause"):
            believed = Candidate(kind, 1, 1, 0.8, 0.9, share=0.9, covered=0.8, pairs=0.5, rivals=200)
            near = shipped.probabilities([believed, Candidate(kind, 2, 2, 0.1, 0.3, share=0.1, rivals=200)])
            unlike = [Candidate(kind, at, at, 0.1, 0.3, share=0.02, rivals=200) for at in (1, 2)]
            far = shipped.probabilities(unlike)
            assert near[0] > 0.7
            assert far[0] < 0.35


class TestReplaying:
    def test_known_questions_give_one_right_row_each(self, suggester, hashing):
        queries = ["credit cover calculated", "zebra"]
        lists = replay(suggester, Replay(queries, hashing.encode(queries), [{1}, set()]))
        assert [row.shape[1] for row in lists.rows] == [len(FEATURES)] * 2
        assert [int(one.sum()) for one in lists.is_right] == [1, 0]
        assert lists.has_answer == [True, False]
