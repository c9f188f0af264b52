"""An engine for tests: the hash encoder, and confidence that grows with likeness alone."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from helpdesk.nlp.confidence import FEATURES, Confidence, Curve
from helpdesk.nlp.encoder import Vectors
from helpdesk.nlp.ranking import Ranker
from helpdesk.triage import engine
from helpdesk.triage.columns import DIMENSION
from helpdesk.triage.models import KINDS
from helpdesk.triage.services import indexing
from tests.factories.encoder import HashEncoder

# Half of the words shared gives a cosine near 0.5, and so a probability of one half.
BY_COSINE = Curve((10.0, *(0.0 for _ in FEATURES[1:])), -5.0)


class CountingEncoder(HashEncoder):
    """Remembers what it was asked to encode."""

    def __init__(self) -> None:
        super().__init__(dimension=DIMENSION)
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.extend(texts)
        return super().encode(texts)


def make_engine(db: Session, encoder: HashEncoder | None = None) -> engine.Engine:
    """An engine in use, as a web process has one after it was warmed."""
    encoder = encoder or HashEncoder(dimension=DIMENSION)
    made = engine.Engine(
        encoder=encoder,
        ranker=Ranker(),
        confidence=Confidence({"passage": BY_COSINE, "wording": BY_COSINE}),
        cache=engine.make_cache(db, encoder),
    )
    engine.use(made)
    return made


def index_all(db: Session, using: engine.Engine) -> None:
    """Embed what waits, as the worker does."""
    db.commit()
    assert using.encoder is not None
    for kind in KINDS:
        if kind in registered():
            indexing.embed_pending(kind, using.encoder)
    db.expire_all()


def registered() -> set[str]:
    from helpdesk.kernel.sources import all_sources

    return {source.kind for source in all_sources()}
