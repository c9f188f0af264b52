"""The application that gunicorn serves."""

import os

from helpdesk.app import create_app
from helpdesk.config import Settings

app = create_app(Settings.from_env(os.environ))
