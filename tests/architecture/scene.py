"""One small site with every kind of object in it, and words that only some people may ever read."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.enums import Category
from helpdesk.accounts.models import User
from helpdesk.community import moderation
from helpdesk.community import services as community
from helpdesk.kernel import jobs
from helpdesk.kernel.models import JobRow, OutboxRow
from helpdesk.kernel.policy import SYSTEM, Role
from helpdesk.knowledge.enums import Audience as Readers
from helpdesk.knowledge.models import PublishedAnswer
from helpdesk.tickets import queries as tickets_queries
from helpdesk.tickets import queues, services
from helpdesk.tickets.enums import Audience
from helpdesk.triage.models import Attempt, Group, GroupMember
from helpdesk.triage.services import models
from helpdesk.triage.services.attempts import remember
from helpdesk.triage.services.suggesting import suggest
from helpdesk.triage.services.thresholds import Point, keep_curve
from tests.factories import accounts, knowledge, rulebook, tickets, triage
from tests.factories import community as posts


class Who(StrEnum):
    """Everybody who may come to the site, in the order of the tables."""

    VISITOR = "visitor"
    MEMBER = "member"  # the requester of the tickets, author of the question
    COLLEAGUE = "colleague"  # administers the same Party, which shares its tickets
    OTHER = "other"  # a competing Party's member
    AGENT = "agent"
    NAMED = "named"  # an agent who is a member of the restricted queue
    LEAD = "lead"
    ADMIN = "admin"


STAFF = {Who.AGENT, Who.NAMED, Who.LEAD, Who.ADMIN}
PARTIES = {Who.MEMBER, Who.COLLEAGUE, Who.OTHER}

# Words that stand in one text each, and who may read that text.
MARKERS: Mapping[str, set[Who]] = {
    "quokkaprivate": {Who.MEMBER, *STAFF},
    "quokkashared": {Who.MEMBER, Who.COLLEAGUE, *STAFF},
    "quokkanote": {*STAFF},
    "quokkarestricted": {Who.MEMBER, Who.NAMED},
    "quokkaclosednote": {Who.NAMED},
    "quokkafile": {Who.MEMBER, *STAFF},
    "quokkaattempt": set(),
    "quokkahidden": {*STAFF},
    "quokkasilenced": {*STAFF},
    "quokkaremark": {*STAFF},
    "quokkadraft": {*STAFF},
    "quokkasketch": {*STAFF},
    "quokkastaff": {*STAFF},
    "quokkanetworks": {*STAFF},
    "quokkaparties": {*PARTIES, *STAFF},
    "quokkacommunity": {*PARTIES, *STAFF},
}


@dataclass(frozen=True)
class Scene:
    people: Mapping[Who, User | None]
    values: Mapping[str, Mapping[str, object]]
    """Values of the addresses' variables, by the object's name."""


def make_people(db: Session) -> dict[Who, User | None]:
    ours = accounts.make_organisation(db, "Acme Energy", shares_tickets=True)
    theirs = accounts.make_organisation(db, "Rival Power", shares_tickets=True, category=Category.LARGE_SUPPLIER)
    return {
        Who.VISITOR: None,
        Who.MEMBER: accounts.make_user(db, Role.MEMBER, ours),
        Who.COLLEAGUE: accounts.make_user(db, Role.PARTY_ADMIN, ours),
        Who.OTHER: accounts.make_user(db, Role.MEMBER, theirs),
        Who.AGENT: accounts.make_user(db, Role.AGENT),
        Who.NAMED: accounts.make_user(db, Role.AGENT),
        Who.LEAD: accounts.make_user(db, Role.LEAD),
        Who.ADMIN: accounts.make_user(db, Role.ADMIN),
    }


class Builder:
    """Fills a site through the services, as people would."""

    def __init__(self, app: Flask, db: Session) -> None:
        self.app, self.db = app, db
        self.people = make_people(db)
        self.actors = {who: accounts.as_actor(user) for who, user in self.people.items() if user is not None}
        self.values: dict[str, dict[str, object]] = {}

    def build(self) -> Scene:
        self.add_tickets()
        self.add_questions()
        self.add_knowledge()
        self.add_accounts()
        self.add_models()
        using = triage.make_engine(self.db)
        triage.index_all(self.db, using)
        jobs.run_waiting()
        self.add_attempt_and_topic()
        self.add_jobs()
        self.add_places_to_look_near()
        self.db.commit()
        return Scene(self.people, self.values)

    def add_tickets(self) -> None:
        db, member, agent, named = self.db, *(self.actors[who] for who in (Who.MEMBER, Who.AGENT, Who.NAMED))
        stored = self.app.extensions["signpost.files"].save(db, member, "quokkafile.txt", BytesIO(b"quokkafile"))
        private = tickets.make_ticket(
            db,
            member,
            subject="Charges quokkaprivate of our invoice",
            body="The invoice quokkaprivate is wrong.",
            audience=Audience.HELPDESK,
            attachments=[stored],
        )
        shared = tickets.make_ticket(
            db, member, subject="Charges quokkashared again", body="About quokkashared.", audience=Audience.ORGANISATION
        )
        closed = tickets.make_restricted_ticket(db, member, body="Our private key quokkarestricted has been stolen.")
        named_user = self.people[Who.NAMED]
        assert named_user is not None
        queues.add_member(db, SYSTEM, closed.queue, named_user)
        closed = tickets_queries.by_reference(db, named, closed.reference)
        services.note(db, agent, shared, "Only staff read quokkanote here.")
        services.note(db, named, closed, "Only members of the queue read quokkaclosednote.")
        services.reply(db, agent, shared, "We look into it.")
        clause = rulebook.make_code(db)["G3.20"]
        services.link_clause(db, agent, shared, clause)
        for name, ticket in {"private": private, "shared": shared, "closed": closed}.items():
            self.values[name] = {"reference": ticket.reference, "wanted": "open", "clause_id": clause.id}
        self.values["file"] = {"file_id": stored.id}

    def add_questions(self) -> None:
        db, member, other, admin = self.db, *(self.actors[who] for who in (Who.MEMBER, Who.OTHER, Who.ADMIN))
        public = posts.make_question(db, member, title="How do we pay the charges of a visitor?", is_public=True)
        parties = posts.make_question(db, member, title="How do we pay the charges quokkacommunity?", is_public=False)
        hidden = posts.make_question(db, other, title="How do we pay the charges quokkahidden?", is_public=True)
        moderation.hide(db, admin, hidden)
        answer = posts.make_answer(db, public, other, body="Pay the charges by transfer.")
        silenced = posts.make_answer(db, public, other, body="Pay the charges quokkasilenced.")
        moderation.set_answer_hidden(db, admin, public, silenced, is_hidden=True)
        remark = community.comment(db, other, public, "The remark quokkaremark.", None)
        moderation.set_comment_hidden(db, admin, public, remark, is_hidden=True)
        for name, question in {"public_question": public, "question": parties, "hidden_question": hidden}.items():
            self.values[name] = {"question_id": question.id, "slug": question.slug}
        self.values["answer"] = {"question_id": public.id, "answer_id": answer.id, "action": "hide"}
        self.values["hidden_answer"] = {"question_id": public.id, "answer_id": silenced.id, "action": "show"}
        self.values["comment"] = {"question_id": public.id, "comment_id": remark.id, "action": "show"}

    def add_knowledge(self) -> None:
        db = self.db
        made = {
            "faq": knowledge.make_answer(db, "How are charges paid?", wordings=["Where do charges go?"]),
            "parties_faq": knowledge.make_answer(db, "Charges quokkaparties?", audience=Readers.PARTIES),
            "networks_faq": knowledge.make_answer(
                db, "Charges quokkanetworks?", audience=Readers.CATEGORIES, categories=[Category.GAS_NETWORK.value]
            ),
            "staff_faq": knowledge.make_answer(db, "Charges quokkastaff?", audience=Readers.STAFF),
            "draft_faq": knowledge.make_answer(db, "Charges quokkadraft?", is_published=False),
            "guide": knowledge.make_article(db, "Paying charges"),
            "draft_guide": knowledge.make_article(db, "Paying charges quokkasketch", is_published=False),
        }
        for name, row in made.items():
            self.values[name] = {"slug": row.slug}

    def add_accounts(self) -> None:
        member = self.people[Who.MEMBER]
        assert member is not None
        self.values["member"] = {"user_id": member.id, "action": "disable"}
        self.values["organisation"] = {"organisation_id": member.organisation_id}
        self.values["clause"] = {"slug": "sec", "address": "G3.20"}
        self.values["document"] = {"slug": "sec"}
        self.values["suggested"] = {"token": "a" * 32, "kind": "question", "object_id": 0}
        self.values["figures"] = {"name": "weeks"}
        self.values["wrong_link"] = {"token": "no-such-token"}

    def add_models(self) -> None:
        row = models.register(
            self.db, what="ranking", name="ranking-1", folder=Path("nowhere"), metrics={"map@10": 0.5}
        )
        models.promote(self.db, SYSTEM, row)
        self.values["model"] = {"what": "ranking"}
        keep_curve(self.db, 40, 30, [Point(step / 10, 1 - step / 10, step / 10, 1.0) for step in range(1, 10)])

    def add_attempt_and_topic(self) -> None:
        db, member = self.db, self.actors[Who.MEMBER]
        text = "How do we pay the charges quokkaattempt this month?"
        remember(db, member, "b" * 32, text, suggest(db, member, text))
        db.flush()
        assert db.scalar(select(Attempt).where(Attempt.query.contains("quokkaattempt"))) is not None
        group = Group(name="Charges", size=4, terms=["charges"])
        db.add(group)
        db.flush()
        for kind, name, key in (
            ("question", "question", "question_id"),
            ("question", "hidden_question", "question_id"),
        ):
            db.add(GroupMember(kind=kind, object_id=self.values[name][key], group_id=group.id))
        for name in ("private", "shared", "closed"):
            found = tickets_queries.by_reference(db, SYSTEM, str(self.values[name]["reference"]))
            db.add(GroupMember(kind="ticket", object_id=found.id, group_id=group.id))
        self.values["group"] = {"group_id": group.id}

    def add_jobs(self) -> None:
        failed = JobRow(name="kernel.mail", arguments={}, state="failed")
        self.db.add(failed)
        self.db.flush()
        self.values["job"] = {"job_id": failed.id}
        mail = self.db.scalars(select(OutboxRow.id).order_by(OutboxRow.id)).first()
        self.values["mail"] = {"outbox_id": mail}
        self.values["suggested"]["object_id"] = self.values["public_question"]["question_id"]

    def add_places_to_look_near(self) -> None:
        """The addresses of what lies near something name any kind of thing by its number."""
        for name, of in {
            "near_public": "public_question",
            "near_question": "question",
            "near_hidden": "hidden_question",
        }.items():
            self.values[name] = {"kind": "question", "object_id": self.values[of]["question_id"]}
        for name, of in {"near_ticket": "private", "near_closed": "closed"}.items():
            found = tickets_queries.by_reference(self.db, SYSTEM, str(self.values[of]["reference"]))
            self.values[name] = {"kind": "ticket", "object_id": found.id}
        draft = self.db.scalars(
            select(PublishedAnswer.id).where(PublishedAnswer.slug == self.values["draft_faq"]["slug"])
        ).one()
        self.values["near_draft"] = {"kind": "answer", "object_id": draft}
