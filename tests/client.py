"""A test client that checks every page it loads, so that no page can be broken unnoticed."""

import re
from typing import Any

import html5lib
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

NS = "{http://www.w3.org/1999/xhtml}"
LABELLED = {"input", "select", "textarea"}
UNLABELLED_TYPES = {"hidden", "submit", "button", "image", "reset"}


class PageClient:
    """Requests as one browser would make them, on the test's own transaction."""

    def __init__(self, app: Flask, db: Session) -> None:
        self.app = app
        self.db = db
        self.browser = app.test_client()

    def get(self, url: str, **options: Any) -> TestResponse:
        return self._open("GET", url, **options)

    def post(self, url: str, **options: Any) -> TestResponse:
        return self._open("POST", url, **options)

    def sign_in(self, user: Any) -> None:
        """Sign `user` in without a password: through a SignIn row of their own."""
        from tests.factories.accounts import start_sign_in

        self.db.flush()
        browser_id = start_sign_in(self.db, user)
        self.db.commit()
        with self.browser.session_transaction() as session:
            session["_user_id"] = browser_id
            session["_fresh"] = True

    def sign_out(self) -> None:
        self.browser = self.app.test_client()

    def _open(self, method: str, url: str, **options: Any) -> TestResponse:
        self.db.commit()  # releases the test's savepoint: the request must see what the test made
        response = self.browser.open(url, method=method, **options)
        self.db.expire_all()
        if response.mimetype == "text/html" and response.data and not response.is_streamed:
            check_page(response.get_data(as_text=True), url, is_fragment="/suggestions" in url)
        return response


def check_page(html: str, url: str, *, is_fragment: bool = False) -> None:
    """Assert that the page is valid HTML, is titled by its one h1, repeats no id, and labels every field."""
    parser = html5lib.HTMLParser(strict=False)
    if is_fragment or not html.lstrip().lower().startswith("<!doctype"):
        parser.parseFragment(html)
        assert not _serious(parser.errors), f"{url}: {parser.errors}"
        return
    tree = parser.parse(html)
    assert not _serious(parser.errors), f"{url}: {_serious(parser.errors)}"
    headings = [_text(node) for node in tree.iter(f"{NS}h1")]
    title = _text(next(tree.iter(f"{NS}title")))
    assert len(headings) == 1, f"{url}: {len(headings)} h1 elements"
    assert title.startswith(headings[0]), f"{url}: the title “{title}” does not begin with “{headings[0]}”"
    ids = [node.attrib["id"] for node in tree.iter() if "id" in node.attrib]
    assert len(ids) == len(set(ids)), f"{url}: repeated ids {sorted({i for i in ids if ids.count(i) > 1})}"
    _check_labels(tree, url, set(ids))
    for node in tree.iter():
        inline = [name for name in node.attrib if name == "style" or name.startswith("on")]
        assert not inline, f"{url}: inline {inline} on {node.tag} breaks the content security policy"


def _check_labels(tree: Any, url: str, ids: set[str]) -> None:
    labels = {node.attrib.get("for") for node in tree.iter(f"{NS}label")}
    wrapped = {id(field) for label in tree.iter(f"{NS}label") for field in label.iter()}
    for node in tree.iter():
        name = str(node.tag).removeprefix(NS)
        if name not in LABELLED or node.attrib.get("type", "text") in UNLABELLED_TYPES:
            continue
        is_labelled = (
            node.attrib.get("id") in labels
            or id(node) in wrapped
            or node.attrib.get("aria-label")
            or set(node.attrib.get("aria-labelledby", "").split()) & ids
        )
        assert is_labelled, f"{url}: the field {node.attrib.get('name')} has no label"


def _serious(errors: list[Any]) -> list[Any]:
    return [error for error in errors if error[1] != "expected-doctype-but-got-start-tag"]


def _text(node: Any) -> str:
    return re.sub(r"\s+", " ", "".join(node.itertext())).strip()
