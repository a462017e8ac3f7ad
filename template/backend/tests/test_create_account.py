"""`python -m backend.accounts`: what a person who runs it is told."""

import io
import sys
from pathlib import Path

import pytest

from backend.accounts import __main__ as command
from backend.tests.conftest import PASSWORD


class TestCreateAccount:
    @pytest.fixture
    def run(self, settings, monkeypatch, capsys):
        """What the command says, and its exit code, when the password comes through a pipe."""

        def run(arguments, typed):
            monkeypatch.setenv("DATABASE_URL", settings.database_url)
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
            try:
                command.main(arguments)
            except SystemExit as refused:
                return refused.code
            return capsys.readouterr().out

        return run

    def test_the_new_person_can_sign_in(self, run, visitor):
        said = run(["Ada@example.com"], f"{PASSWORD}\r\n".encode())

        assert said == "Created the account ada@example.com.\n"
        assert (
            visitor.post("/api/v1/session", json={"email": "ada@example.com", "password": PASSWORD}).status_code == 201
        )

    @pytest.mark.parametrize(
        ("arguments", "typed", "sentence"),
        [
            ([], b"", "Name one email address: python -m backend.accounts name@example.com"),
            (["ada"], b"", "An email address looks like name@example.com."),
            (["\udcff@example.com"], b"", "email has a character that is not Unicode text."),
            (["ada@example.com"], b"", "A password has 1 to 200 characters."),
            (["ada@example.com"], b"1234567", "The password has fewer than 8 characters. Choose a longer one."),
            (["ada@example.com"], b"1" * 201, "A password has 1 to 200 characters."),
            (["ada@example.com"], b"\xff" * 8, "password has a character that is not Unicode text."),
        ],
    )
    def test_bad_input_gets_one_sentence(self, run, arguments, typed, sentence):
        assert run(arguments, typed) == sentence

    def test_an_address_is_taken_once(self, run, ada):
        said = run(["Ada@example.com"], PASSWORD.encode())

        assert said == "There is an account for Ada@example.com already. Name another address."

    def test_a_database_that_cannot_be_used_gets_one_sentence(self, run, settings):
        Path(settings.database_url.removeprefix("sqlite:///")).write_bytes(b"no database " * 100)

        assert "file is not a database" in run(["ada@example.com"], PASSWORD.encode())
