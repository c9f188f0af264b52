"""The committed encoder is what the export makes, and says the same as the model it came from."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from helpdesk.config import PROJECT_ROOT
from helpdesk.nlp.evaluation.contenders import shipped_in_torch
from helpdesk.nlp.evaluation.readers import read_rows
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


def least_cosine(folder: Path, texts: Sequence[str]) -> float:
    """Between the encoder in `folder` and the model in torch with the weights there."""
    ours = OnnxEncoder(folder).encode(texts)
    theirs = np.asarray(load_model(folder / WEIGHTS).encode(texts, normalize_embeddings=True))
    return float((ours * theirs).sum(axis=1).min())


def test_the_export_says_what_the_model_says(exported: Path) -> None:
    assert least_cosine(exported, TEXTS) >= LEAST_COSINE


def test_the_shipped_file_says_what_the_model_says_of_a_thousand_real_texts(data: Path) -> None:
    texts: list[str] = []
    for name in ("banking77/train.csv", "obliqa/passages.jsonl.gz"):
        every = sorted({row["text"] for row in read_rows(data / name) if row["text"].strip()})
        texts += every[:: len(every) // 500][:500]
    assert len(set(texts)) == 1_000
    assert least_cosine(SHIPPED, texts) >= LEAST_COSINE


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


def test_other_programs_are_compared_by_the_encoder_that_ships() -> None:
    theirs = shipped_in_torch(SHIPPED.parent)(TEXTS)
    assert (OnnxEncoder(SHIPPED).encode(TEXTS) * theirs).sum(axis=1).min() >= LEAST_COSINE
