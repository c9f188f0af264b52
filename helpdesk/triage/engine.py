"""What a process loads once: encoder, indexes and models. Requests use it; they never load anything."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from helpdesk.config import Settings
from helpdesk.kernel.db import reading
from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Encoder
from helpdesk.nlp.manifest import ArtefactError
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.nlp.passages import LearnedOrder
from helpdesk.nlp.ranking import Ranker
from helpdesk.nlp.topics import TopicClassifier
from helpdesk.triage.columns import DIMENSION
from helpdesk.triage.indexes import IndexCache

log = structlog.get_logger()

CONFIDENCE, RANKING = "confidence", "ranking"  # folders below models/


@dataclass
class Engine:
    """The language parts of one process. `problem` says in a sentence why meaning is not searched."""

    encoder: Encoder | None
    ranker: Ranker
    confidence: Confidence
    cache: IndexCache
    problem: str = ""
    models_dir: Path = Path("models")
    """Where the models lie that ship with the program."""
    classifiers: dict[Path, TopicClassifier] = field(default_factory=dict)
    """The classifiers in use, by the folder they were loaded from."""

    @property
    def model(self) -> str:
        return self.encoder.name if self.encoder else ""


class _Slot:
    """Where the process keeps its engine; made once, by whoever comes first."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.engine: Engine | None = None
        self.lock = threading.Lock()


_slot = _Slot()


def configure(settings: Settings) -> None:
    """Say where models lie. Nothing is loaded yet."""
    _slot.settings, _slot.engine = settings, None


def use(engine: Engine | None) -> None:
    """Put `engine` to use in this process; tests bring one with a small encoder."""
    _slot.engine = engine


def current() -> Engine | None:
    """The engine if it is loaded: a request that finds none searches words in the database."""
    return _slot.engine


def loaded() -> Engine:
    """The engine, loaded now if need be; for jobs, commands and the start of a process."""
    with _slot.lock:
        if _slot.engine is None:
            if _slot.settings is None:
                raise RuntimeError("call triage.engine.configure() first")
            with reading() as db:
                _slot.engine = load(db, _slot.settings)
        return _slot.engine


def warm() -> None:
    """Load everything and fill the caches before the first request."""
    engine = loaded()
    with reading() as db:
        engine.cache.follow(db, in_request=False)
    if engine.encoder is not None:
        engine.encoder.encode(["The first run of a model is slower than the others."])


def load(db: Session, settings: Settings) -> Engine:
    """An engine from the site's settings. A missing or damaged model leaves word search, and says so."""
    encoder, problem = load_encoder(settings.models_dir / settings.encoder)
    return Engine(
        encoder=encoder,
        ranker=Ranker(learned=load_order(settings.models_dir / RANKING)),
        confidence=load_confidence(settings.models_dir / CONFIDENCE),
        cache=make_cache(db, encoder),
        problem=problem,
        models_dir=settings.models_dir,
    )


def make_cache(db: Session, encoder: Encoder | None) -> IndexCache:
    """PostgreSQL searches vectors itself; on SQLite the process holds them."""
    is_embedded = db.get_bind().dialect.name != "postgresql"
    return IndexCache(
        dimension=encoder.dimension if encoder else DIMENSION,
        model=encoder.name if encoder else "",
        with_vectors=is_embedded and encoder is not None,
    )


def load_encoder(folder: Path) -> tuple[Encoder | None, str]:
    try:
        return OnnxEncoder(folder), ""
    except ArtefactError as err:
        log.warning("encoder_missing", folder=str(folder), problem=str(err))
        return None, f"Suggestions by meaning are off, words are still searched. {err}"
    except Exception as err:  # noqa: BLE001 - onnxruntime and tokenizers raise types of their own for a damaged file
        log.warning("encoder_damaged", folder=str(folder), problem=str(err))
        return None, f"Suggestions by meaning are off, words are still searched. {folder} is damaged: restore it."


def load_order(folder: Path) -> LearnedOrder | None:
    """The learned order of passages; without it a sum of words and meaning stands in."""
    try:
        return LearnedOrder.load(folder)
    except ArtefactError as err:
        log.warning("ranking_missing", folder=str(folder), problem=str(err))
        return None


def load_confidence(folder: Path) -> Confidence:
    try:
        return Confidence.load(folder)
    except ArtefactError as err:
        log.warning("confidence_missing", folder=str(folder), problem=str(err))
        return Confidence({})
