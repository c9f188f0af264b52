"""Every model that ships has a card for people, whose figures are its manifest's."""

import re
import subprocess
from pathlib import Path

import pytest

from helpdesk.config import PROJECT_ROOT
from helpdesk.nlp import artefacts
from helpdesk.nlp.manifest import CARD, Manifest, figures_of, read_manifest, verify, write_manifest
from helpdesk.triage.commands.models import encoder_group

SHIPPED = sorted(path.parent for path in (PROJECT_ROOT / "models").glob("*/manifest.json"))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
class TestShippedModels:
    def test_the_card_has_the_figures_of_the_manifest_and_names_its_data(self, folder: Path) -> None:
        card, manifest = (folder / CARD).read_text(encoding="utf-8"), read_manifest(folder)
        assert figures_of(manifest) in card
        for name in manifest.data:
            assert name.split("/")[0] in card.split("| what |")[0] or name.startswith("gt-all"), name

    def test_the_card_says_what_it_is_what_it_cannot_do_and_how_to_make_it(self, folder: Path) -> None:
        card = (folder / CARD).read_text(encoding="utf-8")
        for heading in ("What it is", "Data", "Limits", "Make it again"):
            assert f"- **{heading}.**" in card
        commands = [one.split() for one in re.findall(r"`python -m ([^`]+)`", card)]
        assert commands
        for module, *words in commands:
            is_tool = (PROJECT_ROOT / f"{module.replace('.', '/')}.py").is_file()
            assert is_tool or (module, words[0]) == ("helpdesk", encoder_group.name), module
            assert is_tool or words[1] in encoder_group.commands


def test_one_command_makes_all_that_ships_again() -> None:
    command = ["make", "--dry-run", "models", "DATA=packs"]
    planned = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout
    made = re.findall(r'-m tools\.fit_(\w+) "packs" models/(\w+) (\S+)', planned)
    # The encoders first, which the others need, and in one folder for all.
    assert made == [(name, name, made[0][2]) for name in ("encoder", "ranking", "confidence")]
    assert sorted(name for name, _, _ in made) == [folder.name for folder in SHIPPED]
    looked_for = set(re.findall(r"\w[\w-]+/\w+\.\S+", planned.partition("; do")[0]))
    used = {name for folder in SHIPPED for name in read_manifest(folder).data}
    assert looked_for == {name for name in used if not name.startswith(("gt-all", "tools/"))}


class TestWriting:
    MANIFEST = Manifest(name="topic", data={"tickets": "a" * 64}, seed=3, metrics={"accuracy": 0.91234, "rows": 7})

    def test_a_model_of_the_site_gets_a_card(self, tmp_path: Path) -> None:
        artefacts.save(tmp_path, {"weights": [1]}, self.MANIFEST)
        card = (tmp_path / CARD).read_text(encoding="utf-8")
        assert card.startswith("# topic\n\nLearned on this site")
        for row in ("| learned from `tickets` | SHA-256 aaaaaaaaaaaa… |", "| accuracy | 0.9123 |", "| rows | 7 |"):
            assert row in card

    def test_words_of_a_card_stay_when_the_model_is_made_again(self, tmp_path: Path) -> None:
        write_manifest(tmp_path, self.MANIFEST)
        card = tmp_path / CARD
        card.write_text("Ours.\n" + card.read_text(encoding="utf-8") + "Below.\n", encoding="utf-8")
        write_manifest(tmp_path, Manifest(name="topic", seed=4))
        text = card.read_text(encoding="utf-8")
        assert text.startswith("Ours.\n")
        assert text.endswith("Below.\n")
        assert "| seed | 4 |" in text
        assert "| seed | 3 |" not in text

    def test_a_card_may_be_changed_without_harm(self, tmp_path: Path) -> None:
        write_manifest(tmp_path, self.MANIFEST)
        (tmp_path / CARD).write_text("Other words.", encoding="utf-8")
        assert CARD not in verify(tmp_path).files
