"""Templates hold nothing that is never used."""

import re
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.config import PROJECT_ROOT

TEMPLATES = PROJECT_ROOT / "templates"
SOURCES = [*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt"), *TEMPLATES.rglob("*.xml")]
MACRO = re.compile(r"{%-?\s*macro\s+(\w+)\(")
NAMED = re.compile(r"""["']([\w/.-]+\.(?:html|txt|xml))["']""")
SHOWCASE = "styleguide.html"  # shows every macro, so its uses do not count


def texts() -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in SOURCES}


def is_used(name: str, templates: str) -> bool:
    """Whether a macro is called, or imported under another name."""
    return bool(re.search(rf"\b{name}\(|\b{name} as ", templates))


class TestMacros:
    def test_each_is_used_by_a_page(self) -> None:
        found = texts()
        calls = " ".join(MACRO.sub("", text) for path, text in found.items() if path.name != SHOWCASE)
        macros = {(path.name, name) for path, text in found.items() for name in MACRO.findall(text)}
        assert macros
        unused = [where for where in sorted(macros) if not is_used(where[1], calls)]
        assert unused == []

    def test_what_is_imported_is_used(self) -> None:
        unused = []
        for path, text in texts().items():
            for names in re.findall(r"{%-?\s*from\s+\S+\s+import\s+([^%]+?)\s*-?%}", text):
                for name in re.sub(r"\s+", " ", names).split(", "):
                    used_as = name.split(" as ")[-1].strip()
                    if len(re.findall(rf"\b{used_as}\b", text)) < 2:
                        unused.append(f"{path.relative_to(TEMPLATES)}: {name}")
        assert unused == []


class TestFiles:
    def test_each_template_is_named_by_somebody(self) -> None:
        code = [path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "helpdesk").rglob("*.py")]
        named = {name for text in (*code, *texts().values()) for name in NAMED.findall(text)}
        folders = {text for one in code for text in re.findall(r'"((?:accounts|community|tickets)/\w+)"', one)}
        unnamed = [
            str(path.relative_to(TEMPLATES))
            for path in SOURCES
            if str(path.relative_to(TEMPLATES)) not in named and "email" not in path.parts
        ]
        assert unnamed == []
        assert folders

    @pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TEMPLATES)))
    def test_each_template_compiles(self, path: Path) -> None:
        app = Flask("of-a-test", template_folder=str(TEMPLATES))
        source = path.read_text(encoding="utf-8")
        assert app.jinja_env.parse(source).body or not source.strip()
