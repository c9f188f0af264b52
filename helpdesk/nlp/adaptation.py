"""Adapts the sentence encoder to questions whose passages are known: every weight learns, in batches that contrast.

Needs `requirements-train.txt`, as `export` does. A run that is killed goes on from its last checkpoint, and ends with
the weights that it would have had.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from helpdesk.nlp.export import load_model, source_folder, write_onnx
from helpdesk.nlp.manifest import ArtefactError, text_digest

BATCH = 32  # questions, each with its passage and one near miss; all other passages of the batch are wrong for it too
RATE = 3e-5
WARM = 0.1  # share of the steps in which the rate rises
DECAY = 0.01
SHARPNESS = 20.0  # by which cosines are multiplied before they compete
TOKENS = 112  # of a text that are learned from; longer ones take twice the time and gain nothing
CHECKPOINT = 20  # steps between two; about a minute's work


@dataclass(frozen=True)
class Examples:
    """Questions with one passage each that answers, and passages that nearly do."""

    questions: Sequence[str]
    passages: Sequence[str]
    """Texts of all passages that are named below."""
    right: Sequence[Sequence[int]]
    """The passages that answer each question, by their place; at least one."""
    hard: Sequence[Sequence[int]]
    """Passages that look like it and do not answer; at least one."""

    @property
    def digest(self) -> str:
        pairs = [f"{right} {hard}" for right, hard in zip(self.right, self.hard, strict=True)]
        return text_digest([*self.questions, *self.passages, *pairs])


@dataclass(frozen=True)
class Batch:
    """Questions and passages of one step; `allowed` says which passages count as wrong for which question, or right."""

    questions: list[str]
    passages: list[str]
    allowed: np.ndarray[tuple[int, int], np.dtype[np.bool_]]


def needs_training_set() -> None:
    """See that what trains is installed.

    Raises:
        ArtefactError: says what to install.
    """
    if find_spec("torch") is None or find_spec("sentence_transformers") is None:
        raise ArtefactError("Adapting the encoder needs torch. Run: pip install -r requirements-train.txt")


def adapt(
    examples: Examples,
    checkpoint: Path,
    out: Path,
    *,
    steps: int,
    seed: int = 0,
    every: int = CHECKPOINT,
    tick: Callable[[int], object],
) -> None:
    """Train for `steps`, and write `model.onnx` (int8) and `tokenizer.json` to the folder `out`.

    Args:
        examples: what to learn from.
        checkpoint: a file, written every so many steps and removed at the end; one of other examples is not used.
        out: the folder for the exported model.
        steps: batches.
        seed: of the order, of the choice among passages and of dropout.
        every: steps between two checkpoints.
        tick: called with the number of steps that are done.

    Raises:
        ArtefactError: the training packages are not installed.
    """
    needs_training_set()
    import torch  # noqa: PLC0415 - training only, heavy.

    source = source_folder()
    model = load_model(source).train()
    names = dict(model.named_parameters())
    optimiser = torch.optim.AdamW(names.values(), lr=RATE, weight_decay=DECAY)
    label = f"{examples.digest} {steps} {seed}"
    first = _resume(checkpoint, label, model, names, optimiser)
    tick(first)
    for step in range(first, steps):
        torch.manual_seed(seed * 1_000_003 + step)
        for group in optimiser.param_groups:
            group["lr"] = RATE * _pace(step, steps)
        loss = _loss(model, draw(examples, step, seed))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % every == 0 and step + 1 < steps:
            _keep(checkpoint, label, step + 1, model, names, optimiser)
        tick(1)
    write_onnx(model.eval(), source, out)
    checkpoint.unlink(missing_ok=True)


def draw(examples: Examples, step: int, seed: int) -> Batch:
    """The batch of one step: each question once in every round, its passage and near miss drawn anew."""
    rounds, place = divmod(step * BATCH, len(examples.questions))
    order = np.random.default_rng((seed, rounds)).permutation(len(examples.questions))
    some = np.take(order, range(place, place + BATCH), mode="wrap").tolist()[: len(order)]
    generator = np.random.default_rng((seed, step, 1))
    right = [int(generator.choice(examples.right[at])) for at in some]
    hard = [int(generator.choice(examples.hard[at])) for at in some]
    chosen = [*right, *hard]
    allowed = np.array([[one not in examples.right[at] for one in chosen] for at in some])
    allowed[np.arange(len(some)), np.arange(len(some))] = True
    return Batch([examples.questions[at] for at in some], [examples.passages[one] for one in chosen], allowed)


def _pace(step: int, steps: int) -> float:
    """Rises over the first steps and falls to nothing over the others."""
    warm = max(WARM * steps, 1.0)
    return min((step + 1) / warm, (steps - step) / max(steps - warm, 1.0), 1.0)


def _loss(model: Any, batch: Batch) -> Any:
    """Cross-entropy between each question's passage and the softmax over the batch's; other right ones are left out."""
    import torch  # noqa: PLC0415

    scores = SHARPNESS * _encode(model, batch.questions) @ _encode(model, batch.passages).T
    scores = scores.masked_fill(~torch.from_numpy(batch.allowed), float("-inf"))
    return torch.nn.functional.cross_entropy(scores, torch.arange(len(batch.questions)))


def _encode(model: Any, texts: list[str]) -> Any:
    tokens = model.tokenizer(texts, padding=True, truncation=True, max_length=TOKENS, return_tensors="pt")
    given = {name: tokens[name] for name in ("input_ids", "attention_mask")}
    return model(given)["sentence_embedding"]


def _keep(path: Path, label: str, step: int, model: Any, names: dict[str, Any], optimiser: Any) -> None:
    """Write weights and the optimiser's moments; a reader finds the whole file or the one before."""
    from safetensors.torch import save_file  # noqa: PLC0415

    tensors = {f"weight {name}": value for name, value in model.state_dict().items()}
    for name, parameter in names.items():
        state = optimiser.state[parameter]
        if state:  # a layer that nothing uses has none
            tensors |= {f"{moment} {name}": state[moment] for moment in ("exp_avg", "exp_avg_sq")}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file({name: value.contiguous() for name, value in tensors.items()}, partial, {"of": label, "step": str(step)})
    partial.replace(path)


def _resume(path: Path, label: str, model: Any, names: dict[str, Any], optimiser: Any) -> int:
    """Load the checkpoint if it is of this very run; the step to go on with."""
    import torch  # noqa: PLC0415
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415

    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError):
        return 0
    if about.get("of") != label:
        return 0
    step = int(about["step"])
    model.load_state_dict({name: tensors[f"weight {name}"] for name in model.state_dict()})
    for name, parameter in names.items():
        if f"exp_avg {name}" in tensors:
            moments = {moment: tensors[f"{moment} {name}"] for moment in ("exp_avg", "exp_avg_sq")}
            optimiser.state[parameter] = {"step": torch.tensor(float(step)), **moments}
    return step
