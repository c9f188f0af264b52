"""The command line: `python -m helpdesk …`."""

import os
import sys

from flask import Flask
from flask.cli import FlaskGroup

from helpdesk import commands
from helpdesk.app import create_app
from helpdesk.config import Settings, SettingsError


def make_app() -> Flask:
    return commands.install(create_app(Settings.from_env(os.environ)))


def main() -> None:
    group = FlaskGroup(
        create_app=make_app,
        add_default_commands=False,
        add_version_option=False,
        load_dotenv=False,
        set_debug_flag=False,
        help="Signpost: helpdesk and community of an industry code.",
    )
    group.params = []  # Flask's own choice of application and environment file has no use here
    try:
        group(prog_name="python -m helpdesk")
    except SettingsError as error:
        sys.exit(f"Signpost cannot start: {error}")


if __name__ == "__main__":
    main()
