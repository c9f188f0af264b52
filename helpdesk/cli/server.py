"""`serve` and `worker`: the processes of a site."""

import os
import signal
import subprocess
import sys
from types import FrameType

import click
from flask import current_app
from flask.cli import with_appcontext

from helpdesk import worker
from helpdesk.config import Settings

WEB_PROCESSES = 2
WEB_THREADS = 4
STOP_SECONDS = 20
BEHIND_WEB = 5  # steps of priority by which jobs that take every core stand behind those who wait for a page

# How often work that no event starts is done, in seconds.
TIMETABLE = {
    "kernel.sweep_files": 86_400,
    "kernel.sweep": 86_400,
    "triage.mend": 600,
    "triage.presume": 3_600,
    "triage.group": 86_400,
    "triage.curve": 86_400,
    "analytics.refresh": 3_600,  # ages and weeks move on when nothing happens
}


def settings() -> Settings:
    found: Settings = current_app.extensions["signpost.settings"]
    return found


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Run jobs: mail, indexes, predictions, topics."""
    os.nice(BEHIND_WEB)
    worker.work(settings(), TIMETABLE)


@click.command("serve")
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port to listen on.")
@click.option("--web-only", is_flag=True, help="Start no worker; run `worker` elsewhere.")
@with_appcontext
def serve_command(bind: str, web_only: bool) -> None:
    """Serve the site: two web processes and one worker, ended together."""
    web = [sys.executable, "-m", "gunicorn", "--bind", bind, "--workers", str(WEB_PROCESSES)]
    web += ["--worker-class", "gthread", "--threads", str(WEB_THREADS), "--timeout", "60"]
    web += ["--config", "python:helpdesk.cli.gunicorn_hooks", "wsgi:app"]
    commands = [web] if web_only else [web, [sys.executable, "-m", "helpdesk", "worker"]]
    processes = [subprocess.Popen(command) for command in commands]  # noqa: S603 - our own commands
    click.echo(f"Signpost is starting on http://{bind} (Ctrl+C ends it)")

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for process in processes:
            process.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sys.exit(wait_for_first(processes))


def wait_for_first(processes: list[subprocess.Popen[bytes]]) -> int:
    """Wait until one process ends, end the others, and return the first one's exit status."""
    status: int | None = None
    while status is None:
        for process in processes:
            try:
                status = process.wait(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                continue
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    return status
