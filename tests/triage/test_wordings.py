"""Typing errors, acronyms and identifiers: what is meant is found, in whichever form it is written."""

import numpy as np
import pytest

from helpdesk.kernel.policy import SYSTEM, VISITOR
from helpdesk.rulebook import resolver
from helpdesk.rulebook import services as rulebook
from helpdesk.triage import engine
from helpdesk.triage.services.suggesting import suggest
from tests.factories.accounts import make_actor
from tests.factories.knowledge import make_answer
from tests.factories.tickets import make_ticket
from tests.factories.triage import index_all

QUESTION = "How much credit cover must we lodge"


def test_one_typing_error_does_not_lose_an_answer(db, using) -> None:
    make_answer(db, QUESTION)
    index_all(db, using)

    assert [item.title for item in suggest(db, VISITOR, QUESTION.replace("credit", "creidt")).items] == [QUESTION]


def test_words_of_tickets_mend_nothing_and_excuse_nothing(db, using) -> None:
    make_answer(db, QUESTION)
    make_ticket(db, make_actor(db), subject="Our creidt and our coveralls")
    index_all(db, using)
    using.cache.follow(db)

    assert using.corrected("creidt") == "credit"
    assert using.corrected("coverals") == "coverals"


@pytest.mark.parametrize(
    ("title", "text", "other"),
    [("Where is SMETS2 explained", "SMETS 2 meter", "smets2"), ("About DP 110", "DP110 stage please", "110")],
)
def test_identifiers_joined_and_apart_find_each_other(db, using, monkeypatch, title, text, other) -> None:
    monkeypatch.setattr(using.confidence, "probabilities", lambda found: np.ones(len(found)))
    make_answer(db, title, body="Nothing else")
    make_answer(db, "Several sets of papers", body="Two sets")
    index_all(db, using)

    item = suggest(db, VISITOR, text).items[0]

    assert item.title == title
    assert other in " ".join(item.reasons)


@pytest.mark.parametrize(
    ("title", "text", "other"),
    [
        ("Which charges the Data Communications Company levies", "which charges the DCC levies", "communications"),
        ("Which charges the DCC levies", "which charges the data communications company levies", "dcc"),
    ],
)
def test_acronyms_and_long_forms_of_the_glossary_find_each_other(db, using, monkeypatch, title, text, other) -> None:
    make_answer(db, title)
    index_all(db, using)
    rulebook.set_glossary(db, SYSTEM, {"DCC": "Data Communications Company, the licensed operator"})
    monkeypatch.setattr(resolver, "memory", resolver.CodeMemory(look_again_seconds=0))

    (item,) = suggest(db, VISITOR, text).items

    assert other in " ".join(item.reasons)


def test_an_acronym_finds_its_long_form_by_words_alone(db, using, monkeypatch) -> None:
    answer = make_answer(db, "Which charges the Data Communications Company levies")
    make_answer(db, "Which charges are levied by others")
    db.commit()
    rulebook.set_glossary(db, SYSTEM, {"DCC": "Data Communications Company, the licensed operator"})
    monkeypatch.setattr(resolver, "memory", resolver.CodeMemory(look_again_seconds=0))
    engine.use(None)

    assert suggest(db, VISITOR, "the DCC and its offices").items[0].id == answer.id
