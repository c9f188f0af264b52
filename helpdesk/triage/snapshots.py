"""Keeps a process's indexes on disk, so that the next one need not read every text again.

The tables stay the truth: a snapshot that does not fit them is not used, and everything is read as if there were none.
"""

import hashlib
import secrets
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from helpdesk.kernel import options
from helpdesk.kernel.db import unit_of_work
from helpdesk.nlp import counts, encoder, lexical, ranking, suggest, vectors, vocabulary, words
from helpdesk.triage import indexes
from helpdesk.triage.indexes import IndexCache

log = structlog.get_logger()

# A database remembers which snapshots were made of it: one that was restored from a backup knows no newer one, and a
# new one knows none.
KNOWN = "index_snapshots"
REMEMBERED = 50  # of the newest; every machine keeps its own
TOKEN, CODE = "token", "code"


def path_for(db: Session, folder: Path, model: str) -> Path:
    """Where the snapshot of this database with this model lies."""
    url = db.get_bind().engine.url.render_as_string(hide_password=True)
    return folder / f"{hashlib.sha256(f'{url} {model}'.encode()).hexdigest()[:16]}.npz"


def load(db: Session, cache: IndexCache, path: Path) -> bool:
    """Fill `cache` from the snapshot at `path`; False when there is none that fits, and nothing was changed."""
    try:
        # Every member is checked against its sum as it is read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            if str(arrays[CODE]) != _code() or str(arrays[TOKEN]) not in options.read(db, KNOWN):
                return False
            state = {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile) as err:
        log.warning("snapshot_damaged", path=str(path), problem=type(err).__name__)
        return False
    cache.restore(state)
    return True


def save(cache: IndexCache, path: Path) -> bool:
    """Keep what `cache` holds at `path`; False when the disk does not take it, and the old one stays."""
    token = secrets.token_hex(8)
    state: dict[str, Any] = {**cache.state(), TOKEN: np.array(token), CODE: np.array(_code())}
    partial = path.with_suffix(f".{token}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            partial.chmod(0o600)  # words of private texts, as in the database
            np.savez(stream, **state)
        with unit_of_work() as db:
            options.write(db, KNOWN, [*options.read(db, KNOWN), token][-REMEMBERED:])
        partial.replace(path)
    except (OSError, SQLAlchemyError) as err:  # a full disk, or a database that others write to for long
        log.warning("snapshot_not_kept", path=str(path), problem=str(err))
        return False
    finally:
        partial.unlink(missing_ok=True)
    return True


def _code() -> str:
    """A digest of the code that makes the indexes: other code would make others of the same texts."""
    running = hashlib.sha256(metadata.version("snowballstemmer").encode())
    for module in (counts, encoder, lexical, ranking, suggest, vectors, vocabulary, words, indexes):
        running.update(Path(str(module.__file__)).read_bytes())
    return running.hexdigest()[:16]
