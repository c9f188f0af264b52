"""What is to be loaded, and how far it has come: kept in one option, so that an interrupted run goes on."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from helpdesk.kernel import options

OPTION = "demonstration"
DAYS = 365  # of history, today being the last

Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """One demonstration. `now` is the moment at which loading began: nothing is later than that."""

    seed: int
    enquiries: int
    now: datetime
    done: tuple[str, ...] = ()  # steps
    enquiries_done: int = 0

    @property
    def start(self) -> date:
        return self.now.date() - timedelta(days=DAYS - 1)

    def random(self, name: str) -> Random:
        """Chance of one step, the same in every run with this seed."""
        return Random(f"{self.seed}:{name}")  # noqa: S311 - invented content, not a secret

    def moment(self, random: Random) -> datetime:
        """Some moment of the year."""
        return self.now - timedelta(days=DAYS) * random.random()


def read(db: Session) -> Plan | None:
    """The plan that was begun on this site."""
    kept = options.read(db, OPTION)
    if kept is None:
        return None
    return Plan(**{**kept, "now": datetime.fromisoformat(kept["now"]), "done": tuple(kept["done"])})


def write(db: Session, plan: Plan) -> None:
    options.write(db, OPTION, {**asdict(plan), "now": plan.now.isoformat(), "done": list(plan.done)})


def finished(db: Session, step: str) -> None:
    """Note that a step is done."""
    plan = read(db)
    if plan is not None and step not in plan.done:
        write(db, replace(plan, done=(*plan.done, step)))


def loaded(db: Session, enquiries: int) -> None:
    """Note that the first `enquiries` enquiries are in."""
    plan = read(db)
    if plan is not None:
        write(db, replace(plan, enquiries_done=enquiries))
