"""A ticket from its requester to the desk and back, and one that came by telephone."""

import re

from playwright.sync_api import Page, expect

from tests.functional.conftest import Open, choose


def open_ticket(page: Page, subject: str, body: str) -> str:
    """Ask for the helpdesk only; the reference of what was opened."""
    page.goto("/ask")
    page.get_by_label("Your question in one line").fill(subject)
    page.get_by_label("Details").fill(body)
    choose(page, "Helpdesk only")
    page.get_by_role("button", name="Send my question").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your enquiry")
    return page.url.split("/")[-2]


class TestOneTicket:
    def test_it_goes_from_requester_to_agent_and_back(self, window: Open) -> None:
        requester, agent = window("member"), window("agent")
        reference = open_ticket(requester, "Our invoice of June shows a charge twice", "Both lines say 200 pounds.")
        expect(requester.get_by_role("heading", name="What happens next")).to_be_visible()

        agent.goto("/desk?clear=1")
        row = agent.locator("[data-row]").filter(has_text=reference)
        expect(row).to_have_count(1)
        row.locator("[data-open]").click()
        expect(agent.get_by_role("heading", level=1)).to_have_text("Our invoice of June shows a charge twice")
        expect(agent.get_by_text("Only the requester and the helpdesk can see this")).to_be_visible()
        prediction = agent.get_by_role("complementary").get_by_text(re.compile("^Topic:"))
        for _ in range(20):  # the worker predicts a moment after the ticket came
            if prediction.count():
                break
            agent.wait_for_timeout(500)
            agent.reload()
        expect(prediction).to_contain_text(re.compile("not sure|%", re.IGNORECASE))

        agent.get_by_label("Note for staff").fill("Finance knows of it.")
        agent.get_by_role("button", name="Keep internal note").click()
        expect(agent.get_by_text("Finance knows of it.")).to_be_visible()
        agent.get_by_label("Topic", exact=True).select_option(index=2)
        agent.get_by_label("Priority", exact=True).select_option("high")
        agent.get_by_role("button", name="Keep", exact=True).click()
        expect(agent.get_by_text("Topic, priority and team are kept.")).to_be_visible()
        agent.get_by_role("textbox", name="Reply").fill("We take one line off. See G3.20.")
        agent.get_by_role("button", name="Send and solve").click()
        expect(agent.get_by_text("The reply is sent.")).to_be_visible()

        requester.goto(f"/tickets/{reference}")
        expect(requester.get_by_text("We take one line off.")).to_be_visible()
        expect(requester.get_by_text("Finance knows of it.")).to_have_count(0)
        requester.get_by_role("button", name=re.compile("^Reopen")).click()
        expect(requester.get_by_text("The ticket is open again.")).to_be_visible()
        window("other", f"/tickets/{reference}").get_by_role("heading", name="Page not found").wait_for()

    def test_it_works_without_scripts(self, window: Open) -> None:
        requester = window("member", java_script_enabled=False)
        reference = open_ticket(requester, "Our invoice of July is missing", "It did not come by e-mail.")
        agent = window("agent", f"/desk/tickets/{reference}", java_script_enabled=False)
        agent.get_by_role("textbox", name="Reply").fill("It is attached to this reply.")
        agent.get_by_role("button", name="Send reply").click()
        requester.goto(f"/tickets/{reference}")
        expect(requester.get_by_text("It is attached to this reply.")).to_be_visible()

    def test_a_refused_reply_comes_back_filled(self, window: Open) -> None:
        requester = window("member")
        reference = open_ticket(requester, "Our invoice of May is unreadable", "The scan is too dark.")
        requester.goto(f"/tickets/{reference}")
        requester.get_by_label("Your message").fill("A better scan is attached.")
        wrong = {"name": "scan.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"}
        requester.get_by_label("Files").set_input_files(wrong)
        requester.get_by_role("button", name="Send message").click()
        expect(requester.get_by_text("files of this kind are not accepted").first).to_be_visible()
        expect(requester.get_by_label("Your message")).to_have_value("A better scan is attached.")


class TestTheDesk:
    def test_the_keyboard_opens_a_ticket_and_reaches_reply_and_note(self, window: Open) -> None:
        agent = window("agent", "/desk?clear=1")
        agent.keyboard.press("j")
        agent.keyboard.press("j")
        agent.keyboard.press("k")
        first = agent.locator("[data-row]").first
        expect(first).to_have_class(re.compile("is-current"))
        subject = first.locator("[data-open]").inner_text()
        agent.keyboard.press("o")
        expect(agent.get_by_role("heading", level=1)).to_have_text(subject)
        agent.wait_for_load_state()  # the heading stands before the deferred script listens
        agent.keyboard.press("r")
        expect(agent.get_by_role("textbox", name="Reply")).to_be_focused()
        agent.keyboard.press("Escape")
        agent.keyboard.press("n")
        expect(agent.get_by_label("Note for staff")).to_be_focused()
        agent.keyboard.press("Escape")
        agent.keyboard.press("?")
        expect(agent.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()

    def test_a_telephone_call_becomes_a_ticket_of_somebody_without_an_account(self, window: Open) -> None:
        agent = window("agent", "/desk/new")
        agent.get_by_label("Their name").fill("Grace Caller")
        agent.get_by_label("Question in one line").fill("May we send the form by post?")
        agent.get_by_label("What they asked").fill("She has no printer and asks twice.")
        agent.get_by_role("button", name="Open the ticket").click()
        expect(agent.get_by_role("heading", level=1)).to_have_text("May we send the form by post?")
        expect(agent.get_by_text("Grace Caller").first).to_be_visible()
