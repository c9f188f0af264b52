"""The notebooks run from top to bottom, use the language core alone, and are kept without results."""

import ast
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from helpdesk.config import PROJECT_ROOT

NOTEBOOKS = sorted((PROJECT_ROOT / "notebooks").glob("*.ipynb"))
ALLOWED = {"numpy", "helpdesk.nlp"}
LIMIT_SECONDS = 60  # of one cell, on a machine that does other things too

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def imported(source: str) -> set[str]:
    """Names of the modules that a cell imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_it_is_kept_without_results(path: Path) -> None:
    assert [cell.source for cell in code_cells(path) if cell.outputs or cell.execution_count] == []


def test_it_imports_the_language_core_alone(path: Path) -> None:
    modules = set().union(*(imported(cell.source) for cell in code_cells(path)))
    strange = {
        name
        for name in modules
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED)
    }
    assert strange == set()


def test_it_ends_with_what_was_learned(path: Path) -> None:
    last = read(path).cells[-1]
    assert last.cell_type == "markdown"
    assert last.source.startswith("## What we conclude")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_it_runs_from_top_to_bottom(path: Path) -> None:
    notebook = read(path)
    NotebookClient(
        notebook, timeout=LIMIT_SECONDS, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    printed = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert printed
