"""The code's structure, the glossary, published answers and articles."""

from datetime import timedelta

from sqlalchemy.orm import Session

from helpdesk.demo import texts
from helpdesk.demo.loading import cast
from helpdesk.demo.loading.plan import DAYS, Plan, Progress
from helpdesk.kernel.policy import SYSTEM
from helpdesk.knowledge import services as knowledge
from helpdesk.knowledge.enums import Audience
from helpdesk.rulebook import services as rulebook
from helpdesk.rulebook.drafts import ClauseDraft
from helpdesk.rulebook.enums import DocumentKind

UNCONFIRMED = "(title not confirmed)"  # how the texts mark what nobody has compared with the published code


def add_code(db: Session, plan: Plan, progress: Progress) -> None:
    """The code as one document, every clause marked as demonstration text, and the glossary."""
    document = rulebook.add_document(
        db,
        SYSTEM,
        slug="sec",
        title="Smart Energy Code (demonstration text)",
        short_title="SEC",
        kind=DocumentKind.SECTION_SET,
        is_demonstration=True,
    )
    version = rulebook.add_version(db, SYSTEM, document, label="Demonstration", in_force_from=plan.start)
    clauses = [
        ClauseDraft(
            number=entry.number,
            text=entry.text,
            heading=entry.title,
            parent=entry.parent,
            applies_to=entry.applies_to,
            is_demonstration=True,
            is_verified=UNCONFIRMED not in entry.title,
        )
        for entry in texts.code_entries()
    ]
    rulebook.add_clauses(db, SYSTEM, version, clauses, progress)
    terms = {entry.term: entry.meaning for entry in texts.glossary()}
    rulebook.set_glossary(db, SYSTEM, terms, is_demonstration=True)


def add_answers(db: Session, plan: Plan, progress: Progress) -> None:
    """The published answers, each with the other ways in which people ask it."""
    lead, random = cast.read(db).lead, plan.random("answers")
    for text in texts.answers():
        at = plan.now - timedelta(days=DAYS) * random.betavariate(2, 1)  # more of them early in the year
        answer = knowledge.draft_answer(
            db,
            lead,
            question=text.question,
            body=text.answer,
            audience=Audience(text.audience),
            topic=text.topic,
            wordings=text.wordings,
            at=at,
        )
        knowledge.publish_answer(db, lead, answer, at=at)
        progress(1)


def add_articles(db: Session, plan: Plan, progress: Progress) -> None:
    """The longer reads."""
    lead, random = cast.read(db).lead, plan.random("articles")
    for text in texts.articles():
        at = plan.moment(random)
        article = knowledge.write_article(
            db,
            lead,
            title=text.title,
            summary=text.summary,
            body=text.body,
            audience=Audience(text.audience),
            topic=text.topic,
            at=at,
        )
        knowledge.publish_article(db, lead, article, at=at)
        progress(1)
