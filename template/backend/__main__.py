"""`python -m backend`: migrate, seed when this is development and nothing is there yet, and serve."""

import signal
import socket
import sys

import uvicorn

from backend.main import create_app
from backend.settings import Settings, read_settings
from database import accounts, migrate, seed
from database.engine import Database, UnusableDatabase


def main() -> None:
    for asked_to_stop in {signal.SIGTERM, getattr(signal, "SIGBREAK", signal.SIGTERM)}:
        signal.signal(asked_to_stop, signal.default_int_handler)  # else nothing that waits for the end would be done
    settings = read_settings()
    listener = listen(settings.host, settings.port)
    try:
        prepare(settings)
    except UnusableDatabase as error:
        sys.exit(str(error))
    address = f"[{settings.host}]" if ":" in settings.host else settings.host
    hint = "" if settings.production else f" (sign in as {seed.DEMO_EMAIL}, password {seed.DEMO_PASSWORD})"
    sys.stdout.write(f"Serving on http://{address}:{listener.getsockname()[1]}{hint}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        create_app(settings), log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=10
    )
    uvicorn.Server(config).run([listener])


def listen(host: str, port: int) -> socket.socket:
    """Before anything else, so that a second server at this address changes nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        sys.exit(f"Cannot listen on HOST {host}, PORT {port}: {reason}. Set another one, like PORT=8001.")
    # Else each answer waits 40 ms for the receipt of its first half: asyncio spares its own listeners that, not ours.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def prepare(settings: Settings) -> None:
    migrate.upgrade(settings.database_url)
    database = Database(settings.database_url)
    try:
        if not settings.production:
            seed.seed(database)
            return
        with database.reading() as connection:
            demo = accounts.find_account(connection, seed.DEMO_EMAIL)
    finally:
        database.close()
    if demo:
        sys.exit(
            f"APP_ENV is production, but {seed.DEMO_EMAIL}, whose password everybody knows, is in the database."
            " Set DATABASE_URL to another database, or APP_ENV=development."
        )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.stdout.write("Stopped.\n")
