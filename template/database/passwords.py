"""Password hashes. Knows no account."""

from secrets import token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """About 50 ms of work, on purpose: call it outside a transaction."""
    return _hasher.hash(password)


_NOBODY = hash_password(token_urlsafe())


def verify_password(password_hash: str | None, password: str) -> bool:
    """None, for a person who does not exist, takes as long as a wrong password and is False."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password)
    except VerifyMismatchError:
        return False
