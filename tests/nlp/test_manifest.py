import errno
from pathlib import Path

import numpy as np
import pytest

from helpdesk.nlp import artefacts
from helpdesk.nlp.manifest import ArtefactError, Manifest, read_manifest, text_digest, verify, versions


class TestSavingAndLoading:
    def test_what_was_saved_comes_back_with_its_manifest(self, tmp_path):
        manifest = Manifest(
            name="ranking", data={"pack": "digest"}, parameters={"k": 1}, seed=3, metrics={"map@10": 0.5}
        )
        artefacts.save(tmp_path / "new", {"weights": np.arange(3), "words": ["a"]}, manifest)
        state = artefacts.load(tmp_path / "new")
        assert state["weights"].tolist() == [0, 1, 2]
        assert state["words"] == ["a"]
        kept = read_manifest(tmp_path / "new")
        assert (kept.name, kept.seed, kept.metrics) == ("ranking", 3, {"map@10": 0.5})

    def test_a_changed_file_is_noticed(self, tmp_path):
        artefacts.save(tmp_path, {"weights": [1]}, Manifest(name="ranking"))
        (tmp_path / "state.skops").write_bytes(b"other")
        with pytest.raises(ArtefactError, match="is damaged"):
            verify(tmp_path)

    def test_a_missing_file_is_named(self, tmp_path):
        artefacts.save(tmp_path, {"weights": [1]}, Manifest(name="ranking"))
        (tmp_path / "state.skops").unlink()
        with pytest.raises(ArtefactError, match=r"state\.skops is missing"):
            read_manifest(tmp_path)

    @pytest.mark.parametrize("raw", ["", "[]", "{", '{"unheard": 1}'])
    def test_an_unreadable_manifest_is_said_in_a_sentence(self, tmp_path, raw):
        (tmp_path / "manifest.json").write_text(raw, encoding="utf-8")
        with pytest.raises(ArtefactError, match="cannot be read"):
            read_manifest(tmp_path)

    @pytest.mark.parametrize("name", ["manifest.json", "state.skops"])
    def test_a_file_that_may_not_be_read_is_said_in_a_sentence(self, tmp_path, monkeypatch, name):
        artefacts.save(tmp_path, {"weights": [1]}, Manifest(name="ranking"))
        whole = Path.open

        def locked(path, *args, **options):
            if path == tmp_path / name:
                raise PermissionError(errno.EACCES, "Permission denied")
            return whole(path, *args, **options)

        monkeypatch.setattr(Path, "open", locked)
        with pytest.raises(ArtefactError, match=f"{name} cannot be read: Permission denied. See that"):
            verify(tmp_path)

    def test_a_file_that_only_its_manifest_believes_in_is_refused(self, tmp_path):
        (tmp_path / "state.skops").write_bytes(b"not a zip")
        from helpdesk.nlp.manifest import write_manifest

        write_manifest(tmp_path, Manifest(name="ranking"))
        with pytest.raises(ArtefactError, match="cannot be loaded"):
            artefacts.load(tmp_path)


class TestDigests:
    def test_where_one_text_ends_counts(self):
        assert text_digest(["ab", "c"]) != text_digest(["a", "bc"])

    def test_versions_name_what_is_installed(self):
        assert versions("numpy") == {"numpy": np.__version__}
