"""A server of `/v1/embeddings` in OpenAI's form: one model for many machines. It knows no database and no person."""

import base64
import hmac
from typing import Annotated, Any, Literal

from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import HTTPException

from helpdesk.nlp.encoder import Encoder, EncoderError, Vectors

MOST_TEXTS = 256
MOST_CHARACTERS = 20_000  # of a text
MOST_BYTES = 8 * 1024 * 1024  # of a request

Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]


class Asked(BaseModel):
    """What a client sends; what else OpenAI's form allows is ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str
    input: Text | Annotated[list[Text], Field(max_length=MOST_TEXTS)]
    encoding_format: Literal["float", "base64"] = "float"


def create_app(encoder: Encoder, token: str = "") -> Flask:
    """The server of `encoder`; with a `token` only for those who know it."""
    app = Flask("embeddings", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES

    @app.before_request
    def check() -> None:
        if token and not hmac.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()
        ):
            abort(401, "The token is missing or wrong.")

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> ResponseReturnValue:
        return {"error": {"message": error.description, "type": error.name}}, error.code or 500

    @app.get("/healthz")
    def health() -> ResponseReturnValue:
        return {"model": encoder.name}

    @app.post("/v1/embeddings")
    def embeddings() -> ResponseReturnValue:
        asked = _asked(request.get_json())
        if asked.model != encoder.name:
            abort(404, f"There is no model {asked.model} here, only {encoder.name}.")
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        try:
            vectors = encoder.encode(texts)
        except EncoderError as err:
            abort(500, str(err))
        written = [_base64(row) for row in vectors] if asked.encoding_format == "base64" else vectors.tolist()
        rows = [{"object": "embedding", "index": at, "embedding": one} for at, one in enumerate(written)]
        usage = {"prompt_tokens": 0, "total_tokens": 0}  # nobody is charged for them
        return jsonify({"object": "list", "model": encoder.name, "data": rows, "usage": usage})

    return app


def _base64(row: Vectors) -> str:
    """The numbers of `row` as float32, little end first, which OpenAI's own clients ask for by default."""
    return base64.b64encode(row.astype("<f4").tobytes()).decode()


def _asked(raw: Any) -> Asked:
    try:
        return Asked.model_validate(raw)
    except ValidationError as err:
        first = err.errors()[0]
        abort(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}.")
