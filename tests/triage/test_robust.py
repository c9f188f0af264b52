"""What is broken, odd or huge: a sentence, and words are still searched."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helpdesk.kernel.policy import SYSTEM, VISITOR
from helpdesk.nlp.confidence import Confidence, Curve
from helpdesk.nlp.encoder import EncoderError
from helpdesk.nlp.manifest import read_manifest
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.triage import engine
from helpdesk.triage.commands import checking
from helpdesk.triage.enums import Origin
from helpdesk.triage.models import Embedding, SearchText
from helpdesk.triage.services import indexing, judging, models, thresholds
from helpdesk.triage.services.related import related
from helpdesk.triage.services.suggesting import suggest
from helpdesk.triage.services.training import curve, run
from tests.factories.community import make_question
from tests.factories.knowledge import make_answer
from tests.factories.triage import BY_COSINE, CountingEncoder, index_all

QUESTION = "How much credit cover must we lodge"
ODD = {
    "empty": "",
    "one letter": "q",
    "100 kB": "credit cover " * 8_000,
    "one long word": "x" * 100_000,
    "punctuation": "?!.,;:()[]{} -- … « »",
    "Arabic": "كم يجب أن نودع من الضمان",
    "Chinese": "我们必须存入多少信用保证金 谢谢",
    "Devanagari": "हमें कितना क्रेडिट कवर जमा करना होगा",
    "emoji": "🔥 🔥 🔥 🔥",
    "controls": "credit\0cover\x1b[31m must\u2028we\u2029lodge",
    "half a surrogate": "credit cover \ud800 must we",
}


class Broken(CountingEncoder):
    """A model whose file was damaged where nobody looks."""

    def encode(self, texts):
        raise EncoderError("The encoder gave values that are no vectors.")


class TestOddTexts:
    @pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
    def test_are_indexed_and_asked_and_hide_nothing(self, db, using, text) -> None:
        answer = make_answer(db, QUESTION)
        held = text.encode("utf-8", "replace").decode().replace("\0", " ")  # what a form lets through
        odd = make_answer(db, "Something quite different", wordings=[f"Odd {held}"[:400]])
        db.query(SearchText).filter(SearchText.object_id == odd.id).one().body = held
        index_all(db, using)

        assert suggest(db, VISITOR, text).problem == ""  # meaning was searched, or nothing was
        assert suggest(db, VISITOR, QUESTION).items[0].id == answer.id

    def test_thousands_of_equal_texts_leave_room_for_the_others(self, db, using) -> None:
        answer = make_answer(db, QUESTION)
        other = make_question(db, title="How much credit cover must a new Party lodge", is_public=True)
        same = make_answer(db, "Reset a password", wordings=[f"Reset a password{' ' * at}x" for at in range(1, 1_000)])
        index_all(db, using)

        assert [one.id for one in suggest(db, VISITOR, "reset a password").items] == [same.id]
        found = {(one.kind, one.id) for one in suggest(db, VISITOR, QUESTION).items}
        assert {("answer", answer.id), ("question", other.id)} <= found


class TestABrokenEncoder:
    @pytest.mark.parametrize(
        "output", [np.full((1, 384), np.nan), np.zeros((1, 384)), np.ones((1, 12)), np.full((1, 384), np.inf)]
    )
    def test_gives_no_vector_that_could_be_stored(self, output, settings) -> None:
        encoder = OnnxEncoder(settings.models_dir / settings.encoder)

        class Session:
            def run(self, *_arguments):
                return [output.astype(np.float32)]

        encoder._session = Session()
        with pytest.raises(EncoderError):
            encoder.encode([QUESTION])

    def test_leaves_word_search_and_says_so(self, db, using, client) -> None:
        make_answer(db, QUESTION)
        index_all(db, using)
        using.encoder = Broken()

        found = suggest(db, VISITOR, QUESTION)

        assert [one.title for one in found.items] == [QUESTION]
        assert "Words are searched" in found.problem
        assert found.problem in client.get(f"/ask/suggestions?q={QUESTION}").get_data(as_text=True)

    def test_stores_nothing(self, db, using) -> None:
        make_answer(db, QUESTION)
        db.commit()
        with pytest.raises(EncoderError):
            indexing.embed_pending("answer", Broken())
        assert db.query(Embedding).count() == 0


class TestWhatCannotBeRated:
    @pytest.fixture(params=["curves", "a curve"])
    def unrated(self, using, request) -> engine.Engine:
        """An engine without what probabilities stand on."""
        using.confidence = Confidence({} if request.param == "curves" else {"wording": BY_COSINE})
        using.shipped = (using.ranker, using.confidence)
        return using

    def test_is_found_by_words_without_a_probability(self, db, unrated, client) -> None:
        make_answer(db, QUESTION)
        index_all(db, unrated)

        found = suggest(db, VISITOR, QUESTION)

        assert [(item.title, item.probability) for item in found.items] == [(QUESTION, None)]
        assert "Words are searched" in found.problem
        assert found.problem in client.get(f"/ask/suggestions?q={QUESTION}").get_data(as_text=True)

    def test_is_still_shown_beside_what_it_is_near_to(self, db, unrated) -> None:
        asked = make_question(db, title=QUESTION, is_public=True)
        answer = make_answer(db, "How much credit cover is enough")
        index_all(db, unrated)

        found = related(db, VISITOR, "question", asked.id)

        assert [item.id for item in found["answer"]] == [answer.id]

    def test_draws_no_curve_of_thresholds(self, db, unrated, monkeypatch) -> None:
        answer = make_answer(db, QUESTION)
        for number in range(curve.FEWEST):
            judging.judge(db, Origin.CONFIRMED, number, f"{QUESTION} {number}", [("answer", answer.id)])
        index_all(db, unrated)

        assert not run.draw_curve(unrated)
        assert thresholds.curve(db) is None


class TestArtefacts:
    @pytest.fixture
    def here(self, settings, tmp_path):
        shutil.copytree(settings.models_dir, tmp_path / "models")
        return replace(settings, models_dir=tmp_path / "models")

    def test_sound_ones_are_no_problem(self, db, here) -> None:
        assert checking.find_problems(here) == []

    @pytest.mark.parametrize(
        ("name", "file", "sentence"),
        [
            ("encoder", "model.onnx", "words are still searched"),
            ("encoder", "tokenizer.json", "words are still searched"),
            ("ranking", "nets.npz", "a plain order"),
            ("confidence", "curves.json", "words are searched"),
        ],
    )
    @pytest.mark.parametrize("is_missing", [True, False])
    def test_one_that_is_missing_or_damaged_is_named(self, db, using, here, name, file, sentence, is_missing) -> None:
        path = here.models_dir / name / file
        if is_missing:
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-100])

        (problem,) = checking.find_problems(here)
        assert sentence in problem.lower()
        assert str(path) in problem
        make_answer(db, QUESTION)
        made = engine.load(db, here)
        engine.use(made)
        index_all(db, made if made.encoder else using)
        made.cache.follow(db)
        found = suggest(db, VISITOR, QUESTION)
        assert [item.title for item in found.items] == [QUESTION]
        assert bool(found.problem) is (name != "ranking")  # without an order meaning is still searched

    @pytest.mark.parametrize("file", ["manifest.json", "nets.npz"])
    def test_one_that_may_not_be_read_is_named(self, db, here, monkeypatch, file) -> None:
        path, whole = here.models_dir / "ranking" / file, Path.open

        def locked(one, *args, **options):
            if one == path:
                raise PermissionError(errno.EACCES, "Permission denied")
            return whole(one, *args, **options)

        monkeypatch.setattr(Path, "open", locked)

        (problem,) = [one for one in checking.find_problems(here) if str(path) in one]
        assert "Permission denied" in problem
        assert engine.load(db, here).ranker.learned is None

    def test_one_of_another_version_is_named(self, db, here) -> None:
        folder = here.models_dir / "confidence"
        Confidence({"wording": Curve((1.0,), 0.0)}).save(folder, read_manifest(folder))

        (problem,) = checking.find_problems(here)
        assert f"{folder} was made for another version. Train it again." in problem

    def test_a_promoted_classifier_that_is_damaged_is_named(self, db, here, tmp_path) -> None:
        folder = tmp_path / "topic-1"
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps({"name": "topic-1", "files": {"state.skops": "0"}}))
        row = models.register(db, what="topic", name="topic-1", folder=folder, metrics={})
        models.promote(db, SYSTEM, row)
        db.commit()

        (problem,) = checking.find_problems(here)
        assert "state.skops is missing" in problem
        assert "models rollback topic" in problem
