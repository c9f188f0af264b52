"""Every command of the command line. What serves pages loads none of them, which spares it 4 MB."""

from collections.abc import Sequence

import click
from flask import Flask

from helpdesk.accounts import commands as accounts_commands
from helpdesk.cli.migrations import migration_command
from helpdesk.cli.server import serve_command, worker_command
from helpdesk.cli.site import check_command, init_command
from helpdesk.community import commands as community_commands
from helpdesk.demo.commands import demo_command
from helpdesk.rulebook import commands as rulebook_commands
from helpdesk.tickets import commands as tickets_commands
from helpdesk.triage.commands import benching, embedding, evaluating, indexing, models

IMPORTS: Sequence[click.Command] = (
    rulebook_commands.import_code_command,
    community_commands.import_stackexchange_command,
    tickets_commands.import_tickets_command,
)
COMMANDS: Sequence[click.Command] = (
    click.Group("import", list(IMPORTS), help="Bring in data from files; safe to repeat."),
    init_command,
    serve_command,
    worker_command,
    check_command,
    migration_command,
    demo_command,
    accounts_commands.user_group,
    tickets_commands.queue_group,
    indexing.index_group,
    models.train_command,
    models.models_group,
    models.encoder_group,
    evaluating.eval_group,
    embedding.serve_embeddings_command,
    benching.bench_command,
)


def install(app: Flask) -> Flask:
    """Give `app` its command line."""
    for command in COMMANDS:
        app.cli.add_command(command)
    return app
