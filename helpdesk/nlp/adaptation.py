"""Adapts the sentence encoder, the one that ships or a site's own.

It learns from questions whose passages are known, and from texts that mean the same.

All layers learn, in batches that contrast. The vectors of words and of places stay, for a site says little of most of
them. What was learned is taken half of the way: between two sets of weights there are better ones than either (Wortsman
and others, 2022).

The constants were chosen on clinc150's validation texts, on 1,500 of banking77's training texts and on one half of
obliqa's development questions, each not learned from; see docs/measurements.md.

Needs `requirements-train.txt`, as `export` does. A run that is killed goes on from its last checkpoint, and ends with
the weights that it would have had.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from helpdesk.nlp.export import WEIGHTS_SHA256, learning, load_model, source_folder
from helpdesk.nlp.lessons import FEWEST_WORDS, MOST_WORDS, Lessons, cut
from helpdesk.nlp.manifest import KEPT, ArtefactError, file_digest, text_digest
from helpdesk.nlp.suggest import Shelf, item_of

BATCH = 32  # questions, each with its passage and one near miss; all other passages of the batch are wrong for it too
SHORT_BATCH = 64  # texts of one label each, with another one of it; short ones, and without near misses
ROUNDS = 2  # over the questions
# Few texts of labels are gone over more often, until so many were learned from: 1,093 of parl-wq's questions in groups
# of one answer led those of other groups to each other for 0.905 by meaning alone, with six rounds for 0.910.
SHORT_TEXTS, MOST_ROUNDS = 12_800, 6
RATE = 6e-5
WARM = 0.1  # share of the steps in which the rate rises
DECAY = 0.01
SHARPNESS = 20.0  # by which cosines are multiplied before they compete
CUT = 0.3  # share of the longer questions that are cut to a few words, as people type them into a search box
WAY = 0.5  # of the way from the weights before to those that were learned
TOKENS = 112  # of a text that are learned from; longer ones take twice the time and gain nothing
NEAR = slice(2, 30)  # ranks of near misses: the very first are too often right, though nobody said so
AT_ONCE = 16  # texts that go through the model together
CHECKPOINT = 50  # steps between two; about a minute's work

Part = tuple[str, int, int]  # kind, id and number of one text


@dataclass(frozen=True)
class Examples:
    """Questions with one passage each that answers, and passages that nearly do."""

    questions: Sequence[str]
    passages: Sequence[str]
    """Texts of all passages that are named below."""
    right: Sequence[Sequence[int]]
    """The passages that answer each question, by their place; at least one."""
    hard: Sequence[Sequence[int]]
    """Passages that look like it and do not answer; of all questions at least one each, or of all none."""
    at_once: int = BATCH
    """Questions of a batch."""
    rounds: int = ROUNDS
    """How often each is asked."""

    @property
    def batches(self) -> int:
        return -(-self.rounds * len(self.questions) // self.at_once)

    @property
    def digest(self) -> str:
        pairs = [f"{right} {hard}" for right, hard in zip(self.right, self.hard, strict=True)]
        return text_digest([*self.questions, *self.passages, *pairs])


def alike(texts: Sequence[str], labels: Sequence[str]) -> Examples:
    """Examples from texts under labels: each asks for any other text of its label. Labels of one text are left out."""
    members: dict[str, list[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        members.setdefault(label, []).append(text)
    ordered: list[str] = []
    right: list[Sequence[int]] = []
    for some in members.values():
        if len(some) > 1:
            right += [range(len(ordered), len(ordered) + len(some))] * len(some)
            ordered += some
    rounds = min(max(ROUNDS, -(-SHORT_TEXTS // max(len(ordered), 1))), MOST_ROUNDS)
    return Examples(ordered, ordered, right, [()] * len(ordered), at_once=SHORT_BATCH, rounds=rounds)


def of_passages(shelves: Sequence[Shelf], texts: Mapping[Part, str], lessons: Lessons) -> Examples:
    """Examples from questions whose passages are known, with near misses by words and by the vectors of `shelves`."""
    place = {(kind, item): at for at, (kind, item, part) in enumerate(texts) if part == 0}
    questions, right, hard = [], [], []
    for query, vector, answered in zip(lessons.queries, lessons.vectors, lessons.right, strict=True):
        own = [place[item] for item in sorted(answered) if item in place]
        near: list[int] = []
        for shelf in shelves:
            for hits in (shelf.lexical.search(query, NEAR.stop), shelf.vectors.search(vector, NEAR.stop)):
                items = dict.fromkeys((shelf.kind, item_of(hit.key)) for hit in hits)
                near += [place[item] for item in list(items)[NEAR] if item in place and item not in answered]
        if own and near:
            questions.append(query)
            right.append(own)
            hard.append(near)
    return Examples(questions, list(texts.values()), right, hard)


@dataclass(frozen=True)
class Batch:
    """Questions and passages of one step; `allowed` says which passages count as wrong for which question, or right."""

    asked: list[int]
    """The questions' places among the examples."""
    questions: list[str]
    """Their texts, of some a few words."""
    passages: list[str]
    allowed: np.ndarray[tuple[int, int], np.dtype[np.bool_]]


def needs_training_set() -> None:
    """See that what trains, and what is begun with, is installed.

    Raises:
        ArtefactError: says what to install.
    """
    if find_spec("torch") is None or find_spec("sentence_transformers") is None:
        raise ArtefactError("Adapting the encoder needs torch. Run: pip install -r requirements-train.txt")
    source_folder()


def steps_over(sources: Sequence[Examples]) -> int:
    """Batches of all rounds over all questions."""
    return sum(one.batches for one in sources)


def recipe(sources: Sequence[Examples], start: Path | None, steps: int, seed: int) -> str:
    """Names a run: what it begins with, what is learned from, and how.

    The constant `WAY` is part of it, since encoders are kept by this name, and not the way that `adapt` was told to go:
    it changes what is made of what was learned, and no checkpoint.
    """
    begun = file_digest(start) if start else WEIGHTS_SHA256
    how = (begun, steps, seed, RATE, WARM, DECAY, SHARPNESS, CUT, FEWEST_WORDS, MOST_WORDS, WAY, TOKENS, AT_ONCE)
    return text_digest([*(f"{one.digest} {one.at_once} {one.batches}" for one in sources), *map(str, how)])


def adapt(
    sources: Sequence[Examples],
    checkpoint: Path,
    *,
    start: Path | None,
    steps: int,
    seed: int = 0,
    way: float = WAY,
    every: int = CHECKPOINT,
    tick: Callable[[int], object],
) -> Any:
    """Train for `steps`; the model in torch, for `export.write_onnx`.

    Args:
        sources: what to learn from; each batch is of one of them.
        checkpoint: a file, written every so many steps and at the end, for the caller to remove when all that follows
            is done; one of another run is not used.
        start: weights of `export.save_weights` to begin with; None for the reviewed model's own.
        steps: batches.
        seed: of the order, of the choice among passages and of dropout.
        way: how much of the way to the learned weights is gone at the end.
        every: steps between two checkpoints.
        tick: called with the number of steps that are done.

    Raises:
        ArtefactError: the training packages are not installed, `start` cannot be read, or the checkpoint cannot be
            written.
    """
    needs_training_set()
    import torch  # noqa: PLC0415 - training only, heavy.

    model = load_model(start).train()
    layers = learning(model)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in layers)
    before = {name: parameter.detach().clone() for name, parameter in layers.items()}
    optimiser = torch.optim.AdamW(layers.values(), lr=RATE, weight_decay=DECAY)
    label = recipe(sources, start, steps, seed)
    first = _resume(checkpoint, label, layers, optimiser)
    tick(first)
    for step, (which, turn) in enumerate(turns(sources, steps)):
        if step < first:
            continue
        torch.manual_seed(seed * 1_000_003 + step)
        for group in optimiser.param_groups:
            group["lr"] = RATE * _pace(step, steps)
        loss = _loss(model, draw(sources[which], turn, seed))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % every == 0 or step + 1 == steps:
            _keep(checkpoint, label, step + 1, layers, optimiser)
        tick(1)
    with torch.no_grad():
        for name, parameter in layers.items():
            parameter.copy_(torch.lerp(before[name], parameter, way))
    return model.eval()


def turns(sources: Sequence[Examples], steps: int) -> Iterator[tuple[int, int]]:
    """For each step the source that it draws from, and how many batches were drawn from that one before.

    The sources take turns, each as often as its share of all batches allows.
    """
    batches = np.array([one.batches for one in sources], dtype=np.float64)
    taken = np.zeros(len(sources), dtype=np.int64)
    for step in range(steps):
        which = int(np.argmax(batches / batches.sum() * (step + 1) - taken))
        yield which, int(taken[which])
        taken[which] += 1


def draw(examples: Examples, turn: int, seed: int) -> Batch:
    """One batch: each question once in every round, its passage and near miss drawn anew.

    No text that is a question's own, or its passage's, counts as wrong for it, whatever else it answers.
    """
    count = len(examples.questions)
    size = min(examples.at_once, count)
    rounds, place = divmod(turn * size, count)
    orders = [np.random.default_rng((seed, one)).permutation(count) for one in (rounds, rounds + 1)]
    some = np.concatenate(orders)[place : place + size].tolist()
    generator = np.random.default_rng((seed, turn, 1))
    right = [_answer(examples, at, generator) for at in some]
    hard = [int(generator.choice(examples.hard[at])) for at in some if examples.hard[at]]
    chosen = [*right, *hard]
    passages = [examples.passages[one] for one in chosen]

    def is_wrong(at: int, own: str, one: int) -> bool:
        return one not in examples.right[at] and examples.passages[one] not in (own, examples.questions[at])

    pairs = list(zip(some, passages[: len(some)], strict=True))
    allowed = np.array([[is_wrong(at, own, one) for one in chosen] for at, own in pairs])
    allowed[np.arange(len(some)), np.arange(len(some))] = True
    asked = [_said(examples.questions[at], generator) for at in some]
    return Batch(some, asked, passages, allowed)


def _answer(examples: Examples, at: int, generator: np.random.Generator) -> int:
    """One of a question's passages; if that is in the question's own words, the next one."""
    some = examples.right[at]
    place = int(generator.integers(len(some)))
    if examples.passages[some[place]] == examples.questions[at]:
        place = (place + 1) % len(some)
    return some[place]


def _said(text: str, generator: np.random.Generator) -> str:
    """A question as it is, or now and then in a few of its words, if it has more than people type."""
    is_long = len(text.split()) > MOST_WORDS
    return cut(text, generator) if is_long and generator.random() < CUT else text


def _pace(step: int, steps: int) -> float:
    """Rises over the first steps and falls to nothing over the others."""
    warm = max(WARM * steps, 1.0)
    return min((step + 1) / warm, (steps - step) / max(steps - warm, 1.0), 1.0)


def _loss(model: Any, batch: Batch) -> Any:
    """Cross-entropy between each question's passage and the softmax over the batch's; other right ones are left out."""
    import torch  # noqa: PLC0415

    # Half the digits take less than half the time where the processor can count with them.
    has_library = torch.backends.mkldnn.is_available()
    is_quick = has_library and torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001 - no public name
    with torch.autocast("cpu", torch.bfloat16, enabled=is_quick):
        questions, passages = (_encode(model, texts).float() for texts in (batch.questions, batch.passages))
    scores = SHARPNESS * questions @ passages.T
    scores = scores.masked_fill(~torch.from_numpy(batch.allowed), float("-inf"))
    return torch.nn.functional.cross_entropy(scores, torch.arange(len(batch.questions)))


def _encode(model: Any, texts: list[str]) -> Any:
    """Vectors, shape (n, d); texts of like length go together, since a text is filled up to the longest beside it."""
    import torch  # noqa: PLC0415

    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    parts = [
        _vectors(model, [texts[at] for at in order[first : first + AT_ONCE]]) for first in range(0, len(order), AT_ONCE)
    ]
    return torch.cat(parts)[np.argsort(order)]


def _vectors(model: Any, texts: list[str]) -> Any:
    # Of few different lengths, since torch keeps what it prepared for each.
    how = {"padding": True, "truncation": True, "max_length": TOKENS, "pad_to_multiple_of": 8}
    tokens = model.tokenizer(texts, return_tensors="pt", **how)
    given = {name: tokens[name] for name in ("input_ids", "attention_mask")}
    return model(given)["sentence_embedding"]


def _keep(path: Path, label: str, step: int, layers: dict[str, Any], optimiser: Any) -> None:
    """Write weights and the optimiser's moments; a reader finds the whole file or the one before."""
    from safetensors import SafetensorError  # noqa: PLC0415 - training only, heavy.
    from safetensors.torch import save_file  # noqa: PLC0415

    tensors = {f"weight {name}": parameter.detach() for name, parameter in layers.items()}
    for name, parameter in layers.items():
        state = optimiser.state[parameter]
        if state:  # a layer that nothing uses has none
            tensors |= {f"{moment} {name}": state[moment] for moment in ("exp_avg", "exp_avg_sq")}
    whole = {name: value.contiguous() for name, value in tensors.items()}
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(whole, partial, {"of": label, "step": str(step)})
        partial.replace(path)
    except (OSError, SafetensorError) as err:
        partial.unlink(missing_ok=True)
        raise ArtefactError(f"{path} could not be written: {err}. {KEPT}") from err


def _resume(path: Path, label: str, layers: dict[str, Any], optimiser: Any) -> int:
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
    for name, parameter in layers.items():
        with torch.no_grad():
            parameter.copy_(tensors[f"weight {name}"])
        if f"exp_avg {name}" in tensors:
            moments = {moment: tensors[f"{moment} {name}"] for moment in ("exp_avg", "exp_avg_sq")}
            optimiser.state[parameter] = {"step": torch.tensor(float(step)), **moments}
    return step
