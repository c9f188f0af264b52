"""The export needs torch, which `make test-models` installs and `make test` does not."""

import pytest

from helpdesk.nlp.manifest import verify

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # torch warns of its own ways while it exports


class TestExporting:
    def test_the_exported_model_says_what_the_original_says(self, tmp_path):
        pytest.importorskip("torch", reason="torch is not installed; run make test-models")
        pytest.importorskip("sentence_transformers")
        from helpdesk.nlp.export import export_encoder

        manifest = export_encoder(tmp_path)
        assert verify(tmp_path) == manifest
        assert manifest.metrics["cosine_min"] > 0.98
        assert (tmp_path / "model.onnx").stat().st_size < 25_000_000
