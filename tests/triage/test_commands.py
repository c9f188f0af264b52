"""The command line of triage: what it prints, and what it says about bad files."""

import csv
import gzip
import json
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from helpdesk.config import PROJECT_ROOT
from helpdesk.kernel import db as database
from helpdesk.knowledge.models import PublishedAnswer
from helpdesk.nlp.evaluation import peers
from helpdesk.nlp.evaluation.contenders import Bm25Finder, Contender
from helpdesk.triage.commands.indexing import find_problems
from tests.factories.knowledge import make_answer

TOPICS = {
    "cover": "How much credit cover must party {} lodge with the bank",
    "panel": "Who may join Panel meeting {} and read its papers",
    "meter": "Why did meter {} not answer the service request today",
}
SECONDS = {"seconds", "versions"}


@pytest.fixture
def runner(app) -> FlaskCliRunner:
    return app.test_cli_runner()


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    rows = [
        {"text": text.format(number), "category": topic, "day": f"2026-01-{number + 1:02}"}
        for number in range(12)
        for topic, text in TOPICS.items()
    ]
    return write_csv(tmp_path / "labelled.csv", rows)


@pytest.fixture
def strangers(tmp_path: Path) -> Path:
    return write_csv(
        tmp_path / "strangers.csv", [{"text": "Bake a cake with plums"}, {"text": "Paint the fence green"}]
    )


def figures(runner: FlaskCliRunner, *arguments: object) -> dict[str, object]:
    result = runner.invoke(args=["eval", *map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.slow
class TestEvaluating:
    def test_retrieval_imports_and_searches_clauses_in_a_database_of_its_own(self, runner, db, tmp_path: Path) -> None:
        passages = write_lines(
            tmp_path / "passages.jsonl",
            [
                {"DocumentID": 1, "PassageID": f"{number}.1", "text": text.format(number) + ". This is a rule."}
                for number, text in enumerate(TOPICS.values(), start=1)
            ],
        )
        gold = [{"DocumentID": 1, "PassageID": "2.1"}]
        questions = write_lines(
            tmp_path / "questions.jsonl", [{"question": "Who reads the Panel's papers?", "gold": gold}]
        )

        unknown = write_lines(tmp_path / "unknown.jsonl", [{"question": "Which zebras gallop?"}])
        arguments = ("--passages", passages, "--questions", questions, "--unknown", unknown)

        found = figures(runner, "retrieval", *arguments)

        assert {"recall@10", "map@10"} <= found.keys()
        assert (found["recall@10"], found["map@10"], found["passages"]) == (1, 1, 3)
        assert (found["coverage_at_95"], found["unknown_at_95"]) == (0.5, 0)
        assert found.keys() >= SECONDS
        assert db.query(PublishedAnswer).count() == 0
        assert database.current().writing is not None

    def test_duplicates(self, runner, tmp_path: Path) -> None:
        known = write_lines(
            tmp_path / "known.jsonl", [{"id": topic, "question": text.format(1)} for topic, text in TOPICS.items()]
        )
        pairs = write_lines(tmp_path / "pairs.jsonl", [{"query": "Who joins a Panel meeting?", "faq": "panel"}])

        found = figures(runner, "duplicates", "--questions", known, "--pairs", pairs)

        assert {"recall@1", "recall@5", "recall@10", "mrr"} <= found.keys()
        assert found["recall@1"] == 1

    def test_a_known_question_is_found_by_the_words_of_its_answers(self, runner, tmp_path: Path) -> None:
        rows = [
            {"id": "one", "question": "Is there a form?", "answers": ["Collateral is lodged with the bank."]},
            {"id": "two", "question": "Is there a list?", "answers": ["Meters are listed by their maker."]},
        ]
        known = write_lines(tmp_path / "known.jsonl", rows)
        asked = [{"query": "collateral bank", "faq": "one"}, {"query": "maker of meters", "faq": "two"}]
        pairs = write_lines(tmp_path / "pairs.jsonl", asked)
        strange = write_lines(tmp_path / "strange.jsonl", [{"text": "a zebra at night"}])

        found = figures(runner, "duplicates", "--questions", known, "--pairs", pairs)
        lists = figures(runner, "abstain", "--known", known, "--questions", pairs, "--unknown", strange)

        assert found["recall@1"] == 1
        assert lists["coverage_at_95"] > 0

    def test_duplicates_among_items_of_other_files(self, runner, tmp_path: Path) -> None:
        known = write_lines(tmp_path / "known.jsonl", [{"id": "panel", "question": TOPICS["panel"]}])
        pairs = write_lines(tmp_path / "pairs.jsonl", [{"query": "Who may join the Panel?", "faq": "panel"}])
        same = write_lines(tmp_path / "same.jsonl", [{"question": "Who may join the Panel?"}, {"question": "Meters"}])
        clause = write_lines(tmp_path / "clauses.jsonl", [{"DocumentID": 1, "text": "The Panel has members."}])
        arguments = ("duplicates", "--questions", known, "--pairs", pairs)

        found = figures(runner, *arguments, "--beside", f"question={same}", "--beside", f"clause={clause}")

        assert (found["recall@1"], found["recall@5"], found["items"]) == (0, 1, 4)
        for bad in (str(same), f"car={same}", f"question={tmp_path / 'absent'}"):
            result = runner.invoke(args=["eval", *map(str, arguments), "--beside", bad])
            assert result.exit_code == 2
            assert "Invalid value for '--beside'" in result.output

    def test_earlier(self, runner, tmp_path: Path) -> None:
        rows = [
            {"id": 1, "question": "To ask the Secretary of State, how cover is lodged", "date_tabled": "2025-01-02"},
            {"id": 2, "question": "To ask the Secretary of State, how is cover lodged", "date_tabled": "2025-07-02"},
        ]
        questions = write_lines(tmp_path / "questions.jsonl", rows)
        groups = write_lines(tmp_path / "groups.jsonl", [{"group": 9, "ids": [1, 2]}])

        found = figures(
            runner, "earlier", "--questions", questions, "--groups", groups, "--from", "2025-07-01", "--strip-addressee"
        )

        assert (found["recall@10"], found["questions"]) == (1, 1)

    def test_earlier_questions_of_a_community_are_those_that_people_linked(self, runner, tmp_path: Path) -> None:
        posts = [
            (1, 1, "Title='How is cover lodged?'", "2024-01-02"),
            (2, 1, "Title='Who reads our meters?'", "2024-01-03"),
            (3, 2, "ParentId='1'", "2024-01-04"),
            (4, 1, "Title='How do we lodge cover?'", "2024-02-01"),
        ]
        rows = [f"<row Id='{one}' PostTypeId='{kind}' {more} CreationDate='{at}'/>" for one, kind, more, at in posts]
        links = [(1, 4, 3), (2, 1, 4)]  # to an answer of the first question, and to what came later
        ends = "<row Id='{}' PostId='{}' RelatedPostId='{}' LinkTypeId='3' CreationDate='2024-03-01'/>"
        linked = [ends.format(*link) for link in links]
        for name, some in (("Users", []), ("Posts", rows), ("PostLinks", linked)):
            (tmp_path / f"{name}.xml").write_text(f"<rows>{''.join(some)}</rows>", encoding="utf-8")

        found = figures(runner, "earlier", "--dump", tmp_path)

        assert (found["recall@10"], found["mrr"], found["questions"]) == (1, 1, 1)
        result = runner.invoke(args=["eval", "earlier", "--dump", str(tmp_path), "--adapt"])
        assert "--dump stands alone" in result.output

    def test_nothing_is_learned_from_no_groups(self, runner, tmp_path: Path) -> None:
        rows = [{"id": at, "question": f"Is cover {at} lodged?", "date_tabled": "2025-07-02"} for at in range(2)]
        questions = write_lines(tmp_path / "questions.jsonl", rows)
        groups = write_lines(tmp_path / "groups.jsonl", [{"group": 9, "ids": [0, 1]}])
        files = ("--questions", questions, "--groups", groups)

        for more in ((), ("--from", "2025-07-02")):
            result = runner.invoke(args=["eval", "earlier", *map(str, (*files, *more)), "--adapt"])
            assert "--adapt learns from groups of before --from, and there are none" in result.output

    def test_abstaining_is_measured_with_what_a_site_has_learned(self, runner, labelled, strangers) -> None:
        files = ("--known", labelled, "--questions", labelled, "--unknown", strangers)
        shipped, learned = (
            figures(runner, "abstain", *files, *judged)
            for judged in ((), ("--judged", labelled, "--judged-unknown", strangers))
        )
        assert learned["ece_lists"] < shipped["ece_lists"]

    def test_abstain(self, runner, labelled, strangers) -> None:
        found = figures(runner, "abstain", "--known", labelled, "--questions", labelled, "--unknown", strangers)

        assert {"coverage_at_95", "precision", "unknown_answered"} <= found.keys()
        assert found["precision"] == 1

    def test_triage(self, runner, labelled, strangers) -> None:
        found = figures(
            runner,
            "triage",
            "--train",
            labelled,
            "--test",
            labelled,
            "--unknown-train",
            strangers,
            "--unknown-test",
            strangers,
        )

        expected = {"accuracy", "top3", "ece", "coverage_at_95", "unknown_auroc", "unknown_recall"}
        assert expected <= found.keys()
        assert found["accuracy"] == 1

    def test_triage_can_be_split_by_a_date(self, runner, labelled) -> None:
        found = figures(runner, "triage", "--train", labelled, "--split-date", "day:2026-01-10")

        assert (found["train"], found["test"]) == (27, 9)

    def test_triage_learns_from_few_texts_and_refuses_as_many_as_are_allowed(self, runner, labelled) -> None:
        arguments = ("triage", "--train", labelled, "--test", labelled, "--per-label", 6, "--seed", 1)
        strict, open_ = (figures(runner, *arguments, "--kept", kept) for kept in (0.5, 1))

        assert strict["train"] == 18
        assert strict["known_kept"] < open_["known_kept"]

    def test_clusters(self, runner, labelled) -> None:
        found = figures(runner, "clusters", "--texts", labelled, "--labels-column", "category")

        assert {"v_measure", "nmi", "ari", "clusters", "unassigned"} <= found.keys()
        assert found["texts"] == 36

    @pytest.mark.usefixtures("own_encoder")
    def test_an_encoder_of_the_sites_own_is_measured(self, runner, labelled) -> None:
        assert figures(runner, "clusters", "--texts", labelled, "--labels-column", "category")["texts"] == 36

    def test_a_table_is_printed_for_people(self, runner, labelled) -> None:
        result = runner.invoke(args=["eval", "clusters", "--texts", str(labelled), "--labels-column", "category"])

        assert "v_measure" in result.output
        assert "seconds" in result.output


class TestCitations:
    def test_keys_and_misses(self, runner, tmp_path: Path) -> None:
        rows = [{"text": "See Section H14.31", "expected": "H14.31"}, {"text": "Room C2", "expected": "C2"}]
        path = write_csv(tmp_path / "citations.csv", rows)

        found = figures(runner, "citations", "--file", path)

        assert {"exact", "precision", "recall", "misses"} <= found.keys()
        assert (found["exact"], found["misses"]) == (0.5, 1)


class TestBadFiles:
    @pytest.mark.parametrize(
        ("name", "text", "sentence"),
        [
            ("x.csv", "a,b\n1,2\n", "There is no column"),
            ("x.jsonl", "{not json\n", "cannot be read"),
            ("x.txt", "hello", "neither .jsonl nor .csv"),
        ],
    )
    def test_a_sentence_says_what_is_wrong(self, runner, tmp_path, name: str, text: str, sentence: str) -> None:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")

        result = runner.invoke(args=["eval", "citations", "--file", str(path)])

        assert result.exit_code == 1
        assert sentence in result.output
        assert "Traceback" not in result.output

    def test_triage_needs_something_to_test_on(self, runner, labelled) -> None:
        result = runner.invoke(args=["eval", "triage", "--train", str(labelled)])

        assert "Give --test, or --split-date" in result.output

    def test_a_database_that_is_not_empty_is_refused(self, runner, db, site_url, tmp_path: Path) -> None:
        passages = write_lines(tmp_path / "p.jsonl", [{"DocumentID": 1, "PassageID": "1.1", "text": "A rule."}])
        questions = write_lines(tmp_path / "q.jsonl", [{"question": "What?", "gold": []}])

        result = runner.invoke(
            args=[
                "eval",
                "retrieval",
                "--passages",
                str(passages),
                "--questions",
                str(questions),
                "--database-url",
                site_url,
            ]
        )

        assert "not empty" in result.output


class TestComparing:
    @pytest.fixture
    def packs(self, tmp_path: Path, monkeypatch) -> Path:
        # One that is there and one that is not, whatever is installed where this runs.
        contenders = (Contender("BM25", Bm25Finder), Contender("absent", Bm25Finder, ("no_such_package",)))
        monkeypatch.setattr(peers, "FINDERS", contenders)
        gold = {"DocumentID": 1, "PassageID": "1"}
        for name, row in {
            "obliqa/passages.jsonl": {**gold, "text": "A Party lodges cover."},
            "obliqa/test_a.jsonl": {"question": "Who lodges cover?", "gold": [gold]},
            "stackfaq/faqs.jsonl": {"id": "f1", "question": "How is a password reset?"},
            "stackfaq/queries_a.jsonl": {"query": "Reset password", "faq": "f1"},
        }.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            write_lines(tmp_path / name, [row])
        (tmp_path / "obliqa/passages.jsonl.gz").write_bytes(
            gzip.compress((tmp_path / "obliqa/passages.jsonl").read_bytes())
        )
        return tmp_path

    @pytest.mark.slow
    def test_each_is_a_row_and_what_is_missing_is_named_with_its_cure(self, runner, packs: Path) -> None:
        result = runner.invoke(args=["bench", "peers", "--data", str(packs), "--task", "finding", "--json"])

        rows = json.loads(result.stdout)["results"]
        assert [row["contender"] for row in rows] == ["BM25", "absent"] * 2
        assert [row["recall@1"] for row in rows[::2]] == [1, 1]
        assert rows[1]["missing"] == ["no_such_package"]
        assert rows[1]["install"] == "pip install -r requirements-bench.txt"
        assert (PROJECT_ROOT / "requirements-bench.txt").is_file()

    @pytest.mark.slow
    def test_the_table_is_for_people(self, runner, packs: Path) -> None:
        lines = runner.invoke(args=["bench", "peers", "--data", str(packs), "--task", "finding"]).stdout.splitlines()

        assert lines[1] == "obliqa, clauses (1 over 1)"
        assert lines[2].split() == [
            "recall@1",
            "recall@5",
            "recall@10",
            "map@10",
            "p50_ms",
            "p95_ms",
            "seconds",
            "peak_mb",
        ]
        assert lines[3].split()[:5] == ["BM25", "1.000", "1.000", "1.000", "1.000"]
        assert lines[4].endswith("is not here (no_such_package): pip install -r requirements-bench.txt")

    @pytest.mark.usefixtures("own_encoder")
    @pytest.mark.parametrize("task", ["finding", pytest.param("topics", marks=pytest.mark.slow)])
    def test_a_pack_that_is_not_there_is_named(self, runner, tmp_path: Path, task: str) -> None:
        result = runner.invoke(args=["bench", "peers", "--data", str(tmp_path), "--task", task])

        assert result.exit_code == 1
        assert "There is no file" in result.output


class TestIndex:
    def test_status_and_check_say_what_waits(self, runner, db, settings) -> None:
        make_answer(db, "How do we join?")
        db.commit()

        assert "1 items, 1 behind" in runner.invoke(args=["index", "status"]).output
        (problem,) = find_problems(settings)
        assert "Embeddings are behind (1 answer)" in problem

    @pytest.mark.slow
    def test_rebuild_brings_them_up_to_date(self, runner, db, settings) -> None:
        make_answer(db, "How do we join?")
        db.commit()

        assert runner.invoke(args=["index", "rebuild"]).output.endswith("The indexes are up to date.\n")
        assert find_problems(settings) == []

    @pytest.mark.slow
    def test_a_kind_that_is_unknown_is_said_so(self, runner, db) -> None:
        assert "There is no kind x" in runner.invoke(args=["index", "rebuild", "--kind", "x"]).output


class TestModels:
    def test_nothing_trained_yet_is_said_so(self, runner, db) -> None:
        assert "No model was trained here yet" in runner.invoke(args=["models", "list"]).output
        assert "There is no earlier model" in runner.invoke(args=["models", "rollback", "topic"]).output
        assert "There is no model named x" in runner.invoke(args=["models", "promote", "x"]).output
        assert "There is no model named x" in runner.invoke(args=["models", "show", "x"]).output

    @pytest.mark.slow
    def test_training_on_too_little_is_said_so(self, runner, db) -> None:
        assert "Only 0 tickets have a settled topic" in runner.invoke(args=["train"]).output
