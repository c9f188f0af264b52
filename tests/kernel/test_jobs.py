"""Jobs are written with the change, run once, and retried with patience."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel import clock, jobs
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.models import JobRow


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seen: list[int] = []

    def add(number: int) -> None:
        seen.append(number)

    def fail(number: int) -> None:
        raise ValueError(f"no {number}")

    monkeypatch.setattr(jobs, "_jobs", {"add": add, "fail": fail})
    return seen


def row(db: Session) -> JobRow:
    db.expire_all()
    return db.scalars(select(JobRow).order_by(JobRow.id.desc())).first()


class TestRunning:
    def test_a_due_job_runs_once_and_is_done(self, db: Session, calls: list[int]) -> None:
        jobs.enqueue(db, "add", number=7)
        db.commit()
        assert jobs.run_waiting() == 1
        assert jobs.run_waiting() == 0
        assert calls == [7]
        assert row(db).state == "done"

    def test_a_job_of_the_future_waits(self, db: Session, calls: list[int]) -> None:
        jobs.enqueue(db, "add", delay_seconds=3600, number=7)
        db.commit()
        assert jobs.run_waiting() == 0
        assert calls == []

    def test_a_job_runs_once_even_when_handed_over_twice(self, db: Session, calls: list[int]) -> None:
        jobs.enqueue(db, "add", number=7)
        db.commit()
        job_id = row(db).id
        jobs.run(job_id)
        jobs.run(job_id)
        assert calls == [7]

    def test_a_second_job_of_a_waiting_key_is_not_written(self, db: Session, calls: list[int]) -> None:
        jobs.enqueue(db, "add", key="index:clause", number=1)
        db.flush()
        jobs.enqueue(db, "add", key="index:clause", number=2)
        db.commit()
        jobs.run_waiting()
        assert calls == [1]

    def test_a_job_whose_worker_died_comes_back(self, db: Session, calls: list[int]) -> None:
        jobs.enqueue(db, "add", number=7)
        db.flush()
        one = row(db)
        one.state = "running"
        one.started_at = clock.now() - timedelta(minutes=jobs.STALE_AFTER_MINUTES + 1)
        db.commit()
        assert jobs.run_waiting() == 1
        assert calls == [7]


class TestFailing:
    def test_a_failure_is_kept_with_its_reason_and_tried_later(self, db: Session, calls: list[int]) -> None:
        jobs.enqueue(db, "fail", number=7)
        db.commit()
        jobs.run_waiting()
        failed = row(db)
        assert failed.state == "waiting"
        assert "ValueError: no 7" in failed.error
        assert failed.run_at > clock.now()

    def test_after_the_last_attempt_it_is_failed_and_can_be_retried(self, db: Session, calls: list[int]) -> None:
        jobs.enqueue(db, "fail", number=7)
        db.flush()
        row(db).attempts = jobs.MAX_ATTEMPTS - 1
        db.commit()
        jobs.run_waiting()
        assert row(db).state == "failed"
        jobs.retry(db, row(db).id)
        db.flush()
        assert row(db).state == "waiting"

    def test_a_job_that_did_not_fail_cannot_be_retried(self, db: Session, calls: list[int]) -> None:
        jobs.enqueue(db, "add", number=7)
        db.flush()
        with pytest.raises(NotFound):
            jobs.retry(db, row(db).id)
