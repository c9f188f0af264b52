"""What is the product's own of the comparison with other programs: the tasks, the measures, the plain contenders."""

import gzip
import json
from pathlib import Path

import pytest

from helpdesk.nlp.evaluation import contest, peers
from helpdesk.nlp.evaluation.contenders import Bm25Finder, Contender, OwnFinder, OwnSorter, TfidfSorter
from tests.nlp.conftest import ROOT

MODELS = ROOT / "models"
CLAUSES = ["A Party lodges credit cover.", "The Panel meets each month.", "A meter answers service requests."]
BM25 = Contender("BM25", Bm25Finder)
ABSENT = Contender("absent", Bm25Finder, ("json", "no_such_package"))


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(exist_ok=True)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    passages = [
        *({"DocumentID": 1, "PassageID": str(at), "text": text} for at, text in enumerate(CLAUSES)),
        {"DocumentID": 1, "PassageID": "9", "text": " "},
    ]
    write_lines(tmp_path / "obliqa" / "passages.jsonl.gz", passages)
    gold = [[{"DocumentID": 1, "PassageID": "0"}], [{"DocumentID": 1, "PassageID": "1"}]]
    asked = zip(("Who lodges credit cover?", "zebra"), gold, strict=True)
    questions = [{"question": text, "gold": found} for text, found in asked]
    write_lines(tmp_path / "obliqa" / "test_a.jsonl", questions)
    write_lines(tmp_path / "stackfaq" / "faqs.jsonl", [{"id": "f1", "question": "How do I reset a password?"}])
    write_lines(tmp_path / "stackfaq" / "queries_a.jsonl", [{"query": "password reset", "faq": "f1"}] * 3)
    return tmp_path


class TestContenders:
    def test_words_alone_find_what_shares_them(self):
        finder = Bm25Finder(MODELS)
        finder.fill(CLAUSES, {})
        assert finder.find("When does the Panel meet?")[0] == 1

    @pytest.mark.slow
    def test_the_product_finds_among_passages_and_among_questions(self):
        for groups in ({}, dict.fromkeys(range(3), 7)):
            finder = OwnFinder(MODELS)
            finder.fill(CLAUSES, groups)
            assert finder.find("How often is the board's gathering?")[0] == 1

    @pytest.mark.parametrize("sorter", [TfidfSorter, pytest.param(OwnSorter, marks=pytest.mark.slow)])
    def test_a_text_is_sorted_as_those_like_it_were(self, sorter):
        made = sorter(MODELS)
        made.learn(
            [f"{word} number {at}" for word in ("credit cover", "lost password") for at in range(9)],
            ["charges"] * 9 + ["website"] * 9,
        )
        assert [made.sort(text) for text in ("credit cover", "password")] == ["charges", "website"]


class TestTasks:
    def test_a_package_that_is_not_there_is_named_and_nothing_run(self):
        task = peers.Task("a task", [ABSENT], lambda one: pytest.fail("It cannot run."))
        assert list(task.results()) == [peers.Result("absent", {}, ["no_such_package"])]

    @pytest.mark.slow
    def test_finding_is_measured_in_a_process_of_its_own(self, packs):
        clauses, known = peers.finding(packs, MODELS, limit=2)
        assert clauses.name == "obliqa, clauses (2 over 3)"
        figures = clauses.measure(BM25)
        assert (figures["recall@1"], figures["recall@10"]) == (0.5, 0.5)
        assert min(figures["seconds"], figures["peak_mb"], figures["p50_ms"]) > 0
        assert figures["p95_ms"] >= figures["p50_ms"]
        assert known.name == "stackfaq, questions (2 over 1)"
        assert known.measure(BM25)["map@10"] == 1

    def test_sorting_counts_what_is_right(self, monkeypatch):
        monkeypatch.setattr(peers, "apart", lambda run, *args: run(*args))
        train = peers.Labelled(["credit cover", "lost password"] * 5, ["charges", "website"] * 5)
        test = peers.Labelled(["credit", "password", "password"], ["charges", "website", "charges"])
        task = peers.sorting("small", MODELS, train, test, limit=None)
        assert task.name == "small (3 after 10)"
        assert task.measure(Contender("TF-IDF", TfidfSorter))["accuracy"] == pytest.approx(2 / 3)

    def test_grouping_counts_what_is_left_alone(self, monkeypatch, hashing):
        class ByFirstWord:
            def __init__(self, models):
                pass

            def group(self, texts, vectors):
                return [{"credit": 0, "password": 1}.get(text.split()[0], -1) for text in texts]

        monkeypatch.setattr(peers, "apart", lambda run, *args: run(*args))
        rows = peers.Labelled(["credit one", "credit two", "password", "zebra"], ["a", "a", "b", "c"])
        figures = peers.grouping("small", MODELS, rows, hashing).measure(Contender("by first word", ByFirstWord))
        assert (figures["v_measure"], figures["clusters"], figures["unassigned"]) == (1, 2, 0.25)


def test_a_query_alone_has_times_too():
    outcome = contest.find(BM25, MODELS, CLAUSES, {}, ["credit"])
    assert outcome.answers == [[0]]
    assert outcome.p95_ms == outcome.p50_ms > 0
