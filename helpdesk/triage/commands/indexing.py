"""`index`: remake the indexes, and say where they stand."""

from functools import partial

import click
from flask import current_app
from flask.cli import with_appcontext
from tqdm import tqdm

from helpdesk.config import Settings
from helpdesk.kernel import sources
from helpdesk.kernel.db import reading
from helpdesk.nlp.manifest import ArtefactError, read_manifest
from helpdesk.triage import engine
from helpdesk.triage.commands import output
from helpdesk.triage.queries.state import index_states, searched, unknown
from helpdesk.triage.services import indexing

index_group = click.Group("index", help="The indexes, which are made from the database and can be remade.")


@index_group.command("rebuild")
@click.option("--kind", "kinds", multiple=True, help="Only this kind; may be given several times.")
@with_appcontext
def rebuild(kinds: tuple[str, ...]) -> None:
    """Remake the search texts and embeddings. Goes on where an interrupted run stopped."""
    using = engine.loaded()
    if not using.encoders:
        raise click.ClickException(using.problem)
    known = [source.kind for source in sources.all_sources()]
    if unknown := set(kinds).difference(known):
        raise click.ClickException(f"There is no kind {unknown.pop()}. Known are {', '.join(known)}.")
    with tqdm(unit=" items", disable=None) as bar:

        def progress(label: str, count: int) -> None:
            bar.set_description(label)
            bar.update(count)

        first, *others = using.encoders
        indexing.rebuild(kinds or known, first, progress)
        for encoder in others:
            for kind in known:
                indexing.embed_pending(kind, encoder, partial(progress, f"{kind}: {encoder.name}"))
    indexing.settle(using.encoders[-1].name)
    click.echo("The indexes are up to date.")


@index_group.command("status")
@with_appcontext
def status() -> None:
    """How far search and suggestions follow."""
    with reading() as db:
        states = index_states(db)
    for state in states:
        follows = f"{state.behind} behind" if state.behind else "up to date"
        output.table([(f"{state.kind:<9}", f"{state.items} items, {follows}, {state.model or 'no encoder'}")])
    if sentence := _turning(current_app.extensions["signpost.settings"]):
        click.echo(sentence)


def _turning(here: Settings) -> str:
    """How far the vectors of another encoder are; empty when none is on its way."""
    try:
        wanted = read_manifest(engine.encoder_folder(here)).name
    except ArtefactError:
        return ""
    with reading() as db:
        now, states = searched(db), index_states(db, wanted)
    if now in {"", wanted}:
        return ""
    left, items = sum(state.behind for state in states), sum(state.items for state in states)
    until = f"those by {now} are" if engine.folder_of(here, now) else "words alone are"
    return f"Vectors by {wanted} are being made: {left} of {items} items are left. Until then {until} searched."


def find_problems(here: Settings) -> list[str]:
    """Sentences for `check`, each with its cure."""
    with reading() as db:
        states = index_states(db)
        missing = [one.kind for one in sources.all_sources() if db.scalar(unknown(one).limit(1)) is not None]
    behind = {state.kind: state.behind for state in states if state.behind}
    problems = []
    if missing:
        behind_table = f"Search does not know all of: {', '.join(missing)}."
        problems.append(
            f"{behind_table} The worker mends it within ten minutes, or run `python -m helpdesk index rebuild`."
        )
    if behind:
        waiting = ", ".join(f"{count} {kind}" for kind, count in behind.items())
        problems.append(f"Embeddings are behind ({waiting}). Start the worker, or run `index rebuild`.")
    if sentence := _turning(here):
        problems.append(f"{sentence} The worker makes them, or run `index rebuild`.")
    return problems
