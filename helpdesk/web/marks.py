"""Marks: each view states who may open it. The service behind it enforces what may be done."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import current_app

View = Callable[..., Any]
CHECKER = "signpost.checker"


@dataclass(frozen=True, slots=True)
class Mark:
    """`kind` is public, signed_in or needs; `permission` is set for the last."""

    kind: str
    permission: StrEnum | None = None


def public(view: View) -> View:
    """Anybody may open this page."""
    return _marked(view, Mark("public"))


def signed_in(view: View) -> View:
    """Only people with an account may open this page."""
    return _marked(view, Mark("signed_in"))


def needs(permission: StrEnum) -> Callable[[View], View]:
    """Only people who hold `permission` whatever the subject may open this page."""
    return lambda view: _marked(view, Mark("needs", permission))


def _marked(view: View, mark: Mark) -> View:
    @functools.wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        current_app.extensions[CHECKER](mark)
        return view(*args, **kwargs)

    checked.mark = mark  # type: ignore[attr-defined]
    return checked
