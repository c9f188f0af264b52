"""One served site, one browser, and a window of its own for each person."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState, expect, sync_playwright

from tests.functional import serving
from tests.functional.serving import ServedSite

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS = 15_000  # a busy machine with two cores; nothing here is about speed

# The ready accounts by their role's name on the sign-in page, and which of those of that role.
READY = {
    "member": ("Party member", 0),
    "other": ("Party member", 1),
    "party_admin": ("Party administrator", 0),
    "agent": ("Agent", 0),
    "lead": ("Lead", 0),
    "admin": ("Administrator", 0),
}

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "functional" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    """The site with a small demonstration; it must also end well."""
    data_dir = tmp_path_factory.mktemp("served")
    url = f"http://127.0.0.1:{serving.free_port()}"
    serving.fill(data_dir, url)
    log = data_dir / "serve.log"
    process = serving.start(data_dir, url, log)
    try:
        yield ServedSite(url, data_dir, log)
    finally:
        serving.stop(process)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    assert path, "install the package chromium; tools/browser.sh does it"
    running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
    yield running
    running.close()


@pytest.fixture(scope="session")
def signed_in(browser: Browser, served: ServedSite) -> Callable[[str], StorageState]:
    """The cookies of each ready account, signed in once."""
    kept: dict[str, StorageState] = {}

    def state(who: str) -> StorageState:
        if who not in kept:
            role, number = READY[who]
            with browser.new_context(base_url=served.url) as context:
                page = context.new_page()
                page.goto("/sign-in")
                row = page.get_by_role("row").filter(has=page.get_by_role("cell", name=role, exact=True)).nth(number)
                row.get_by_role("button").click()
                expect(page.locator('form[action="/sign-out"]')).to_be_attached()
                kept[who] = context.storage_state()
        return kept[who]

    return state


@pytest.fixture
def window(browser: Browser, served: ServedSite, signed_in: Callable[[str], StorageState]) -> Iterator[Open]:
    """`window("agent")` is a page of that person's own browser; nobody named means a visitor."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_window(who: str = "", path: str = "", **options: Any) -> Page:
        if who:
            options["storage_state"] = signed_in(who)
        context = browser.new_context(base_url=served.url, **options)
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.on("console", lambda said: problems.append(f"{page.url}: {said.text}") if is_refused(said.text) else None)
        page.on("response", lambda got: problems.append(f"{got.url}: {got.status}") if got.status >= 500 else None)
        if path:
            page.goto(path)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert problems == []


def choose(page: Page, label: str) -> None:
    """Press a radio card as people do: on its words, which cover the button."""
    page.locator("label").filter(has_text=label).click()


def is_refused(text: str) -> bool:
    """Whether the console tells of something that the content security policy stopped."""
    return "Content Security Policy" in text


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=WAIT_MS)
