"""Tunes `models/encoder` to questions of three packs: `python -m tools.fit_encoder DATA OUT ENCODERS`.

In ENCODERS others are made: `untuned`, which finds the near misses, and for `tools.fit_ranking` and
`tools.fit_confidence` `0` and `1`, which leave out one half of the questions each. What is learned from an encoder's
vectors, an order or a probability, has to learn from questions that are new to the encoder.

Needs `requirements-train.txt`. Killed, it goes on with the encoder at which it was, from its last checkpoint.
"""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

from tqdm import tqdm

from helpdesk.nlp.adaptation import Examples, adapt, alike, of_passages, recipe, steps_over
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.evaluation.readers import read_rows
from helpdesk.nlp.export import NAME, WEIGHTS, export_encoder, save_weights
from helpdesk.nlp.manifest import MANIFEST, Manifest, file_digest, read_manifest, write_manifest
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.triage.commands import dated
from tools.fit_ranking import FILES, LOOSE, TOPICS, Pack, arguments, halves_of_topics

SEED = 0
TUNED = "all-MiniLM-L6-v2-tuned-uint8"
EARLIER = ("parl-wq/questions.jsonl.gz", "parl-wq/answer_groups.jsonl")
WAY = 0.7  # of the way to what was learned; a site, which has less to learn from, goes half of it
UNTIL = date(2025, 7, 1)  # the questions tabled from here on measure


def of_rulebooks(data: Path, untuned: CachedEncoder, without: int | None) -> Examples:
    """Questions with the passages that answer them, and near misses by words and by the encoder as it was."""
    pack = Pack(data, untuned, None if without is None else 1 - without)
    texts = {(kind, at, 0): text for (kind, at), text in zip(pack.passages.items, pack.texts, strict=True)}
    examples = of_passages(pack.shelves, texts, pack.lessons)
    # What answers questions of the other half is no near miss: they ask for passages of which nothing was learned.
    others = pack.answers_of_others
    return replace(examples, hard=[[at for at in some if at not in others] for some in examples.hard])


def of_topics(data: Path, without: int | None) -> Examples:
    """Questions of one topic; without a half, of every second topic, so that the others are new to the encoder."""
    rows = read_rows(data / TOPICS)
    if without is not None:
        half = halves_of_topics([row["intent"] for row in rows])
        rows = [row for row, one in zip(rows, half, strict=True) if one != without]
    return alike([row["text"] for row in rows], [row["intent"] for row in rows])


def of_earlier(data: Path, without: int | None) -> Examples:
    """Questions that got one answer together, without the addressee's name."""
    every = dated.of_groups(*(read_rows(data / name) for name in EARLIER), strip_addressee=True)
    some = [one for one in every if one.day < UNTIL and one.fellows]
    if without is not None:
        # Nothing else learns from these questions, so it does not matter that rows of one group are in both halves.
        some = some[1 - without :: 2]
    return alike([one.text for one in some], [one.label for one in some])


def fit(data: Path, untuned: CachedEncoder, without: int | None, out: Path, cache: Path) -> None:
    """Train on all questions, or on those of one half, and write weights, ONNX file and manifest to `out`."""
    sources = [of_rulebooks(data, untuned, without), of_topics(data, without), of_earlier(data, without)]
    label = TUNED if without is None else f"{TUNED}-without-{without}"
    steps = steps_over(sources)
    made = cache / f"{label}-{recipe(sources, None, steps, SEED)[:16]}"
    if not (made / MANIFEST).is_file():
        checkpoint = made.with_suffix(".safetensors")
        with tqdm(total=steps, desc=label, unit=" steps", disable=None) as bar:
            model = adapt(sources, checkpoint, start=None, steps=steps, seed=SEED, way=WAY, tick=bar.update)
        made.mkdir(parents=True, exist_ok=True)
        save_weights(model, made / WEIGHTS)
        files = (*FILES, TOPICS, *EARLIER)
        about = Manifest(
            name=f"{label}-{file_digest(made / WEIGHTS)[:8]}",  # vectors are kept by this name, at sites too
            data={file: file_digest(data / file) for file in files} | {str(LOOSE): file_digest(LOOSE)},
            parameters={"adapted_from": NAME, "steps": steps, "way": WAY},
            seed=SEED,
        )
        # Of the weights in half precision, as `encoder export` makes it again.
        export_encoder(made, about)
        checkpoint.unlink()
    out.mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS, "model.onnx", "tokenizer.json"):
        shutil.copyfile(made / name, out / name)
    write_manifest(out, read_manifest(made))


def main() -> None:
    """Read the packs and train three encoders."""
    options = arguments(__doc__).parse_args()
    export_encoder(options.encoders / "untuned")
    untuned = CachedEncoder(OnnxEncoder(options.encoders / "untuned"), options.cache)
    for without in (None, 0, 1):
        out = options.out if without is None else options.encoders / str(without)
        fit(options.data, untuned, without, out, options.cache)


if __name__ == "__main__":
    main()
