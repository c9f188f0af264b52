"""A Party asks: by mouse, by keyboard, and without scripts."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.functional.conftest import Open, choose

KNOWN = "How long does the accession process take"


def title_field(page: Page) -> Locator:
    return page.get_by_label("Your question in one line")


def answered_count(page: Page) -> int:
    """How many attempts Insights counts as answered."""
    page.goto("/insights/attempts?step=confirmed")
    return page.locator("tbody tr").count()


class TestSuggestions:
    def test_they_come_from_the_third_word_on_and_leave_the_focus(self, window: Open) -> None:
        page = window(path="/ask")
        title = title_field(page)
        title.press_sequentially("How long")
        page.wait_for_timeout(600)
        expect(page.locator("#suggestions li")).to_have_count(0)
        title.press_sequentially(KNOWN.removeprefix("How long"))
        expect(page.locator("#suggestions li").first).to_be_visible()
        expect(title).to_be_focused()
        expect(title).to_have_value(KNOWN)
        expect(page.locator("[data-suggest-live]")).to_contain_text("may already answer")

    def test_a_text_without_spaces_is_looked_up_too(self, window: Open) -> None:
        page = window(path="/ask")
        title_field(page).press_sequentially("我们必须提交多少信用担保")
        expect(page.locator("#suggestions [data-suggest-status]")).to_be_attached()

    def test_this_answered_me_ends_the_search_and_is_counted(self, window: Open) -> None:
        lead = window("lead")
        before = answered_count(lead)
        page = window("member", "/ask")
        title_field(page).press_sequentially(KNOWN)
        page.get_by_role("button", name=re.compile("^This answered me")).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Glad that this answered you")
        assert answered_count(lead) == before + 1

    def test_a_visitor_gets_them_without_scripts(self, window: Open) -> None:
        page = window("", "/", java_script_enabled=False)
        page.get_by_label("Your question about the code").fill(KNOWN)
        page.keyboard.press("Enter")
        expect(page.locator("#suggestions li").first).to_be_visible()
        title_field(page).fill("May the zebra of the office dance")
        page.get_by_label("Details").fill("It has stripes.")
        page.get_by_role("button", name="Check for answers").click()
        expect(page.locator("#suggestions")).to_contain_text("Nothing likely found")
        expect(page.get_by_label("Details")).to_have_value("It has stripes.")
        title_field(page).fill(KNOWN)
        page.keyboard.press("Enter")
        page.get_by_role("button", name=re.compile("^This answered me")).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Glad that this answered you")

    def test_a_telephone_leads_to_the_list_below_the_form(self, window: Open) -> None:
        page = window("member", "/ask", viewport={"width": 390, "height": 844})
        title_field(page).press_sequentially(KNOWN)
        page.get_by_role("link", name="Read them").click()
        expect(page.locator("#suggestions li").first).to_be_in_viewport()


class TestAskingTheCommunity:
    def test_it_is_asked_answered_voted_and_accepted(self, window: Open) -> None:
        asker, other = window("member", "/ask"), window("other")
        title_field(asker).fill("Where do we see whether our quarterly statement was corrected?")
        asker.get_by_label("Details").fill("The one of March. It cites **G3.20**.")
        choose(asker, "Community")
        asker.get_by_role("button", name="Send my question").click()
        expect(asker.get_by_role("heading", level=1)).to_contain_text("quarterly statement")
        address = asker.url

        other.goto(address)
        other.get_by_label("What would help the asker?").fill("Under Accounts, in the column Corrections.")
        other.get_by_role("button", name="Publish the answer").click()
        expect(other.locator("article, .post").filter(has_text="column Corrections").first).to_be_visible()

        asker.reload()
        asker.get_by_role("button", name=re.compile("^Accept")).click()
        expect(asker.get_by_text("Solved", exact=True).first).to_be_visible()
        asker.get_by_role("button", name=re.compile("[Uu]p|[Uu]seful|[Hh]elp")).last.click()
        expect(asker.locator('[id^="answer-"]').first).to_contain_text("1")

    def test_it_works_without_scripts(self, window: Open) -> None:
        page = window("member", "/ask", java_script_enabled=False)
        title_field(page).fill("May a statement be sent to two people of one Party?")
        choose(page, "Community")
        page.get_by_role("button", name="Check for answers").click()
        expect(page.get_by_role("heading", name="Ask a question")).to_be_visible()
        expect(title_field(page)).to_have_value("May a statement be sent to two people of one Party?")
        page.get_by_role("button", name="Send my question").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("May a statement be sent to two people of one Party?")
        other = window("other", page.url, java_script_enabled=False)
        other.get_by_label("What would help the asker?").fill("Yes, both addresses stand under Party details.")
        other.get_by_role("button", name="Publish the answer").click()
        expect(other.get_by_text("Yes, both addresses stand under Party details.")).to_be_visible()
        page.reload()
        page.get_by_role("button", name=re.compile("[Uu]p|[Uu]seful")).last.click()
        expect(page.locator('[id^="answer-"]').first).to_contain_text("1")


class TestTheKeyboard:
    def test_an_answer_is_found_without_a_mouse(self, window: Open) -> None:
        page = window("member", "/")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Your question about the code")).to_be_focused()
        page.keyboard.type(KNOWN)
        page.keyboard.press("Enter")
        expect(title_field(page)).to_have_value(KNOWN)
        title_field(page).focus()
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.innerText").startswith("This answered me"):
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Glad that this answered you")

    def test_a_question_is_sent_without_a_mouse(self, window: Open) -> None:
        page = window("member", "/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the main content")).to_be_focused()
        page.goto("/ask")
        title_field(page).focus()
        page.keyboard.type("Which form asks for a second certificate of a test?")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Details")).to_be_focused()
        page.keyboard.type("For a pilot only.")
        for _ in range(3):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.type") == "radio":
                break
        page.keyboard.press("Space")
        page.get_by_label("Details").focus()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("second certificate")


class TestNothingIsLost:
    def test_a_draft_survives_a_reload(self, window: Open) -> None:
        page = window("member", "/ask")
        title_field(page).fill("What does the letter about the audit ask of us?")
        choose(page, "Community")
        expect(page.locator("[data-draft-state]")).to_contain_text("Saved at")
        page.reload()
        expect(title_field(page)).to_have_value("What does the letter about the audit ask of us?")
        expect(page.locator("[data-draft-state]")).to_contain_text("Your draft is back")
        expect(page.get_by_role("radio", name="Community")).to_be_checked()
        expect(page.get_by_label("Visitors without an account")).not_to_be_checked()

    def test_a_visitor_finds_the_words_again_after_signing_in(self, window: Open) -> None:
        page = window("", "/ask")
        title_field(page).fill("What does the letter about the budget ask of us?")
        page.get_by_label("Details").fill("It came on Monday.")
        page.get_by_role("main").get_by_role("link", name="Sign in").click()
        page.get_by_role("row").filter(has_text="Party member").last.get_by_role("button").click()
        expect(title_field(page)).to_have_value("What does the letter about the budget ask of us?")
        expect(page.get_by_label("Details")).to_have_value("It came on Monday.")

    def test_a_question_that_was_answered_leaves_no_draft(self, window: Open) -> None:
        page = window("party_admin", "/ask")
        title_field(page).fill(KNOWN)
        page.get_by_role("button", name=re.compile("^This answered me")).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Glad that this answered you")
        page.wait_for_timeout(300)
        page.goto("/ask")
        page.wait_for_timeout(300)
        expect(title_field(page)).to_have_value("")

    def test_a_double_click_posts_once(self, window: Open) -> None:
        page = window("other", "/ask")
        title_field(page).fill("Is the double click of our statement counted?")
        choose(page, "Community")
        page.get_by_role("button", name="Send my question").dblclick()
        expect(page.get_by_role("heading", level=1)).to_contain_text("double click")
        page.goto("/questions?show=mine")
        expect(page.get_by_role("link", name="Is the double click of our statement counted?")).to_have_count(1)

    def test_a_double_click_posts_once_without_scripts(self, window: Open) -> None:
        page = window("other", "/ask", java_script_enabled=False)
        title_field(page).fill("Is the second click of our statement counted?")
        choose(page, "Community")
        page.get_by_role("button", name="Send my question").dblclick()
        expect(page.get_by_role("heading", level=1)).to_contain_text("second click")
        page.goto("/questions?show=mine")
        expect(page.get_by_role("link", name="Is the second click of our statement counted?")).to_have_count(1)

    def test_a_refused_form_comes_back_filled(self, window: Open) -> None:
        page = window("member", "/ask")
        title_field(page).fill("Short")
        page.get_by_label("Details").fill("These details must not be lost.")
        page.get_by_role("button", name="Send my question").click()
        summary = page.locator("[data-error-summary]")
        expect(summary).to_be_focused()
        expect(summary).to_contain_text("8 to 200 characters")
        expect(page.get_by_label("Details")).to_have_value("These details must not be lost.")
        summary.get_by_role("link", name=re.compile("8 to 200")).click()
        expect(title_field(page)).to_be_focused()
