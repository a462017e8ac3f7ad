"""`python -m backend.accounts name@example.com`: creates an account. Asks for the password, or reads it from a pipe."""

import sys
from contextlib import closing
from getpass import getpass

from backend.accounts import service
from backend.contract import Rule
from backend.errors import ValidationError
from backend.settings import read_settings
from database.accounts import EmailTaken
from database.engine import Database, UnusableDatabase
from database.migrate import upgrade
from database.seed import DEMO_EMAIL

SHORTEST_PASSWORD = 8
CREDENTIALS = Rule({"$ref": "#/components/schemas/Credentials"})


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        sys.exit("Name one email address: make account email=name@example.com")
    email = arguments[0]
    if email.lower() == DEMO_EMAIL:
        sys.exit(f"{DEMO_EMAIL} is the demo person, who is refused in production. Name another address.")
    url = read_settings().database_url
    try:
        CREDENTIALS.check({"email": email, "password": "not asked yet"}, "credentials")
        password = read_password()
        CREDENTIALS.check({"email": email, "password": password}, "credentials")
        if len(password) < SHORTEST_PASSWORD:
            sys.exit(f"The password has fewer than {SHORTEST_PASSWORD} characters. Choose a longer one.")
        upgrade(url)
        with closing(Database(url)) as database:
            account = service.create_account(database, email, password)
    except ValidationError as refused:
        sys.exit(refused.detail)
    except EmailTaken:
        sys.exit(f"There is an account for {email} already. Name another address.")
    except UnusableDatabase as error:
        sys.exit(str(error))
    sys.stdout.write(f"Created the account {account.email}.\n")


def read_password() -> str:
    """Of a person at a terminal, or one line of UTF-8 from a pipe."""
    if sys.stdin.isatty():
        return getpass(f"Password (at least {SHORTEST_PASSWORD} characters): ")
    line = sys.stdin.buffer.readline().removesuffix(b"\n").removesuffix(b"\r")
    return line.decode(errors="surrogateescape")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nNothing was created.")
