"""The committed encoder is what the export makes, and says the same as the model it came from."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from helpdesk.config import PROJECT_ROOT
from helpdesk.nlp.export import WEIGHTS, export_encoder, load_model
from helpdesk.nlp.manifest import MANIFEST, read_manifest
from helpdesk.nlp.onnx import OnnxEncoder

pytest.importorskip("torch", reason="needs requirements-train.txt: run `make test-models`")

# torch warns of its own older exporter, and the tracer of every shape it fixes: the comparisons below are the check.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

TEXTS = [
    f"Question {number}: how does step {number % 7} of user entry work for a Small Supplier?" for number in range(60)
] + [
    "What is credit cover?",
    "G3.20",
    "Grüße aus Köln",
    "",
]
SHIPPED = PROJECT_ROOT / "models" / "encoder"
LEAST_COSINE = 0.98  # between the file of 8 bits and the model in torch, on every text


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the weights that ship become."""
    out = tmp_path_factory.mktemp("encoder")
    for name in (WEIGHTS, MANIFEST):
        shutil.copyfile(SHIPPED / name, out / name)
    export_encoder(out)
    return out


def test_the_export_says_what_the_model_says(exported: Path) -> None:
    ours = OnnxEncoder(exported).encode(TEXTS)
    theirs = np.asarray(load_model(exported / WEIGHTS).encode(TEXTS, normalize_embeddings=True))
    cosines = (ours * theirs).sum(axis=1)
    assert cosines.min() >= LEAST_COSINE


@pytest.mark.parametrize("which", ["fresh", "shipped"])
def test_weights_are_unsigned(exported: Path, which: str) -> None:
    # Of signed ones a processor without VNNI adds products in 16 bits, which are cut off there, and not elsewhere.
    import onnx

    graph = onnx.load((exported if which == "fresh" else SHIPPED) / "model.onnx").graph
    kinds = {one.name: one.data_type for one in graph.initializer}
    multiplied = [
        kinds[name] for node in graph.node if node.op_type == "MatMulInteger" for name in node.input if name in kinds
    ]
    assert multiplied
    assert set(multiplied) == {onnx.TensorProto.UINT8}


def test_the_committed_file_agrees_with_a_fresh_export(exported: Path) -> None:
    fresh = OnnxEncoder(exported).encode(TEXTS)
    committed = OnnxEncoder(SHIPPED).encode(TEXTS)
    assert (fresh * committed).sum(axis=1).min() >= 0.999
    made, before = read_manifest(exported), read_manifest(SHIPPED)
    assert (made.name, made.data, made.parameters) == (before.name, before.data, before.parameters)
