"""What `check` says of models: each that is missing or damaged, what still works, and how to mend it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from helpdesk.config import Settings
from helpdesk.kernel.db import reading
from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import EncoderError
from helpdesk.nlp.manifest import ArtefactError, read_manifest, verify
from helpdesk.nlp.passages import LearnedOrder
from helpdesk.triage import engine
from helpdesk.triage.queries.state import model_problems

LOADS: Mapping[str, Callable[[Path], object]] = {
    engine.RANKING: LearnedOrder.load,
    engine.CONFIDENCE: Confidence.load,
}
WITHOUT = {
    engine.RANKING: "Passages are put in a plain order of words and meaning.",
    engine.CONFIDENCE: "Suggestions by meaning are off unless a site's own curves are in use; words are searched.",
}
OTHER = {
    engine.RANKING: WITHOUT[engine.RANKING],
    engine.CONFIDENCE: "Probabilities are less certain than they look.",
}


def find_problems(here: Settings) -> list[str]:
    """Sentences for `check`, each with its cure."""
    return list(_problems(here))


def _problems(here: Settings) -> Iterator[str]:
    folder = engine.encoder_folder(here)
    if problem := _damage(folder):
        yield f"Suggestions by meaning are off, words are still searched. {problem}"
    elif problem := _failure(here, folder):
        yield problem
    for name, load in LOADS.items():
        if problem := _damage(here.models_dir / name, load):
            yield f"{WITHOUT[name]} {problem}"
        elif problem := _mismatch(here.models_dir / name, folder):
            yield f"{OTHER[name]} {problem}"
    with reading() as db:
        yield from model_problems(db)


def _mismatch(learned: Path, encoder: Path) -> str:
    """Whether something was learned with an encoder of another base."""
    if _damage(encoder):
        return ""
    own, before = read_manifest(encoder).base, read_manifest(learned).parameters.get("encoder")
    return "" if own == before else f"{learned} was made for the encoder {before} and not for {own}. Train it again."


def _failure(here: Settings, folder: Path) -> str:
    """What keeps the encoder from giving vectors, if anything does."""
    encoder, problem = engine.encoder_in(here, folder)
    try:
        if encoder is not None:
            encoder.encode(["Does it answer?"])
    except EncoderError as err:
        return f"Suggestions by meaning are off, words are still searched. {err} See to HELPDESK_ENCODER_URL."
    return problem


def _damage(folder: Path, load: Callable[[Path], object] = verify) -> str:
    try:
        load(folder)
    except ArtefactError as err:
        return str(err)
    return ""
