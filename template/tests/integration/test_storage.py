"""Many at once, and servers that are killed: what was acknowledged stays. Knows URLs and commands only."""

import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event
from time import sleep
from uuid import uuid4

import httpx2
import pytest

CLIENTS = 20
SESSION, TODOS = "/api/v1/session", "/api/v1/todos"
DEMO = {"email": "demo@example.com", "password": "demo-password"}
Act = Callable[[httpx2.Client, int], httpx2.Response]


@pytest.fixture
def crowd(base_url, demo):
    """`crowd(act)`: twenty clients, each on a connection of its own, do `act(client, number)` at the same moment."""
    barrier = Barrier(CLIENTS, timeout=30)
    cookies = {"session": demo.cookies["session"]}
    clients = [httpx2.Client(base_url=base_url, cookies=cookies, trust_env=False, timeout=30) for _ in range(CLIENTS)]

    def start_together(act: Act, client: httpx2.Client, number: int) -> httpx2.Response:
        barrier.wait()
        return act(client, number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        yield lambda act: list(pool.map(lambda n: start_together(act, clients[n], n), range(CLIENTS)))
    for client in clients:
        client.close()


@pytest.mark.requirement("001-FR-011", "001-SC-003")
class TestUpdateTodo:
    def test_of_twenty_changes_to_one_version_exactly_one_wins(self, crowd, demo):
        todo = demo.post(TODOS, json={"title": "Buy milk"}).json()
        url = f"{TODOS}/{todo['id']}"

        for version in range(1, 6):

            def change(client, number, version=version):
                body = {
                    "title": f"Round {version}, client {number}",
                    "description": None,
                    "completed": False,
                    "due_on": None,
                }
                return client.put(url, json=body, headers={"If-Match": f'"{version}"'})

            answers = crowd(change)

            assert sorted(answer.status_code for answer in answers) == [200] + [412] * (CLIENTS - 1)
            (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
            assert demo.get(url).json() == winner
            assert winner["version"] == version + 1


@pytest.mark.requirement("001-FR-010", "001-FR-011")
class TestDeleteTodo:
    def test_of_twenty_deletes_exactly_one_wins(self, crowd, demo):
        todo = demo.post(TODOS, json={"title": "Buy milk"}).json()

        answers = crowd(lambda client, number: client.delete(f"{TODOS}/{todo['id']}", headers={"If-Match": '"1"'}))

        assert sorted(answer.status_code for answer in answers) == [204] + [404] * (CLIENTS - 1)


@pytest.mark.requirement("001-FR-015")
class TestCreateTodo:
    def test_twenty_todos_added_at_once_are_all_kept(self, crowd, demo):
        answers = crowd(lambda client, number: client.post(TODOS, json={"title": f"Todo {number}"}))

        assert [answer.status_code for answer in answers] == [201] * CLIENTS
        newest = demo.get(TODOS, params={"limit": CLIENTS}).json()["items"]
        assert sorted(todo["title"] for todo in newest) == sorted(f"Todo {number}" for number in range(CLIENTS))


@pytest.mark.requirement("002-FR-005")
class TestCreateSession:
    def test_guesses_that_arrive_together_are_all_counted(self, crowd, demo):
        guess = {"email": f"{uuid4()}@example.com", "password": "wrong"}

        together = crowd(lambda client, number: client.post(SESSION, json=guess))
        next_one = demo.post(SESSION, json=guess)

        assert [answer.status_code for answer in together] == [401] * CLIENTS
        assert next_one.status_code == 429


class TestTwoServers:
    @pytest.mark.requirement("002-SC-002")
    def test_started_at_once_on_a_new_database_they_migrate_and_seed_it_once(self, start, sign_in, new_database):
        servers = [start(new_database), start(new_database)]

        people = [sign_in(server.wait_until_ready().url).get(SESSION).json() for server in servers]

        assert people == [{"id": people[0]["id"], "email": DEMO["email"]}] * 2

    def test_started_at_once_they_put_each_example_in_once(self, start, sign_in, new_database):
        servers = [start(new_database), start(new_database)]

        lists = [sign_in(server.wait_until_ready().url).get(TODOS).json() for server in servers]

        titles = [todo["title"] for todo in lists[0]["items"]]
        assert lists[0] == lists[1]
        assert titles
        assert len(titles) == len(set(titles))

    def test_each_sees_at_once_what_the_other_wrote(self, start, sign_in, new_database):
        one = sign_in(start(new_database).wait_until_ready().url)
        two = sign_in(start(new_database).wait_until_ready().url)

        todo = one.post(TODOS, json={"title": "Buy milk"}).json()
        seen = two.get(f"{TODOS}/{todo['id']}").json()
        two.delete(f"{TODOS}/{todo['id']}", headers={"If-Match": '"1"'}).raise_for_status()

        assert seen == todo
        assert one.get(f"{TODOS}/{todo['id']}").status_code == 404

    @pytest.mark.requirement("002-FR-009")
    def test_a_session_of_one_counts_on_the_other_until_it_ends(self, start, sign_in, new_database):
        one = sign_in(start(new_database).wait_until_ready().url)
        second = start(new_database).wait_until_ready()
        with httpx2.Client(base_url=second.url, cookies=dict(one.cookies), trust_env=False) as two:
            before = two.get(SESSION).status_code

            one.delete(SESSION).raise_for_status()

            assert (before, two.get(SESSION).status_code) == (200, 401)


WRITERS = 4


def write_until_it_breaks(client: httpx2.Client, name: str, enough: Event) -> list[str]:
    """Adds todos until the server is gone; sets `enough` on the way. The ids that were acknowledged."""
    acknowledged: list[str] = []
    while True:
        try:
            answer = client.post(TODOS, json={"title": f"{name} {len(acknowledged)}"})
        except httpx2.TransportError:
            return acknowledged
        acknowledged.append(answer.raise_for_status().json()["id"])
        if len(acknowledged) == 10:
            enough.set()


@pytest.mark.requirement("001-FR-015")
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
        demo.cookies.clear()
        begun, go_on = Event(), Event()

        body = json.dumps(DEMO).encode()

        def slow_body() -> Iterator[bytes]:
            yield body[:10]
            begun.set()
            assert go_on.wait(30)
            yield body[10:]

        with ThreadPoolExecutor(1) as pool:
            headers = {"Content-Type": "application/json"}
            answer = pool.submit(demo.post, SESSION, content=slow_body(), headers=headers, timeout=30)
            assert begun.wait(30)
            server.ask_to_stop()
            wait_until_closed(server.url)
            sleep(1)  # a server that drops what it has begun does so now
            go_on.set()

        assert answer.result().status_code == 201
        server.process.wait(timeout=30)
        restarted = start(new_database).wait_until_ready()
        with httpx2.Client(base_url=restarted.url, cookies=dict(demo.cookies), trust_env=False) as again:
            assert again.get(SESSION).json() == answer.result().json()


def wait_until_closed(url: str) -> None:
    """Until the server takes no new connection, which says that it has begun to stop."""
    address = httpx2.URL(url)
    while True:
        try:
            socket.create_connection((address.host, address.port), timeout=10).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return
