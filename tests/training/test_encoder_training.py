"""`train --what encoder` learns from what a site has enough of, and says how the encoder compares."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import SYSTEM, Role
from helpdesk.nlp.export import NAME, WEIGHTS
from helpdesk.nlp.manifest import Manifest, write_manifest
from helpdesk.nlp.onnx import MAX_TOKENS, OnnxEncoder
from helpdesk.tickets import services as tickets
from helpdesk.triage.enums import Origin
from helpdesk.triage.services import judging
from helpdesk.triage.services.training import encoder, run
from helpdesk.triage.services.training.practice import practise
from tests.factories.accounts import make_actor
from tests.factories.knowledge import make_answer
from tests.factories.tickets import make_queue, make_ticket, make_topic
from tests.factories.triage import index_all
from tests.triage.conftest import using  # noqa: F401 - a fixture

pytest.importorskip("torch", reason="needs requirements-train.txt: run `make test-models`")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

COVER = "How much credit cover must our company lodge this week number {}"
PANEL = "Who may join the next Panel meeting and read its papers number {}"


def settle(db) -> None:
    """A hundred tickets that an agent put under their topic."""
    queue, agent, requester = make_queue(db), make_actor(db, Role.AGENT), make_actor(db)
    topics = [make_topic(db, slug, queue=queue) for slug in ("credit-cover", "meetings")]
    for number in range(100):
        which = number % 2
        ticket = make_ticket(db, requester, subject=(COVER, PANEL)[which].format(number))
        tickets.set_topic(db, agent, ticket, topics[which])


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can be longer than 10 MB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_it_learns_from_topics_and_from_what_one_answer_served(db, using, tmp_path: Path) -> None:  # noqa: F811
    settle(db)
    answers = [make_answer(db, text.format("one")) for text in (COVER, PANEL)]
    for number in range(250):
        query = (COVER, PANEL)[number % 2].format(number + 100)
        judging.judge(db, Origin.CONFIRMED, number, query, [("answer", answers[number % 2].id)])
    index_all(db, using)
    said: list[str] = []

    with encoder.learn(using, practise(using.encoder), tmp_path, said.append, steps=3) as challenger:
        (tmp_path / "kept").mkdir()
        challenger.save(tmp_path / "kept", _manifest())

    assert said[0] == "encoder: 3 steps over 282 questions and tickets; killed, it goes on where it was."
    assert said[1].startswith("encoder: wordings ")
    assert said[2].startswith("encoder: topics ")
    assert challenger.metrics["measured_on"] == 20 + 50
    assert challenger.parameters["adapted_from"] == NAME
    assert not (tmp_path / "encoder-checkpoint.safetensors").exists()
    assert OnnxEncoder(tmp_path / "kept").encode(["credit cover"]).shape == (1, 384)
    assert not list(tmp_path.glob(".partial-*"))


def test_a_site_of_nothing_is_told_what_is_missing(db, using, tmp_path: Path) -> None:  # noqa: F811
    said: list[str] = []

    assert run.train(SYSTEM, using, tmp_path, ["encoder"], say=said.append) == []

    assert "fewer than 100 tickets have a settled topic" in said[0]


def test_a_comparison_that_was_killed_is_taken_up_without_training_again(db, using, tmp_path: Path) -> None:  # noqa: F811
    settle(db)
    index_all(db, using)
    practice = practise(using.encoder)
    with pytest.raises(KeyboardInterrupt), encoder.learn(using, practice, tmp_path, print, steps=2):
        raise KeyboardInterrupt
    checkpoint = tmp_path / "encoder-checkpoint.safetensors"
    trained = checkpoint.stat().st_mtime_ns
    said: list[str] = []

    with encoder.learn(using, practice, tmp_path, said.append, steps=2):
        assert checkpoint.stat().st_mtime_ns == trained

    assert not checkpoint.exists()
    assert not any("anew" in one for one in said)


def test_a_full_disk_is_said_in_a_sentence_and_leaves_no_part_of_a_file(db, using, tmp_path: Path) -> None:  # noqa: F811
    settle(db)
    index_all(db, using)
    practice = practise(using.encoder)
    checkpoint = tmp_path / "encoder-checkpoint.safetensors"

    def learn_on_a_full_disk(said: str) -> None:
        with full_disk(), pytest.raises(Invalid, match=said), encoder.learn(using, practice, tmp_path, print, steps=1):
            pass

    learn_on_a_full_disk(f"{checkpoint} could not be written: .*File too large.* The model in use stays")
    assert list(tmp_path.iterdir()) == []

    with pytest.raises(KeyboardInterrupt), encoder.learn(using, practice, tmp_path, print, steps=1):
        raise KeyboardInterrupt
    learn_on_a_full_disk(r"encoder could not be written: .*File too large\. The model in use stays")
    assert list(tmp_path.iterdir()) == [checkpoint]


def test_it_begins_with_the_encoder_that_ships(db, using, tmp_path: Path, monkeypatch) -> None:  # noqa: F811
    settle(db)
    index_all(db, using)
    begun: list[Path | None] = []
    whole = encoder.adapt

    def adapt(*args, start: Path | None, **options):
        begun.append(start)
        return whole(*args, start=start, **options)

    monkeypatch.setattr(encoder, "adapt", adapt)

    with encoder.learn(using, practise(using.encoder), tmp_path, print, steps=1):
        pass

    assert begun == [using.models_dir / "encoder" / WEIGHTS]
    assert begun[0].is_file()


def test_damaged_weights_are_named(db, using, tmp_path: Path) -> None:  # noqa: F811
    settle(db)
    index_all(db, using)
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / WEIGHTS).write_bytes(b"weights")
    write_manifest(tmp_path / "encoder", _manifest())
    (tmp_path / "encoder" / WEIGHTS).write_bytes(b"weight")
    using.models_dir = tmp_path

    with (
        pytest.raises(Invalid, match=f"{WEIGHTS} is damaged. Restore it"),
        encoder.learn(using, practise(using.encoder), tmp_path, print, steps=1),
    ):
        pass


def test_other_feedback_begins_anew_and_says_so(db, using, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "encoder-checkpoint.safetensors").write_bytes(b"of another run")
    settle(db)
    index_all(db, using)
    said: list[str] = []

    with encoder.learn(using, practise(using.encoder), tmp_path, said.append, steps=1):
        pass

    assert any(one.endswith("is not what it was when killed; it begins anew.") for one in said)


def _manifest() -> Manifest:
    return Manifest(name="kept", parameters={"dimension": 384, "max_tokens": MAX_TOKENS})
