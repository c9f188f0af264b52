"""A model shared by many machines: the same contract in process and over HTTP, and what happens without the server."""

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from flask import Flask
from werkzeug.serving import make_server

from helpdesk.config import Settings, SettingsError
from helpdesk.kernel.policy import VISITOR
from helpdesk.nlp import remote
from helpdesk.nlp.encoder import Encoder, EncoderError
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.nlp.remote import RemoteEncoder
from helpdesk.triage import embeddings, engine
from helpdesk.triage.columns import DIMENSION
from helpdesk.triage.commands import checking
from helpdesk.triage.commands.embedding import make_app
from helpdesk.triage.services.suggesting import suggest
from tests.factories.encoder import HashEncoder
from tests.factories.knowledge import make_answer
from tests.factories.triage import index_all, make_engine

QUESTION = "How much credit cover must we lodge"
TEXTS = ["credit cover", "", "a", "\ud800 lone", "\x00", "我们必须存入多少", "x" * 30_000, "credit cover"]
TOKEN = "only for friends"


class Site:
    """A server on loopback, in a thread of its own."""

    def __init__(self, app: Flask) -> None:
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.port}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def serve() -> Iterator:
    started: list[Site] = []

    def start(app: Flask) -> Site:
        started.append(Site(app))
        return started[-1]

    yield start
    for site in started:
        site.stop()


def client_of(site: Site, encoder: Encoder, **options) -> RemoteEncoder:
    return RemoteEncoder(site.url, name=encoder.name, dimension=encoder.dimension, **{"token": TOKEN, **options})


@pytest.fixture(params=["hash", "hash over HTTP", "the shipped one", "the shipped one over HTTP"])
def encoder(request, serve, settings) -> Encoder:
    inner: Encoder = HashEncoder()
    if "shipped" in request.param:
        inner = OnnxEncoder(settings.models_dir / settings.encoder)
    return client_of(serve(embeddings.create_app(inner, TOKEN)), inner) if "HTTP" in request.param else inner


class TestTheContract:
    def test_every_text_has_a_vector_of_unit_length(self, encoder) -> None:
        vectors = encoder.encode(TEXTS)
        assert (vectors.shape, vectors.dtype) == ((len(TEXTS), encoder.dimension), np.float32)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)

    def test_a_vector_depends_on_its_text_alone(self, encoder) -> None:
        together = encoder.encode(TEXTS)
        assert np.array_equal(together[0], together[-1])
        assert np.allclose(together[0], encoder.encode(["credit cover"])[0], atol=1e-6)

    def test_many_texts_keep_their_order(self, encoder) -> None:
        texts = [f"text number {number}" for number in range(remote.BATCH + 3)]
        assert np.allclose(encoder.encode(texts)[-1], encoder.encode(texts[-1:])[0], atol=1e-6)

    def test_no_texts_give_no_rows(self, encoder) -> None:
        assert encoder.encode([]).shape == (0, encoder.dimension)


class Faulty(HashEncoder):
    """A model that gives something else than it should."""

    def __init__(self, vectors=None, *, delay: float = 0) -> None:
        super().__init__()
        self.vectors, self.delay, self.asked = vectors, delay, 0

    def encode(self, texts):
        self.asked += 1
        time.sleep(self.delay)
        return super().encode(texts) if self.vectors is None else self.vectors


class TestAServerThatFails:
    @pytest.mark.parametrize(
        "vectors", [np.full((1, 64), np.nan), np.zeros((1, 64)), np.ones((1, 3)), np.ones((2, 64))]
    )
    def test_gives_nothing_that_could_be_stored(self, serve, vectors) -> None:
        faulty = Faulty(vectors)
        with pytest.raises(EncoderError):
            client_of(serve(embeddings.create_app(faulty, TOKEN)), faulty).encode(["credit cover"])

    @pytest.mark.parametrize("reply", [[], "no", None, {}, {"data": 3}, {"data": [[]]}])
    def test_whose_reply_has_another_shape_is_refused_in_a_sentence(self, monkeypatch, reply) -> None:
        client = RemoteEncoder("http://127.0.0.1:1/v1", name="any", dimension=64, token="")
        monkeypatch.setattr(client, "_post", lambda _texts, _patience: reply)
        with pytest.raises(EncoderError, match="did not answer as it should"):
            client.encode(["credit cover"])

    def test_is_waited_for_a_moment_only_and_then_left_alone(self, serve, monkeypatch) -> None:
        monkeypatch.setattr(remote, "PATIENCE", 0.1)
        now = [0.0]
        faulty = Faulty(delay=0.5)
        client = client_of(serve(embeddings.create_app(faulty, TOKEN)), faulty, clock=lambda: now[0])
        with pytest.raises(EncoderError, match="TimeoutError"):
            client.encode(["credit cover"])
        with pytest.raises(EncoderError, match="a moment ago"):
            client.encode(["credit cover"])
        assert faulty.asked == 1

        faulty.delay, now[0] = 0, remote.REST + 1
        assert client.encode(["credit cover"]).shape == (1, 64)

    def test_whose_model_is_another_is_refused(self, serve) -> None:
        site = serve(embeddings.create_app(HashEncoder(), TOKEN))
        with pytest.raises(EncoderError, match="404"):
            RemoteEncoder(site.url, name="another", dimension=64, token=TOKEN).encode(["credit cover"])


class TestTheServer:
    @pytest.fixture
    def ask(self):
        client = embeddings.create_app(HashEncoder(), TOKEN).test_client()

        def post(body, token=TOKEN):
            headers = {"Authorization": f"Bearer {token}"}
            return client.post("/v1/embeddings", data=body, headers=headers, content_type="application/json")

        return post

    def test_answers_one_text_too(self, ask) -> None:
        reply = ask(json.dumps({"model": "hash-64", "input": "credit cover", "user": "ignored"}))
        assert (reply.status_code, reply.json["model"], len(reply.json["data"][0]["embedding"])) == (200, "hash-64", 64)

    def test_answers_in_base64_as_openais_client_asks(self, ask) -> None:
        asked = {"model": "hash-64", "input": ["credit cover", "charges"]}
        plain = ask(json.dumps(asked)).json["data"]
        packed = ask(json.dumps({**asked, "encoding_format": "base64"})).json["data"]
        read = [np.frombuffer(base64.b64decode(row["embedding"]), dtype="<f4") for row in packed]
        assert np.array_equal(read, np.array([row["embedding"] for row in plain], dtype=np.float32))

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ("{", 400),
            ("[]", 422),
            (json.dumps({"model": "hash-64"}), 422),
            (json.dumps({"model": "hash-64", "input": [1, 2]}), 422),
            (json.dumps({"model": "hash-64", "input": ["a"] * 257}), 422),
            (json.dumps({"model": "hash-64", "input": "a" * 20_001}), 422),
            (json.dumps({"model": "hash-64", "input": "a", "encoding_format": "int8"}), 422),
            (json.dumps({"model": "another", "input": "a"}), 404),
            (" " * (embeddings.MOST_BYTES + 1), 413),
        ],
    )
    def test_refuses_what_it_cannot_answer_in_a_sentence(self, ask, body, status) -> None:
        reply = ask(body)
        assert reply.status_code == status
        assert reply.json["error"]["message"]

    def test_answers_nobody_without_the_token(self, ask) -> None:
        assert ask(json.dumps({"model": "hash-64", "input": "a"}), token="guessed").status_code == 401

    def test_shows_itself_to_others_only_with_a_token(self, app) -> None:
        result = app.test_cli_runner().invoke(args=["serve-embeddings", "--bind", "0.0.0.0:8100"])
        assert result.exit_code == 1
        assert "HELPDESK_EMBEDDINGS_TOKEN" in result.output


class TestASiteThatUsesOne:
    def test_asks_nobody_unless_a_setting_names_it(self, settings) -> None:
        made, _ = engine.encoder_in(settings, engine.encoder_folder(settings))
        assert isinstance(made, OnnxEncoder)

    def test_searches_by_meaning_with_the_server_and_by_words_without(self, db, app, serve, settings) -> None:
        inner = HashEncoder(dimension=DIMENSION)
        site = serve(embeddings.create_app(inner, TOKEN))
        using = make_engine(db, client_of(site, inner))
        make_answer(db, QUESTION)
        index_all(db, using)
        assert suggest(db, VISITOR, QUESTION).problem == ""
        site.server.shutdown()
        using.encoder._resting_until = float("inf")

        found = suggest(db, VISITOR, QUESTION)

        engine.use(None)
        assert [one.title for one in found.items] == [QUESTION]
        assert "Words are searched" in found.problem

    def test_check_says_that_the_server_is_dead(self, db, settings) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (problem,) = checking.find_problems(replace(settings, encoder_url=f"http://127.0.0.1:{port}/v1"))
        assert "HELPDESK_ENCODER_URL" in problem

    def test_the_real_server_and_the_real_client_agree(self, serve, settings) -> None:
        site = serve(make_app(settings))
        made, problem = engine.encoder_in(replace(settings, encoder_url=site.url), engine.encoder_folder(settings))
        here = OnnxEncoder(settings.models_dir / settings.encoder).encode([QUESTION])
        assert problem == ""
        assert np.allclose(made.encode([QUESTION]), here, atol=1e-6)

    def test_words_of_the_language_are_no_typing_errors_here_either(self, settings) -> None:
        there = replace(settings, encoder_url="http://127.0.0.1:1/v1")
        made, _ = engine.encoder_in(there, engine.encoder_folder(there))
        assert made.knows("stuff")
        assert not made.knows("staf")

    def test_without_the_encoder_that_ships_no_word_is_known(self, settings, tmp_path) -> None:
        there = replace(settings, encoder_url="http://127.0.0.1:1/v1", models_dir=tmp_path)
        made, problem = engine.encoder_in(there, engine.encoder_folder(settings))
        assert problem == ""
        assert not made.knows("stuff")

    def test_an_address_of_another_kind_is_refused(self) -> None:
        with pytest.raises(SettingsError, match="HELPDESK_ENCODER_URL"):
            Settings.from_env({"HELPDESK_SECRET_KEY": "x", "HELPDESK_ENCODER_URL": "ftp://host"})
