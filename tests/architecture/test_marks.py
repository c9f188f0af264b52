"""Every view states who may open it, every setting is explained, the core stands alone."""

import re
import subprocess
import sys
from dataclasses import fields

from flask import Flask

from helpdesk.config import PROJECT_ROOT, Settings

UNMARKED_BY_FLASK = {"static"}


class TestPackages:
    def test_package_files_import_nothing(self) -> None:
        files = (PROJECT_ROOT / "helpdesk").rglob("__init__.py")
        importing = [str(file) for file in files if re.search(r"^(?:from|import) ", file.read_text(), re.MULTILINE)]
        assert importing == []


class TestMarks:
    def test_every_view_is_marked(self, app: Flask) -> None:
        unmarked = [
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if rule.endpoint not in UNMARKED_BY_FLASK and not hasattr(app.view_functions[rule.endpoint], "mark")
        ]
        assert unmarked == []

    def test_every_permission_of_a_mark_has_a_rule(self, app: Flask) -> None:
        from helpdesk.app import merged_rules

        wanted = {
            view.mark.permission
            for view in app.view_functions.values()
            if getattr(getattr(view, "mark", None), "permission", None)
        }
        assert wanted - set(merged_rules()) == set()


class TestDocuments:
    def test_every_setting_is_explained(self) -> None:
        example = (PROJECT_ROOT / ".env.example").read_text()
        source = (PROJECT_ROOT / "helpdesk" / "config.py").read_text()
        names = set(re.findall(r'"(HELPDESK_[A-Z_]+)"', source))
        assert names == set(re.findall(r"^(HELPDESK_[A-Z_]+)=", example, re.MULTILINE))
        assert len(names) >= len(fields(Settings)) - 1

    def test_every_command_is_documented(self, app: Flask) -> None:
        guide = (PROJECT_ROOT / "docs" / "commands.md").read_text()
        missing = [name for name in app.cli.commands if f"`{name}" not in guide]
        assert missing == []


class TestTheCoreStandsAlone:
    def test_the_nlp_core_loads_without_flask_and_database(self) -> None:
        code = (
            "import sys, pkgutil, importlib, helpdesk.nlp as core\n"
            "for found in pkgutil.walk_packages(core.__path__, 'helpdesk.nlp.'):\n"
            "    if not found.name.endswith('.export'): importlib.import_module(found.name)\n"
            "bad = {'flask', 'sqlalchemy', 'torch'} & set(sys.modules)\n"
            "assert not bad, bad\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT_ROOT, check=False
        )
        assert done.returncode == 0, done.stderr

    def test_no_template_prints_unclean_text(self) -> None:
        offenders = [
            str(path.relative_to(PROJECT_ROOT))
            for path in (PROJECT_ROOT / "templates").rglob("*.html")
            if re.search(r"\|\s*safe\b|autoescape false", path.read_text())
        ]
        assert offenders == []
