"""An empty database of its own for a command, made for the time of one block."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect

from helpdesk.kernel import db as database
from helpdesk.kernel.db import Base, Database
from helpdesk.kernel.errors import Invalid


@contextmanager
def temporary_site(url: str) -> Iterator[Database]:
    """A database with every table, which `unit_of_work` and `reading` use within the block.

    Without a `url` it is an SQLite file that goes away; with one, what was made there is dropped at the end.

    Raises:
        Invalid: the database at `url` holds something already.
    """
    with tempfile.TemporaryDirectory(prefix="signpost-eval-") as folder:
        site = Database(url or f"sqlite:///{Path(folder) / 'eval.db'}")
        if inspect(site.engine).get_table_names():
            site.close()
            raise Invalid("The database of --database-url is not empty. Name an empty one: it is filled and emptied.")
        before = database.current()
        Base.metadata.create_all(site.engine)
        database.configure(site)
        try:
            yield site
        finally:
            database.configure(before)
            if url:
                Base.metadata.drop_all(site.engine)
            site.close()
