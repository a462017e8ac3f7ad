"""A place in the list, as text. Knows no table: any 24 bytes are a place, whether a todo stands there or not."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND


def encode(created_at: datetime, todo_id: UUID) -> str:
    """32 characters: the time in microseconds since 1970 in 8 bytes, then the id in 16."""
    return urlsafe_b64encode(((created_at - EPOCH) // MICROSECOND).to_bytes(8) + todo_id.bytes).decode()


def decode(cursor: str) -> tuple[datetime, UUID]:
    """What `encode` was given. A time later than Python knows is the latest it knows."""
    place = urlsafe_b64decode(cursor)
    return EPOCH + MICROSECOND * min(int.from_bytes(place[:8]), LATEST), UUID(bytes=place[8:])
