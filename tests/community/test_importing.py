"""Import of Stack Exchange dumps: nothing doubled, nothing lost, nothing half-written."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.accounts.enums import UserState
from helpdesk.accounts.models import User
from helpdesk.community import moderation, queries, services
from helpdesk.community.commands import import_stackexchange_command
from helpdesk.community.enums import LinkKind, PostKind, State, VoteKind
from helpdesk.community.importing.dump import import_dump
from helpdesk.community.importing.files import Dump
from helpdesk.community.importing.merging import Report
from helpdesk.community.models import Answer, Comment, Question, QuestionLink, Tag, Vote
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.models import EventRow, JobRow
from helpdesk.kernel.policy import Role
from tests.community import dump as small
from tests.factories.accounts import make_actor

README_COUNTS = {
    "se-beer": {
        "questions": 1029,
        "answers": 2277,
        "comments": 3509,
        "votes": 18564,
        "users": 6863,
        "tags": 153,
        "links": 148,
        "accepted": 619,
        "closed": 76,
        "duplicates": 26,
    },
    "se-bicycles-meta": {
        "questions": 453,
        "answers": 971,
        "comments": 2448,
        "votes": 5671,
        "users": 2551,
        "tags": 94,
        "links": 189,
        "accepted": 157,
        "closed": 15,
        "duplicates": 10,
    },
    "se-french-meta": {
        "questions": 274,
        "answers": 487,
        "comments": 1305,
        "votes": 4349,
        "users": 1703,
        "tags": 94,
        "links": 134,
        "accepted": 86,
        "closed": 7,
        "duplicates": 9,
    },
    "se-conlang-meta": {
        "questions": 54,
        "answers": 115,
        "comments": 230,
        "votes": 1119,
        "users": 272,
        "tags": 71,
        "links": 20,
        "accepted": 11,
        "closed": 1,
        "duplicates": 1,
    },
}


def bring(db: Session, folder: Path, name: str = "hops", **options: Any) -> Report:
    return import_dump(db, Dump(folder), name, **options)


def by_number(db: Session, number: str) -> Question:
    return db.scalars(select(Question).where(Question.source == "hops", Question.source_id == number)).one()


def stored(db: Session, source: str) -> dict[str, int]:
    """What lies in the database, counted as the packs' READMEs count."""

    def count(model: Any, *conditions: Any) -> int:
        return db.scalar(select(func.count()).select_from(model).where(model.source == source, *conditions)) or 0

    return {
        "questions": count(Question),
        "answers": count(Answer),
        "comments": count(Comment),
        "votes": count(Vote),
        "users": count(User),
        "tags": db.scalar(select(func.count()).select_from(Tag)) or 0,
        "links": count(QuestionLink),
        "accepted": count(Question, Question.accepted_answer_id.is_not(None)),
        "closed": count(Question, Question.closed_at.is_not(None)),
        "duplicates": count(QuestionLink, QuestionLink.kind == LinkKind.DUPLICATE),
    }


class TestImport:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return small.write(tmp_path / "dump", small.tables())

    def test_questions_answers_and_all_around_them_arrive(self, db: Session, folder: Path) -> None:
        report = bring(db, folder)
        question, duplicate = by_number(db, "10"), by_number(db, "12")
        thread = queries.thread(db, make_actor(db), queries.get(db, make_actor(db), question.id))
        answer = thread.answers[0]
        assert (question.title, question.body_format, question.view_count) == ("How long do hops keep?", "html", 99)
        assert (question.score, question.answer_count, question.comment_count) == (5, 1, 1)
        assert question.accepted_answer_id == answer.id
        assert [tag.name for tag in thread.question.tags] == ["age", "hops"]
        assert [comment.body for comment in thread.comments[answer.id]] == ["Thanks!"]
        assert (duplicate.state, duplicate.duplicate_of_id) == (State.DUPLICATE, question.id)
        assert question.created_at.isoformat() == "2015-03-04T05:06:07.890000+00:00"
        assert report.facts == {"accepted": 1, "closed": 1, "duplicates": 1}

    def test_authors_cannot_sign_in_and_the_names_of_deleted_ones_stay(self, db: Session, folder: Path) -> None:
        bring(db, folder)
        author = db.get_one(User, by_number(db, "10").author_id)
        assert (author.name, author.email, author.state) == ("Ada <b>", None, UserState.DISABLED)
        orphan = by_number(db, "12")
        assert (orphan.author_id, orphan.author_name) == (None, "gone42")

    def test_every_vote_keeps_its_kind_even_when_its_post_is_gone(self, db: Session, folder: Path) -> None:
        report = bring(db, folder)
        kinds = db.scalars(select(Vote.kind).where(Vote.source == "hops").order_by(Vote.id)).all()
        assert kinds == [VoteKind.UP, VoteKind.ACCEPTED, VoteKind.FAVOURITE, VoteKind.DOWN, VoteKind.OTHER]
        assert report.notes["votes on posts that are gone or are neither question nor answer, kept by themselves"] == 1

    def test_what_leads_nowhere_is_refused_with_row_and_reason(self, db: Session, folder: Path) -> None:
        report = bring(db, folder)
        assert {(refusal.file, refusal.number, refusal.id) for refusal in report.refusals} == {
            ("Posts.xml.gz", 4, "13"),
            ("Posts.xml.gz", 5, "14"),
            ("Comments.xml", 2, "2"),
        }

    def test_one_person_is_counted_once_on_one_post(self, db: Session, tmp_path: Path) -> None:
        content = small.tables()
        content["Votes"] += [
            {"Id": number, "PostId": "10", "VoteTypeId": "2", "UserId": "2", "CreationDate": small.LATER}
            for number in ("6", "7")
        ]
        report = bring(db, small.write(tmp_path, content))
        assert [(refusal.file, refusal.number) for refusal in report.refusals][-1] == ("Votes.xml", 7)

    def test_a_dump_may_lack_what_stands_around_the_posts(self, db: Session, tmp_path: Path) -> None:
        content = {name: rows for name, rows in small.tables().items() if name in {"Users", "Posts"}}
        report = bring(db, small.write(tmp_path, content))
        assert (report.tallies["questions"].added, report.tallies["votes"].read) == (2, 0)

    def test_twice_is_the_same(self, db: Session, folder: Path) -> None:
        bring(db, folder)
        before, seqs = stored(db, "hops"), db.scalars(select(Question.seq)).all()
        report = bring(db, folder)
        assert stored(db, "hops") == before
        assert db.scalars(select(Question.seq)).all() == seqs
        assert {(tally.added, tally.changed) for tally in report.tallies.values()} == {(0, 0)}

    def test_two_communities_do_not_mix(self, db: Session, folder: Path) -> None:
        bring(db, folder)
        bring(db, folder, "other")
        assert stored(db, "hops") == stored(db, "other")

    def test_visitors_see_an_imported_community_only_if_it_was_opened(self, db: Session, folder: Path) -> None:
        bring(db, folder)
        bring(db, folder, "open", is_public=True)
        assert not by_number(db, "10").is_public
        assert {tag.name: tag.public_count for tag in db.scalars(select(Tag))} == {"age": 1, "hops": 2, "unused": 0}
        assert {tag.name: tag.question_count for tag in db.scalars(select(Tag))} == {"age": 2, "hops": 4, "unused": 0}

    def test_indexes_are_told_and_nobody_is_mailed(self, db: Session, folder: Path) -> None:
        bring(db, folder)
        names = db.scalars(select(EventRow.name)).all()
        assert names == ["ContentChanged"]
        assert db.scalars(select(JobRow.id).where(JobRow.name.startswith("community."))).all() == []

    @pytest.mark.parametrize("name", ["", "x" * 61])
    def test_the_community_needs_a_name(self, db: Session, folder: Path, name: str) -> None:
        with pytest.raises(Invalid, match="--name"):
            bring(db, folder, name)


class TestNewerDump:
    """A newer dump over an older one."""

    @pytest.fixture
    def newer(self, db: Session, tmp_path: Path) -> Callable[..., Report]:
        bring(db, small.write(tmp_path / "old", small.tables()))

        def over(**posts: dict[str, str] | None) -> Report:
            content = small.tables()
            changes = {number.removeprefix("post"): values for number, values in posts.items()}
            content["Posts"] = [
                {**row, **(changes.get(row["Id"]) or {})}
                for row in content["Posts"]
                if changes.get(row["Id"], {}) is not None
            ]
            return bring(db, small.write(tmp_path / "new", content))

        return over

    def test_an_edited_text_replaces_the_old_one_which_stays_in_the_history(
        self, db: Session, newer: Callable[..., Report]
    ) -> None:
        newer(post10={"Body": "<p>Newer</p>", "LastEditDate": "2017-01-01T00:00:00"})
        question = by_number(db, "10")
        assert question.body == "<p>Newer</p>"
        bodies = [row.body for row in queries.revisions(db, PostKind.QUESTION, question.id)]
        assert bodies == ["<p>We have <i>old</i> hops.</p>", "<p>Newer</p>"]

    def test_another_accepted_answer_replaces_the_old_one(self, db: Session, newer: Callable[..., Report]) -> None:
        newer(post10={"AcceptedAnswerId": ""})
        assert not by_number(db, "10").is_solved

    def test_tags_follow_the_newer_dump(self, db: Session, newer: Callable[..., Report]) -> None:
        newer(post10={"Tags": "<hops><beer>"})
        question = queries.get(db, make_actor(db), by_number(db, "10").id)
        assert [tag.name for tag in question.tags] == ["beer", "hops"]
        assert {tag.name: tag.question_count for tag in db.scalars(select(Tag))}["age"] == 0

    def test_an_accepted_answer_that_is_gone_is_noted(self, db: Session, newer: Callable[..., Report]) -> None:
        report = newer(post10={"AcceptedAnswerId": "777"})
        assert report.notes["accepted answers that are not in the dump"] == 1

    def test_what_the_newer_dump_lacks_stays(self, db: Session, newer: Callable[..., Report]) -> None:
        before = stored(db, "hops")
        newer(post12=None)
        assert stored(db, "hops") == before

    def test_an_answer_whose_question_comes_later_arrives_then(self, db: Session, newer: Callable[..., Report]) -> None:
        newer(post14={"Id": "999", "PostTypeId": "1", "Title": "Found again", "Tags": "<hops>"})
        assert by_number(db, "999").answer_count == 1
        assert db.scalar(select(Vote.question_id).where(Vote.source_id == "4")) == by_number(db, "999").id

    def test_what_people_did_here_stays(self, db: Session, newer: Callable[..., Report]) -> None:
        agent, party = make_actor(db, Role.AGENT), make_actor(db)
        question = queries.get(db, agent, by_number(db, "10").id)
        mine = services.answer(db, party, question, "Two years.")
        services.vote(db, party, question, 1)
        services.accept(db, agent, question, mine)
        services.edit_question(
            db,
            agent,
            question,
            title="Edited here",
            body="Ours",
            tags=["ours"],
            is_public=False,
            seen_at=question.updated_at,
        )
        hidden = queries.get(db, agent, by_number(db, "12").id)
        moderation.hide(db, agent, hidden)
        newer(post10={"Score": "8", "Tags": "<hops>"})
        db.expire_all()
        question = queries.get(db, agent, question.id)
        assert (question.title, question.body) == ("Edited here", "Ours")
        assert [tag.name for tag in question.tags] == ["ours"]
        assert (question.score, question.answer_count, question.accepted_answer_id) == (9, 2, mine.id)
        assert by_number(db, "12").state is State.HIDDEN


class TestRefusals:
    """A broken dump is refused whole, and its first bad row is named."""

    @pytest.mark.parametrize(
        ("table", "change", "sentence"),
        [
            ("Posts", {"CreationDate": "yesterday"}, r"Posts\.xml\.gz, row 5: CreationDate is not a time"),
            ("Posts", {"Id": "10"}, r"Posts\.xml\.gz, row 5: Id 10 stands twice"),
            ("Posts", {"PostTypeId": "1"}, r"row 5: Title is missing"),
            ("Posts", {"PostTypeId": "2"}, r"row 5: ParentId is not a whole number"),
            ("Votes", {"PostId": "9" * 30}, r"Votes\.xml, row 5: PostId is not a whole number"),
            ("Users", {"Id": ""}, r"Users\.xml, row 3: Id is not a whole number"),
        ],
    )
    def test_a_bad_row_is_named(self, tmp_path: Path, table: str, change: dict[str, str], sentence: str) -> None:
        content = small.tables()
        content[table][-1] = {**content[table][-1], **change}
        with pytest.raises(Invalid, match=sentence):
            Dump(small.write(tmp_path, content)).check(lambda: None)

    def test_a_file_that_breaks_at_row_5000_writes_nothing(self, app: Flask, db: Session, tmp_path: Path) -> None:
        content = small.tables()
        one = content["Votes"][0]
        content["Votes"] = [{**one, "Id": str(number)} for number in range(1, 6001)]
        path = small.write(tmp_path, content) / "Votes.xml"
        lines = path.read_text().splitlines()
        lines[5001] = lines[5001].replace('CreationDate="', "CreationDate=")
        path.write_text("\n".join(lines))
        result = app.test_cli_runner().invoke(import_stackexchange_command, [str(tmp_path), "--name", "hops"])
        assert result.exit_code == 1
        assert "Votes.xml, row 5,000" in result.output
        assert "Nothing was imported" in result.output
        assert stored(db, "hops") | {"tags": 0} == dict.fromkeys(stored(db, "hops"), 0)

    def test_a_compressed_file_that_breaks_off_is_refused(self, tmp_path: Path) -> None:
        path = small.write(tmp_path, small.tables()) / "Posts.xml.gz"
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(Invalid, match="breaks off"):
            Dump(tmp_path).check(lambda: None)

    def test_entities_that_swell_are_refused_unread(self, tmp_path: Path) -> None:
        small.write(tmp_path, small.tables())
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><users><row Id="1" DisplayName="&b;"/></users>'
        (tmp_path / "Users.xml").write_text(bomb)
        with pytest.raises(Invalid, match="document type"):
            Dump(tmp_path).check(lambda: None)

    def test_a_folder_without_posts_is_no_dump(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match=r"There is no Users\.xml"):
            Dump(tmp_path)


class TestCommand:
    def test_the_report_is_a_table_or_json(self, app: Flask, db: Session, tmp_path: Path) -> None:
        folder = str(small.write(tmp_path / "hops", small.tables()))
        runner = app.test_cli_runner()
        rehearsal = runner.invoke(import_stackexchange_command, [folder, "--dry-run"])
        assert rehearsal.exit_code == 0, rehearsal.output
        assert "nothing was kept (dry run)" in rehearsal.output
        assert db.scalar(select(func.count()).select_from(Question)) == 0
        result = runner.invoke(import_stackexchange_command, [folder, "--json"])
        report = json.loads(result.stdout)
        assert report["source"] == "hops"
        assert report["counts"]["questions"] == 2
        assert report["tallies"]["answers"] == {"read": 2, "added": 1, "changed": 0, "same": 0, "refused": 1}
        assert report["refusals"][0]["reason"] == "it is a tag's wiki, not a question or an answer"
        table = runner.invoke(import_stackexchange_command, [folder]).output
        assert "questions            2         0         0         2         0" in table
        assert "Refused: 1 of Comments.xml, because its question or answer is not in the dump: row 2 (Id 2)." in table


class TestRealDumps:
    @pytest.mark.slow
    @pytest.mark.parametrize("pack", README_COUNTS)
    def test_every_count_is_the_readmes(self, db: Session, data: Path, pack: str) -> None:
        report = bring(db, data / pack, pack)
        assert stored(db, pack) == README_COUNTS[pack]
        counts = {kind: tally.read for kind, tally in report.tallies.items()} | report.facts
        assert {kind: counts[kind] for kind in README_COUNTS[pack]} == README_COUNTS[pack]

    @pytest.mark.slow
    def test_the_dump_of_six_years_later_goes_over_the_earlier_one(self, db: Session, data: Path) -> None:
        bring(db, data / "se-beer" / "earlier-2014-05", "se-beer")
        earlier = set(db.scalars(select(Question.source_id))), set(db.scalars(select(Answer.source_id)))
        bring(db, data / "se-beer", "se-beer")
        now = set(db.scalars(select(Question.source_id))), set(db.scalars(select(Answer.source_id)))
        gone = len(now[0]) + len(now[1]) - 1029 - 2277
        assert gone == 2
        assert earlier[0] <= now[0]
        assert earlier[1] <= now[1]
        counts = stored(db, "se-beer")
        with gzip.open(data / "se-beer" / "Comments.xml.gz") as file:
            assert counts["comments"] >= sum(b"<row " in line for line in file)
        again = bring(db, data / "se-beer", "se-beer")
        assert {(tally.added, tally.changed) for tally in again.tallies.values()} == {(0, 0)}
