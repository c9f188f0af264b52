"""`bench peers`: the product side by side with other programs, on files with known answers."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from helpdesk.config import Settings
from helpdesk.nlp.evaluation import peers
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.evaluation.peers import Result, Task
from helpdesk.nlp.evaluation.readers import FileError
from helpdesk.nlp.manifest import ArtefactError
from helpdesk.nlp.onnx import OnnxEncoder
from helpdesk.triage import engine
from helpdesk.triage.commands import output

INSTALL = "pip install -r requirements-bench.txt"
TASKS = ("finding", "topics", "triage")
WHOLE = ("clusters", "seconds", "peak_mb")  # shown without places after the point, times with one
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("peers")
@click.option("--data", type=FOLDER, required=True, help="The folder of the data packs.")
@click.option("--task", "names", type=click.Choice(TASKS), multiple=True, default=TASKS, help="All by default.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many questions of each file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def peers_command(data: Path, names: tuple[str, ...], limit: int | None, as_json: bool) -> None:
    """Measure the product beside txtai, haystack, BM25, BERTopic and TF-IDF, each in a process of its own."""
    rows = []
    try:
        for task in _tasks(names, data, limit):
            if not as_json:
                click.echo(f"\n{task.name}")
            for number, result in enumerate(task.results()):
                rows.append(_row(task, result))
                if not as_json:
                    _print(result, with_head=number == 0)
    except (FileError, ArtefactError) as err:
        raise click.ClickException(str(err)) from err
    if as_json:
        click.echo(json.dumps({"results": rows, "versions": output.versions()}))


def _tasks(names: tuple[str, ...], data: Path, limit: int | None) -> Iterator[Task]:
    here: Settings = current_app.extensions["signpost.settings"]
    if "finding" in names:
        yield from peers.finding(data, here.models_dir, limit)
    if "topics" in names:
        encoder = OnnxEncoder(engine.encoder_folder(here))
        yield from peers.topics(data, here.models_dir, CachedEncoder(encoder, here.data_dir / "eval"))
    if "triage" in names:
        yield from peers.triage(data, here.models_dir, limit)


def _row(task: Task, result: Result) -> Mapping[str, object]:
    row: dict[str, object] = {"task": task.name, "contender": result.contender}
    if result.missing:
        return {**row, "missing": list(result.missing), "install": INSTALL}
    return {**row, **{name: round(value, 4) for name, value in result.figures.items()}}


def _print(result: Result, *, with_head: bool) -> None:
    if with_head:
        click.echo(f"{'':<30}" + "".join(f"{name:>11}" for name in result.figures))
    if result.missing:
        click.echo(f"{result.contender:<30} is not here ({', '.join(result.missing)}): {INSTALL}")
        return
    click.echo(f"{result.contender:<30}" + "".join(f"{_shown(*one):>11}" for one in result.figures.items()))


def _shown(name: str, value: float) -> str:
    if name.endswith("_ms"):
        return f"{value:.1f}"
    return f"{value:.0f}" if name in WHOLE else f"{value:.3f}"
