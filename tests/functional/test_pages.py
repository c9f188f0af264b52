"""Every page as every person: no finding of axe in light and dark, and no sideways scrolling on narrow screens."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.exceptions import HTTPException

from helpdesk.app import create_app
from helpdesk.config import PROJECT_ROOT, Settings
from tests.functional.conftest import Open
from tests.functional.serving import ServedSite
from tests.functional.test_tickets import open_ticket

AXE = PROJECT_ROOT / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}
DESKTOP = {"width": 1440, "height": 900}

# Where each person begins; visitors also where only they have business.
STARTS = (
    "/",
    "/ask?q=How+long+does+the+accession+process+take",
    "/search?q=certificate&stay=1",
    "/no-such-page",
    "/ask?q=What+does+G3.20+ask+of+us",
)
DOORS = ("/sign-in", "/sign-up", "/reset", "/styleguide")

NO_PAGES = {
    "static",
    "account.security_picture",  # a picture
    "ask.suggestions",  # a part of a page, seen in the pages of asking
    "ask.open_item",  # leads onward
    "community_feed.feed",
    "insights.download",
    "portal.alive",
    "portal.draft",
    "portal.metrics",
    "portal.ready",
    "tickets.download",
    "triage_api.openapi",
    "triage_api.suggestions",
    "account.new_email",  # by mail only, as are the next two
    "accounts.invitation",
    "accounts.new_password",
}


@pytest.fixture(scope="module")
def routes(served: ServedSite) -> Flask:
    """The addresses of the site; no request is made through it."""
    return create_app(Settings(secret_key="of-a-test", data_dir=served.data_dir, is_development=True))


def endpoint(routes: Flask, link: str) -> str:
    """The endpoint of an address, or nothing where there is none."""
    try:
        found, _ = routes.url_map.bind("localhost").match(urlsplit(link).path)
    except HTTPException:
        return ""
    return str(found)


def edited(agent: Page) -> list[str]:
    """Pages that exist once somebody changed a question and an answer."""
    agent.goto("/questions?sort=votes")
    agent.locator(".question-row h3 a").first.click()
    question = agent.url
    # Scripts put this page's content beside the question, so that no link leads to it.
    found = [f"/related/question/{question.split('/')[4]}"]
    for name in ("Edit this question", "Edit the answer"):
        agent.goto(question)
        agent.get_by_role("link", name=name).first.click()
        found.append(agent.url)
        text = agent.get_by_label("Text")
        text.fill(f"{text.input_value()} See also G3.20.")
        agent.get_by_role("button", name=re.compile("^Publish|^Save|^Keep")).click()
        expect(agent.get_by_text("Your changes are published.")).to_be_visible()
        found.append(found[-1].replace("/edit", "/history"))
    return found


def visit(page: Page, routes: Flask, starts: Sequence[str]) -> Iterator[str]:
    """Open one page of every kind that links lead to, and name it."""
    waiting, kinds = deque(starts), set[str]()
    while waiting:
        response = page.goto(waiting.popleft())
        assert response is not None
        assert response.status in {200, 403, 404}, page.url
        yield endpoint(routes, page.url)
        for link in page.eval_on_selector_all("a[href^='/']", "links => links.map(link => link.getAttribute('href'))"):
            found = endpoint(routes, link)
            if found and found not in NO_PAGES and found not in kinds:
                kinds.add(found)
                waiting.append(link.partition("#")[0])


def findings(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong: all of its rules, or those that are named."""
    options = {"runOnly": list(rules)} if rules else {}
    found = page.evaluate("options => axe.run(document, {resultTypes: ['violations'], ...options})", options)
    return [
        f"{page.url}: {one['id']} at {', '.join(str(node['target']) for node in one['nodes'][:3])}"
        for one in found["violations"]
    ]


def check(page: Page) -> list[str]:
    """What is wrong with the page that is open."""
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")  # no colour is measured on its way
    page.evaluate(AXE.read_text(encoding="utf-8"))
    wrong = findings(page)
    page.emulate_media(color_scheme="dark")
    wrong += [f"dark: {one}" for one in findings(page)]
    page.set_viewport_size(PHONE)
    wrong += [f"390 pixels: {one}" for one in findings(page, "target-size")]
    for screen in (TABLET, PHONE):
        page.set_viewport_size(screen)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > screen["width"]:
            wrong.append(f"{page.url} is {width} pixels wide on a screen of {screen['width']}")
    return wrong


SEEN: dict[str, set[str]] = {}


@pytest.mark.parametrize("who", ["", "member", "party_admin", "agent", "lead", "admin"])
def test_every_page_is_accessible_and_fits_a_telephone(who: str, window: Open, routes: Flask) -> None:
    page, wrong = window(who), []
    starts = [*STARTS, *(DOORS if not who else ())]
    if who == "member":
        starts.append(f"/tickets/{open_ticket(page, 'Which page follows a ticket?', 'This one.')}/received")
    if who == "agent":
        starts += edited(page)
    for name in visit(page, routes, starts):
        SEEN.setdefault(who, set()).add(name)
        wrong += check(page)
    assert not wrong, "\n".join(wrong)


def test_every_kind_of_page_was_seen_by_somebody(routes: Flask) -> None:
    """Runs after the pages were visited."""
    pages = {rule.endpoint for rule in routes.url_map.iter_rules() if "GET" in (rule.methods or set())}
    if len(SEEN) < 6:
        pytest.skip("the pages were not visited in this run")
    assert pages - set().union(*SEEN.values()) - NO_PAGES == set()
