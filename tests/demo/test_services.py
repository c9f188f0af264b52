"""Loading goes on where it was interrupted, and stays away from real people."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from helpdesk.accounts.enums import UserState
from helpdesk.demo import services
from helpdesk.demo.loading import plan
from helpdesk.demo.loading.plan import Plan, Progress
from helpdesk.demo.services import Step
from helpdesk.kernel import options
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.policy import Role
from tests.factories.accounts import make_user


class TestInterrupted:
    def test_the_next_run_goes_on_where_the_first_one_stopped(
        self, db: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        done: list[str] = []

        def first(_plan: Plan, _progress: Progress) -> None:
            done.append("first")

        def second(_plan: Plan, _progress: Progress) -> None:
            if done == ["first"]:
                done.append("interrupted")
                raise KeyboardInterrupt
            done.append("second")

        steps = (Step("First", first), Step("Second", second))
        monkeypatch.setattr(services, "_steps", lambda *_: steps)

        def load() -> bool:
            return services.load(seed=1, size=10, models_dir=tmp_path, say=lambda _line: None)

        with pytest.raises(KeyboardInterrupt):
            load()

        assert load() is True
        assert done == ["first", "interrupted", "second"]
        assert load() is False

    def test_a_step_notes_its_end_once(self, db: Session, tmp_path: Path):
        begun = services._begin(1, 10)
        plan.finished(db, "People")
        plan.finished(db, "People")
        plan.loaded(db, 250)

        assert plan.read(db) == replace(begun, done=("People",), enquiries_done=250)


class TestRealPeople:
    def test_a_site_with_real_people_is_left_alone(self, db: Session, tmp_path: Path):
        make_user(db)
        db.commit()

        with pytest.raises(Conflict, match="real people"):
            services.load(seed=1, size=10, models_dir=tmp_path, say=lambda _line: None)

        assert options.read(db, "is_demonstration") is False

    def test_an_invited_administrator_who_never_came_does_not_hinder(self, db: Session):
        make_user(db, Role.ADMIN, state=UserState.INVITED, email=None)
        db.commit()

        assert services._begin(1, 10).enquiries == 10
