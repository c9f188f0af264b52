"""The embedding server that gunicorn serves; see `serve-embeddings`."""

import os

from helpdesk.config import Settings
from helpdesk.triage.commands.embedding import make_app

app = make_app(Settings.from_env(os.environ))
