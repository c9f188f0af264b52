"""A generated year of enquiries is repeatable, varied, and shaped like a helpdesk's year."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from helpdesk.accounts.enums import Category
from helpdesk.demo import texts
from helpdesk.demo.enquiries import Enquiry, generate
from helpdesk.tickets.enums import Channel, Priority
from helpdesk.tickets.hours import ZONE, working_minutes

START = date(2025, 4, 1)
RULES = {"security_incident", "event_of_default", "supplier_of_last_resort", "data_breach", "dcc_incident"}


@pytest.fixture(scope="module")
def year() -> list[Enquiry]:
    return list(generate(6000, seed=3, start=START))


class TestIntents:
    def test_every_topic_and_the_unknown_have_twelve_intents_with_three_phrasings(self):
        topics = {one["topic"] for one in texts.intents()}

        assert topics == {topic.slug for topic in texts.topics()} | {None}
        assert all(len(one["intents"]) >= 12 for one in texts.intents())
        assert all(len(intent["asks"]) >= 3 for one in texts.intents() for intent in one["intents"])

    def test_every_phrase_is_written_once(self):
        asks = Counter(ask for one in texts.intents() for intent in one["intents"] for ask in intent["asks"])

        assert [ask for ask, times in asks.items() if times > 1] == []


class TestGenerating:
    def test_the_same_seed_gives_the_same_enquiries(self):
        assert list(generate(200, seed=1, start=START)) == list(generate(200, seed=1, start=START))
        assert list(generate(200, seed=1, start=START)) != list(generate(200, seed=2, start=START))

    def test_gives_as_many_as_asked_in_the_order_of_opening(self, year):
        assert [one.number for one in year] == list(range(1, 6001))
        assert [one.opened_at for one in year] == sorted(one.opened_at for one in year)

    def test_all_lie_within_the_months_asked_for(self, year):
        assert datetime(2025, 3, 31, 22, tzinfo=UTC) < year[0].opened_at
        assert year[-1].opened_at < datetime(2026, 4, 2, tzinfo=UTC)

    def test_hardly_two_bodies_are_equal(self, year):
        assert len({one.body for one in year}) > 0.98 * len(year)

    def test_no_slot_is_left_unfilled(self, year):
        written = [text for one in year for text in (one.subject, one.body, one.reply)]

        assert not [text for text in written if "{" in text or "}" in text]
        assert all(one.subject.strip() and one.body.strip() for one in year)

    def test_uses_the_words_that_the_helpdesk_uses(self, year):
        assert {one.priority for one in year} == set(Priority)
        assert {one.channel for one in year} == set(Channel)
        assert {one.category for one in year} == set(Category)
        assert {one.kind for one in year} == {"ticket", "question"}
        assert {one.rule for one in year} == RULES | {None}

    def test_nothing_sensitive_becomes_a_community_question(self, year):
        assert not [one for one in year if one.kind == "question" and one.rule is not None]

    def test_most_arrive_in_working_hours(self, year):
        local = [one.opened_at.astimezone(ZONE) for one in year]
        inside = [at for at in local if at.weekday() < 5 and 9 <= at.hour < 17]

        assert len(inside) > 0.8 * len(year)

    def test_topics_grow_shrink_and_burst(self, year):
        half = year[len(year) // 2].opened_at
        early = Counter(one.topic for one in year if one.opened_at < half)
        late = Counter(one.topic for one in year if one.opened_at >= half)

        assert late["security-assessment"] > early["security-assessment"]
        assert late["smets1"] < early["smets1"]


class TestWhatBecameOfThem:
    def test_minutes_are_working_minutes_between_the_times_given(self, year):
        answered = [one for one in year if one.replied_at is not None]

        assert all(
            abs(working_minutes(one.opened_at, one.replied_at) - one.first_response_minutes) <= 1 for one in answered
        )

    def test_urgent_enquiries_are_answered_sooner(self, year):
        def median(priority: str) -> int:
            minutes = sorted(one.first_response_minutes for one in year if one.replied_at and one.priority == priority)
            return minutes[len(minutes) // 2]

        assert median("urgent") < median("high") < median("normal") < median("low")

    def test_solved_ones_were_answered_first_and_followed_up_in_between(self, year):
        solved = [one for one in year if one.is_solved]

        assert 0.9 * len(year) < len(solved) < len(year)
        assert all(one.replied_at < one.solved_at for one in solved)
        assert all(one.replied_at < later.at < one.solved_at for one in solved for later in one.follow_ups)

    def test_some_of_the_last_days_are_still_open(self, year):
        assert [one for one in year[-60:] if not one.is_solved]
