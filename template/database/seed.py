"""The demo person and what they begin with, for an empty database in development. Knows no setting but DATABASE_URL."""

import os
from contextlib import closing

from database.accounts import create_account, has_accounts, hash_password
from database.engine import Database, UnusableDatabase, take_turn, url_from_environment, without_password
from database.migrate import upgrade
from database.todos import create_examples

DEMO_EMAIL = "demo@example.com"
DEMO_PASSWORD = "demo-password"  # noqa: S105 - public, on purpose; production refuses to start with it


def seed(database: Database) -> bool:
    """Touches only a database without any account. True when it did."""
    with database.writing() as connection:
        take_turn(connection, "seed")
        if has_accounts(connection):
            return False
        person = create_account(connection, DEMO_EMAIL, hash_password(DEMO_PASSWORD))
        create_examples(connection, person.id)
    return True


def main() -> str:
    """What was done, in one sentence. Raises SystemExit with what was wrong."""
    if os.environ.get("APP_ENV") == "production":
        raise SystemExit(f"APP_ENV is production, where {DEMO_EMAIL} has no place: set APP_ENV=development to seed.")
    url = url_from_environment()
    try:
        upgrade(url)
        with closing(Database(url)) as database:
            seeded = seed(database)
    except UnusableDatabase as error:
        raise SystemExit(str(error)) from error
    if seeded:
        return f"{without_password(url)}: seeded. Sign in as {DEMO_EMAIL}, password {DEMO_PASSWORD}."
    return f"{without_password(url)}: has accounts already, so it was left alone."


if __name__ == "__main__":
    print(main())  # noqa: T201 - it is a command
