"""The suggestions API and its description."""

import json

import jsonschema
import pytest

from helpdesk.triage import engine
from helpdesk.triage.api import description
from tests.factories.accounts import as_actor, make_organisation, make_user
from tests.factories.knowledge import make_answer
from tests.factories.tickets import make_ticket
from tests.factories.triage import index_all

QUESTION = "How much credit cover must we lodge"
KEYS = {"kind", "id", "title", "url", "excerpt", "score", "probability", "reasons"}


def ask(client, text: str):
    response = client.get("/api/v1/suggestions", query_string={"q": text})
    assert response.status_code == 200
    return response.get_json()


class TestSuggestions:
    def test_a_reply_has_exactly_the_published_shape(self, client, db, using) -> None:
        make_answer(db, QUESTION)
        index_all(db, using)

        reply = ask(client, QUESTION)

        assert set(reply) == {"items", "abstained", "took_ms"}
        (item,) = reply["items"]
        assert set(item) == KEYS
        assert (item["kind"], item["title"]) == ("answer", QUESTION)
        assert item["url"].startswith("/faq/")
        assert "<mark>" in item["excerpt"] or item["excerpt"]
        schema = {**description()["components"]["schemas"]["SuggestionsOut"], "components": description()["components"]}
        jsonschema.validate(reply, schema)
        assert 0 < item["probability"] <= 1

        engine.use(None)  # words alone are searched
        reply = ask(client, QUESTION)

        assert [item["probability"] for item in reply["items"]] == [None]
        jsonschema.validate(reply, schema)

    def test_nothing_likely_abstains(self, client, db, using) -> None:
        assert ask(client, "Where is the zebra enclosure") == {
            "items": [],
            "abstained": True,
            "took_ms": pytest.approx(0, abs=5000),
        }

    @pytest.mark.parametrize("text", ["", "x" * 100_000, "😀 😀 😀", "كيف ندفع الرسوم المستحقة"])
    def test_rubbish_is_answered(self, client, db, using, text: str) -> None:
        assert ask(client, text)["items"] == []

    def test_the_session_decides_what_comes_back(self, client, db, using) -> None:
        owner = make_user(db, organisation=make_organisation(db, shares_tickets=True))
        make_ticket(db, as_actor(owner), subject=QUESTION, audience="organisation")
        curious = make_user(db, organisation=make_organisation(db, shares_tickets=True))
        index_all(db, using)

        assert ask(client, QUESTION)["items"] == []
        client.sign_in(curious)
        assert ask(client, QUESTION)["items"] == []
        client.sign_in(owner)
        assert [item["kind"] for item in ask(client, QUESTION)["items"]] == ["ticket"]

    def test_too_many_requests_are_refused_with_a_sentence(self, client, db, using) -> None:
        client.app.config["RATELIMIT_ENABLED"] = True
        from helpdesk.web.security import limiter

        limiter.enabled = True
        try:
            statuses = [client.get("/api/v1/suggestions?q=a").status_code for _ in range(125)]
            refused = client.get("/api/v1/suggestions?q=a").get_json()
        finally:
            limiter.reset()
            limiter.enabled = False

        assert statuses[0] == 200
        assert statuses[-1] == 429
        assert "Wait a minute" in refused["error"]["detail"]


class TestDescription:
    def test_it_names_the_address_and_every_key(self, client, db) -> None:
        found = client.get("/api/v1/openapi.json").get_json()

        assert found["openapi"] == "3.1.0"
        assert list(found["paths"]) == ["/api/v1/suggestions"]
        assert set(found["components"]["schemas"]["SuggestionOut"]["properties"]) == KEYS
        assert json.dumps(found)

    def test_every_reference_leads_somewhere(self) -> None:
        found = description()
        text = json.dumps(found)
        for name in found["components"]["schemas"]:
            assert f"#/components/schemas/{name}" in text
        assert text.count("$ref") == 2
