"""The learned order of passages: what it looks at, how it is learned, kept and put to use."""

import json

import numpy as np
import pytest
from scipy.special import softmax

from helpdesk.nlp.encoder import unit
from helpdesk.nlp.lessons import cut
from helpdesk.nlp.manifest import ArtefactError, Manifest
from helpdesk.nlp.order_learning import Lists, fit_nets, learn_turn_of_wordings
from helpdesk.nlp.ordering import SHARPNESS, Listed, fit_net, fit_turn
from helpdesk.nlp.passages import FEATURES, LEADS, TEXT, LearnedOrder, features
from helpdesk.nlp.ranking import Candidate, Ranker


def candidate(at: int, generator: np.random.Generator, **fields) -> Candidate:
    numbers = dict(zip(("words", "cosine", "pairs", "covered", "adapted"), generator.random(5).tolist(), strict=True))
    return Candidate(kind="clause", id=at, key=at, **{**numbers, "length": 40.0, "group": 1 + at % 3, **fields})


@pytest.fixture(scope="module")
def lists() -> Listed:
    """Two hundred questions whose right passage is the one with the most pairs of words, whatever else is said."""
    generator = np.random.default_rng(1)
    rows, right, starts = [], [], [0]
    for _ in range(200):
        found = [candidate(at, generator) for at in range(30)]
        rows.append(features(found))
        right.append(np.arange(30) == int(np.argmax([one.pairs for one in found])))
        starts.append(starts[-1] + 30)
    return Listed(np.vstack(rows), np.concatenate(right), np.array(starts))


@pytest.fixture(scope="module")
def order(lists: Listed) -> LearnedOrder:
    return LearnedOrder([fit_net(lists, FEATURES), fit_net(lists, TEXT)], {"passage": 2 * np.eye(8, dtype=np.float32)})


class TestLeavingOut:
    def test_what_is_left_out_is_no_longer_looked_at(self, lists: Listed) -> None:
        for net in fit_nets(lists, without=("pairs", "pairs_behind", "leads")):
            assert {"pairs", "pairs_behind", "leads"}.isdisjoint(FEATURES[at] for at in net.columns)
            assert "covered" in {FEATURES[at] for at in net.columns}


class TestFeatures:
    def test_each_candidate_has_every_number_and_all_are_finite(self):
        found = [candidate(at, np.random.default_rng(at)) for at in range(4)]
        assert features(found).shape == (4, len(FEATURES))
        assert np.isfinite(features(found)).all()

    def test_one_alone_and_none_at_all_are_no_trouble(self):
        assert np.isfinite(features([candidate(1, np.random.default_rng(0))])).all()
        assert features([]).shape == (0, len(FEATURES))

    def test_a_short_question_and_a_long_one_differ_in_their_terms_alone(self):
        of = [features([candidate(1, np.random.default_rng(0), asked=terms)]) for terms in (3, 20, 100, 500)]
        short, long, longer, longest = of
        assert [FEATURES[at] for at in np.flatnonzero((short != long)[0])] == ["query_terms"]
        assert (longer == longest).all()  # beyond what was learned from

    def test_a_passage_near_the_best_one_of_its_document_is_near(self):
        best = candidate(10, np.random.default_rng(0), words=1.0, cosine=1.0, group=1)
        beside, far, elsewhere = (
            candidate(at, np.random.default_rng(0), words=0.1, cosine=0.1, group=group)
            for at, group in ((11, 1), (90, 1), (11, 2))
        )
        distance = features([best, beside, far, elsewhere])[:, FEATURES.index("distance")]
        assert distance[0] == 0
        assert distance[0] < distance[1] < distance[2] < distance[3]

    def test_a_question_answered_before_is_seen_by_the_leads_alone(self):
        plain = [candidate(at, np.random.default_rng(at)) for at in range(3)]
        led = [candidate(at, np.random.default_rng(at), lead=0.9 * (at == 2), leads=int(at == 2)) for at in range(3)]
        changed = (features(plain) != features(led)).any(axis=0)
        assert {name for name, is_changed in zip(FEATURES, changed, strict=True) if is_changed} <= set(FEATURES) - set(
            TEXT
        )
        assert changed.any()


class TestLearning:
    def test_what_decides_is_found_out(self, lists, order):
        generator = np.random.default_rng(2)
        hits = 0
        for _ in range(50):
            found = [candidate(at, generator) for at in range(30)]
            hits += int(np.argmax(order.scores(found))) == int(np.argmax([one.pairs for one in found]))
        assert hits >= 40

    def test_it_is_the_same_every_time(self, lists):
        one, other = fit_net(lists, TEXT), fit_net(lists, TEXT)
        assert np.array_equal(one.hidden, other.hidden)

    def test_questions_without_a_right_passage_teach_nothing(self, lists):
        unknown = Listed(
            np.vstack([lists.rows, lists.rows[:30]]),
            np.append(lists.is_right, np.zeros(30, dtype=bool)),
            np.append(lists.starts, len(lists.rows) + 30),
        )
        assert np.isfinite(fit_net(unknown, TEXT).hidden).all()

    def test_a_turned_query_comes_nearer_to_its_passages(self):
        generator = np.random.default_rng(0)
        passages = unit(generator.normal(size=(2_000, 32)).astype(np.float32))
        noise = np.concatenate([np.full(16, 0.02), np.full(16, 0.3)]).astype(np.float32)
        right = [np.array([at]) for at in range(400)]
        questions = unit(passages[:400] + noise * generator.normal(size=(400, 32)).astype(np.float32))
        hard = [np.argsort(-(passages @ one))[:60] for one in questions]
        matrix = fit_turn(questions[:300], passages, right[:300], hard[:300])
        assert np.allclose(matrix, matrix.T)

        def probability(vectors):
            """Of the right passages, for questions that nothing was learned from."""
            shares = softmax(SHARPNESS * (vectors @ passages.T), axis=1)
            return shares[np.arange(100), np.arange(300, 400)].mean()

        assert probability(questions[300:] @ matrix) > 1.01 * probability(questions[300:])

    def test_questions_of_one_topic_come_nearer_to_each_other(self):
        generator = np.random.default_rng(0)
        noise = np.concatenate([np.full(16, 0.05), np.full(16, 0.5)]).astype(np.float32)
        topics = np.repeat(np.arange(80), 60)
        centres = generator.normal(size=(80, 32)).astype(np.float32)
        vectors = unit(centres[topics] / 3 + noise * generator.normal(size=(4_800, 32)).astype(np.float32))
        taught, left = topics < 60, topics >= 60
        matrix = learn_turn_of_wordings([(vectors[taught], topics[taught])])

        def nearest_are_of_the_topic(turned):
            cosines = turned @ vectors[left].T
            np.fill_diagonal(cosines, -1)
            return (topics[left][np.argsort(-cosines, axis=1)[:, :10]] == topics[left][:, None]).mean()

        assert nearest_are_of_the_topic(vectors[left] @ matrix) > nearest_are_of_the_topic(vectors[left])

    def test_lessons_teach_as_they_are_by_few_words_and_before_anybody_was_led_anywhere(self, lists):
        led, short = lists.of(np.arange(10)), lists.of(np.arange(10, 20))
        at_leads = [FEATURES.index(name) for name in LEADS]
        led.rows[:, at_leads] = 1.0
        taught = Lists(led, ((),) * 10, short).learned_from(np.array([2, 5]))
        assert taught.starts.tolist() == [0, 30, 60, 90, 120, 150, 180]
        assert taught.rows[:60, at_leads].all()
        assert not taught.rows[120:, at_leads].any()
        others = [at for at in range(len(FEATURES)) if at not in at_leads]
        assert np.array_equal(taught.rows[:60, others], taught.rows[120:, others])
        assert np.array_equal(taught.rows[60:90], lists.of(np.array([12])).rows)

    def test_a_cut_question_keeps_some_of_its_words_in_their_order(self):
        query = "Which of the charges must a Party pay before the end of the first month after it accedes?"
        for seed in range(20):
            words = cut(query, np.random.default_rng(seed)).split()
            assert 2 <= len(words) <= 9
            assert [word for word in query.split() if word in words] == words
            assert "the" not in words

    @pytest.mark.parametrize("query", ["", "the", "is it so"])
    def test_a_question_of_function_words_is_not_cut(self, query):
        assert cut(query, np.random.default_rng(0)) == query


class TestKeeping:
    def test_what_was_saved_comes_back(self, order, tmp_path):
        order.save(tmp_path, Manifest(name="ranking", parameters={"features": list(FEATURES)}))
        found = [candidate(at, np.random.default_rng(at)) for at in range(9)]
        kept = LearnedOrder.load(tmp_path)
        assert np.allclose(kept.scores(found), order.scores(found))
        vector = np.arange(8, dtype=np.float32)
        assert np.allclose(kept.turned(vector, "passage"), order.turned(vector, "passage"))
        assert kept.turned(vector, "wording") is vector

    def test_a_damaged_one_and_one_of_other_features_are_refused(self, order, tmp_path):
        order.save(tmp_path / "other", Manifest(name="ranking", parameters={"features": ["cosine"]}))
        with pytest.raises(ArtefactError, match="another version"):
            LearnedOrder.load(tmp_path / "other")
        order.save(tmp_path / "damaged", Manifest(name="ranking", parameters={"features": list(FEATURES)}))
        (tmp_path / "damaged" / "nets.npz").write_bytes(b"rubbish")
        with pytest.raises(ArtefactError, match="damaged"):
            LearnedOrder.load(tmp_path / "damaged")

    def test_the_shipped_one_loads_and_says_what_it_was_made_of(self):
        from tests.nlp.conftest import ROOT

        folder = ROOT / "models" / "ranking"
        shipped = LearnedOrder.load(folder)
        assert shipped.nets
        assert set(shipped.turns) == {"passage", "wording"}
        manifest = json.loads((folder / "manifest.json").read_text())
        assert set(manifest["data"]) == {
            *("obliqa/passages.jsonl.gz", "obliqa/dev.jsonl"),
            *("banking77/train.csv", "clinc150/train.csv"),
            "tools/loose_questions/dev.jsonl",
        }
        assert manifest["metrics"]["recall@10"] > 0.8


class TestRanking:
    def test_passages_go_by_the_learned_order_and_answers_as_before(self, order):
        generator = np.random.default_rng(5)
        clauses = [candidate(at, generator) for at in range(10)]
        answers = [Candidate("answer", at, at, words=0.5, cosine=at / 10) for at in range(10)]
        scores = Ranker(learned=order).scores([*clauses, *answers])
        assert np.argsort(-scores[:10]).tolist() == np.argsort(-order.scores(clauses)).tolist()
        assert np.argsort(-scores[10:]).tolist() == list(range(9, -1, -1))

    def test_what_is_cited_stands_above_all(self, order):
        generator = np.random.default_rng(5)
        clauses = [candidate(at, generator, is_cited=at == 3) for at in range(10)]
        assert int(np.argmax(Ranker(learned=order).scores(clauses))) == 3
