"""What was acknowledged stays, however the server ends. Knows the product by its URL and its commands."""

import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from time import sleep

import httpx
import pytest

TODOS = "/api/v1/todos"
WRITERS = 4


def write_until_it_breaks(client: httpx.Client, name: str, enough: Event) -> list[str]:
    """Adds todos until the server is gone; sets `enough` on the way. The ids that were acknowledged."""
    acknowledged: list[str] = []
    while True:
        try:
            answer = client.post(TODOS, json={"title": f"{name} {len(acknowledged)}"})
        except httpx.TransportError:
            return acknowledged
        acknowledged.append(answer.raise_for_status().json()["id"])
        if len(acknowledged) == 10:
            enough.set()


class TestKill:
    @pytest.mark.parametrize("attempt", range(3))
    def test_every_acknowledged_todo_survives_and_the_database_opens(self, start, sign_in, new_database, attempt):
        server = start(new_database).wait_until_ready()
        writers = [(sign_in(server.url), f"Writer {number}", Event()) for number in range(WRITERS)]
        with ThreadPoolExecutor(WRITERS) as pool:
            streams = [pool.submit(write_until_it_breaks, *writer) for writer in writers]
            for _, _, enough in writers:
                assert enough.wait(30)

            server.kill()

            acknowledged = [todo_id for stream in streams for todo_id in stream.result()]
        assert_whole(new_database)
        demo = sign_in(start(new_database).wait_until_ready().url)
        statuses = {todo_id: demo.get(f"{TODOS}/{todo_id}").status_code for todo_id in acknowledged}
        assert statuses == dict.fromkeys(acknowledged, 200)
        assert demo.post(TODOS, json={"title": "Buy milk"}).status_code == 201


def assert_whole(database_url: str) -> None:
    if database_url.startswith("sqlite:///"):  # every other database checks itself when it starts
        path = Path(database_url.removeprefix("sqlite:///"))
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


class TestStop:
    def test_a_request_that_has_begun_is_finished(self, start, sign_in, new_database):
        server = start(new_database).wait_until_ready()
        demo = sign_in(server.url)
        begun, go_on = Event(), Event()

        def slow_body() -> Iterator[bytes]:
            yield b'{"title": '
            begun.set()
            assert go_on.wait(30)
            yield b'"Buy milk"}'

        with ThreadPoolExecutor(1) as pool:
            headers = {"Content-Type": "application/json"}
            answer = pool.submit(demo.post, TODOS, content=slow_body(), headers=headers, timeout=30)
            assert begun.wait(30)
            server.ask_to_stop()
            wait_until_closed(server.url)
            sleep(1)  # a server that drops what it has begun does so now
            go_on.set()

        assert answer.result().status_code == 201
        server.process.wait(timeout=30)
        restarted = sign_in(start(new_database).wait_until_ready().url)
        assert restarted.get(f"{TODOS}/{answer.result().json()['id']}").json() == answer.result().json()


def wait_until_closed(url: str) -> None:
    """Until the server takes no new connection, which says that it has begun to stop."""
    address = httpx.URL(url)
    while True:
        try:
            socket.create_connection((address.host, address.port), timeout=10).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return
