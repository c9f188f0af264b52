"""What a process loads once: encoder, indexes and models. Requests use it; they never load anything."""

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.config import Settings
from helpdesk.kernel.db import reading
from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.encoder import Encoder
from helpdesk.nlp.export import weights_in
from helpdesk.nlp.manifest import ArtefactError, read_manifest
from helpdesk.nlp.onnx import OnnxEncoder, words_of
from helpdesk.nlp.passages import LearnedOrder
from helpdesk.nlp.ranking import MATCHINGS, Ranker
from helpdesk.nlp.remote import RemoteEncoder
from helpdesk.nlp.topics import TopicClassifier
from helpdesk.triage import snapshots
from helpdesk.triage.columns import DIMENSION
from helpdesk.triage.enums import ModelState
from helpdesk.triage.indexes import FAR, IndexCache
from helpdesk.triage.models import ModelRow
from helpdesk.triage.queries.state import searched

log = structlog.get_logger()

Learned = TypeVar("Learned", LearnedOrder, Confidence)

CONFIDENCE, RANKING = "confidence", "ranking"  # folders below models/
SHIPPED_ENCODER = "encoder"  # folder among the models that ship
SNAPSHOTS = "indexes"  # folder below the data folder


@dataclass
class Engine:
    """The language parts of one process. `problem` says in a sentence why meaning is not searched."""

    encoder: Encoder | None
    """Whose vectors are searched."""
    ranker: Ranker
    confidence: Confidence
    cache: IndexCache
    problem: str = ""
    coming: Encoder | None = None
    """The encoder of the settings while its vectors are not complete."""
    models_dir: Path = Path("models")
    """Where the models lie that ship with the program."""
    data_dir: Path = Path("var")
    classifiers: dict[Path, TopicClassifier] = field(default_factory=dict)
    """The classifiers in use, by the folder they were loaded from."""
    seen_models: int = -1

    def __post_init__(self) -> None:
        self.shipped = (self.ranker, self.confidence)

    @property
    def model(self) -> str:
        return self.encoder.name if self.encoder else ""

    @property
    def base(self) -> str:
        """See `Encoder.base`."""
        return self.encoder.base if self.encoder else ""

    @property
    def encoders(self) -> list[Encoder]:
        """Those whose vectors are kept up to date, that of the settings last."""
        return [one for one in (self.encoder, self.coming) if one is not None]

    @property
    def can_rate(self) -> bool:
        """Whether it can say how probable suggestions are."""
        return self.confidence.curves.keys() >= set(MATCHINGS)

    def corrected(self, text: str) -> str:
        """`text` without typing errors in words that neither an item has nor the encoder knows."""
        return self.cache.corrected(text, self.encoder.knows if self.encoder else lambda _word: False)

    def follow(self, db: Session, *, in_request: bool = True) -> int:
        """Bring indexes, thresholds and promoted models up to date: one small query when nothing changed.

        How many changes of the indexes there were.
        """
        changes = self.cache.follow(db, in_request=in_request)
        if self.cache.seen_models != self.seen_models:
            seen = self.cache.seen_models
            self._adopt(db)
            self.seen_models = seen
        return changes

    def _adopt(self, db: Session) -> None:
        """Take what was promoted for suggestions; they are small. One that is unusable leaves what shipped."""
        order = _promoted(db, RANKING, self.base, LearnedOrder.load)
        confidence = _promoted(db, CONFIDENCE, self.base, Confidence.load)
        self.ranker = Ranker(learned=order) if order else self.shipped[0]
        shipped = self.shipped[1]
        # What a site had too little to learn from is as it ships, which may have been damaged when the site learned.
        self.confidence = Confidence({**shipped.curves, **confidence.curves}) if confidence else shipped


class _Slot:
    """Where the process keeps its engine; made once, by whoever comes first."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.engine: Engine | None = None
        self.lock = threading.Lock()
        self.renewing = threading.Lock()


_slot = _Slot()


def configure(settings: Settings) -> None:
    """Say where models lie. Nothing is loaded yet."""
    _slot.settings, _slot.engine = settings, None


def use(engine: Engine | None) -> None:
    """Put `engine` to use in this process; tests bring one with a small encoder."""
    _slot.engine = engine


def current() -> Engine | None:
    """The engine if it is loaded: a request that finds none searches words in the database."""
    engine = _slot.engine
    if engine is not None and engine.coming is not None and engine.cache.searched == engine.coming.name:
        threading.Thread(target=renew, name="engine", daemon=True).start()
    return engine


def loaded() -> Engine:
    """The engine, loaded now if need be; for jobs, commands and the start of a process."""
    with _slot.lock:
        if _slot.engine is None:
            if _slot.settings is None:
                raise RuntimeError("call triage.engine.configure() first")
            with reading() as db:
                _slot.engine = load(db, _slot.settings)
        return _slot.engine


def up_to_date() -> Engine:
    """The engine for a job: loaded, and turned to the encoder whose vectors are searched by now."""
    engine = loaded()
    if engine.coming is not None:
        with reading() as db:
            is_turned = searched(db) == engine.coming.name
        if is_turned:
            renew()
    return loaded()


def warm() -> None:
    """Load everything and fill the caches before the first request."""
    _fill(loaded())


def renew() -> None:
    """Put an engine to use whose encoder's vectors have become complete; until it is filled the old one answers."""
    if _slot.settings is None or not _slot.renewing.acquire(blocking=False):
        return
    try:
        with reading() as db:
            engine = load(db, _slot.settings)
        if engine.model != (_slot.engine.model if _slot.engine else ""):
            _fill(engine)
            _slot.engine = engine
    finally:
        _slot.renewing.release()


def _fill(engine: Engine) -> None:
    with reading() as db:
        snapshot = snapshots.path_for(db, engine.data_dir / SNAPSHOTS, engine.model)
        snapshots.load(db, engine.cache, snapshot)
        changes = engine.follow(db, in_request=False)
    if changes > FAR:
        snapshots.save(engine.cache, snapshot)
    give_back()


def give_back() -> None:
    """Return to the system what loading needed for a moment: of 100,000 items the C library would keep 60 MB."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # glibc's alone
        trim(0)


def load(db: Session, settings: Settings) -> Engine:
    """An engine from the site's settings. A missing or damaged model leaves word search, and says so.

    While the vectors of the settings' encoder are not complete, the one whose vectors are is searched with; where that
    one is gone, as after an upgrade to a release with another, words alone are.
    """
    wanted, problem = encoder_in(settings, encoder_folder(settings))
    if wanted is not None and wanted.dimension != DIMENSION and db.get_bind().dialect.name == "postgresql":
        problem = f"{wanted.name} makes vectors of {wanted.dimension} numbers; on PostgreSQL only {DIMENSION} fit."
        wanted = None
    encoder, coming, name = wanted, None, searched(db)
    if name and (wanted is None or wanted.name != name):
        # The one before runs here even where a server has the new one: a server has one model.
        folder = folder_of(settings, name)
        encoder, coming = load_encoder(folder)[0] if folder else None, wanted
        if encoder is None and wanted is not None:
            problem = f"Words alone are searched until the vectors by {wanted.name} are complete. They are being made."
    return Engine(
        encoder=encoder,
        ranker=Ranker(learned=load_order(settings.models_dir / RANKING, encoder.base if encoder else "")),
        confidence=load_confidence(settings.models_dir / CONFIDENCE),
        cache=make_cache(db, encoder),
        problem=problem,
        coming=coming,
        models_dir=settings.models_dir,
        data_dir=settings.data_dir,
    )


def encoder_folder(settings: Settings) -> Path:
    """Where the encoder of the settings lies: among the models that ship, or among the site's own."""
    shipped = settings.models_dir / settings.encoder
    own = settings.data_dir / "models" / settings.encoder
    return own if own.is_dir() and not shipped.is_dir() else shipped


def start_of_adaptation(models_dir: Path) -> Path | None:
    """The weights with which a site's own encoder begins: those that ship.

    Raises:
        ArtefactError: they are damaged.
    """
    return weights_in(models_dir / SHIPPED_ENCODER)


def folder_of(settings: Settings, name: str) -> Path | None:
    """The folder of the encoder whose manifest says `name`; None where there is none any more."""
    for path in (*settings.models_dir.glob("*/model.onnx"), *settings.data_dir.glob("models/*/model.onnx")):
        try:
            if read_manifest(path.parent).name == name:
                return path.parent
        except ArtefactError:
            continue
    return None


def make_cache(db: Session, encoder: Encoder | None) -> IndexCache:
    """PostgreSQL searches vectors itself; on SQLite the process holds them."""
    is_embedded = db.get_bind().dialect.name != "postgresql"
    return IndexCache(
        dimension=encoder.dimension if encoder else DIMENSION,
        model=encoder.name if encoder else "",
        with_vectors=is_embedded and encoder is not None,
    )


def encoder_in(settings: Settings, folder: Path) -> tuple[Encoder | None, str]:
    """The model whose manifest lies in `folder`: here, or at the server that the settings name."""
    if not settings.encoder_url:
        return load_encoder(folder)
    try:
        manifest = read_manifest(folder)
    except ArtefactError as err:
        return None, f"Suggestions by meaning are off, words are still searched. {err}"
    dimension, token = int(manifest.parameters["dimension"]), settings.embeddings_token
    name, base, words = manifest.name, manifest.base, words_of(settings.models_dir / SHIPPED_ENCODER)
    return RemoteEncoder(settings.encoder_url, name=name, base=base, dimension=dimension, token=token, words=words), ""


def load_encoder(folder: Path) -> tuple[Encoder | None, str]:
    try:
        encoder = OnnxEncoder(folder)
        encoder.encode(["A damaged model shows by the first text."])
        return encoder, ""
    except ArtefactError as err:
        log.warning("encoder_missing", folder=str(folder), problem=str(err))
        return None, f"Suggestions by meaning are off, words are still searched. {err}"
    except Exception as err:  # noqa: BLE001 - onnxruntime and tokenizers raise types of their own for a damaged file
        log.warning("encoder_damaged", folder=str(folder), problem=str(err))
        return None, f"Suggestions by meaning are off, words are still searched. {folder} is damaged: restore it."


def _promoted(db: Session, what: str, encoder: str, load_from: Callable[[Path], Learned]) -> Learned | None:
    wanted = (ModelRow.what == what, ModelRow.state == ModelState.CHAMPION)
    folder = db.scalar(select(ModelRow.folder).where(*wanted))
    if folder is None:
        return None
    try:
        check_encoder(Path(folder), encoder)
        return load_from(Path(folder))
    except ArtefactError as err:
        log.warning("model_damaged", what=what, problem=str(err))
        return None


def check_encoder(folder: Path, encoder: str) -> None:
    """See that what was learned is for `encoder`: a name for topics, a base for an order and for probabilities.

    Raises:
        ArtefactError: it is missing, or for another one.
    """
    made_for = read_manifest(folder).parameters.get("encoder")
    if encoder and made_for != encoder:
        raise ArtefactError(f"{folder} was made for the encoder {made_for}. Train it again.")


def load_order(folder: Path, base: str) -> LearnedOrder | None:
    """The learned order of passages; without it a sum of words and meaning stands in.

    It was learned with encoders of one base, and says nothing about those of another.
    """
    try:
        check_encoder(folder, base)
        return LearnedOrder.load(folder)
    except ArtefactError as err:
        log.warning("ranking_missing", folder=str(folder), problem=str(err))
        return None


def load_confidence(folder: Path) -> Confidence:
    """The curves of probabilities; none where they are missing, see `Engine.can_rate`."""
    try:
        return Confidence.load(folder)
    except ArtefactError as err:
        log.warning("confidence_missing", folder=str(folder), problem=str(err))
        return Confidence({})
