"""Every role against every permission, and who reads which ticket in every list."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as people
from helpdesk.accounts.models import Follow, User
from helpdesk.kernel import db as database
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.paging import Window
from helpdesk.kernel.policy import SYSTEM, VISITOR, Actor, Role, can
from helpdesk.tickets import queries, queues
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.policy import RULES, Can
from tests.conftest import join
from tests.factories.accounts import make_actor, make_organisation
from tests.factories.tickets import make_restricted_ticket, make_ticket

WINDOW = Window(1, 50)

# Columns: an ordinary ticket shared with its organisation, one for the helpdesk only, one in a restricted queue.
READS = {
    "visitor": "...",
    "stranger": "...",
    "colleague": "x..",
    "requester": "xxx",
    "agent": "xx.",
    "lead": "xx.",
    "admin": "xx.",
    "named": "xxx",
    "system": "xxx",
}
WORKS = {"agent": "xx.", "lead": "xx.", "admin": "xx.", "named": "xxx", "system": "xxx"}
WRITES = READS
OWN = {**WORKS, "requester": "xxx"}
ACTS = {
    Can.REPLY: WRITES,
    Can.REOPEN: WRITES,
    Can.SOLVE: OWN,
    Can.WORK: WORKS,
    Can.NOTE: WORKS,
    Can.ASSIGN: WORKS,
    Can.TRIAGE: WORKS,
    Can.SET_STATUS: WORKS,
    Can.LINK_CLAUSE: WORKS,
}
STAFF = {"agent", "lead", "admin", "named", "system"}
ADMINS = {"admin", "system"}
GENERAL = {
    Can.OPEN: {*READS} - {"visitor"},
    Can.OPEN_FOR_OTHERS: STAFF,
    Can.SEE_DESK: STAFF,
    Can.MANAGE_QUEUES: ADMINS,
    Can.IMPORT: ADMINS,
}


@dataclass(frozen=True)
class World:
    actors: dict[str, Actor]
    tickets: tuple[Ticket, Ticket, Ticket]


@pytest.fixture(scope="module")
def made(site: database.Database) -> Iterator[tuple[Session, World]]:
    """The world and its session, once for each database: 230 tests only look at it."""
    with site.writing.connect() as connection:
        transaction = connection.begin()
        joined = join(site, connection)
        database.configure(joined)
        with Session(connection, **joined.session_options) as db:
            yield db, make_world(db)
        transaction.rollback()


@pytest.fixture
def db(made: tuple[Session, World]) -> Iterator[Session]:
    """The world's session; what one test changes is undone before the next."""
    with made[0].begin_nested() as undo:
        yield made[0]
        undo.rollback()


@pytest.fixture
def world(made: tuple[Session, World], db: Session) -> World:
    return made[1]


def make_world(db: Session) -> World:
    organisation = make_organisation(db, shares_tickets=True)
    actors = {
        "visitor": VISITOR,
        "stranger": make_actor(db, organisation=make_organisation(db, shares_tickets=True)),
        "colleague": make_actor(db, Role.PARTY_ADMIN, organisation=organisation),
        "requester": make_actor(db, organisation=organisation),
        "agent": make_actor(db, Role.AGENT),
        "lead": make_actor(db, Role.LEAD),
        "admin": make_actor(db, Role.ADMIN),
        "named": make_actor(db, Role.AGENT),
        "system": SYSTEM,
    }
    requester = actors["requester"]
    shared = make_ticket(db, requester, audience="organisation")
    private = make_ticket(db, requester, audience="helpdesk")
    restricted = make_restricted_ticket(db, requester, audience="organisation")
    queues.add_member(db, SYSTEM, restricted.queue, db.get_one(User, actors["named"].id))
    followers = [actor for actor in actors.values() if actor.id is not None and actor is not requester]
    for ticket in (shared, private, restricted):
        db.add_all(Follow(user_id=actor.id or 0, kind="ticket", object_id=ticket.id) for actor in followers)
    db.flush()
    loaded = [queries.get(db, SYSTEM, ticket.id) for ticket in (shared, private, restricted)]
    return World(actors, (loaded[0], loaded[1], loaded[2]))


def expected(table: dict[str, str], role: str, tickets: tuple[Ticket, ...]) -> set[int]:
    marks = table.get(role, "...")
    return {ticket.id for ticket, mark in zip(tickets, marks, strict=True) if mark == "x"}


class TestReading:
    @pytest.mark.parametrize("role", READS)
    def test_every_way_to_a_ticket_shows_the_same_ones(self, db: Session, world: World, role: str) -> None:
        actor, ids = world.actors[role], [ticket.id for ticket in world.tickets]
        wanted = expected(READS, role, world.tickets)
        assert set(db.scalars(queries.visible(actor))) == wanted
        assert {card.id for card in queries.cards(db, actor, ids)} == wanted
        assert {ticket.id for ticket in world.tickets if queries.can_read(db, actor, ticket)} == wanted
        assert set(db.scalars(select(Ticket.id).where(Ticket.id.in_(queries.visible(actor))))) == wanted
        for ticket in world.tickets:
            if ticket.id in wanted:
                assert queries.get(db, actor, ticket.id) is ticket
                assert queries.by_reference(db, actor, ticket.reference.lower()) is ticket
            else:
                with pytest.raises(NotFound):
                    queries.get(db, actor, ticket.id)

    @pytest.mark.parametrize("role", READS)
    def test_lists_hold_no_more_than_pages(self, db: Session, world: World, role: str) -> None:
        actor, readable = world.actors[role], expected(READS, role, world.tickets)
        for scope in queries.SCOPES:
            assert {ticket.id for ticket in queries.mine(db, actor, scope, WINDOW).items} <= readable
        followed = {ticket.id for ticket in queries.mine(db, actor, "following", WINDOW).items}
        assert followed == (readable if actor.id is not None else set())

    @pytest.mark.parametrize("role", READS)
    def test_the_desk_and_its_counts_hold_what_one_works(self, db: Session, world: World, role: str) -> None:
        actor, workable = world.actors[role], expected(WORKS, role, world.tickets)
        shown = queries.queue(db, actor, queries.Filters(), WINDOW)
        assert {ticket.id for ticket in shown.items} == workable
        if actor.is_staff:
            assert queries.counts(db, actor, queries.queues(db, actor)).unsolved == len(workable)

    def test_an_organisation_that_stops_sharing_closes_its_tickets(self, db: Session, world: World) -> None:
        shared = world.tickets[0]
        assert shared.organisation is not None
        shared.organisation.shares_tickets = False
        db.flush()
        colleague = db.get_one(User, world.actors["colleague"].id)
        assert not queries.can_read(db, people.actor(db, colleague.id), shared)


class TestActing:
    @pytest.mark.parametrize("permission", ACTS)
    @pytest.mark.parametrize("role", READS)
    def test_on_a_ticket(self, world: World, role: str, permission: Can) -> None:
        allowed = {ticket.id for ticket in world.tickets if can(RULES, world.actors[role], permission, ticket)}
        assert allowed == expected(ACTS[permission], role, world.tickets)

    @pytest.mark.parametrize("permission", GENERAL)
    def test_in_general(self, world: World, permission: Can) -> None:
        assert {role for role, actor in world.actors.items() if can(RULES, actor, permission)} == GENERAL[permission]

    def test_the_tables_name_every_permission(self) -> None:
        assert {*ACTS, *GENERAL} == set(Can) == set(RULES)
