"""The real site in its own processes: demonstration, web server and worker, as `make run` starts them."""

import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from helpdesk.config import PROJECT_ROOT

ENQUIRIES = 300
START_SECONDS = 90
STOP_SECONDS = 40
FIRST_LINK = re.compile(r"http://\S+/invite/\S+")


@dataclass(frozen=True)
class ServedSite:
    """A running site and where it keeps its data."""

    url: str
    data_dir: Path
    log: Path


def environment(data_dir: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    return {**kept, "HELPDESK_DATA_DIR": str(data_dir), "HELPDESK_BASE_URL": url, "HELPDESK_DEVELOPMENT": "1"}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "helpdesk", *words]


def fill(data_dir: Path, url: str) -> None:
    """Make the database and load a small demonstration."""
    for words in (["init"], ["demo", "--enquiries", str(ENQUIRIES)]):
        done = subprocess.run(
            command(*words),
            env=environment(data_dir, url),
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data_dir: Path, url: str, log: Path, *, is_own_group: bool = False) -> subprocess.Popen[bytes]:
    """Start the site and return when it answers; in a group of processes of its own if it will be killed whole."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command("serve", "--bind", url.removeprefix("http://")),
            env=environment(data_dir, url),
            cwd=PROJECT_ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=is_own_group,
        )
    end = time.monotonic() + START_SECONDS
    while not answers(f"{url}/readyz"):
        assert process.poll() is None, f"the site ended: {log.read_text()[-2000:]}"
        assert time.monotonic() < end, f"the site does not answer: {log.read_text()[-2000:]}"
        time.sleep(0.2)
    return process


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def stop(process: subprocess.Popen[bytes]) -> int:
    """End the site as Ctrl+C does, and return its exit status."""
    process.terminate()
    return process.wait(timeout=STOP_SECONDS)
