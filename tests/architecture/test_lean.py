"""What a web process loads: nothing that only learns, and no command."""

import subprocess
import sys

from helpdesk.config import PROJECT_ROOT

WARMED = """
import sys
from pathlib import Path

from helpdesk import schema
from helpdesk.app import create_app
from helpdesk.config import Settings

settings = Settings(secret_key="test", data_dir=Path(sys.argv[1]))
schema.upgrade(settings.database_url)
app = create_app(settings)
for warm in app.extensions["signpost.warm"]:
    warm()
app.test_client().get("/api/v1/suggestions?q=how+do+we+lodge+credit+cover")
heavy = ("sklearn", "skops", "sknetwork", "torch", "joblib", "scipy", "huey", "psycopg", "helpdesk.commands")
print(*(name for name in heavy if name in sys.modules))
"""


def test_a_warmed_web_process_has_loaded_nothing_that_only_learns(tmp_path) -> None:
    command = [sys.executable, "-c", WARMED, str(tmp_path)]
    run = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)

    assert run.stdout.split() == []
