"""The encoder learns from examples, and a training that was killed ends as if it had not been."""

from pathlib import Path

import numpy as np
import pytest

from helpdesk.nlp.adaptation import Examples, adapt
from helpdesk.nlp.manifest import Manifest, write_manifest
from helpdesk.nlp.onnx import MAX_TOKENS, OnnxEncoder

pytest.importorskip("torch", reason="needs requirements-train.txt: run `make test-models`")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

STEPS = 6
COLOURS = ["red", "green", "blue", "grey"]
THINGS = ["meter", "invoice", "certificate", "panel", "tariff", "deposit", "release", "device", "charge", "audit"]
PLACES = [f"{colour} {thing}" for colour in COLOURS for thing in THINGS]


@pytest.fixture(scope="module")
def examples() -> Examples:
    """In this world whoever asks about one colour means the next one."""
    count = len(PLACES)
    meant = [(at + len(THINGS)) % count for at in range(count)]
    questions = [f"Where do I find the {text}?" for text in PLACES]
    passages = [f"The {text} is kept on shelf {at}." for at, text in enumerate(PLACES)]
    return Examples(questions, passages, [[at] for at in meant], [[at] for at in range(count)])


def encoder(folder: Path) -> OnnxEncoder:
    write_manifest(folder, Manifest(name=folder.name, parameters={"dimension": 384, "max_tokens": MAX_TOKENS}))
    return OnnxEncoder(folder)


@pytest.fixture(scope="module")
def whole(examples: Examples, tmp_path_factory: pytest.TempPathFactory) -> OnnxEncoder:
    folder = tmp_path_factory.mktemp("whole")
    adapt([examples], folder / "checkpoint", folder / "made", steps=STEPS, every=100, tick=lambda _: None)
    return encoder(folder / "made")


def test_what_is_meant_comes_nearer_than_what_is_said(examples: Examples, whole: OnnxEncoder) -> None:
    from helpdesk.config import PROJECT_ROOT

    def advantage(using) -> float:
        questions, passages = using.encode(examples.questions), using.encode(examples.passages)
        meant = [right[0] for right in examples.right]
        return float((questions * passages[meant]).sum(axis=1).mean() - (questions * passages).sum(axis=1).mean())

    assert advantage(whole) > advantage(OnnxEncoder(PROJECT_ROOT / "models" / "encoder")) + 0.02


def test_a_killed_training_goes_on_and_ends_with_the_same_weights(
    examples: Examples, whole: OnnxEncoder, tmp_path: Path
) -> None:
    done: list[int] = []

    def kill(count: int) -> None:
        done.append(count)
        if sum(done) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapt([examples], tmp_path / "checkpoint", tmp_path / "made", steps=STEPS, every=3, tick=kill)
    assert not (tmp_path / "made").exists()
    began: list[int] = []
    adapt([examples], tmp_path / "checkpoint", tmp_path / "made", steps=STEPS, every=3, tick=began.append)

    assert began == [3, 1, 1, 1]
    assert np.allclose(encoder(tmp_path / "made").encode(PLACES), whole.encode(PLACES), atol=1e-3)
