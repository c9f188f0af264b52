"""Where indexes and models stand."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.kernel import options, sources
from helpdesk.kernel.models import SequenceRow
from helpdesk.nlp.manifest import ArtefactError, verify
from helpdesk.triage.enums import ModelState
from helpdesk.triage.models import IndexState, ModelRow, SearchText


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStatus:
    """The indexes of one kind. `behind` counts the items that changed since they were last embedded."""

    kind: str
    items: int
    behind: int
    model: str
    updated_at: datetime | None
    missing: bool
    """Whether items changed of which the word index knows nothing: only a rebuild helps."""


def searched(db: Session) -> str:
    """The name of the model whose vectors are searched; empty where none was made yet."""
    chosen = str(options.read(db, "encoder"))
    return chosen or db.scalar(select(IndexState.model).order_by(IndexState.updated_at).limit(1)) or ""


def index_states(db: Session, model: str | None = None) -> list[IndexStatus]:
    """The indexes of every kind that this site has, by `model` or by the one that is searched."""
    model = searched(db) if model is None else model
    heads = {row.name: row.value for row in db.scalars(select(SequenceRow))}
    states = {row.kind: row for row in db.scalars(select(IndexState).where(IndexState.model == model))}
    newest = _by_kind(db, select(SearchText.kind, func.max(SearchText.seq)))
    items = _by_kind(db, select(SearchText.kind, func.count()).where(SearchText.is_deleted.is_(False)))
    behind = {source.kind: _behind(db, source.kind, states.get(source.kind)) for source in sources.all_sources()}
    return [
        IndexStatus(
            kind=source.kind,
            items=items.get(source.kind, 0),
            behind=behind[source.kind],
            model=states[source.kind].model if source.kind in states else "",
            updated_at=states[source.kind].updated_at if source.kind in states else None,
            missing=heads.get(source.kind, 0) > newest.get(source.kind, 0),
        )
        for source in sources.all_sources()
    ]


def _by_kind(db: Session, query: Select[str, int]) -> dict[str, int]:
    return {row[0]: row[1] for row in db.execute(query.group_by(SearchText.kind))}


def _behind(db: Session, kind: str, state: IndexState | None) -> int:
    changed = select(func.count()).select_from(SearchText).where(SearchText.kind == kind)
    return db.scalar(changed.where(SearchText.seq > (state.seq if state else 0))) or 0


def model_problems(db: Session) -> list[str]:
    """A sentence for each model that is in use by its row but cannot be used; what ships stands in for it."""
    problems = []
    for row in db.scalars(select(ModelRow).where(ModelRow.state == ModelState.CHAMPION)):
        try:
            verify(Path(row.folder))
        except ArtefactError as err:
            problems.append(f"The model {row.name} cannot be used. {err} Or run `models rollback {row.what}`.")
    return problems


def models(db: Session) -> list[ModelRow]:
    """Every trained model, the newest first."""
    return list(db.scalars(select(ModelRow).order_by(ModelRow.what, ModelRow.made_at.desc(), ModelRow.id.desc())))
