"""Web processes of our own on a free port, to be timed and weighed."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

WORKERS = 2
THREADS = 4  # of each worker, as `serve` has them
CLIENTS = 2  # at once
START_SECONDS = 600  # within which the web processes must answer: the first start of a large site reads everything


@dataclass(frozen=True, slots=True)
class WebProcesses:
    """gunicorn as `serve` starts it."""

    process: subprocess.Popen[bytes]
    port: int
    workers: int

    def times(self, paths: Sequence[str], cookie: str) -> list[float]:
        """Milliseconds of each request, two clients at once; the first of each worker are not counted."""
        for _ in range(2 * self.workers):
            self.timed(paths[0], cookie)
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(lambda path: self.timed(path, cookie), paths))

    def timed(self, path: str, cookie: str = "") -> float:
        started = time.perf_counter()
        self.fetch(path, cookie)
        return (time.perf_counter() - started) * 1000

    def fetch(self, path: str, cookie: str = "") -> bytes:
        """What stands at `path`.

        Raises:
            ClickException: it answers with anything but success.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Cookie": cookie})
            reply = connection.getresponse()
            body = reply.read()
            location = reply.getheader("Location")
        finally:
            connection.close()
        if reply.status in {301, 302, 308} and location and location.startswith("/questions/"):
            return self.fetch(location, cookie)  # a question's full address ends in its title
        if reply.status != 200:
            raise click.ClickException(f"{path} answered {reply.status}; nothing can be measured.")
        return body

    def resident_mb(self) -> float:
        """Resident memory of the largest worker process, from Linux's /proc."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return max(_resident_mb(Path(f"/proc/{child}/status")) for child in children.split())


def _resident_mb(status: Path) -> float:
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@contextmanager
def web_processes(*, workers: int = WORKERS, settings: Sequence[str] = ()) -> Iterator[WebProcesses]:
    """Web processes that answer already, ended with the block; `settings` are variables, `NAME=value`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["/usr/bin/env", *settings, sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers), "--worker-class", "gthread", "--threads", str(THREADS), "--timeout", "600"]
    command += ["--config", "python:helpdesk.triage.commands.bench_hooks", "wsgi:app"]
    process = subprocess.Popen(command)  # noqa: S603 - our own command
    site = WebProcesses(process, port, workers)
    try:
        _wait(site)
        yield site
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(site: WebProcesses) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            site.fetch("/healthz")
        except OSError as err:
            if time.monotonic() > deadline or site.process.poll() is not None:
                raise click.ClickException("The web processes did not start.") from err
            time.sleep(0.02)
        else:
            return
