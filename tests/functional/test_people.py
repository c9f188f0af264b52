"""An administrator invites somebody, who sets a password and signs in."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.functional.conftest import Open

ADDRESS = "newcomer@helpdesk.example"
PASSWORD = "four quiet words here"


class TestInvitation:
    def test_a_person_is_invited_sets_a_password_and_signs_in(self, window: Open) -> None:
        admin, newcomer = window("admin", "/admin/people/invite"), window()
        admin.get_by_label("E-mail").fill(ADDRESS)
        admin.get_by_label("Name").fill("Nora Newcomer")
        admin.get_by_label("Role").select_option(label="Agent")
        admin.get_by_role("button", name=re.compile("[Ii]nvit")).click()
        row = admin.get_by_role("row").filter(has_text=ADDRESS)
        for _ in range(20):  # the worker writes the mail
            admin.goto(f"/admin/mail?to={ADDRESS}")
            if row.count() and "held" in row.inner_text().lower():
                break
            admin.wait_for_timeout(500)
        row.get_by_role("link").first.click()
        text = admin.get_by_role("main").inner_text()
        link = re.search(r"http://\S+/invite/\S+", text)
        assert link, text

        newcomer.goto(urlsplit(link.group()).path)
        for field in newcomer.locator("input[type=password]").all():
            field.fill(PASSWORD)
        newcomer.get_by_role("main").get_by_role("button").last.click()
        expect(newcomer.get_by_text("Your password is kept.")).to_be_visible()
        newcomer.get_by_label("E-mail").fill(ADDRESS)
        newcomer.get_by_label("Password").fill(PASSWORD)
        newcomer.get_by_role("button", name="Sign in", exact=True).click()
        expect(newcomer.get_by_text("Nora Newcomer")).to_be_visible()
        newcomer.goto("/desk")
        expect(newcomer.get_by_role("heading", level=1)).to_have_text("Desk")
