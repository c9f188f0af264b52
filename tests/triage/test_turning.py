"""Another encoder by one setting: its vectors are made beside the others, which are searched until then."""

import shutil
from dataclasses import replace

import pytest

from helpdesk.kernel import options, sequences
from helpdesk.kernel.models import JobRow
from helpdesk.kernel.policy import SYSTEM, VISITOR
from helpdesk.kernel.sources import all_sources
from helpdesk.nlp.encoder import EncoderError
from helpdesk.nlp.export import NAME
from helpdesk.nlp.manifest import Manifest, read_manifest, write_manifest
from helpdesk.nlp.remote import RemoteEncoder
from helpdesk.triage import engine, jobs
from helpdesk.triage.columns import DIMENSION
from helpdesk.triage.commands import checking
from helpdesk.triage.commands import indexing as commands
from helpdesk.triage.models import Embedding, IndexState
from helpdesk.triage.queries.state import searched
from helpdesk.triage.services import indexing, models
from helpdesk.triage.services.suggesting import suggest
from tests.factories.knowledge import make_answer
from tests.factories.triage import CountingEncoder, index_all

QUESTION = "How much credit cover must we lodge"


class Named(CountingEncoder):
    """The encoder of a folder, quick enough for a test."""

    def __init__(self, folder) -> None:
        super().__init__()
        manifest = read_manifest(folder)
        self.name, self.base = manifest.name, manifest.base
        if "small" in folder.name:
            self.dimension = 64


@pytest.fixture
def here(app, settings, tmp_path, monkeypatch):
    """Settings with the encoders old, new, small and foreign, of which old is in use; old and new are of one base."""
    models = tmp_path / "models"
    for name in ("ranking", "confidence"):
        shutil.copytree(settings.models_dir / name, models / name)
    for name in ("old", "new", "small", "foreign"):
        folder = (models if name != "new" else settings.data_dir / "models") / name
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(b"weights")
        parameters = {"dimension": 64 if name == "small" else DIMENSION}
        base = {"adapted_from": NAME} if name in {"old", "new"} else {}
        write_manifest(folder, Manifest(name=name, parameters={**parameters, **base}))
    monkeypatch.setattr(engine, "OnnxEncoder", Named)
    yield replace(settings, models_dir=models, encoder="old")
    engine.use(None)


def start(here) -> engine.Engine:
    """The engine of a process that starts with these settings."""
    engine.configure(here)
    engine.warm()
    made = engine.current()
    assert made is not None
    return made


@pytest.fixture
def settled(db, here) -> engine.Engine:
    make_answer(db, QUESTION, wordings=["Lodging cover"])
    db.commit()
    using = start(here)
    jobs.mend()
    return using


class TestWhileVectorsAreMade:
    def test_the_old_encoder_is_asked_and_its_vectors_are_searched(self, db, here, settled) -> None:
        using = start(replace(here, encoder="new"))

        assert (using.model, using.coming.name) == ("old", "new")
        assert suggest(db, VISITOR, QUESTION).problem == ""
        assert QUESTION in using.encoder.asked
        assert QUESTION not in using.coming.asked

    def test_status_and_check_say_how_far_it_is(self, db, app, here, settled) -> None:
        app.extensions["signpost.settings"] = replace(here, encoder="new")
        (problem,) = commands.find_problems(replace(here, encoder="new"))
        assert problem.startswith("Vectors by new are being made: 1 of 1 items are left. Until then those by old are")
        assert "Vectors by new are being made" in app.test_cli_runner().invoke(args=["index", "status"]).output

    def test_words_alone_are_searched_where_the_old_one_is_gone(self, db, app, here, settled) -> None:
        shutil.rmtree(here.models_dir / "old")
        app.extensions["signpost.settings"] = new = replace(here, encoder="new")

        using = start(new)

        assert (using.model, using.coming.name) == ("", "new")
        assert using.problem.startswith("Words alone are searched until the vectors by new are complete.")
        found = suggest(db, VISITOR, QUESTION)
        assert [item.title for item in found.items] == [QUESTION]
        assert found.problem
        (problem,) = commands.find_problems(new)
        assert "1 of 1 items are left. Until then words alone are searched. The worker makes them" in problem

        jobs.mend()  # leaves it to jobs that take a while each
        assert QUESTION not in using.coming.asked
        jobs.turn()

        assert engine.current().model == "new"
        assert suggest(db, VISITOR, QUESTION).problem == ""

    def test_rebuilding_makes_the_new_ones_where_the_old_one_is_gone(self, db, app, here, settled) -> None:
        shutil.rmtree(here.models_dir / "old")
        app.extensions["signpost.settings"] = new = replace(here, encoder="new")
        start(new)

        result = app.test_cli_runner().invoke(args=["index", "rebuild"])

        assert "The indexes are up to date." in result.output
        assert searched(db) == "new"

    def test_a_change_reaches_both(self, db, here, settled) -> None:
        using = start(replace(here, encoder="new"))
        make_answer(db, "Who reads our meters")
        db.commit()
        jobs.index("answer")
        assert "Who reads our meters" not in using.coming.asked  # nobody waits for the new ones
        jobs.turn()

        models = {row.model for row in db.query(Embedding).all()}
        assert models == {"old", "new"}
        assert "Who reads our meters" in using.coming.asked

    def test_what_is_left_after_a_while_is_the_next_jobs(self, db, here, settled, monkeypatch) -> None:
        using = start(replace(here, encoder="new"))
        monkeypatch.setattr(jobs, "TURN_SECONDS", -1)
        jobs.mend()
        db.query(JobRow).delete()
        db.commit()
        jobs.turn()

        assert QUESTION not in using.coming.asked
        assert [row.name for row in db.query(JobRow).all()] == ["triage.turn"]

    def test_the_old_one_runs_here_even_where_a_server_has_the_new(self, db, here, settled) -> None:
        using = start(replace(here, encoder="new", encoder_url="http://127.0.0.1:1/v1"))

        assert using.model == "old"
        assert not isinstance(using.encoder, RemoteEncoder)
        assert isinstance(using.coming, RemoteEncoder)
        assert suggest(db, VISITOR, QUESTION).problem == ""

    def test_a_killed_run_goes_on_where_it_stopped(self, db, here, settled, monkeypatch) -> None:
        monkeypatch.setattr(indexing, "EMBED_BATCH", 1)
        for number in range(4):
            make_answer(db, f"Another question, number {number}")
        db.commit()
        jobs.index("answer")
        using = start(replace(here, encoder="new"))
        encode, seen = using.coming.encode, len(using.coming.asked)

        def dying(texts):
            if len(using.coming.asked) >= seen + 3:
                raise EncoderError("killed")
            return encode(texts)

        monkeypatch.setattr(using.coming, "encode", dying)
        with pytest.raises(EncoderError):
            jobs.turn()
        assert searched(db) == "old"

        again = start(replace(here, encoder="new"))
        coming = again.coming
        jobs.turn()
        assert 0 < len(coming.asked) - 1 <= 3
        assert searched(db) == "new"


class TestWhenTheyAreComplete:
    def test_the_process_that_made_them_turns_at_once(self, db, here, settled) -> None:
        start(replace(here, encoder="new"))
        jobs.turn()

        using = engine.current()
        assert (using.model, using.coming) == ("new", None)
        assert suggest(db, VISITOR, QUESTION).problem == ""

    @pytest.mark.parametrize("is_gone", [False, True], ids=["the old one there", "the old one gone"])
    def test_another_process_turns_without_a_restart(self, db, here, settled, monkeypatch, is_gone) -> None:
        if is_gone:
            shutil.rmtree(here.models_dir / "old")
        other = start(replace(here, encoder="new"))
        for kind in (source.kind for source in all_sources()):
            indexing.embed_pending(kind, other.coming)
        assert indexing.settle("new")
        db.commit()

        class AtOnce:
            def __init__(self, target, **_options):
                self.start = target

        monkeypatch.setattr("helpdesk.triage.engine.threading.Thread", AtOnce)
        suggest(db, VISITOR, QUESTION)  # reads that the new ones are complete
        engine.current()

        assert engine.current().model == "new"

    def test_the_old_vectors_go_at_the_next_run(self, db, here, settled) -> None:
        start(replace(here, encoder="new"))
        jobs.turn()
        assert {row.model for row in db.query(Embedding).all()} == {"old", "new"}
        jobs.mend()

        assert {row.model for row in db.query(Embedding).all()} == {"new"}
        assert {row.model for row in db.query(IndexState).all()} == {"new"}

    def test_vectors_that_miss_one_item_are_not_searched(self, db, here, settled) -> None:
        using = start(replace(here, encoder="new"))
        indexing.embed_pending("answer", using.coming)
        make_answer(db, "One more")
        db.commit()

        assert not indexing.settle("new")
        assert options.read(db, "encoder") == "old"


class TestWhatWasLearnedWithOneEncoder:
    def test_is_not_used_with_another(self, db, here, settled) -> None:
        foreign = replace(here, encoder="foreign")
        start(foreign)
        jobs.turn()

        assert engine.current().ranker.learned is None
        problems = checking.find_problems(foreign)
        assert problems[0].startswith("Passages are put in a plain order")
        assert f"ranking was made for the encoder {NAME} and not for foreign" in problems[0]
        assert "confidence was made for" in problems[1]
        found = suggest(db, VISITOR, QUESTION)
        assert [(item.title, item.likelihood) for item in found.items] == [(QUESTION, "likely")]
        assert found.problem == ""

    @pytest.mark.parametrize("is_remote", [False, True])
    def test_serves_an_encoder_adapted_from_it(self, db, here, is_remote) -> None:
        folder = here.models_dir / "adapted"
        folder.mkdir()
        (folder / "model.onnx").write_bytes(b"weights")
        write_manifest(folder, Manifest(name="adapted", parameters={"dimension": DIMENSION, "adapted_from": NAME}))
        url = "http://127.0.0.1:1/v1" if is_remote else ""

        using = start(replace(here, encoder="adapted", encoder_url=url))

        assert (using.model, using.base) == ("adapted", NAME)
        assert using.ranker.learned is not None
        shipped = using.ranker, using.confidence
        for what in ("ranking", "confidence"):
            row = models.register(db, what=what, name=f"{what}-1", folder=here.models_dir / what, metrics={})
            models.promote(db, SYSTEM, row)
        using.follow(db)
        assert using.ranker is not shipped[0]
        assert using.confidence is not shipped[1]
        assert "was made for" not in " ".join(checking.find_problems(replace(here, encoder="adapted")))


class TestAnotherLength:
    def test_is_refused_where_the_column_has_one(self, db, here, settled) -> None:
        using = start(replace(here, encoder="small"))

        if db.get_bind().dialect.name == "postgresql":
            assert (using.model, using.coming) == ("old", None)
            assert "vectors of 64 numbers; on PostgreSQL only 384 fit" in using.problem
        else:
            jobs.turn()
            assert engine.current().model == "small"
            assert [item.title for item in suggest(db, VISITOR, QUESTION).items] == [QUESTION]


class TestMending:
    def test_what_no_event_told_of_is_found(self, db, here, settled) -> None:
        from helpdesk.triage.models import SearchText

        db.query(SearchText).delete()
        db.commit()
        assert [problem[:35] for problem in commands.find_problems(here)] == ["Search does not know all of: answer"]

        jobs.mend()

        assert commands.find_problems(here) == []

    @pytest.mark.parametrize("is_lost", [True, False], ids=["lost", "of an earlier change"])
    def test_a_text_is_mended_though_a_later_item_has_its_own(self, db, here, settled, is_lost) -> None:
        from helpdesk.triage.models import SearchText

        answer = make_answer(db, "Who reads our meters")
        row = db.query(SearchText).filter_by(kind="answer", object_id=answer.id)
        if is_lost:
            row.delete()
        else:
            answer.question, answer.seq = "Who repairs our meters", sequences.take(db, "answer")
        make_answer(db, "A later question")
        db.commit()
        jobs.index("answer")
        suggest(db, VISITOR, QUESTION)  # vectors and this process have gone past the number of the older one
        assert "Search does not know all of: answer." in commands.find_problems(here)[0]

        jobs.mend()

        assert commands.find_problems(here) == []
        assert row.one().title == answer.question
        assert db.query(Embedding).filter_by(kind="answer", object_id=answer.id).count() == 1
        assert suggest(db, VISITOR, answer.question).items[0].id == answer.id

    def test_a_number_that_no_item_has_is_nothing_amiss(self, db, here, settled) -> None:
        sequences.take(db, "clause")  # as a changed term of the code does
        assert commands.find_problems(here) == []

    def test_nothing_happens_when_nothing_is_amiss(self, db, using) -> None:
        make_answer(db, QUESTION)
        index_all(db, using)
        assert [indexing.mend(source.kind) for source in all_sources()] == [0] * len(all_sources())
