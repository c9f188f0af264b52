"""A site with one of everything, and requests to it that leave nothing behind."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from helpdesk.triage import engine
from helpdesk.web.security import limiter
from tests.architecture.scene import Builder, Scene, Who
from tests.client import check_page
from tests.factories.accounts import start_sign_in


@pytest.fixture
def scene(app: Flask, db: Session) -> Iterator[Scene]:
    yield Builder(app, db).build()
    engine.use(None)


class Visits:
    """Requests of each person; what one changes is undone before the next."""

    def __init__(self, app: Flask, connection: Connection, db: Session, scene: Scene) -> None:
        self.app, self.connection, self.db, self.scene = app, connection, db, scene
        people = ((who, user) for who, user in scene.people.items() if user is not None)
        self.sign_ins = {who: start_sign_in(db, user) for who, user in people}
        db.commit()

    def open(
        self, who: Who, url: str, method: str = "GET", *, is_checked: bool = False, **options: Any
    ) -> TestResponse:
        self.db.commit()
        undo = self.connection.begin_nested()
        try:
            browser = self.app.test_client()
            if who in self.sign_ins:
                with browser.session_transaction() as session:
                    session["_user_id"], session["_fresh"] = self.sign_ins[who], True
            with browser.open(url, method=method, **options) as response:
                response.get_data()  # a download is read before its file is closed
            if is_checked and response.mimetype == "text/html":
                check_page(
                    response.get_data(as_text=True), f"{method} {url} as {who}", is_fragment="/suggestions" in url
                )
            return response
        finally:
            undo.rollback()
            self.db.expire_all()


@pytest.fixture
def visits(app: Flask, connection: Connection, db: Session, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Visits:
    monkeypatch.setattr(limiter, "enabled", False)  # one test asks more in a minute than a person in a day
    return Visits(app, connection, db, scene)
