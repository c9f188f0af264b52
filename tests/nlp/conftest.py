from pathlib import Path

import pytest

from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.onnx import OnnxEncoder
from tests.factories.encoder import HashEncoder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def hashing() -> HashEncoder:
    return HashEncoder()


@pytest.fixture(scope="session")
def encoder() -> CachedEncoder:
    """The encoder that ships, remembering whole files between runs as `eval` does."""
    return CachedEncoder(OnnxEncoder(ROOT / "models" / "encoder"), ROOT / "var" / "embeddings")
