"""The file store: bounded, checked, random names; served only by views that check the permission."""

import hashlib
import secrets
from datetime import timedelta
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.kernel import clock
from helpdesk.kernel.db import reading
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.models import FileRow
from helpdesk.kernel.policy import Actor

log = structlog.get_logger()

STRAY_AFTER = timedelta(days=1)  # far longer than a request lasts between writing a file and its row

# What may be uploaded, and the media type it is served with whatever the browser claimed.
ALLOWED = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".log": "text/plain",
    ".xml": "text/plain",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
    ".eml": "application/octet-stream",
}
MAGIC = {
    ".pdf": b"%PDF-",
    ".png": b"\x89PNG\r\n",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".gif": b"GIF8",
    ".docx": b"PK",
    ".xlsx": b"PK",
    ".zip": b"PK",
}


class FileStore:
    """Files in one folder. Another store needs `save` and `path` of the same shape."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    def save(self, db: Session, actor: Actor, name: str, stream: IO[bytes]) -> FileRow:
        """Store one upload.

        Raises:
            Invalid: too large, empty, of a kind that is not accepted, or not what its name says.
        """
        seen = "".join(sign for sign in name if sign.isprintable())  # the rest no database holds, and no person reads
        clean = Path(seen.replace("\\", "/")).name.strip()[-255:] or "file"
        suffix = Path(clean).suffix.lower()
        if suffix not in ALLOWED:
            kinds = ", ".join(sorted(ALLOWED))
            raise Invalid(f"“{clean}” was not stored: files of this kind are not accepted. Accepted are {kinds}.")
        data = stream.read(self.max_bytes + 1)
        if len(data) > self.max_bytes:
            raise Invalid(f"“{clean}” was not stored: it is larger than {self.max_bytes // 1024 // 1024} MB.")
        if not data:
            raise Invalid(f"“{clean}” was not stored: it is empty.")
        if not data.startswith(MAGIC.get(suffix, b"")):
            raise Invalid(f"“{clean}” was not stored: its content is not what its name says.")
        row = FileRow(
            storage_name=secrets.token_hex(32),
            name=clean,
            media_type=ALLOWED[suffix],
            size=len(data),
            digest=hashlib.sha256(data).hexdigest(),
            uploaded_by_id=actor.id,
        )
        path = self.path(row)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        db.add(row)
        db.flush()
        return row

    def sweep(self) -> None:
        """Remove the files that no row knows: their request failed after they were written, or was killed.

        Where more files are unknown than known, this is another site's folder or an older database: nothing is touched.
        """
        before = (clock.now() - STRAY_AFTER).timestamp()
        old = [path for path in self.folder.glob("*/*") if path.is_file() and path.stat().st_mtime < before]
        with reading() as db:
            known = set(db.scalars(select(FileRow.storage_name)))
        strays = [path for path in old if path.name not in known]
        if len(strays) > len(known):
            log.warning("files_not_swept", strays=len(strays), known=len(known))
            return
        for path in strays:
            path.unlink(missing_ok=True)
        log.info("files_swept", strays=len(strays))

    def path(self, row: FileRow) -> Path:
        return self.folder / row.storage_name[:2] / row.storage_name
