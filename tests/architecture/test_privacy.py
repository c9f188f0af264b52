"""Private text reaches nobody without the right, and what a list shows can be opened."""

import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask

from tests.architecture.conftest import Visits
from tests.architecture.scene import MARKERS, Scene, Who
from tests.architecture.test_routes import address, rules

HREF = re.compile(r'\shref="(/[^"]*)"')
MOST_ADDRESSES = 400  # of one person; a small site has fewer, and a loop of links has more
STARTS = ("/", "/search?stay=1&q=charges", "/ask/suggestions?q=how+do+we+pay+charges", "/questions.atom")
LEAVES = ("/static/", "/sign-out", "/files/")

# Where words that a person chooses are looked for.
QUESTIONS = (*MARKERS, "How do we pay the charges of the invoice?")
SEEKERS = ("/search?stay=1&q=", "/ask/suggestions?q=", "/api/v1/suggestions?q=", "/faq?topic=", "/questions?tag=")

pytestmark = pytest.mark.slow


def seekers() -> Iterator[str]:
    """Every way to ask the site for a text; three words are needed before it suggests."""
    for path in SEEKERS:
        yield from (f"{path}{text.replace(' ', '+')}+charges+charges" for text in QUESTIONS)


def pages(app: Flask, scene: Scene) -> Iterator[str]:
    """Every page about every object of the scene."""
    for rule, method in rules(app):
        if method == "GET":
            values = [one for one in ({}, *scene.values.values()) if rule.arguments <= set(one)]
            yield from dict.fromkeys(address(app, rule, dict(one)) for one in values)


class TestPrivateText:
    def test_it_stands_in_no_answer_to_those_without_the_right(self, app: Flask, visits: Visits, scene: Scene) -> None:
        leaks = set()
        for url in (*pages(app, scene), *seekers()):
            for who in Who:
                page = visits.open(who, url).get_data(as_text=True)
                leaks |= {
                    (who.value, marker, url)
                    for marker, readers in MARKERS.items()
                    if who not in readers and marker not in url and marker in page
                }
        assert sorted(leaks) == []

    def test_what_was_looked_for_is_not_given_back_as_found(self, visits: Visits) -> None:
        for marker, readers in MARKERS.items():
            for who in set(Who) - readers:
                url = "/api/v1/suggestions?" + urlencode({"q": f"{marker} charges charges"})
                assert marker not in visits.open(who, url).get_data(as_text=True)
                found = visits.open(who, f"/search?stay=1&q={marker}").get_data(as_text=True)
                assert f"<mark>{marker}" not in found

    def test_its_readers_do_find_it(self, visits: Visits) -> None:
        """Else the tests above would prove nothing."""
        for marker, url in (("quokkaprivate", "/tickets"), ("quokkacommunity", "/questions"), ("quokkadraft", "/faq")):
            reader = Who.AGENT if url == "/faq" else Who.MEMBER
            assert marker in visits.open(reader, f"{url}?state=draft").get_data(as_text=True)
        assert "quokkaprivate" in visits.open(Who.AGENT, "/search?stay=1&q=quokkaprivate").get_data(as_text=True)
        assert "quokkarestricted" in visits.open(Who.NAMED, "/search?stay=1&q=quokkarestricted").get_data(as_text=True)


class TestLists:
    @pytest.mark.parametrize("who", list(Who))
    def test_whatever_is_linked_can_be_opened(self, who: Who, visits: Visits) -> None:
        """Every link of every page that a person reaches from home, the search and the suggestions."""
        waiting = deque(
            ["/", "/search?stay=1&q=charges", "/ask/suggestions?q=how+do+we+pay+charges", "/questions.atom"]
        )
        seen, broken = set(waiting), {}
        while waiting:
            url = waiting.popleft()
            response = visits.open(who, url, is_checked=True)
            if response.status_code >= 400:
                broken[url] = response.status_code
            links = [unescape(link).partition("#")[0] for link in HREF.findall(response.get_data(as_text=True))]
            if response.location:
                links.append(response.location)
            for link in dict.fromkeys(links):
                if link not in seen and not link.startswith(LEAVES) and is_new(link, seen):
                    seen.add(link)
                    waiting.append(link)
            assert len(seen) < MOST_ADDRESSES
        assert broken == {}
        assert len(seen) > 15


def is_new(link: str, seen: set[str]) -> bool:
    """Sorting and filtering repeat one page in many orders: each combination of parameters is opened once."""
    return not urlsplit(link).query or shape(link) not in {shape(one) for one in seen}


def shape(link: str) -> tuple[str, tuple[str, ...]]:
    """The path and the names of the parameters."""
    parts = urlsplit(link)
    return parts.path, tuple(sorted(one.partition("=")[0] for one in parts.query.split("&")))
