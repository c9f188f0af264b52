"""The manifest that vouches for a trained artefact: a folder of files and their digests."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

MANIFEST, CARD = "manifest.json", "README.md"
KEPT = "The model in use stays as it is. If the disk is full, make room, and begin again."
BEGIN, END = "<!-- written from manifest.json -->", "<!-- end -->"


class ArtefactError(Exception):
    """A trained artefact is missing, incomplete or damaged; the message says how to mend it."""


@dataclass(frozen=True)
class Manifest:
    """What an artefact is, what it was made of and how good it was."""

    name: str
    data: dict[str, str] = field(default_factory=dict)
    """Digest of each data set it learned from, by the set's name."""
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each file in the folder but the manifest and the card, which is for people."""

    @property
    def base(self) -> str:
        """Of an encoder, see `Encoder.base`."""
        return str(self.parameters.get("adapted_from", self.name))


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal.

    Raises:
        ArtefactError: it is missing or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as err:
        raise ArtefactError(f"{path} is missing. Restore it or train again.") from err
    except OSError as err:
        raise _unreadable(path, err) from err


def _unreadable(path: Path, err: OSError) -> ArtefactError:
    why = err.strerror or err
    return ArtefactError(f"{path} cannot be read: {why}. See that the program may read it, restore it or train again.")


def text_digest(texts: Iterable[str]) -> str:
    """SHA-256 over `texts` in order: the digest of a data set."""
    running = hashlib.sha256()
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        running.update(len(raw).to_bytes(8))
        running.update(raw)
    return running.hexdigest()


def versions(*packages: str) -> dict[str, str]:
    """The installed version of each package."""
    return {package: metadata.version(package) for package in packages}


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Write `manifest` into `folder`, with the digests of the files that stand there now, and the card's figures."""
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in {MANIFEST, CARD})
    digests = {path.name: file_digest(path) for path in paths}
    complete = Manifest(**{**asdict(manifest), "files": digests})
    text = json.dumps(asdict(complete), indent=2, sort_keys=True) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    _write_card(folder / CARD, complete)
    return complete


def figures_of(manifest: Manifest) -> str:
    """What a card says of data, seed, metrics and versions, in Markdown."""
    rows = [("name", manifest.name), ("seed", "none" if manifest.seed is None else str(manifest.seed))]
    rows += [(f"learned from `{name}`", f"SHA-256 {digest[:12]}…") for name, digest in sorted(manifest.data.items())]
    rows += [(name, _shown(value)) for name, value in sorted(manifest.metrics.items())]
    rows += [(name, version) for name, version in sorted(manifest.versions.items())]
    return "\n".join(["| what | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _shown(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value).replace("|", "/")


def _write_card(path: Path, manifest: Manifest) -> None:
    """The model's card: its words stay, its figures are the manifest's; without words yet, those of a site's model."""
    new = f"# {manifest.name}\n\nLearned on this site, from its own texts.\n\n{BEGIN}\n{END}\n"
    card = path.read_text(encoding="utf-8") if path.is_file() else new
    before, _, rest = card.partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n{figures_of(manifest)}\n{END}{after}", encoding="utf-8")


def stated(folder: Path) -> Manifest:
    """The manifest of `folder`, whatever became of the files it names.

    Raises:
        ArtefactError: no manifest, or an unreadable one.
    """
    path = folder / MANIFEST
    try:
        return Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError) as err:
        raise ArtefactError(f"There is no trained artefact in {folder}. Restore it or train again.") from err
    except OSError as err:
        raise _unreadable(path, err) from err
    except (ValueError, TypeError) as err:
        raise ArtefactError(f"{path} cannot be read. Restore it or train again.") from err


def read_manifest(folder: Path) -> Manifest:
    """The manifest of `folder`, after checking that every file it names is there.

    Raises:
        ArtefactError: no manifest, an unreadable one, or a file it names is missing.
    """
    manifest = stated(folder)
    for name in manifest.files:
        if not (folder / name).is_file():
            raise ArtefactError(f"{folder / name} is missing. Restore it or train again.")
    return manifest


def verify(folder: Path, *names: str) -> Manifest:
    """The manifest of `folder`, after comparing every file with its digest, or those of `names`.

    Raises:
        ArtefactError: as `read_manifest`, or a file differs from the one that was saved.
    """
    manifest = read_manifest(folder)
    for name in names or manifest.files:
        if file_digest(folder / name) != manifest.files.get(name):
            raise ArtefactError(f"{folder / name} is damaged. Restore it or train again.")
    return manifest
