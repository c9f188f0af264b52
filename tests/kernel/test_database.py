"""Units of work, sequences, once-tokens, options, the audit log, on both databases."""

from datetime import datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from helpdesk.kernel import audit, clock, once, options, sequences, throttle
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.errors import TooMany
from helpdesk.kernel.events import ContentChanged, publish
from helpdesk.kernel.models import AuditRow, EventRow, OptionRow
from helpdesk.kernel.policy import SYSTEM


class TestUnitOfWork:
    def test_what_raises_leaves_nothing_behind(self, db: Session) -> None:
        with pytest.raises(RuntimeError), unit_of_work() as work:
            options.write(work, "likely", 0.9)
            work.flush()
            raise RuntimeError
        assert db.scalar(select(func.count()).select_from(OptionRow)) == 0

    def test_what_ends_well_is_kept(self, db: Session) -> None:
        with unit_of_work() as work:
            options.write(work, "likely", 0.9)
        assert options.read(db, "likely") == 0.9

    def test_a_naive_time_is_refused(self, db: Session) -> None:
        db.add(AuditRow(actor_name="x", action="y", at=datetime(2026, 1, 1)))  # noqa: DTZ001 - the point of the test
        with pytest.raises(Exception, match="naive time"):
            db.flush()

    def test_an_error_of_the_database_does_not_repeat_what_people_wrote(self, db: Session) -> None:
        again = text("INSERT INTO options (name, value) VALUES ('likely', :value)")
        with pytest.raises(IntegrityError) as caught, db.begin_nested():
            for _ in range(2):
                db.execute(again, {"value": '"our private words"'})
        assert "private words" not in str(caught.value)

    def test_times_come_back_aware(self, db: Session) -> None:
        audit.record(db, SYSTEM, "thing.done")
        db.flush()
        db.expire_all()
        assert db.scalars(select(AuditRow)).one().at.tzinfo is not None


class TestAudit:
    @pytest.mark.parametrize("statement", ["UPDATE audit SET action = 'other'", "DELETE FROM audit"])
    def test_rows_cannot_be_changed_or_removed(self, db: Session, statement: str) -> None:
        audit.record(db, SYSTEM, "thing.done")
        db.flush()
        with pytest.raises(DBAPIError, match="append-only"), db.begin_nested():
            db.execute(text(statement))
        assert db.scalars(select(AuditRow.action)).all() == ["thing.done"]


class TestSequences:
    def test_numbers_rise_and_blocks_do_not_overlap(self, db: Session) -> None:
        first = sequences.take(db, "question")
        block = sequences.take(db, "question", 10)
        assert block == first + 1
        assert sequences.take(db, "question") == block + 10

    def test_each_name_counts_for_itself(self, db: Session) -> None:
        sequences.take(db, "question", 5)
        assert sequences.take(db, "ticket") == 1


class TestOnce:
    def test_the_second_use_finds_where_the_first_led(self, db: Session) -> None:
        assert once.claim(db, "a" * 32) is None
        once.settle(db, "a" * 32, "/questions/7")
        db.flush()
        assert once.claim(db, "a" * 32) == "/questions/7"


class TestThrottle:
    def test_the_limit_is_counted_per_person(self, db: Session) -> None:
        for _ in range(3):
            throttle.count(db, "ask", "a@x.example", limit=3, minutes=10)
            db.flush()
        with pytest.raises(TooMany, match="wait 10 minutes"):
            throttle.count(db, "ask", "a@x.example", limit=3, minutes=10)
        throttle.count(db, "ask", "b@x.example", limit=3, minutes=10)

    def test_forgetting_starts_again(self, db: Session) -> None:
        throttle.count(db, "ask", "a@x.example", limit=1, minutes=10)
        db.flush()
        throttle.forget(db, "ask", "a@x.example")
        throttle.count(db, "ask", "a@x.example", limit=1, minutes=10)


class TestEvents:
    def test_an_event_is_a_row_with_its_fields(self, db: Session) -> None:
        publish(db, ContentChanged("question", (3, 4)))
        db.flush()
        stored = db.scalars(select(EventRow)).one()
        assert stored.name == "ContentChanged"
        assert stored.payload == {"kind": "question", "ids": [3, 4]}
        assert stored.at <= clock.now()
