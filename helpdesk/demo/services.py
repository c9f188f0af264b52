"""Loads the demonstration in steps, silently, and only where nothing real can be mixed with it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session
from tqdm import tqdm

from helpdesk.accounts.enums import UserState
from helpdesk.accounts.models import User
from helpdesk.demo.loading import attempts, community, content, enquiries, learning, people, plan
from helpdesk.demo.loading.plan import Plan, Progress
from helpdesk.kernel import clock, mail, options
from helpdesk.kernel.changes import together
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import Conflict

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the loading that is done once."""

    name: str
    run: Callable[[Plan, Progress], None]
    total: int | None = None


def load(*, seed: int, size: int, models_dir: Path, say: Say) -> bool:
    """Load the demonstration, or what an interrupted run left to do; False when it is all there.

    Raises:
        Conflict: real people use this site.
    """
    the_plan = _begin(seed, size)
    waiting = [step for step in _steps(the_plan, models_dir, say) if step.name not in the_plan.done]
    with mail.silent():
        for step in waiting:
            _do(step, the_plan, say)
    return bool(waiting)


def _begin(seed: int, size: int) -> Plan:
    """The plan that was begun here, or a new one; from now on the site says that it is a demonstration."""
    with unit_of_work() as db:
        begun = plan.read(db)
        if begun is not None:
            return begun
        _refuse_real_people(db)
        begun = Plan(seed, size, clock.now())
        options.write(db, "is_demonstration", True)
        plan.write(db, begun)
        return begun


def _refuse_real_people(db: Session) -> None:
    """An administrator who was invited and has not come yet is nobody's loss."""
    real = select(User.id).where(~User.is_generated, User.state != UserState.INVITED).limit(1)
    if db.scalar(real) is not None:
        raise Conflict(
            "This site has real people, so no demonstration is loaded into it. Set HELPDESK_DATA_DIR or "
            "HELPDESK_DATABASE_URL to an empty place, and run `init` and `demo` there."
        )


def _steps(the_plan: Plan, models_dir: Path, say: Say) -> Sequence[Step]:
    return (
        _whole("Teams and topics", people.add_teams),
        _whole("Organisations", people.add_organisations),
        _whole("People", people.add_people),
        _whole("Code", content.add_code),
        _whole("Published answers", content.add_answers),
        _whole("Articles", content.add_articles),
        _whole("Community", community.add_questions),
        Step("Enquiries", enquiries.add_enquiries, the_plan.enquiries),
        Step("Meaning", learning.embed),
        _whole("Attempts", attempts.add_attempts, attempts.count(the_plan)),
        Step("Models", learning.learner(models_dir, say)),
        Step("Jobs", learning.catch_up),
        Step("Topics", learning.find_topics),
        Step("Thresholds", learning.draw_curve),
        Step("Figures", learning.make_figures),
    )


def _whole(name: str, fill: Callable[[Session, Plan, Progress], None], total: int | None = None) -> Step:
    """A step that happens in one transaction or not at all."""

    def run(the_plan: Plan, progress: Progress) -> None:
        with unit_of_work() as db, together(db):
            fill(db, the_plan, progress)
            plan.finished(db, name)

    return Step(name, run, total)


def _do(step: Step, the_plan: Plan, say: Say) -> None:
    started, done = time.perf_counter(), 0
    with tqdm(total=step.total, desc=step.name, leave=False, disable=None) as bar:

        def progress(count: int) -> None:
            nonlocal done
            done += count
            bar.update(count)

        step.run(the_plan, progress)
    with unit_of_work() as db:
        plan.finished(db, step.name)
    say(f"{step.name:<18} {done:>6}  {time.perf_counter() - started:>6.1f} s")
