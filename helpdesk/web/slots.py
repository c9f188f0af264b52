"""Slots: a page leaves a place, `app.py` says which panels of higher domains are drawn there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, current_app
from markupsafe import Markup

Panel = Callable[..., str]
Panels = Mapping[str, Sequence[Panel]]

EXTENSION = "signpost.panels"


def install(app: Flask, panels: Panels) -> None:
    app.extensions[EXTENSION] = panels
    app.jinja_env.globals["slot"] = slot


def slot(name: str, /, **context: Any) -> Markup:
    """Draw the panels of one slot. A panel is a function of keyword arguments that returns rendered HTML."""
    panels = current_app.extensions[EXTENSION].get(name, ())
    return Markup("").join(Markup(panel(**context)) for panel in panels)  # noqa: S704 - panels render templates
