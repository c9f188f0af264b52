"""`migration`: writes the difference between the models and the database's shape."""

import tempfile
from pathlib import Path

import click

from helpdesk import schema


@click.command("migration")
@click.argument("name")
def migration_command(name: str) -> None:
    """Write a migration from the models, named like 0002_add_votes. Read it before you commit it."""
    from alembic import command  # noqa: PLC0415 - see `schema.upgrade`

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'shape.db'}"
        config = schema.configuration(url)
        config.set_main_option("file_template", name)
        command.upgrade(config, "head")
        command.revision(config, message=name.split("_", 1)[-1].replace("_", " "), autogenerate=True, rev_id=name[:4])
    click.echo(f"helpdesk/migrations/versions/{name}.py is written.")
