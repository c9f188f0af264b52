"""Saving and loading what was learned, by skops and never by pickle."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpdesk.nlp.manifest import ArtefactError, Manifest, verify, write_manifest

STATE = "state.skops"


def save(folder: Path, state: Mapping[str, Any], manifest: Manifest) -> Manifest:
    """Write `state` (arrays, numbers, words and scikit-learn objects) to `folder`."""
    import skops.io  # noqa: PLC0415 - see `load`

    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(dict(state), folder / STATE)
    return write_manifest(folder, manifest)


def load(folder: Path, *, trusted: Sequence[str] = ()) -> dict[str, Any]:
    """The state saved in `folder`, which must match its manifest.

    Raises:
        ArtefactError: missing, damaged, or holding types that nobody said were safe.
    """
    # skops walks through all of scikit-learn when it is imported, and through torch where that is installed:
    # 100 MB and seconds that a web process, which loads no such model, does not spend.
    import skops.io  # noqa: PLC0415

    verify(folder)
    path = folder / STATE
    try:
        state = skops.io.load(path, trusted=list(trusted))
    except Exception as err:  # skops raises a dozen unrelated types for one broken file.
        raise ArtefactError(f"{path} cannot be loaded. Restore it or train again.") from err
    if not isinstance(state, dict):
        raise ArtefactError(f"{path} holds no trained state. Restore it or train again.")
    return state
