"""`serve-embeddings`: one model for many machines."""

import subprocess
import sys

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from helpdesk.config import Settings
from helpdesk.triage import embeddings, engine

THREADS = 4
LOOPBACK = ("127.0.0.1:", "localhost:", "[::1]:")


def make_app(here: Settings) -> Flask:
    """The server of the settings' encoder.

    Raises:
        RuntimeError: there is none, or it is damaged.
    """
    encoder, problem = engine.load_encoder(engine.encoder_folder(here))
    if encoder is None:
        raise RuntimeError(problem)
    return embeddings.create_app(encoder, here.embeddings_token)


@click.command("serve-embeddings")
@click.option("--bind", default="127.0.0.1:8100", show_default=True, help="Address and port to listen on.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes, each with the model.")
@with_appcontext
def serve_embeddings_command(bind: str, workers: int) -> None:
    """Serve the encoder at /v1/embeddings to machines whose HELPDESK_ENCODER_URL names this one."""
    here: Settings = current_app.extensions["signpost.settings"]
    if not here.embeddings_token and not bind.startswith(LOOPBACK):
        raise click.ClickException("Set HELPDESK_EMBEDDINGS_TOKEN first: without one only this machine may ask.")
    command = [sys.executable, "-m", "gunicorn", "--bind", bind, "--workers", str(workers)]
    command += ["--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "60", "wsgi_embeddings:app"]
    click.echo(f"Embeddings are served on http://{bind}/v1 (Ctrl+C ends it)")
    sys.exit(subprocess.call(command))  # noqa: S603 - our own command
