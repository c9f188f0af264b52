"""`train`, `models` and `encoder`: learning, and which model is in use."""

import json
import shutil
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from helpdesk.config import Settings
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.policy import SYSTEM
from helpdesk.nlp.manifest import CARD, MANIFEST, ArtefactError, read_manifest
from helpdesk.triage import engine
from helpdesk.triage.commands import output
from helpdesk.triage.queries import state
from helpdesk.triage.services import models
from helpdesk.triage.services.training import run
from helpdesk.triage.services.training.keeping import save_whole


def _settings() -> Settings:
    found: Settings = current_app.extensions["signpost.settings"]
    return found


@click.command("train")
@click.option(
    "--what",
    type=click.Choice([*run.EVERY, "all"]),
    default="all",
    show_default=True,
    help="Topics and priorities, the order of passages, probabilities; or the encoder, which `all` leaves out.",
)
@click.option("--limit", type=click.IntRange(1), help="Newest tickets or questions to learn from.")
@with_appcontext
def train_command(what: str, limit: int | None) -> None:
    """Learn from what people did. A model that is better on later rows takes over, and can be rolled back."""
    whats = run.WHATS if what == "all" else (what,)
    try:
        trained = run.train(
            SYSTEM, engine.loaded(), _settings().data_dir / "models", whats, limit=limit, say=click.echo
        )
    except (HelpdeskError, ValueError) as err:
        raise click.ClickException(str(err)) from err
    for one in trained:
        output.table([("", ""), *((name, value) for name, value in one.metrics.items() if name != "verdict")])


models_group = click.Group("models", help="Trained models and which of them is in use.")


@models_group.command("list")
@with_appcontext
def list_models() -> None:
    """Every model, its state and how it compared."""
    with reading() as db:
        rows = state.models(db)
    if not rows:
        click.echo("No model was trained here yet. Run `python -m helpdesk train`.")
    for row in rows:
        click.echo(f"{row.what:<10} {row.name:<34} {row.state:<11} {row.metrics.get('verdict', '')}")


@models_group.command("show")
@click.argument("name")
@with_appcontext
def show(name: str) -> None:
    """What one model was made of, and how good it was."""
    try:
        with reading() as db:
            row = models.by_name(db, name)
    except HelpdeskError as err:
        raise click.ClickException(str(err)) from err
    manifest = Path(row.folder) / "manifest.json"
    output.table([("what", row.what), ("state", row.state), ("folder", row.folder)])
    click.echo(manifest.read_text(encoding="utf-8") if manifest.exists() else json.dumps(row.metrics, indent=2))


@models_group.command("promote")
@click.argument("name")
@with_appcontext
def promote(name: str) -> None:
    """Use this model from now on."""
    try:
        with unit_of_work() as db:
            models.promote(db, SYSTEM, models.by_name(db, name))
    except HelpdeskError as err:
        raise click.ClickException(str(err)) from err
    click.echo(f"{name} is in use from now on.")


@models_group.command("rollback")
@click.argument("what", type=click.Choice(["ranking", "confidence", "topic", "priority"]))
@with_appcontext
def rollback(what: str) -> None:
    """Bring back the model that the present one replaced."""
    try:
        with unit_of_work() as db:
            name = models.roll_back(db, SYSTEM, what)
    except HelpdeskError as err:
        raise click.ClickException(str(err)) from err
    click.echo(f"{name} is in use again.")


encoder_group = click.Group("encoder", help="The model that turns text into vectors.")


@encoder_group.command("export")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="models/encoder by default.")
@with_appcontext
def export(out: Path | None) -> None:
    """Make the ONNX encoder from the sentence-transformers model and the weights in the folder, if some are there.

    Needs requirements-train.txt. What lies in the folder is replaced once all is made.
    """
    from helpdesk.nlp.export import (  # noqa: PLC0415 - needs torch, which is not installed where we serve
        WEIGHTS,
        export_encoder,
    )

    here = _settings()
    place = (out or here.models_dir / here.encoder).resolve()

    def save(folder: Path) -> None:
        for path in (place / name for name in (WEIGHTS, MANIFEST, CARD)):
            if path.is_file():
                shutil.copyfile(path, folder / path.name)
        export_encoder(folder)

    try:
        save_whole(place, save)
        manifest = read_manifest(place)
    except (ArtefactError, HelpdeskError) as err:
        raise click.ClickException(str(err)) from err
    click.echo(f"{manifest.name}: cosine to the original {manifest.metrics['cosine_mean']:.4f} on average.")
