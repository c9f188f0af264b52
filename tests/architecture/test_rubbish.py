"""Rubbish in every form and every address gets a sentence, never a failure."""

import io
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from helpdesk.config import PROJECT_ROOT
from tests.architecture.conftest import Visits
from tests.architecture.scene import Scene, Who
from tests.architecture.test_privacy import pages
from tests.architecture.test_routes import address, rules

RUBBISH = {
    "nothing": "",
    "blanks": " \t\r\n ",
    "long": "w" * 100_000,
    "right to left": "\u202eسؤال حول الرسوم\u202c",
    "emoji": "👩‍🚀🏳️‍🌈" * 50,
    "SQL": "'; DROP TABLE users; -- \" OR 1=1 %_\\",
    "HTML": '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}{% raw %}',
    "nul": "before\0after",
    "lone surrogate": "%ED%A0%80",
    "huge number": "9" * 40,
    "negative number": "-1",
    "other digits": "٣²①",
    "control": "\x01\x1b[31m\x7f\u2028",
}
FIELD = re.compile(r'<(?:input|textarea|select|button)\b[^>]*\bname="([^"]+)"')
FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>.*?</form>', re.DOTALL | re.IGNORECASE)
ACTION = re.compile(r'\baction="([^"]+)"')
PARAMETER = re.compile(r'(?:args\.get\(|args\[|chosen\(\w+, |day\(|_word\(\w+, )"(\w+)"')
UPLOADS = {
    "empty": (b"", "empty.pdf"),
    "another kind": (b"MZ\x90", "program.exe"),
    "not what it says": (b"<svg onload=alert(1)>", "picture.png"),
    "odd name": (b"text", "../../etc/\u202epasswd\x00.txt"),
    "no name": (b"text", ""),
}

pytestmark = pytest.mark.slow


def is_answered(response: TestResponse) -> bool:
    """No failure; and whoever is refused is told why in a sentence."""
    if response.status_code >= 500:
        return False
    if response.status_code < 400:
        return True
    text = re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))
    return bool(re.search(r"[A-Z][^.!?]{12,}[.!?]", unescape(text)))


def parameters() -> list[str]:
    """Every name that some view reads from an address, and the names of the desk's filters."""
    views = [
        path for part in ("views*", "views/*", "api*") for path in (PROJECT_ROOT / "helpdesk").glob(f"*/{part}.py")
    ]
    found = {name for path in views for name in PARAMETER.findall(path.read_text())}
    return sorted(found | {"page", "queue", "agent", "priority", "is_unsure", "opened_from", "opened_to"})


def forms(app: Flask, visits: Visits, scene: Scene, who: Who) -> Iterator[tuple[str, set[str]]]:
    """Action and field names of every form that a person is shown, each action once."""
    known: dict[str, set[str]] = {}
    for url in pages(app, scene):
        for form in FORM.findall(visits.open(who, url).get_data(as_text=True)):
            action = ACTION.search(form)
            if action:
                known.setdefault(unescape(action.group(1)), set()).update(FIELD.findall(form))
    yield from known.items()


class TestForms:
    @pytest.mark.parametrize("who", [Who.VISITOR, Who.MEMBER, Who.ADMIN])
    def test_rubbish_in_every_field_gets_a_sentence(self, who: Who, app: Flask, visits: Visits, scene: Scene) -> None:
        failed = set()
        for action, names in forms(app, visits, scene, who):
            for what, text in RUBBISH.items():
                for fields in (names, names - {"once", "preview"}):
                    if not is_answered(visits.open(who, action, "POST", data=dict.fromkeys(fields, text))):
                        failed.add(f"{action}: {what}")
        assert not failed, "\n".join(sorted(failed))

    def test_broken_uploads_get_a_sentence(self, visits: Visits, scene: Scene) -> None:
        reference = scene.values["private"]["reference"]
        for action, fields in {
            "/ask": {"title": "What does the form ask?", "audience": "helpdesk"},
            f"/tickets/{reference}/reply": {"body": "See the file."},
        }.items():
            for what, (data, name) in UPLOADS.items():
                sent = {**fields, "once": "d" * 32, "files": (io.BytesIO(data), name)}
                response = visits.open(Who.MEMBER, action, "POST", data=sent, content_type="multipart/form-data")
                assert is_answered(response), f"{action}: {what}"
            many = {**fields, "once": "d" * 32, "files": [(io.BytesIO(b"text"), f"{one}.txt") for one in range(9)]}
            response = visits.open(Who.MEMBER, action, "POST", data=many, content_type="multipart/form-data")
            assert response.status_code == 422

    def test_bodies_that_are_no_forms_get_a_sentence(self, app: Flask, visits: Visits, scene: Scene) -> None:
        bodies = (
            ("application/json", b'{"key": '),
            ("application/json", b'{"key": ["a"], "fields": {"a": {"b": [1]}}}'),
            ("application/json", b"[" * 2_000),
            ("multipart/form-data; boundary=x", b"--x\r\nrubbish"),
            ("application/x-www-form-urlencoded", b"%ff%fe=%00&&=&a"),
        )
        for rule, method in rules(app):
            values = next((one for one in ({}, *scene.values.values()) if rule.arguments <= set(one)), {})
            if method == "POST":
                url = address(app, rule, dict(values))
                for kind, body in bodies:
                    response = visits.open(Who.ADMIN, url, "POST", data=body, content_type=kind)
                    assert is_answered(response), f"{url}: {body[:20]!r}"


class TestAddresses:
    def test_rubbish_in_every_parameter_gets_a_sentence(self, app: Flask, visits: Visits, scene: Scene) -> None:
        failed = []
        names = parameters()
        assert len(names) > 20
        for url in pages(app, scene):
            for what, text in RUBBISH.items():
                asked = "&".join(f"{name}={quote(text[:500])}" for name in names)
                if not is_answered(visits.open(Who.ADMIN, f"{url}?{asked}")):
                    failed.append(f"{url}: {what}")
        assert failed == []

    def test_each_parameter_alone_is_read_with_care(self, app: Flask, visits: Visits, scene: Scene) -> None:
        """Together one of them may lead onward before another is read."""
        lists = [address(app, rule, {}) for rule, method in rules(app) if method == "GET" and not rule.arguments]
        asked = [f"{url}?{name}={'9' * 40}" for url in lists for name in parameters()]
        assert [url for url in asked if not is_answered(visits.open(Who.ADMIN, url))] == []

    def test_rubbish_in_the_path_gets_a_sentence(self, visits: Visits) -> None:
        starts = (
            "/questions/",
            "/tickets/",
            "/desk/tickets/",
            "/faq/",
            "/articles/",
            "/code/sec/",
            "/code/",
            "/files/",
        )
        for start in (*starts, "/invite/", "/reset/", "/insights/", "/insights/topics/", "/admin/people/", "/"):
            for what, text in RUBBISH.items():
                response = visits.open(Who.ADMIN, start + quote(text[:500], safe=""))
                assert is_answered(response), f"{start}: {what}"
