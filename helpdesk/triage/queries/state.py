"""Where indexes and models stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from helpdesk.kernel import options, sources
from helpdesk.kernel.sources import Source
from helpdesk.nlp import confidence, passages
from helpdesk.nlp.manifest import ArtefactError, verify
from helpdesk.triage.enums import ModelState
from helpdesk.triage.models import IndexState, ModelRow, SearchText

CLASSIFIERS = ("topic", "priority")  # what is learned from the vectors of one encoder, and of no other
FEATURES: Mapping[str, Sequence[str]] = {"ranking": passages.FEATURES, "confidence": confidence.FEATURES}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStatus:
    """The indexes of one kind. `behind` counts the items that changed since they were last embedded."""

    kind: str
    items: int
    behind: int
    model: str
    updated_at: datetime | None


def searched(db: Session) -> str:
    """The name of the model whose vectors are searched; empty where none was made yet."""
    chosen = str(options.read(db, "encoder"))
    return chosen or db.scalar(select(IndexState.model).order_by(IndexState.updated_at).limit(1)) or ""


def index_states(db: Session, model: str | None = None) -> list[IndexStatus]:
    """The indexes of every kind that this site has, by `model` or by the one that is searched."""
    model = searched(db) if model is None else model
    states = {row.kind: row for row in db.scalars(select(IndexState).where(IndexState.model == model))}
    is_behind = SearchText.seq > func.coalesce(IndexState.seq, 0)
    counted = (
        select(
            SearchText.kind,
            func.count().filter(SearchText.is_deleted.is_(False)).label("items"),
            func.count().filter(is_behind).label("behind"),
        )
        .outerjoin(IndexState, (IndexState.kind == SearchText.kind) & (IndexState.model == model))
        .group_by(SearchText.kind)
    )
    texts = {row.kind: row for row in db.execute(counted)}
    return [_status(source.kind, states, texts) for source in sources.all_sources()]


def _status(kind: str, states: Mapping[str, IndexState], texts: Mapping[str, Any]) -> IndexStatus:
    state, counted = states.get(kind), texts.get(kind)
    return IndexStatus(
        kind=kind,
        items=counted.items if counted else 0,
        behind=counted.behind if counted else 0,
        model=state.model if state else "",
        updated_at=state.updated_at if state else None,
    )


def unknown(source: Source) -> Select[int]:
    """Ids of the items that the word index lacks, or has as they were before their newest change."""
    model = source.model
    is_known = exists().where(
        SearchText.kind == source.kind, SearchText.object_id == model.id, SearchText.seq >= model.seq
    )
    return select(model.id).where(~is_known).order_by(model.seq)


def model_problems(db: Session) -> list[str]:
    """A sentence for each model that is in use by its row but cannot be used, with what to do."""
    problems, encoder = [], searched(db)
    for row in db.scalars(select(ModelRow).where(ModelRow.state == ModelState.CHAMPION)):
        try:
            about = verify(Path(row.folder))
        except ArtefactError as err:
            problems.append(f"The model {row.name} cannot be used. {err} Or run `models rollback {row.what}`.")
            continue
        own = list(FEATURES.get(row.what, ()))
        if about.parameters.get("features", own) != own:
            was = f"The model {row.name} was made for another version and cannot be used."
            problems.append(f"{was} Run `train`, or `models rollback {row.what}`.")
        made_for = about.parameters.get("encoder")
        if row.what in CLASSIFIERS and encoder not in {"", made_for}:
            was = f"The model {row.name} was learned with the encoder {made_for}, and predicts nothing with {encoder}."
            problems.append(f"{was} Run `train`.")
    return problems


def models(db: Session) -> list[ModelRow]:
    """Every trained model, the newest first."""
    return list(db.scalars(select(ModelRow).order_by(ModelRow.what, ModelRow.made_at.desc(), ModelRow.id.desc())))
