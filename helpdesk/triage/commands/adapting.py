"""`eval … --adapt`: the encoder after it learned from labelled texts, as `train --what encoder` teaches a site's."""

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from helpdesk.nlp.adaptation import adapt, alike, recipe, steps_over
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.export import NAME, write_onnx
from helpdesk.nlp.manifest import MANIFEST, Manifest, write_manifest
from helpdesk.nlp.onnx import MAX_TOKENS, OnnxEncoder

SEED = 0


def adapted(texts: Sequence[str], labels: Sequence[str], start: Path | None, kept: Path) -> CachedEncoder:
    """The encoder of the weights `start`, adapted to texts that mean the same where their labels do.

    A classifier that learns from the same texts afterwards holds out none that are new to it. The encoder is kept below
    the folder `kept`, as its vectors are, so that a second run is quick; killed, it goes on.

    Raises:
        ArtefactError: the training packages are not installed, or `start` is damaged.
    """
    examples = alike(texts, labels)
    steps = steps_over([examples])
    name = f"adapted-{recipe([examples], start, steps, SEED)[:16]}"
    folder, checkpoint = kept / name, kept / f"{name}.safetensors"
    if not (folder / MANIFEST).is_file():
        with tqdm(total=steps, unit=" steps", disable=None) as bar:
            model = adapt([examples], checkpoint, start=start, steps=steps, seed=SEED, tick=bar.update)
        write_onnx(model, folder)
        dimension = int(model.get_embedding_dimension())
        parameters = {"dimension": dimension, "max_tokens": MAX_TOKENS, "steps": steps, "adapted_from": NAME}
        write_manifest(folder, Manifest(name=name, parameters=parameters))
        checkpoint.unlink()
    return CachedEncoder(OnnxEncoder(folder), kept)
