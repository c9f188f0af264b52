"""The command says what to do instead where it does nothing."""

from flask import Flask
from sqlalchemy.orm import Session

from tests.factories.accounts import make_user


class TestDemo:
    def test_the_refusal_says_what_to_do(self, app: Flask, db: Session):
        make_user(db)
        db.commit()

        result = app.test_cli_runner().invoke(args=["demo"])

        assert result.exit_code == 1
        assert "HELPDESK_DATA_DIR" in result.output
