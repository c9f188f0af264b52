import gzip
from collections import Counter
from datetime import date

import numpy as np
import pytest

from helpdesk.nlp.confidence import FEATURES, Confidence, Curve
from helpdesk.nlp.evaluation import metrics, sorting
from helpdesk.nlp.evaluation.readers import TEXT_COLUMNS, FileError, answered, column, read_rows, without_addressee
from helpdesk.nlp.evaluation.searching import (
    Dated,
    Question,
    abstain,
    duplicates,
    earlier,
    judged,
    ranker_of,
    retrieval,
    suggester_over,
)
from helpdesk.nlp.ranking import Ranker

KNOWN = ["how is credit cover calculated", "reset a forgotten password", "june release date"]
CONFIDENCE = Confidence({"wording": Curve((10.0, 2.0, *(0.0 for _ in FEATURES[2:])), -5.0)})


@pytest.fixture
def suggester(hashing):
    return suggester_over(KNOWN, hashing.encode(KNOWN), hashing, CONFIDENCE, kind="question")


class TestMeasures:
    def test_recall_is_the_share_of_gold_found(self):
        assert metrics.recall(["a", "b", "c"], ["a", "z", "a"], 2) == 0.5

    def test_average_precision_divides_by_all_gold(self):
        # Right at ranks 1 and 3 of three gold items: (1/1 + 2/3) / 3.
        assert metrics.average_precision(["a", "x", "b"], ["a", "b", "z"], 10) == pytest.approx(5 / 9)
        assert metrics.average_precision(["x", "x", "a"], ["a"], 2) == 0

    def test_reciprocal_rank_is_of_the_first_right_one(self):
        assert metrics.reciprocal_rank(["x", "a"], ["a"]) == 0.5
        assert metrics.reciprocal_rank(["x"], ["a"]) == 0

    def test_calibration_error_is_the_gap_of_belief_and_outcome(self):
        sure = np.full(100, 0.8)
        assert metrics.calibration_error(sure, np.arange(100) < 50, bins=1) == pytest.approx(0.3)
        assert metrics.calibration_error(sure, np.arange(100) < 80, bins=1) == pytest.approx(0)

    def test_chance_alone_shows_an_error_that_shrinks_with_more_rows(self):
        few, many = np.full(100, 0.8), np.full(10_000, 0.8)
        assert metrics.calibration_error_by_chance(few) > metrics.calibration_error_by_chance(many) > 0

    def test_coverage_is_the_largest_share_that_is_right_enough(self):
        probability = np.linspace(1, 0, 100)
        assert metrics.coverage(probability, np.arange(100) < 60) == pytest.approx(0.63)
        assert metrics.coverage(probability, np.arange(100) >= 0) == 1
        assert metrics.coverage(probability, np.arange(100) >= 50) == 0

    def test_rows_of_equal_probability_stand_or_fall_together(self):
        assert metrics.coverage(np.ones(4), np.array([True, True, False, False])) == 0

    def test_strangers_that_score_higher_are_told_apart(self):
        assert metrics.unknown_auroc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1

    def test_rows_without_a_label_are_left_out_of_the_agreement(self):
        figures = metrics.agreement(["a", "a", "b", ""], np.array([0, 0, 1, 1]))
        assert figures == pytest.approx({"v_measure": 1, "nmi": 1, "ari": 1})


class TestReading:
    def test_all_four_forms_give_the_same_rows(self, tmp_path):
        csv_text, json_text = "text,category\nhello,a\n", '{"text": "hello", "category": "a"}\n'
        for name, content in (("a.csv", csv_text), ("a.jsonl", json_text)):
            (tmp_path / name).write_text(content, encoding="utf-8")
            with gzip.open(tmp_path / f"{name}.gz", "wt", encoding="utf-8") as stream:
                stream.write(content)
            for path in (tmp_path / name, tmp_path / f"{name}.gz"):
                assert [dict(row) for row in read_rows(path)] == [{"text": "hello", "category": "a"}]

    @pytest.mark.parametrize(("name", "content"), [("a.txt", b"x"), ("a.jsonl", b"{"), ("a.csv.gz", b"no gzip")])
    def test_what_cannot_be_read_is_named(self, tmp_path, name, content):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileError, match=name):
            read_rows(tmp_path / name)

    def test_a_line_separator_inside_a_text_ends_no_row(self, tmp_path):
        path = tmp_path / "rows.jsonl"
        path.write_text('{"text": "one\u2028two\x85three"}\r\n\n{"text": "four"}\n', encoding="utf-8", newline="")
        assert column(read_rows(path), None, TEXT_COLUMNS) == ["one\u2028two\x85three", "four"]

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(FileError, match="There is no file"):
            read_rows(tmp_path / "absent.csv")

    def test_a_column_is_taken_by_name_or_by_its_usual_ones(self):
        rows = [{"question": "q", "intent": None}]
        assert column(rows, None, TEXT_COLUMNS) == ["q"]
        assert column(rows, "intent", ()) == [""]
        with pytest.raises(FileError, match="the file has question, intent"):
            column(rows, "label", ())

    def test_answers_are_a_text_or_several_and_are_cut(self):
        rows = [{"answers": ["Send it.", "By post."]}, {"answers": "By mail."}, {"answers": None}, {}]
        assert answered(rows, 12) == ["Send it.\nBy ", "By mail.", "", ""]
        for bad in (7, [{"text": "By post."}]):
            with pytest.raises(FileError, match="neither a text nor a list of texts"):
                answered([{"answers": bad}], 12)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("To ask the Secretary of State for Energy Security and Net Zero, if she will act.", "if she will act."),
            ("To ask the Minister of State, Foreign, Commonwealth and Development Office, whether so.", "whether so."),
            ("How do I become a Party, please", "How do I become a Party, please"),
        ],
    )
    def test_the_addressee_is_taken_off(self, text, expected):
        assert without_addressee(text) == expected


class TestSearching:
    def test_retrieval_counts_several_and_unseen_apart(self, suggester, hashing):
        questions = [Question("credit cover calculated", {0}), Question("june password", {1, 2})]
        figures = retrieval(questions, hashing, ranker_of(suggester), lambda item: item, seen={0})
        assert figures["recall@10"] == 1
        assert figures["map@10_seen"] == 1
        assert figures["recall@10_several"] == figures["recall@10_unseen"] == 1
        assert figures["questions"] == 2

    def test_items_that_share_a_gold_label_count_once(self, suggester, hashing):
        figures = retrieval([Question("credit june", {"same"})], hashing, ranker_of(suggester), lambda item: "same")
        assert figures["map@10"] == 1

    def test_duplicates_are_found_by_their_words(self, suggester, hashing):
        questions = [Question("forgotten password reset", {1}), Question("release in june", {2})]
        figures = duplicates(questions, hashing, ranker_of(suggester), lambda item: item)
        assert figures["recall@1"] == figures["mrr"] == 1

    def test_only_earlier_questions_of_the_group_count(self, hashing):
        asked = [
            Dated("credit cover first", date(2025, 8, 1), {1}),
            Dated("credit cover second", date(2025, 1, 1), {0}),
            Dated("credit cover third", date(2025, 8, 1), ()),
            Dated("zebra", date(2025, 9, 1), {4}),
            Dated("credit cover fourth", date(2025, 10, 1), {3}),
        ]
        figures = earlier(asked, date(2025, 7, 1), hashing, CONFIDENCE, Ranker())
        # The first finds the second, the last its fellow of another wording, and the rest have nobody before them.
        assert (figures["recall@10"], figures["questions"]) == (1, 2)

    def test_of_one_day_the_questions_that_stand_first_came_first(self, hashing):
        day = date(2025, 8, 1)
        asked = [Dated("credit cover first", day, {2}), Dated("zebra", day, ()), Dated("credit cover second", day, {0})]
        figures = earlier(asked, date(2025, 7, 1), hashing, CONFIDENCE, Ranker())
        assert figures == {"recall@10": 1, "mrr": 1, "questions": 1}

    @pytest.mark.parametrize(("last", "votes"), [(date(2025, 5, 28), 0), (date(2024, 1, 1), 30)])
    def test_of_like_questions_the_newer_and_the_one_people_voted_for_comes_first(self, hashing, last, votes):
        asked = [
            Dated("credit cover", date(2024, 1, 1), ()),
            Dated("credit cover", last, (), votes),
            Dated("cover", date(2025, 6, 1), {1}),
        ]
        assert earlier(asked, date(2025, 6, 1), hashing, CONFIDENCE, Ranker())["mrr"] == 1

    def test_abstaining_is_measured_on_what_nobody_can_answer(self, suggester, hashing):
        questions = [Question(text, {at}) for at, text in enumerate(KNOWN)]
        figures = abstain(questions, ["zebra giraffe"], hashing, ranker_of(suggester), lambda item: item)
        assert figures["unknown_answered"] == 0
        assert figures["precision"] == 1
        assert figures["coverage_at_95"] == 0.75
        assert figures["ece_lists"] < 0.2

    def test_a_site_learns_its_probabilities_from_judged_questions(self, suggester, hashing):
        lessons = [*(Question(text, {str(at)}) for at, text in enumerate(KNOWN)), Question("zebra giraffe", ())] * 5
        learned = judged(suggester, lessons, {str(at): at for at in range(len(KNOWN))})
        before = suggester.rank(KNOWN[0], limit=1)[0].probability
        suggester.confidence = learned
        assert learned.curves["wording"] != CONFIDENCE.curves["wording"]
        assert suggester.rank(KNOWN[0], limit=1)[0].probability > max(0.9, before - 0.1)
        assert suggester.rank("zebra giraffe", limit=1)[0].probability < 0.1


class TestSorting:
    def test_triage_reports_every_figure(self, hashing):
        texts = [f"{word} request n{at}" for word in ("credit", "password") for at in range(9)]
        labels = ["charges"] * 9 + ["website"] * 9
        rows = sorting.Labelled(texts, labels)
        figures = sorting.triage(rows, rows, hashing, unknown_train=["fish soup"], unknown_test=["zebra giraffe"])
        assert figures["accuracy"] == figures["top3"] == figures["unknown_auroc"] == 1
        assert {"ece", "ece_by_chance", "coverage_at_95", "unknown_recall", "known_kept"} <= set(figures)

    def test_few_texts_of_each_label_are_drawn_by_seed(self):
        rows = sorting.Labelled([f"text {at}" for at in range(40)], ["a", "b"] * 19 + ["c"] * 2)
        few = sorting.drawn(rows, 5, seed=0)
        assert Counter(few.labels) == {"a": 5, "b": 5, "c": 2}
        assert few.texts == [text for text in rows.texts if text in set(few.texts)]
        assert few == sorting.drawn(rows, 5, seed=0) != sorting.drawn(rows, 5, seed=1)

    def test_clusters_report_every_figure(self, hashing):
        texts = [f"{word} question n{at}" for word in ("credit cover", "password login") for at in range(20)]
        labels = ["a"] * 20 + ["b"] * 20
        figures = sorting.clusters(sorting.Labelled(texts, labels), hashing)
        assert figures["v_measure"] > 0.5
        assert {"nmi", "ari", "clusters", "unassigned"} <= set(figures)

    def test_later_texts_are_measured_where_they_joined(self, hashing):
        texts = ["how is credit cover calculated", "credit cover calculated how", "how credit cover is calculated"]
        rows = sorting.Labelled([*texts, "reset the password", "password reset", "the password reset"], list("aaabbb"))
        later = sorting.Labelled([texts[1], "zebras gallop"], ["a", "c"])
        figures = sorting.clusters(rows, hashing, later=later)
        assert (figures["texts"], figures["unassigned"]) == (2.0, 0.5)

    def test_citations_report_misses_and_false_hits(self):
        figures, misses = sorting.citations(["see G3.20", "Section H1", "plain"], ["G3.20", "", "DP110"])
        assert figures["exact"] == pytest.approx(1 / 3)
        assert figures["false_hits"] == 1
        assert [miss.text for miss in misses] == ["Section H1", "plain"]
