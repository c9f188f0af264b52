"""Saving and loading what was learned, by skops and never by pickle.

A process that only serves learns nothing and loads nothing that scikit-learn made. scikit-learn, scikit-network, skops
and SciPy take a second and more than 100 MB: they are imported where something is fitted, saved or loaded.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpdesk.nlp.manifest import ArtefactError, Manifest, verify, write_manifest

STATE = "state.skops"


def save(folder: Path, state: Mapping[str, Any], manifest: Manifest) -> Manifest:
    """Write `state` (arrays, numbers, words and scikit-learn objects) to `folder`."""
    import skops.io  # noqa: PLC0415 - see above

    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(dict(state), folder / STATE)
    return write_manifest(folder, manifest)


def load(folder: Path, *, trusted: Sequence[str] = ()) -> dict[str, Any]:
    """The state saved in `folder`, which must match its manifest.

    Raises:
        ArtefactError: missing, damaged, or holding types that nobody said were safe.
    """
    import skops.io  # noqa: PLC0415 - see above; it walks through torch as well where that is installed

    verify(folder)
    path = folder / STATE
    try:
        state = skops.io.load(path, trusted=list(trusted))
    except Exception as err:  # skops raises a dozen unrelated types for one broken file.
        raise ArtefactError(f"{path} cannot be loaded. Restore it or train again.") from err
    if not isinstance(state, dict):
        raise ArtefactError(f"{path} holds no trained state. Restore it or train again.")
    return state
