"""A topic becomes a published answer, which the next person is shown."""

import re

from playwright.sync_api import expect

from tests.functional.conftest import Open

WORDS = "Which zebra crossing leads to the meter cupboard"


class TestFromTopicToAnswer:
    def test_a_published_answer_is_suggested_in_another_browser_within_seconds(self, window: Open) -> None:
        lead, party = window("lead", "/insights/topics"), window("party_admin", "/ask")
        lead.locator("tbody a").first.click()
        lead.get_by_role("button", name="Draft an answer").click()
        expect(lead.get_by_role("heading", level=1)).to_have_text("Edit an answer")
        lead.get_by_label("Question", exact=True).fill(f"{WORDS}?")
        lead.get_by_label("Text").fill("The crossing at the north gate leads to the meter cupboard.")
        lead.get_by_label("Also asked as").fill("Where is the zebra crossing of the meter cupboard?")
        lead.get_by_role("button", name="Keep").click()
        expect(lead.get_by_text("Your changes are kept.")).to_be_visible()

        asked = party.get_by_label("Your question in one line")
        asked.fill(WORDS)
        found = party.locator("#suggestions").get_by_role("link", name=re.compile("zebra"))
        expect(party.locator("#suggestions [data-suggest-status]")).to_be_attached()
        expect(found).to_have_count(0)  # a draft is nobody's business

        lead.get_by_role("button", name="Publish").click()
        expect(lead.get_by_text("Published. It is suggested from now on.")).to_be_visible()
        for turn in range(20):  # the worker reads its meaning first; the same words are not asked twice
            asked.fill(f"{WORDS}{'?' * (turn % 2 + 1)}")
            party.wait_for_timeout(700)
            if found.count():
                break
        expect(found).to_have_count(1)
        found.click()
        expect(party.get_by_role("heading", level=1)).to_have_text(f"{WORDS}?")
        party.get_by_role("button", name="Yes, it helped").click()
        expect(party.get_by_text("Thank you.")).to_be_visible()
