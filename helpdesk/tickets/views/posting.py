"""What all posted forms of tickets share: doing once, storing files."""

from collections.abc import Callable

from flask import current_app
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from helpdesk.kernel import once
from helpdesk.kernel.files import FileStore
from helpdesk.kernel.models import FileRow
from helpdesk.kernel.policy import Actor
from helpdesk.web.forms import OnceForm


def do_once(db: Session, form: OnceForm, act: Callable[[], str]) -> str:
    """Do what `form` asks, unless its button was pressed before; the address to go to next."""
    done = once.claim(db, form.once.data)
    if done is None:
        done = act()
        once.settle(db, form.once.data, done)
    return done


def store(db: Session, actor: Actor, files: list[FileStorage] | None) -> list[FileRow]:
    """Keep uploaded files.

    Raises:
        Invalid: one of them is not accepted; none is kept then.
    """
    keeper: FileStore = current_app.extensions["signpost.files"]
    return [keeper.save(db, actor, one.filename, one.stream) for one in files or () if one and one.filename]
