"""Models in use: promoted, followed by every process, rolled back, and never half of one."""

import errno
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from helpdesk.kernel import options
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.kernel.models import AuditRow
from helpdesk.kernel.policy import SYSTEM, Role
from helpdesk.nlp import export
from helpdesk.nlp.confidence import FEATURES as MEASURES
from helpdesk.nlp.confidence import Confidence, Curve
from helpdesk.nlp.evaluation.bootstrap import Difference
from helpdesk.nlp.export import WEIGHTS
from helpdesk.nlp.manifest import Manifest, read_manifest, verify, write_manifest
from helpdesk.nlp.passages import FEATURES, LearnedOrder
from helpdesk.triage.enums import ModelState
from helpdesk.triage.models import ModelRow
from helpdesk.triage.queries import state
from helpdesk.triage.services import models
from helpdesk.triage.services.training.alone import WAITING, one_at_a_time
from helpdesk.triage.services.training.keeping import PARTIAL, Challenger, keep, save_whole, sweep
from tests.factories.accounts import make_actor
from tests.factories.triage import BY_COSINE

BETTER = Difference(0.02, 0.01, 0.03, 100)
WORSE = Difference(0.01, -0.01, 0.03, 100)


def promoted(db, what: str, folder: Path, name: str = "one") -> ModelRow:
    row = models.register(db, what=what, name=f"{what}-{name}", folder=folder, metrics={})
    models.promote(db, SYSTEM, row)
    return row


def saved_confidence(folder: Path, encoder: str) -> Path:
    folder.mkdir()
    manifest = Manifest(name="confidence", parameters={"encoder": encoder})
    Confidence({"passage": BY_COSINE}).save(folder, manifest)
    return folder


def saved_order(folder: Path, encoder: str) -> Path:
    folder.mkdir()
    manifest = Manifest(name="ranking", parameters={"features": list(FEATURES), "encoder": encoder})
    LearnedOrder((), {"passage": np.eye(4, dtype=np.float32)}).save(folder, manifest)
    return folder


def challenger(difference: Difference | None = BETTER, **facts) -> Challenger:
    def save(folder: Path, manifest: Manifest) -> None:
        (folder / "weights.json").write_text("[1, 2]")
        write_manifest(folder, manifest)

    return Challenger(
        **{"what": "ranking", "save": save, "metrics": {"map@10": 0.7}, "difference": difference, **facts}
    )


class TestFollowing:
    def test_a_running_process_takes_what_was_promoted_and_goes_back_again(self, db, using, tmp_path) -> None:
        using.follow(db)
        order, shipped = using.ranker, using.confidence
        promoted(db, "confidence", saved_confidence(tmp_path / "a", using.model))
        promoted(db, "ranking", saved_order(tmp_path / "b", using.model))
        using.follow(db)
        assert using.confidence is not shipped
        assert isinstance(using.ranker.learned, LearnedOrder)

        models.roll_back(db, SYSTEM, "confidence")
        models.roll_back(db, SYSTEM, "ranking")
        using.follow(db)
        assert using.confidence is shipped
        assert using.ranker is order

    def test_it_costs_nothing_while_nothing_is_promoted(self, db, using, counter) -> None:
        using.follow(db)
        asked = counter(db)
        using.follow(db)
        assert asked.stop() == 1

    @pytest.mark.parametrize("harm", ["missing", "damaged", "another version", "another encoder"])
    def test_one_that_cannot_be_used_leaves_what_shipped_and_is_named(self, db, using, tmp_path, harm) -> None:
        shipped = using.confidence
        folder = saved_confidence(tmp_path / "a", using.model if harm != "another encoder" else "another")
        if harm == "another version":
            Confidence({"wording": Curve((1.0,), 0.0)}).save(
                folder, Manifest(name="confidence", parameters={"features": ["cosine"], "encoder": using.model})
            )
        elif harm != "another encoder":
            (folder / "curves.json").write_text("{}")
        if harm == "missing":
            (folder / "manifest.json").unlink()
        promoted(db, "confidence", folder)
        db.commit()
        using.follow(db)

        assert using.confidence is shipped
        if harm != "another encoder":
            (problem,) = state.model_problems(db)
            assert problem.startswith("The model confidence-one")
            assert "cannot be used" in problem

    def test_a_curve_that_a_site_did_not_learn_is_the_one_that_ships(self, db, using, tmp_path) -> None:
        shipped = dict(using.confidence.curves)
        folder = saved_confidence(tmp_path / "a", using.model)
        own = Curve((2.0,) * len(MEASURES), 0.5)
        Confidence({"wording": own}).save(folder, read_manifest(folder))
        promoted(db, "confidence", folder)
        db.commit()
        using.follow(db)

        assert using.confidence.curves == {**shipped, "wording": own}

    def test_a_classifier_of_another_encoder_is_named_once_that_one_is_searched(self, db, tmp_path) -> None:
        (tmp_path / "topics").mkdir()
        write_manifest(tmp_path / "topics", Manifest(name="topic", parameters={"encoder": "old"}))
        promoted(db, "topic", tmp_path / "topics")
        options.write(db, "encoder", "old")
        assert state.model_problems(db) == []
        options.write(db, "encoder", "new")

        (problem,) = state.model_problems(db)

        assert "was learned with the encoder old, and predicts nothing with new. Run `train`." in problem


class TestGoingBack:
    def test_what_shipped_counts_as_the_earlier_one(self, db, tmp_path) -> None:
        promoted(db, "ranking", tmp_path)

        assert models.roll_back(db, SYSTEM, "ranking") == "ranking (shipped)"
        assert models.champion(db, "ranking") is None
        with pytest.raises(NotFound):
            models.roll_back(db, SYSTEM, "ranking")

    def test_it_is_written_down_who_did_it(self, db, tmp_path) -> None:
        first, second = promoted(db, "ranking", tmp_path), promoted(db, "ranking", tmp_path, "two")
        admin = make_actor(db, Role.ADMIN)

        assert models.roll_back(db, admin, "ranking") == first.name

        assert (first.state, second.state) == (ModelState.CHAMPION, ModelState.RETIRED)
        db.flush()
        row = db.scalars(select(AuditRow).where(AuditRow.action == "model.rolled_back")).one()
        assert (row.actor_id, row.details) == (admin.id, {"name": first.name, "instead_of": second.name})

    @pytest.mark.parametrize("role", [Role.MEMBER, Role.AGENT, Role.LEAD])
    def test_nobody_else_may(self, db, tmp_path, role) -> None:
        row = promoted(db, "ranking", tmp_path)
        other = models.register(db, what="ranking", name="other", folder=tmp_path, metrics={})
        for act in (lambda who: models.roll_back(db, who, "ranking"), lambda who: models.promote(db, who, other)):
            with pytest.raises(Forbidden):
                act(make_actor(db, role))
        assert row.state == ModelState.CHAMPION

    def test_an_encoder_is_switched_by_its_setting(self, db, tmp_path) -> None:
        row = models.register(db, what="encoder", name="encoder-1", folder=tmp_path, metrics={})
        with pytest.raises(Conflict, match="HELPDESK_ENCODER"):
            models.promote(db, SYSTEM, row)


class TestKeeping:
    def test_a_better_one_takes_over_and_its_figures_are_kept(self, db, tmp_path) -> None:
        trained = keep(SYSTEM, tmp_path, challenger())

        assert trained.is_promoted
        row = models.champion(db, "ranking")
        assert (row.metrics["difference"], row.metrics["low"], row.metrics["high"]) == (0.02, 0.01, 0.03)
        manifest = json.loads((tmp_path / trained.name / "manifest.json").read_text())
        assert manifest["metrics"] == row.metrics
        assert set(manifest["files"]) == {"weights.json"}

    @pytest.mark.parametrize(
        ("facts", "said"),
        [({"difference": WORSE}, "not better beyond noise"), ({"objection": "it forgets much."}, "it forgets much.")],
    )
    def test_others_are_kept_aside(self, db, tmp_path, facts, said) -> None:
        trained = keep(SYSTEM, tmp_path, challenger(**facts))

        assert not trained.is_promoted
        assert said in trained.verdict
        assert models.champion(db, "ranking") is None

    def test_a_full_disk_leaves_the_old_one_and_no_half_of_the_new(self, db, tmp_path) -> None:
        old = promoted(db, "ranking", tmp_path / "old")

        def save(folder: Path, _manifest: Manifest) -> None:
            (folder / "weights.json").write_text("[1")
            raise OSError(errno.ENOSPC, "No space left on device")

        with pytest.raises(Invalid, match=r"No space left on device. The model in use stays"):
            keep(SYSTEM, tmp_path, challenger(save=save))

        assert models.champion(db, "ranking") is old
        assert db.scalars(select(ModelRow)).all() == [old]
        assert list(tmp_path.iterdir()) == []

    def test_what_a_killed_training_left_is_swept_and_never_takes_the_place_of_a_model(self, tmp_path) -> None:
        (tmp_path / f"{PARTIAL}ranking-1").mkdir()
        save_whole(tmp_path / "ranking-2", lambda folder: (folder / "x").write_text("y"))
        sweep(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["ranking-2"]

    def test_a_folder_that_is_written_anew_keeps_what_is_not_replaced(self, tmp_path) -> None:
        place = tmp_path / "ranking"
        place.mkdir()
        (place / "notes.txt").write_text("ours")
        (place / "weights.json").write_text("[1]")
        (tmp_path / f"{PARTIAL}ranking").mkdir()  # of one that was killed

        save_whole(place, lambda folder: (folder / "weights.json").write_text("[2]"))

        assert {path.name: path.read_text() for path in place.iterdir()} == {"notes.txt": "ours", "weights.json": "[2]"}
        assert list(tmp_path.iterdir()) == [place]


class TestExporting:
    """By a stand-in for the export, which needs torch."""

    @pytest.fixture
    def place(self, tmp_path, monkeypatch) -> Path:
        """An encoder that lies there."""

        def made(folder: Path) -> Manifest:
            (folder / "model.onnx").write_text(f"new, of {(folder / WEIGHTS).read_text()}")
            return write_manifest(folder, Manifest(name=read_manifest(folder).name, metrics={"cosine_mean": 0.99}))

        monkeypatch.setattr(export, "export_encoder", made)
        folder = tmp_path / "encoder"
        folder.mkdir()
        (folder / "README.md").write_text("# Ours\n")
        (folder / WEIGHTS).write_text("weights")
        (folder / "model.onnx").write_text("old")
        write_manifest(folder, Manifest(name="tuned"))
        return folder

    def test_the_new_one_takes_the_place_of_the_old_and_what_it_is_made_of_stays(self, app, place) -> None:
        result = app.test_cli_runner().invoke(args=["encoder", "export", "--out", str(place)])

        assert result.output == "tuned: cosine to the original 0.9900 on average.\n"
        assert (place / "model.onnx").read_text() == "new, of weights"
        assert set(verify(place).files) == {"model.onnx", WEIGHTS}
        assert (place / "README.md").read_text().startswith("# Ours\n")
        assert list(place.parent.iterdir()) == [place]

    def test_a_full_disk_leaves_the_old_one_whole(self, app, place, monkeypatch) -> None:
        def full(folder: Path) -> Manifest:
            (folder / "model.onnx").write_text("ne")
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(export, "export_encoder", full)
        before = {path.name: path.read_bytes() for path in place.iterdir()}

        result = app.test_cli_runner().invoke(args=["encoder", "export", "--out", str(place)])

        assert result.exit_code == 1
        assert f"{place} could not be written: No space left on device. The model in use stays" in result.output
        assert {path.name: path.read_bytes() for path in place.iterdir()} == before
        assert list(place.parent.iterdir()) == [place]


class TestOneAtATime:
    def test_a_second_training_waits_and_says_so(self, db, tmp_path) -> None:
        order: list[str] = []
        inside, may_end = threading.Event(), threading.Event()

        def first() -> None:
            with one_at_a_time(tmp_path, order.append):
                order.append("first begins")
                inside.set()
                may_end.wait(10)
                order.append("first ends")

        def say(sentence: str) -> None:
            order.append(sentence)
            may_end.set()

        thread = threading.Thread(target=first)
        thread.start()
        inside.wait(10)
        with one_at_a_time(tmp_path, say):
            order.append("second begins")
        thread.join()
        assert order == ["first begins", WAITING, "first ends", "second begins"]

    def test_one_that_failed_gives_the_lock_back(self, db, tmp_path) -> None:
        said: list[str] = []
        with pytest.raises(ZeroDivisionError), one_at_a_time(tmp_path, said.append):
            raise ZeroDivisionError
        with one_at_a_time(tmp_path, said.append):
            pass
        assert said == []
