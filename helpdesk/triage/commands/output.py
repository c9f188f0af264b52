"""What an evaluation prints: a table for people, or one JSON object."""

import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

import click

PACKAGES = ("faiss-cpu", "numpy", "onnxruntime", "scikit-learn", "scikit-network", "scipy")


def show(figures: Mapping[str, Any], *, seconds: float, as_json: bool) -> None:
    """Print the figures; whole numbers stay whole."""
    rounded = {name: _rounded(value) for name, value in figures.items()}
    if as_json:
        click.echo(json.dumps({**rounded, "seconds": round(seconds, 2), "versions": versions()}))
        return
    table(rounded.items())
    click.echo(f"in {seconds:.1f} seconds")


def table(rows: Iterable[tuple[str, Any]]) -> None:
    """Two columns, the second aligned to the right."""
    shown = [(name, f"{value:.4f}" if isinstance(value, float) else str(value)) for name, value in rows]
    width = max((len(name) for name, _ in shown), default=0)
    right = max((len(value) for _, value in shown), default=0)
    for name, value in shown:
        click.echo(f"{name:<{width}}  {value:>{right}}")


def versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() and abs(value) > 1 else round(value, 4)
