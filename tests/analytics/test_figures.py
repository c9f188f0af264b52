"""Figures are made from rows, and open the very rows they were made from."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from helpdesk.analytics import queries, services
from helpdesk.analytics.enums import BANDS, Cut, Measure, Period, Step
from helpdesk.analytics.queries import RowFilter
from helpdesk.kernel import clock
from helpdesk.kernel.paging import Window
from helpdesk.kernel.policy import Role
from helpdesk.tickets.enums import Channel, Status
from helpdesk.tickets.models import Ticket
from helpdesk.triage.enums import Outcome
from helpdesk.triage.models import Attempt
from tests.client import PageClient
from tests.factories.accounts import make_actor, make_user
from tests.factories.tickets import make_queue, make_topic

ALL = Window(1, 500)
WEDNESDAY = datetime(2026, 3, 11, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: WEDNESDAY)


def ticket(
    db: Session, number: int, *, ago: timedelta = timedelta(), restricted: bool = False, **fields: object
) -> Ticket:
    queue = make_queue(db, is_restricted=restricted)
    row = Ticket(
        reference=f"SP-{number:06}",
        subject=f"Enquiry {number}",
        queue_id=queue.id,
        opened_at=WEDNESDAY - ago,
        **{"channel": Channel.WEB, "status": Status.OPEN, **fields},
    )
    db.add(row)
    db.flush()
    return row


def references(db: Session, chosen: RowFilter) -> set[str]:
    agent = make_actor(db, Role.AGENT)
    return {row.reference for row in queries.ticket_rows(db, agent, chosen, ALL).items}


class TestVolume:
    def test_a_week_counts_what_was_opened_in_it_and_opens_those_rows(self, db: Session) -> None:
        ticket(db, 1)
        ticket(db, 2, ago=timedelta(days=1))
        ticket(db, 3, ago=timedelta(days=7))
        services.refresh(db)
        weeks = queries.by_week(db, Period.FOUR_WEEKS)
        assert [week.opened for week in weeks] == [0, 0, 1, 2]
        last = weeks[-1]
        assert references(db, RowFilter(start=last.start, end=last.end)) == {"SP-000001", "SP-000002"}

    def test_a_day_is_a_day_in_london(self, db: Session) -> None:
        late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # half past midnight on 1 July in London
        ticket(db, 1, ago=WEDNESDAY - late)
        services.refresh(db)
        first_of_july = date(2026, 7, 1)
        assert references(db, RowFilter(start=first_of_july, end=first_of_july)) == {"SP-000001"}

    def test_cuts_add_up_to_the_whole_and_open_their_rows(self, db: Session) -> None:
        topic = make_topic(db)
        ticket(db, 1, channel=Channel.PHONE, topic_id=topic.id, category="small_supplier")
        ticket(db, 2, channel=Channel.WEB)
        services.refresh(db)
        for cut in Cut:
            assert sum(part.opened for part in queries.by_cut(db, Period.FOUR_WEEKS, cut)) == 2
        assert references(db, RowFilter(channel="phone")) == {"SP-000001"}
        assert references(db, RowFilter(topic=str(topic.id))) == {"SP-000001"}
        assert references(db, RowFilter(topic="0")) == {"SP-000002"}
        assert references(db, RowFilter(category="")) == {"SP-000002"}

    def test_restricted_queues_are_in_no_figure_and_in_no_list(self, db: Session) -> None:
        ticket(db, 1, restricted=True)
        services.refresh(db)
        assert sum(week.opened for week in queries.by_week(db, Period.YEAR)) == 0
        assert sum(band.opened for band in queries.backlog(db)) == 0
        assert references(db, RowFilter()) == set()


class TestAddresses:
    @pytest.mark.parametrize(
        "address", ["/insights/tickets?from=0001-01-01&to=9999-12-31", "/insights/attempts?to=0001-01-01"]
    )
    def test_a_wild_day_in_the_address_does_no_harm(self, db: Session, client: PageClient, address: str) -> None:
        client.sign_in(make_user(db, Role.LEAD))
        assert client.get(address).status_code == 200


class TestTimes:
    def test_median_and_ninetieth_percentile(self, db: Session) -> None:
        for number in range(1, 11):
            ticket(db, number, first_response_minutes=number * 10)
        services.refresh(db)
        whole, weeks = queries.times(db, Period.FOUR_WEEKS, Measure.FIRST_RESPONSE)
        assert whole is not None
        assert (whole.tickets, whole.median, whole.percentile_90) == (10, 55.0, 91.0)
        assert len(weeks) == 1
        assert len(references(db, RowFilter(measure=Measure.FIRST_RESPONSE))) == whole.tickets

    def test_one_ticket_is_its_own_median(self) -> None:
        assert services.percentiles([7]) == (7.0, 7.0)

    def test_tickets_before_the_period_are_left_out(self, db: Session) -> None:
        ticket(db, 1, ago=timedelta(weeks=30), resolution_minutes=60)
        services.refresh(db)
        assert queries.times(db, Period.FOUR_WEEKS, Measure.RESOLUTION) == (None, [])
        assert queries.times(db, Period.YEAR, Measure.RESOLUTION)[0] is not None


class TestBacklog:
    def test_each_age_stands_in_one_band_and_opens_its_rows(self, db: Session) -> None:
        for number, age in enumerate((0, 1, 5, 20, 90), start=1):
            ticket(db, number, ago=timedelta(days=age))
        ticket(db, 9, status=Status.SOLVED)
        services.refresh(db)
        assert [part.opened for part in queries.backlog(db)] == [1] * len(BANDS)
        for place in range(len(BANDS)):
            rows = references(db, RowFilter(measure=Measure.BACKLOG, band=place))
            assert rows == {f"SP-{place + 1:06}"}


class TestDeflection:
    def test_confirmed_presumed_and_returned_are_apart(self, db: Session) -> None:
        outcomes = [Outcome.CONFIRMED, Outcome.PRESUMED, Outcome.RETURNED, Outcome.TICKET, Outcome.OPEN]
        for number, outcome in enumerate(outcomes):
            db.add(
                Attempt(
                    token=f"t{number}",
                    query="how do we join",
                    started_at=WEDNESDAY,
                    outcome=outcome,
                    is_offered=outcome is not Outcome.OPEN,
                    is_opened=outcome in {Outcome.CONFIRMED, Outcome.PRESUMED, Outcome.RETURNED},
                )
            )
        db.flush()
        services.refresh(db)
        steps = queries.steps(queries.attempts(db, Period.FOUR_WEEKS))
        wanted = {"attempts": 5, "offered": 4, "opened": 3, "confirmed": 1, "presumed": 1, "returned": 1, "asked": 1}
        assert steps == wanted
        for step in Step:
            rows = queries.attempt_rows(db, step, WEDNESDAY.date(), WEDNESDAY.date(), ALL).items
            assert len(rows) == wanted[step.value]
