"""The encoder learns from examples, and a training that was killed ends as if it had not been."""

from pathlib import Path

import numpy as np
import pytest

from helpdesk.nlp.adaptation import Examples, adapt
from helpdesk.nlp.export import WEIGHTS, learning, load_model, save_weights, write_onnx
from helpdesk.nlp.manifest import ArtefactError, Manifest, write_manifest
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


def encoder(model, folder: Path) -> OnnxEncoder:
    write_onnx(model, folder)
    write_manifest(folder, Manifest(name=folder.name, parameters={"dimension": 384, "max_tokens": MAX_TOKENS}))
    return OnnxEncoder(folder)


@pytest.fixture(scope="module")
def whole(examples: Examples, tmp_path_factory: pytest.TempPathFactory) -> OnnxEncoder:
    folder = tmp_path_factory.mktemp("whole")
    model = adapt([examples], folder / "checkpoint", start=None, steps=STEPS, every=100, tick=lambda _: None)
    return encoder(model, folder / "made")


def test_what_is_meant_comes_nearer_than_what_is_said(examples: Examples, whole: OnnxEncoder, tmp_path: Path) -> None:
    def advantage(using) -> float:
        questions, passages = using.encode(examples.questions), using.encode(examples.passages)
        meant = [right[0] for right in examples.right]
        return float((questions * passages[meant]).sum(axis=1).mean() - (questions * passages).sum(axis=1).mean())

    assert advantage(whole) > advantage(encoder(load_model(), tmp_path)) + 0.02


def test_a_killed_training_goes_on_and_ends_with_the_same_weights(
    examples: Examples, whole: OnnxEncoder, tmp_path: Path
) -> None:
    done: list[int] = []

    def kill(count: int) -> None:
        done.append(count)
        if sum(done) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapt([examples], tmp_path / "checkpoint", start=None, steps=STEPS, every=3, tick=kill)
    began: list[int] = []
    model = adapt([examples], tmp_path / "checkpoint", start=None, steps=STEPS, every=3, tick=began.append)

    assert began == [3, 1, 1, 1]
    assert np.allclose(encoder(model, tmp_path / "made").encode(PLACES), whole.encode(PLACES), atol=1e-3)


def test_it_begins_with_the_weights_that_it_is_given(examples: Examples, whole: OnnxEncoder, tmp_path: Path) -> None:
    half = adapt([examples], tmp_path / "checkpoint", start=None, steps=STEPS, every=100, tick=lambda _: None)
    save_weights(half, tmp_path / WEIGHTS)
    begun: list[int] = []

    again = {"start": tmp_path / WEIGHTS, "steps": STEPS, "every": 100, "way": 0.0}
    model = adapt([examples], tmp_path / "checkpoint", **again, tick=begun.append)

    assert begun[0] == 0  # the checkpoint is of a run that began with others
    # None of the way was gone, so it is still where it began: not where the reviewed model does.
    after, fresh = (encoder(one, tmp_path / name).encode(PLACES) for one, name in ((model, "a"), (load_model(), "b")))
    nearness = [float((vectors * whole.encode(PLACES)).sum(axis=1).mean()) for vectors in (after, fresh)]
    assert nearness[0] > max(0.99, nearness[1] + 0.01)


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file
    from torch import zeros

    save_file({"some": zeros(1)}, tmp_path / WEIGHTS)
    with pytest.raises(ArtefactError, match="is not of the reviewed model"):
        load_model(tmp_path / WEIGHTS)
    save_file({name: zeros(1) for name in learning(load_model())}, tmp_path / WEIGHTS)
    with pytest.raises(ArtefactError, match="is not of the reviewed model"):
        load_model(tmp_path / WEIGHTS)
    (tmp_path / WEIGHTS).write_bytes(b"cut off")
    with pytest.raises(ArtefactError, match="cannot be read"):
        load_model(tmp_path / WEIGHTS)
