"""Who may come in, and for how long. Knows tables, knows nothing of HTTP."""

from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

from backend.caller import Caller, hash_token
from backend.errors import RateLimited, Unauthenticated
from backend.generated.models import Account, Credentials
from database import accounts
from database.accounts import hash_password, verify_password
from database.engine import Database

SESSION_LASTS = timedelta(days=30)
FAILURES_COUNT = timedelta(minutes=15)
MOST_FAILURES = 20


def create_session(database: Database, credentials: Credentials) -> tuple[Account, str]:
    """The account, and the token of its new session, which is stored nowhere.

    Raises Unauthenticated, alike for an unknown email and a wrong password, or RateLimited.
    """
    now = datetime.now(UTC)
    with database.writing() as connection:
        accounts.delete_old_sign_in_failures(connection, now - FAILURES_COUNT)
        if accounts.count_sign_in_failures(connection, credentials.email, now - FAILURES_COUNT) >= MOST_FAILURES:
            raise RateLimited(int(FAILURES_COUNT.total_seconds()))
        # A failure until it has succeeded: guesses that arrive together are counted, too.
        accounts.create_sign_in_failure(connection, credentials.email)
        account = accounts.find_account(connection, credentials.email)

    password_hash = account.password_hash if account else None
    if not verify_password(password_hash, credentials.password) or account is None:
        raise Unauthenticated("Email or password is wrong.")

    token = token_urlsafe(32)
    with database.writing() as connection:
        accounts.delete_sign_in_failures(connection, credentials.email)
        accounts.delete_expired_sessions(connection, now)
        accounts.create_session(connection, account.id, hash_token(token), now + SESSION_LASTS)
    return Account(id=account.id, email=account.email), token


def get_session(caller: Caller) -> Account:
    with caller.reading() as (connection, account_id):
        account = accounts.get_account(connection, account_id)
    if account is None:
        raise Unauthenticated
    return Account(id=account.id, email=account.email)


def delete_session(caller: Caller) -> None:
    with caller.writing() as (connection, _):
        accounts.delete_session(connection, caller.token_hash)


def create_account(database: Database, email: str, password: str) -> Account:
    """Raises EmailTaken."""
    password_hash = hash_password(password)
    with database.writing() as connection:
        account = accounts.create_account(connection, email, password_hash)
    return Account(id=account.id, email=account.email)
