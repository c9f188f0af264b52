"""What a training ends with: a whole folder or none, a row, and a promotion if the model is better beyond noise."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpdesk.kernel import clock
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.policy import Actor
from helpdesk.nlp.evaluation.bootstrap import Difference
from helpdesk.nlp.manifest import KEPT, Manifest
from helpdesk.triage.services import models

PARTIAL = ".partial-"  # begins the name of a folder that is being written


class TooFew(Invalid):
    """There is too little to learn from; the message says how much, and how much is needed."""


def enough(count: int, fewest: int, what: str) -> None:
    """Refuse to learn from next to nothing.

    Raises:
        TooFew: `count` is below `fewest`.
    """
    if count < fewest:
        raise TooFew(f"Only {count} {what}; at least {fewest} are needed to learn from.")


@dataclass(frozen=True, kw_only=True)
class Challenger:
    """A fitted model that was measured on later rows."""

    what: str
    save: Callable[[Path, Manifest], object]
    metrics: dict[str, Any]
    difference: Difference | None
    """Against the model in use, on later rows; None where there was none."""
    objection: str = ""
    """Why it does not take over although it is better."""
    data: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """A sentence of what becomes of it."""
        if self.objection:
            return f"Kept aside: {self.objection}"
        if self.difference is None:
            return "In use from now on: there was none before."
        if self.difference.is_gain and self.what == models.ENCODER:
            return f"Better by {self.difference}; its setting puts it to use."
        if self.difference.is_gain:
            return f"In use from now on: better by {self.difference}."
        return f"Kept aside: not better beyond noise, {self.difference}."

    @property
    def takes_over(self) -> bool:
        """Whether it is put to use; an encoder is by whoever runs the site."""
        return self.is_better and self.what != models.ENCODER

    @property
    def is_better(self) -> bool:
        """Whether it is better beyond noise, and nothing speaks against it."""
        return not self.objection and (self.difference is None or self.difference.is_gain)


@dataclass(frozen=True, slots=True)
class Trained:
    """How one training ended."""

    what: str
    name: str
    metrics: Mapping[str, Any]
    is_promoted: bool
    verdict: str


def keep(actor: Actor, folder: Path, challenger: Challenger) -> Trained:
    """Save the challenger below `folder`, register it, and promote it if it is better.

    Raises:
        Invalid: it cannot be written. Nothing is registered, and the model in use stays.
    """
    name = f"{challenger.what}-{clock.now():%Y%m%d-%H%M%S-%f}"
    measured = {**challenger.metrics, **interval(challenger.difference), "verdict": challenger.verdict}
    manifest = Manifest(
        name=name,
        data=dict(challenger.data),
        parameters=dict(challenger.parameters),
        seed=challenger.seed,
        metrics=measured,
        versions=dict(challenger.versions),
    )
    save_whole(folder / name, lambda place: challenger.save(place, manifest))
    with unit_of_work() as db:
        row = models.register(db, what=challenger.what, name=name, folder=folder / name, metrics=measured)
        if challenger.takes_over:
            models.promote(db, actor, row)
    return Trained(challenger.what, name, measured, challenger.takes_over, challenger.verdict)


def interval(difference: Difference | None) -> dict[str, float]:
    """Mean and 95% interval of a difference, as figures of a model."""
    if difference is None:
        return {}
    found = {"difference": difference.mean, "low": difference.low, "high": difference.high}
    return {name: round(value, 4) for name, value in found.items()}


def save_whole(place: Path, save: Callable[[Path], object]) -> None:
    """Write a folder beside its place, and move it there once it is complete: nobody finds half of one.

    Of a folder that lies there already the files are replaced, one after the other, and others stay: whoever reads in
    that moment finds files that do not fit their manifest, and refuses them.

    Raises:
        Invalid: the disk is full, or says no.
    """
    partial = place.with_name(PARTIAL + place.name)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        save(partial)
        if place.is_dir():
            for path in partial.iterdir():
                path.replace(place / path.name)
        else:
            partial.rename(place)
    except OSError as err:
        why = err.strerror or str(err)
        raise Invalid(f"{place} could not be written: {why}. {KEPT}") from err
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what a training that was killed left half written; only while no other runs."""
    for left in folder.glob(f"{PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)
