"""The API for suggestions, and the description of the API."""

import time

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from helpdesk.accounts.signin import current_user
from helpdesk.kernel.db import reading
from helpdesk.triage.services.suggesting import SuggestionItem, Suggestions, suggest
from helpdesk.web.marks import public
from helpdesk.web.security import limiter

bp = Blueprint("triage_api", __name__, url_prefix="/api/v1")

SUGGESTIONS_A_MINUTE = "120 per minute"  # of one address: somebody who types without a pause asks 60 times


class SuggestionOut(BaseModel):
    """One item that may answer the question. `excerpt` is HTML in which the matching words are marked."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(description="answer, question, article, clause or ticket")
    id: int
    title: str
    url: str = Field(description="address of its page, below this site's own")
    excerpt: str
    score: float = Field(description="orders the items of one reply; larger is better")
    probability: float | None = Field(
        ge=0, le=1, description="that the item answers the question; null where only words were searched"
    )
    reasons: list[str]


class SuggestionsOut(BaseModel):
    """What may answer a question. With `abstained` nothing was likely enough to be shown."""

    model_config = ConfigDict(extra="forbid")

    items: list[SuggestionOut]
    abstained: bool
    took_ms: int = Field(ge=0, description="time on the server in milliseconds")


@bp.get("/suggestions")
@public
@limiter.limit(SUGGESTIONS_A_MINUTE)
def suggestions() -> ResponseReturnValue:
    """Suggest for `?q=`. Who asks is known from the session; only what they may see comes back."""
    started = time.perf_counter()
    with reading() as db:
        found = suggest(db, current_user(), request.args.get("q", ""))
    reply = _out(found, round((time.perf_counter() - started) * 1000))
    return jsonify(reply.model_dump())


def _out(found: Suggestions, took_ms: int) -> SuggestionsOut:
    items = [_item(item) for item in found.items]
    return SuggestionsOut(items=items, abstained=found.abstained, took_ms=took_ms)


def _item(item: SuggestionItem) -> SuggestionOut:
    return SuggestionOut(
        kind=item.kind,
        id=item.id,
        title=item.title,
        url=item.url,
        excerpt=str(item.excerpt),
        score=item.score,
        probability=item.probability,
        reasons=list(item.reasons),
    )


@bp.get("/openapi.json")
@public
def openapi() -> ResponseReturnValue:
    """The description of this API, OpenAPI 3.1."""
    return jsonify(description())


def description() -> dict[str, object]:
    schema = SuggestionsOut.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = schema.pop("$defs")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Signpost", "version": "1", "description": "What may answer a question, for its asker."},
        "servers": [{"url": "/"}],
        "paths": {"/api/v1/suggestions": {"get": _operation()}},
        "components": {"schemas": {"SuggestionsOut": schema, **parts}},
    }


def _operation() -> dict[str, object]:
    query = {
        "name": "q",
        "in": "query",
        "required": False,
        "description": "The question as far as it is typed; the first 2,000 characters are looked at.",
        "schema": {"type": "string"},
    }
    reply = {
        "description": "Up to eight items, the best first.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SuggestionsOut"}}},
    }
    too_many = {"description": "Too many requests from one address: wait a minute."}
    return {
        "operationId": "suggestions",
        "summary": "What may already answer a question",
        "parameters": [query],
        "responses": {"200": reply, "429": too_many},
    }
