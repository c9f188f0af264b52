"""The job loop: a relay hands committed job rows to Huey, whose threads run them."""

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import delete, update

from helpdesk.config import Settings
from helpdesk.kernel import clock, jobs
from helpdesk.kernel.db import unit_of_work
from helpdesk.kernel.models import JobRow, OnceRow
from helpdesk.kernel.throttle import Attempted

if TYPE_CHECKING:
    from huey import Huey

log = structlog.get_logger()

RELAY_SECONDS = 0.2  # how soon a committed job is seen
SCHEDULE_SECONDS = 30  # how often the timetable is looked at
THREADS = 2
KEEP_DONE_DAYS = 7


def make_huey(settings: Settings) -> "Huey":
    """Huey on the database of the site: a file of its own beside SQLite, tables of its own in PostgreSQL."""
    # Only a worker loads it: it brings the driver of PostgreSQL along, 10 MB on a site that has none.
    from huey import PostgresHuey, SqliteHuey  # noqa: PLC0415

    if settings.database_url.startswith("sqlite"):
        return SqliteHuey("signpost", filename=str(settings.data_dir / "huey.db"), results=False)
    dsn = settings.database_url.replace("postgresql+psycopg://", "postgresql://")
    return PostgresHuey("signpost", dsn=dsn, results=False)


class Relay(threading.Thread):
    """Moves due rows to Huey and keeps the timetable: name → seconds between two runs."""

    def __init__(self, run: Any, timetable: dict[str, int]) -> None:
        super().__init__(name="relay", daemon=True)
        self.run_task = run
        self.timetable = timetable
        self.stopping = threading.Event()

    def run(self) -> None:
        next_look = clock.now()
        while not self.stopping.wait(RELAY_SECONDS):
            try:
                if clock.now() >= next_look:
                    schedule(self.timetable)
                    next_look = clock.now() + timedelta(seconds=SCHEDULE_SECONDS)
                with unit_of_work() as db:
                    ids = jobs.take_due(db)
                for job_id in ids:
                    self.run_task(job_id)
            except Exception:  # a locked or restarting database must not end the loop; the next round tries again
                log.exception("relay_failed")


def schedule(timetable: dict[str, int]) -> None:
    """Enqueue each timetabled job whose last run is old enough; one row per name waits at a time."""
    with unit_of_work() as db:
        for name, seconds in timetable.items():
            since = clock.now() - timedelta(seconds=seconds)
            recent = db.query(JobRow.id).filter(JobRow.key == f"timetable:{name}", JobRow.created_at > since).first()
            if recent is None:
                jobs.enqueue(db, name, key=f"timetable:{name}")


def sweep() -> None:
    """Forget finished jobs, counted attempts and used form tokens after a while."""
    old = clock.now() - timedelta(days=KEEP_DONE_DAYS)
    with unit_of_work() as db:
        db.execute(delete(JobRow).where(JobRow.state == "done", JobRow.finished_at < old))
        db.execute(delete(Attempted).where(Attempted.at < old))
        db.execute(delete(OnceRow).where(OnceRow.at < old))


def work(settings: Settings, timetable: dict[str, int]) -> None:
    """Run jobs until the process is told to stop."""
    from huey.consumer import Consumer  # noqa: PLC0415 - see `make_huey`

    huey = make_huey(settings)
    run_job = huey.task(name="run")(jobs.run)
    if settings.database_url.startswith("sqlite"):
        with unit_of_work() as db:  # the one worker of this machine just started, so nothing is running
            db.execute(update(JobRow).where(JobRow.state.in_(["handed", "running"])).values(state="waiting"))
        huey.flush()
    relay = Relay(run_job, timetable)
    relay.start()
    log.info("worker_started")
    Consumer(huey, workers=THREADS, periodic=False, max_delay=0.2, graceful_signal="TERM").run()
    relay.stopping.set()
