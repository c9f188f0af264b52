"""The migrations reach the models, on both databases, and lead back."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from helpdesk import schema
from helpdesk.kernel.db import connect


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("postgres_url")
    engine = connect(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS migrations WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE migrations")
    engine.dispose()
    return url.replace("/postgres?", "/migrations?")


class TestMigrations:
    def test_they_reach_the_models(self, empty_url: str) -> None:
        schema.upgrade(empty_url)
        engine = connect(empty_url)
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"include_object": schema.is_ours, "compare_type": True}
            )
            differences = compare_metadata(context, schema.metadata())
        engine.dispose()
        assert differences == []

    def test_they_lead_back(self, empty_url: str) -> None:
        schema.upgrade(empty_url)
        command.downgrade(schema.configuration(empty_url), "base")
        engine = connect(empty_url)
        left = set(inspect(engine).get_table_names()) - {"alembic_version"}
        engine.dispose()
        assert left == set()

    def test_a_second_upgrade_changes_nothing(self, empty_url: str) -> None:
        schema.upgrade(empty_url)
        schema.upgrade(empty_url)
