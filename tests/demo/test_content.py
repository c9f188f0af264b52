"""The demonstration's texts are complete, cite only what exists, and say what they are."""

import re
from collections import Counter

import pytest
from slugify import slugify

from helpdesk.accounts.enums import Category, UserRole
from helpdesk.demo import texts
from helpdesk.demo.organisations import organisations, people, ready_parties
from helpdesk.kernel.policy import Role
from helpdesk.nlp.citations import CitationFinder
from helpdesk.tickets.enums import Priority, QueueSlug

TOPICS = {topic.slug for topic in texts.topics()}
MODIFICATION = re.compile(r"(DP|MP)\d{3}|SECMP\d{4}|SEC\d{4}")
PARTS = re.compile(r"\.\.")


def unknown_citations(text: str) -> list[str]:
    """Citations in `text` that lead to no entry of the code's structure; a range counts by its two ends."""
    numbers = {entry.number for entry in texts.code_entries()}
    found = [part for citation in CitationFinder().find(text) for part in PARTS.split(citation.canonical)]
    known = numbers | {f"Section {number}" for number in numbers if len(number) == 1}
    return [part for part in found if part not in known and not MODIFICATION.fullmatch(part)]


class TestTheCode:
    def test_has_the_sections_clauses_and_annexes_that_the_sources_name(self):
        kinds = Counter(entry.kind for entry in texts.code_entries())

        assert kinds["section"] == 17
        assert kinds["subsection"] >= 55
        assert kinds["clause"] >= 45
        assert kinds["schedule"] + kinds["appendix"] == 40

    def test_every_text_says_that_it_is_demonstration_text(self):
        assert all(entry.demonstration for entry in texts.code_entries())
        assert all(entry.demonstration for entry in texts.glossary())
        assert "not the legal text" in texts.DEMONSTRATION_NOTICE

    def test_every_number_stands_once_and_below_a_parent_that_came_before_it(self):
        seen: set[str] = set()
        for entry in texts.code_entries():
            assert entry.number not in seen
            assert entry.parent is None or entry.parent in seen
            seen.add(entry.number)

    def test_applies_to_categories_and_user_roles_only(self):
        allowed = {*Category, *UserRole}

        assert all(set(entry.applies_to) <= allowed for entry in texts.code_entries())

    def test_an_unchecked_title_is_never_shown_as_fact(self):
        unchecked = [entry for entry in texts.code_entries() if "has been checked" in entry.text]

        assert unchecked
        assert all("(title not confirmed)" in entry.title for entry in unchecked)

    def test_the_events_of_default_are_itemised(self):
        items = [entry.number for entry in texts.code_entries() if entry.parent == "M8.1"]

        assert items == [f"M8.1({letter})" for letter in "abcdefg"]

    def test_the_glossary_has_every_term_once(self):
        terms = [entry.term for entry in texts.glossary()]

        assert len(terms) == len(set(terms)) == 131


class TestTopicsAndTeams:
    def test_there_are_twenty_nine_topics_each_with_a_team_and_a_priority(self):
        slugs = {team.slug for team in texts.teams()}

        assert len(texts.topics()) == len(TOPICS) == 29
        assert all(topic.team in slugs and topic.priority in set(Priority) for topic in texts.topics())

    def test_the_queues_that_rules_name_are_restricted_teams(self):
        restricted = {team.slug for team in texts.teams() if team.restricted}

        assert restricted == {QueueSlug.SECURITY_INCIDENTS, QueueSlug.DEFAULTS, QueueSlug.DATA_PROTECTION}


class TestAnswers:
    def test_there_are_at_least_four_on_every_topic(self):
        by_topic = Counter(answer.topic for answer in texts.answers())

        assert set(by_topic) == TOPICS
        assert min(by_topic.values()) >= 4
        assert by_topic.total() >= 125

    def test_no_two_answers_share_a_wording(self):
        wordings = [text.lower() for one in texts.answers() for text in (one.question, *one.wordings)]

        assert len(wordings) == len(set(wordings))
        assert all(2 <= len(one.wordings) <= 4 for one in texts.answers())

    def test_each_is_short_enough_to_read_and_long_enough_to_help(self):
        lengths = {one.question: len(one.answer.split()) for one in texts.answers()}

        assert {question: length for question, length in lengths.items() if not 60 <= length <= 180} == {}

    def test_each_is_for_the_public_or_for_parties(self):
        assert {one.audience for one in texts.answers()} == {"public", "parties"}

    @pytest.mark.parametrize("answer", texts.answers(), ids=lambda one: one.question[:50])
    def test_cites_only_what_the_code_holds(self, answer):
        assert unknown_citations(answer.answer) == []


class TestArticles:
    def test_there_are_at_least_forty_two_of_readable_length(self):
        articles = texts.articles()

        assert len(articles) >= 42
        assert all(150 <= len(article.body.split()) <= 500 for article in articles)

    def test_every_topic_has_one(self):
        assert {article.topic for article in texts.articles()} == TOPICS

    def test_links_to_other_articles_lead_somewhere(self):
        slugs = {slugify(article.title) for article in texts.articles()}  # as `write_article` makes addresses
        linked = {slug for article in texts.articles() for slug in re.findall(r"\(/articles/([\w-]+)\)", article.body)}

        assert linked
        assert linked <= slugs

    @pytest.mark.parametrize("article", texts.articles(), ids=lambda one: one.slug)
    def test_cites_only_what_the_code_holds(self, article):
        text = article.body.replace('"BSC Section S"', "").replace('"Section K of the BSC"', "")

        assert unknown_citations(text) == []


class TestCommunity:
    def test_there_are_sixty_questions_some_answered_some_not(self):
        questions = texts.community()

        assert len(questions) >= 60
        assert any(not question.answers for question in questions)
        assert all(sum(answer.accepted for answer in question.answers) <= 1 for question in questions)
        assert any(answer.official for question in questions for answer in question.answers)
        assert any(answer.comments for question in questions for answer in question.answers)

    def test_titles_differ_and_topics_exist(self):
        titles = [question.title for question in texts.community()]

        assert len(titles) == len(set(titles))
        assert {question.topic for question in texts.community()} <= TOPICS


class TestOrganisations:
    def test_parties_and_voting_groups_are_those_of_the_year_report(self):
        parties = organisations(1)

        assert Counter(party.category for party in parties) == {
            "electricity_network": 27,
            "gas_network": 20,
            "large_supplier": 28,
            "small_supplier": 137,
            "other": 120,
            "dcc": 1,
        }
        assert len({party.voting_group for party in parties}) == 263

    def test_names_and_domains_are_unique_and_reserved(self):
        parties = organisations(1)

        assert len({party.name for party in parties}) == 333
        assert len({domain for party in parties for domain in party.domains}) == 333
        assert all(domain.endswith(".example") for party in parties for domain in party.domains)

    def test_the_same_seed_invents_the_same(self):
        assert organisations(5) == organisations(5)
        assert people(5) == people(5)
        assert organisations(5) != organisations(6)


class TestPeople:
    def test_every_role_has_a_ready_account(self):
        ready = Counter(person.role for person in people(1) if person.is_ready_account)

        assert ready == {Role.MEMBER: 3, Role.PARTY_ADMIN: 1, Role.AGENT: 3, Role.LEAD: 1, Role.ADMIN: 1}

    def test_two_ready_members_share_tickets_and_the_third_competes(self):
        own, competitor = ready_parties(organisations(1))
        members = [person for person in people(1) if person.is_ready_account and person.role is Role.MEMBER]

        assert [person.organisation for person in members] == [own.name, own.name, competitor.name]
        assert own.shares_tickets
        assert own.voting_group != competitor.voting_group

    def test_one_agent_alone_reads_security_incidents(self):
        readers = [person for person in people(1) if QueueSlug.SECURITY_INCIDENTS in person.queues]

        assert [person.role for person in readers] == [Role.AGENT]

    def test_addresses_are_unique_and_every_organisation_has_somebody(self):
        everybody = people(1)

        assert len({person.email for person in everybody}) == len(everybody)
        assert {party.name for party in organisations(1)} <= {person.organisation for person in everybody}
