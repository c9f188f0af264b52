"""Changed texts are numbered and told of, one by one or together."""

from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from helpdesk.kernel import events
from helpdesk.kernel.changes import changed, together
from helpdesk.kernel.events import ContentChanged


@dataclass(eq=False)
class Row:
    id: int
    seq: int = 0


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[ContentChanged]:
    found: list[ContentChanged] = []
    monkeypatch.setattr(events, "_handlers", {ContentChanged: (lambda _db, event: found.append(event),)})
    return found


class TestChanged:
    def test_every_change_takes_a_higher_number_and_is_told(self, db: Session, told: list[ContentChanged]):
        row, other = Row(7), Row(3)

        changed(db, "answer", row)
        changed(db, "answer", other)
        first = other.seq
        changed(db, "answer", row)

        assert 0 < first < row.seq
        assert [event.ids for event in told] == [(7,), (3,), (7,)]

    def test_nothing_is_told_of_nothing(self, db: Session, told: list[ContentChanged]):
        changed(db, "answer")

        assert told == []


class TestTogether:
    def test_each_row_is_told_of_once_at_the_end(self, db: Session, told: list[ContentChanged]):
        row, other = Row(1), Row(2)

        with together(db):
            changed(db, "answer", row)
            changed(db, "answer", other)
            changed(db, "answer", row)
            before = list(told)

        assert before == []
        assert [event.ids for event in told] == [(1, 2)]
        assert 0 < row.seq < other.seq

    def test_many_rows_are_told_of_in_several_events(self, db: Session, told: list[ContentChanged]):
        with together(db):
            changed(db, "answer", *(Row(number) for number in range(1, 502)))

        assert [len(event.ids) for event in told] == [500, 1]

    def test_after_the_block_changes_are_told_at_once_again(self, db: Session, told: list[ContentChanged]):
        with together(db):
            pass
        changed(db, "answer", Row(5))

        assert [event.ids for event in told] == [(5,)]

    def test_a_failed_block_tells_nothing(self, db: Session, told: list[ContentChanged]):
        with pytest.raises(RuntimeError), together(db):
            changed(db, "answer", Row(5))
            raise RuntimeError

        assert told == []
