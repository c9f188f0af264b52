import errno
import shutil

import numpy as np
import pytest

from helpdesk.nlp.encoder import digest
from helpdesk.nlp.evaluation.cache import WORTH_KEEPING, CachedEncoder
from helpdesk.nlp.export import NAME, SOURCE_PACKAGE, WEIGHTS, WEIGHTS_SHA256
from helpdesk.nlp.manifest import ArtefactError, verify
from helpdesk.nlp.onnx import MANY, OnnxEncoder
from tests.factories.encoder import HashEncoder
from tests.nlp.conftest import ROOT

ODD_TEXTS = [
    "",
    " ",
    "a",
    "x" * 100_000,
    "🔥" * 300,
    "שלום עולם",
    "\ud800 lone",
    "\x00",
    "DROP TABLE users; --",
    "<b>hi</b>",
]


class TestTheStandIn:
    def test_its_vectors_have_unit_length_and_repeat(self, hashing):
        first, second = hashing.encode(ODD_TEXTS), HashEncoder().encode(ODD_TEXTS)
        assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
        assert np.array_equal(first, second)

    def test_texts_that_share_words_are_nearer(self, hashing):
        same, half, other = hashing.encode(["credit cover amount", "credit cover late", "reset my password"])
        assert same @ half > same @ other

    def test_no_texts_give_no_rows(self, hashing):
        assert hashing.encode([]).shape == (0, hashing.dimension)


class TestDigests:
    def test_equal_texts_have_equal_digests_and_others_do_not(self):
        assert digest("Party") == digest("Party") != digest("party")

    def test_broken_unicode_has_a_digest_too(self):
        assert len(digest("\ud800")) == 64


@pytest.fixture(scope="module")
def shipped():
    return OnnxEncoder(ROOT / "models" / "encoder")


class TestTheShippedEncoder:
    def test_its_files_match_their_manifest(self):
        manifest = verify(ROOT / "models" / "encoder")
        assert manifest.metrics["cosine_min"] > 0.98
        assert manifest.base == NAME  # what orders and probabilities are learned for
        assert manifest.data[f"{SOURCE_PACKAGE}/model.safetensors"] == WEIGHTS_SHA256
        assert WEIGHTS in manifest.files

    def test_meaning_counts_and_not_only_words(self, shipped):
        forgot, lost, cover = shipped.encode(["I forgot my password", "cannot log in any more", "credit cover"])
        assert forgot @ lost > forgot @ cover + 0.2

    def test_it_knows_words_and_no_typing_errors(self, shipped):
        assert all(map(shipped.knows, ("stuff", "bother", "collateral", "clash")))
        assert not any(map(shipped.knows, ("staf", "bohter", "colateral", "invoise", "")))

    def test_a_vector_depends_on_its_text_alone(self, shipped):
        together = shipped.encode(["credit cover", "a much longer text about certificates and hubs", "credit cover"])
        assert np.array_equal(together[0], together[2])
        assert np.array_equal(together[0], shipped.encode(["credit cover"])[0])

    def test_many_texts_have_the_vectors_that_each_has_alone(self, shipped):
        texts = [f"credit cover in week {number} {'of the year ' * (number % 7)}" for number in range(MANY + 5)]
        together = OnnxEncoder(ROOT / "models" / "encoder", threads=3).encode(texts)
        assert np.array_equal(together, np.vstack([shipped.encode([text]) for text in texts]))

    def test_odd_texts_have_vectors_of_unit_length(self, shipped):
        vectors = shipped.encode(ODD_TEXTS)
        assert vectors.shape == (len(ODD_TEXTS), 384)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)

    def test_a_missing_folder_is_named_in_the_error(self, tmp_path):
        with pytest.raises(ArtefactError, match="no trained artefact in"):
            OnnxEncoder(tmp_path)

    @pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
    def test_a_file_of_the_right_length_with_other_bytes_is_refused(self, tmp_path, name):
        folder = shutil.copytree(ROOT / "models" / "encoder", tmp_path / "encoder")
        raw = bytearray((folder / name).read_bytes())
        raw[len(raw) // 2] ^= 1
        (folder / name).write_bytes(raw)
        with pytest.raises(ArtefactError, match=f"{name} is damaged"):
            OnnxEncoder(folder)


class TestTheCache:
    class Counting(HashEncoder):
        calls = 0

        def encode(self, texts):
            self.calls += 1
            return super().encode(texts)

    def test_a_second_run_over_the_same_texts_encodes_nothing(self, tmp_path):
        texts = [f"text {number}" for number in range(WORTH_KEEPING)]
        inner = self.Counting()
        first = CachedEncoder(inner, tmp_path).encode(texts)
        second = CachedEncoder(inner, tmp_path).encode(texts)
        assert inner.calls == 1
        assert np.array_equal(first, second)

    def test_a_few_texts_are_not_kept(self, tmp_path):
        CachedEncoder(HashEncoder(), tmp_path).encode(["one"])
        assert list(tmp_path.rglob("*")) == []

    def test_a_full_disk_costs_nothing_but_the_time(self, tmp_path, monkeypatch):
        def full(path, _vectors):
            path.write_bytes(b"half of it")
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(np, "save", full)
        texts = [f"text {number}" for number in range(WORTH_KEEPING)]
        vectors = CachedEncoder(HashEncoder(), tmp_path).encode(texts)
        assert np.array_equal(vectors, HashEncoder().encode(texts))
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_a_file_that_was_cut_off_is_made_again(self, tmp_path):
        texts = [f"text {number}" for number in range(WORTH_KEEPING)]
        inner = self.Counting()
        first = CachedEncoder(inner, tmp_path).encode(texts)
        (path,) = tmp_path.rglob("*.npy")
        for size in (0, 40, 1_000):
            path.write_bytes(path.read_bytes()[:size])
            assert np.array_equal(CachedEncoder(inner, tmp_path).encode(texts), first)
        assert inner.calls == 4
