"""One training at a time: a second one, in whatever process, waits for the first."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from helpdesk.kernel import db as database

Say = Callable[[str], None]

LOCK = 2_026_112_601  # of PostgreSQL's advisory locks, the one that trainings take; any number that nothing else takes
WAITING = "Another training is running. This one begins when it has ended."


@contextmanager
def one_at_a_time(folder: Path, say: Say) -> Iterator[None]:
    """Hold the site's training lock, which a process that is killed gives back.

    On PostgreSQL it lies in the database, for trainings on several machines; SQLite is one machine, and a file does.
    """
    engine = database.current().engine
    if engine.dialect.name == "postgresql":
        # Outside any transaction: a training takes minutes, and would keep rows from being cleaned up for as long.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.scalar(select(func.pg_try_advisory_lock(LOCK))):
                say(WAITING)
                connection.execute(select(func.pg_advisory_lock(LOCK)))
            try:
                yield
            finally:
                connection.execute(select(func.pg_advisory_unlock(LOCK)))
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".training").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(WAITING)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
