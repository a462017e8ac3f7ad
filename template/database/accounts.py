"""Who may come in: accounts, their sessions, and failed attempts. Knows no HTTP.

Emails are kept and compared in lower case; every function here sees to that.
"""

from datetime import UTC, datetime
from secrets import token_urlsafe
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from database.engine import take_turn
from database.schema import Moment, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("length(email) <= 254", name="email_length"),
    CheckConstraint("length(password_hash) <= 255", name="password_hash_length"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    CheckConstraint("length(token_hash) = 64", name="token_hash_length"),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),  # as typed: lower case can be longer than any account's
    Column("failed_at", Moment, nullable=False, index=True),
    Index(None, "email", "failed_at"),
)

THE_EMAIL = bindparam("the_email", type_=String())
SIGNED_IN = select(sessions.c.account_id).where(
    sessions.c.token_hash == bindparam("token"), sessions.c.expires_at > bindparam("now")
)
BY_ID = select(accounts.c.id, accounts.c.email).where(accounts.c.id == bindparam("account"))
BY_EMAIL = select(accounts.c.id, accounts.c.email, accounts.c.password_hash).where(accounts.c.email == THE_EMAIL)
ANY = select(accounts.c.id).limit(1)
NEW_ACCOUNT = insert(accounts).returning(accounts.c.id, accounts.c.email)
NEW_SESSION = insert(sessions)
END_SESSION = delete(sessions).where(sessions.c.token_hash == bindparam("token"))
# Of two that sweep at once, each takes what the other has not: to wait for one another's rows could go on for ever.
EXPIRED = select(sessions.c.token_hash).where(sessions.c.expires_at <= bindparam("now"))
END_EXPIRED = delete(sessions).where(sessions.c.token_hash.in_(EXPIRED.with_for_update(skip_locked=True)))
FAILURES = (
    select(func.count())
    .select_from(sign_in_failures)
    .where(sign_in_failures.c.email == THE_EMAIL, sign_in_failures.c.failed_at >= bindparam("since"))
)
NEW_FAILURE = insert(sign_in_failures)
FORGET_FAILURES = delete(sign_in_failures).where(sign_in_failures.c.email == THE_EMAIL)
OLD = select(sign_in_failures.c.id).where(sign_in_failures.c.failed_at < bindparam("before"))
FORGET_OLD = delete(sign_in_failures).where(sign_in_failures.c.id.in_(OLD.with_for_update(skip_locked=True)))


class EmailTaken(Exception):
    """There is an account with this email."""


def find_signed_in(connection: Connection, token_hash: str, now: datetime) -> UUID | None:
    """The account of a session that has not expired."""
    return connection.execute(SIGNED_IN, {"token": token_hash, "now": now}).scalar()


def get_account(connection: Connection, account_id: UUID) -> Row[UUID, str] | None:
    """id, email."""
    return connection.execute(BY_ID, {"account": account_id}).first()


def find_account(connection: Connection, email: str) -> Row[UUID, str, str] | None:
    """id, email, password_hash."""
    return connection.execute(BY_EMAIL, {"the_email": email.lower()}).first()


def has_accounts(connection: Connection) -> bool:
    return connection.execute(ANY).first() is not None


def create_account(connection: Connection, email: str, password_hash: str) -> Row[UUID, str]:
    """id, email. Raises EmailTaken."""
    account = {"id": uuid4(), "email": email.lower(), "password_hash": password_hash, "created_at": datetime.now(UTC)}
    try:
        with connection.begin_nested():  # else the refusal would end the transaction, in PostgreSQL
            return connection.execute(NEW_ACCOUNT, account).one()
    except IntegrityError as error:
        if "unique" in str(error.orig).lower():
            raise EmailTaken(email) from error
        raise


def create_session(connection: Connection, account_id: UUID, token_hash: str, expires_at: datetime) -> None:
    session = {"token_hash": token_hash, "account_id": account_id, "expires_at": expires_at}
    connection.execute(NEW_SESSION, {**session, "created_at": datetime.now(UTC)})


def delete_session(connection: Connection, token_hash: str) -> bool:
    """False when there was none."""
    return connection.execute(END_SESSION, {"token": token_hash}).rowcount == 1


def delete_expired_sessions(connection: Connection, now: datetime) -> int:
    """How many."""
    return connection.execute(END_EXPIRED, {"now": now}).rowcount


def count_sign_in_failures(connection: Connection, email: str, since: datetime) -> int:
    """Nobody else counts those of this email before the transaction ends, so that guesses in parallel gain nothing."""
    take_turn(connection, f"sign in as {email.lower()}")
    return connection.execute(FAILURES, {"the_email": email.lower(), "since": since}).scalar_one()


def create_sign_in_failure(connection: Connection, email: str) -> None:
    connection.execute(NEW_FAILURE, {"email": email.lower(), "failed_at": datetime.now(UTC)})


def delete_sign_in_failures(connection: Connection, email: str) -> None:
    connection.execute(FORGET_FAILURES, {"the_email": email.lower()})


def delete_old_sign_in_failures(connection: Connection, before: datetime) -> int:
    """How many. Without it, whoever guesses addresses fills the table."""
    return connection.execute(FORGET_OLD, {"before": before}).rowcount


HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """About 50 ms of work, on purpose: call it outside a transaction."""
    return HASHER.hash(password)


NOBODY = hash_password(token_urlsafe())


def verify_password(password_hash: str | None, password: str) -> bool:
    """None, for a person who does not exist, takes as long as a wrong password and is False."""
    try:
        return HASHER.verify(password_hash or NOBODY, password)
    except VerifyMismatchError:
        return False
