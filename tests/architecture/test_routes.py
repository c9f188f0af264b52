"""Every route as every person: who gets the page, who is refused, and who learns nothing at all."""

from collections.abc import Iterator

import pytest
from flask import Flask, url_for
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.architecture.conftest import Visits
from tests.architecture.route_table import BODIES, TABLE
from tests.architecture.scene import Scene, Who

LETTERS = {200: "p", 204: "p", 401: "d", 403: "n", 404: "g", 409: "r", 422: "r"}
NOT_OURS = {"static"}  # Flask's own


def letter(response: TestResponse) -> str:
    """The table's letter of a response; anything else stands as its number."""
    if 300 <= response.status_code < 400:
        return "d" if str(response.location).startswith("/sign-in?") else "o"
    return LETTERS.get(response.status_code, f"({response.status_code})")


def address(app: Flask, rule: Rule, values: dict[str, object]) -> str:
    with app.test_request_context():
        return url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})


def is_shorter(app: Flask, rule: Rule, values: dict[str, object]) -> bool:
    """Whether the endpoint has another rule that says more about the same object."""
    others = (other.arguments for other in app.url_map.iter_rules(rule.endpoint))
    return any(rule.arguments < other <= set(values) for other in others)


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Each rule with its method."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in NOT_OURS:
            yield rule, "POST" if "POST" in (rule.methods or set()) else "GET"


class TestEveryRoute:
    def test_the_table_names_every_route_and_no_other(self, app: Flask) -> None:
        assert {rule.endpoint for rule, _ in rules(app)} == set(TABLE)

    @pytest.mark.slow
    def test_everybody_gets_what_the_table_says(self, app: Flask, visits: Visits, scene: Scene) -> None:
        wrong, used = [], set()
        for rule, method in rules(app):
            for name, expected in TABLE[rule.endpoint].items():
                values = {**scene.values.get(name, {})}
                if not rule.arguments <= set(values) or is_shorter(app, rule, values):
                    continue  # the endpoint's other rule takes this object
                used.add((rule.endpoint, name))
                url = address(app, rule, values)
                body = BODIES.get(rule.endpoint, {}) if method == "POST" else None
                found = "".join(letter(visits.open(who, url, method, data=body)) for who in Who)
                if found != expected.replace(" ", ""):
                    wrong.append(f"{rule.endpoint} of {name or 'nothing'}: {found}, not {expected}")
        assert wrong == []
        assert used == {(endpoint, name) for endpoint, rows in TABLE.items() for name in rows}
