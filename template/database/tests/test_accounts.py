from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from time import sleep
from uuid import uuid4

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import delete, select

from database import seed
from database.accounts import (
    EmailTaken,
    accounts,
    count_sign_in_failures,
    create_account,
    create_session,
    create_sign_in_failure,
    delete_expired_sessions,
    delete_old_sign_in_failures,
    delete_session,
    delete_sign_in_failures,
    find_account,
    find_signed_in,
    get_account,
    has_accounts,
    hash_password,
    sessions,
    verify_password,
)
from database.engine import Database, take_turn, without_password
from database.schema import every_table
from database.tests.conftest import lookup

NOW = datetime(2027, 3, 31, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
TOKEN, OTHER_TOKEN = "a" * 64, "b" * 64


class TestCreateAccount:
    @pytest.mark.requirement("002-FR-001")
    def test_the_account_is_found_by_id_and_by_email(self, connection):
        ada = create_account(connection, "ada@example.com", "hash")

        assert ada._asdict() == {"id": ada.id, "email": "ada@example.com"}
        assert get_account(connection, ada.id) == ada
        assert find_account(connection, "ada@example.com") == (ada.id, "ada@example.com", "hash")

    @pytest.mark.requirement("002-FR-001", "002-FR-015")
    def test_an_email_is_the_same_in_upper_and_lower_case(self, connection):
        ada = create_account(connection, "Ada@Example.com", "hash")

        assert ada.email == "ada@example.com"
        assert find_account(connection, "ADA@example.COM") == (ada.id, "ada@example.com", "hash")
        with pytest.raises(EmailTaken):
            create_account(connection, "adA@example.com", "other hash")

    def test_a_refused_account_leaves_the_transaction_usable(self, connection, ada):
        with pytest.raises(EmailTaken):
            create_account(connection, "ada@example.com", "other hash")

        assert create_account(connection, "grace@example.com", "hash").email == "grace@example.com"

    def test_someone_unknown_is_none(self, connection):
        assert get_account(connection, uuid4()) is None
        assert find_account(connection, "ada@example.com") is None

    def test_only_then_are_there_accounts(self, connection):
        before = has_accounts(connection)
        create_account(connection, "ada@example.com", "hash")

        assert (before, has_accounts(connection)) == (False, True)


class TestDeleteAccount:
    def test_its_sessions_go_with_it_and_nothing_else(self, connection, ada, grace):
        for account, token in ((ada, TOKEN), (grace, OTHER_TOKEN)):
            create_session(connection, account, token, SOON)

        connection.execute(delete(accounts).where(accounts.c.id == ada))

        assert connection.execute(select(sessions.c.account_id)).scalars().all() == [grace]


class TestFindSignedIn:
    @pytest.mark.requirement("002-FR-006")
    def test_a_session_leads_to_its_account(self, connection, ada, grace):
        create_session(connection, grace, OTHER_TOKEN, SOON)
        create_session(connection, ada, TOKEN, SOON)

        assert find_signed_in(connection, TOKEN, NOW) == ada

    @pytest.mark.requirement("002-FR-007")
    def test_a_session_ends_at_the_moment_it_expires(self, connection, ada):
        create_session(connection, ada, TOKEN, NOW)

        assert find_signed_in(connection, TOKEN, NOW - timedelta(microseconds=1)) == ada
        assert find_signed_in(connection, TOKEN, NOW) is None

    @pytest.mark.requirement("002-FR-006")
    def test_an_unknown_token_is_nobody(self, connection, ada):
        create_session(connection, ada, TOKEN, SOON)

        assert find_signed_in(connection, OTHER_TOKEN, NOW) is None

    @pytest.mark.requirement("002-SC-001")
    def test_it_costs_one_statement_on_the_primary_key(self, connection, ada, statements):
        for number in range(500):
            create_session(connection, ada, f"{number:064}", SOON)
        connection.exec_driver_sql("ANALYZE sessions")
        statements.clear()

        find_signed_in(connection, f"{7:064}", NOW)

        [question] = statements
        _index, columns = lookup(connection, *question)
        assert columns == ["token_hash"]


class TestDeleteSession:
    @pytest.mark.requirement("002-FR-008")
    def test_only_this_session_ends(self, connection, ada):
        create_session(connection, ada, TOKEN, SOON)
        create_session(connection, ada, OTHER_TOKEN, SOON)

        assert delete_session(connection, TOKEN) is True
        assert find_signed_in(connection, TOKEN, NOW) is None
        assert find_signed_in(connection, OTHER_TOKEN, NOW) == ada

    def test_a_session_that_is_over_cannot_be_ended(self, connection):
        assert delete_session(connection, TOKEN) is False

    def test_expired_sessions_are_removed_and_counted(self, connection, ada):
        create_session(connection, ada, TOKEN, NOW)
        create_session(connection, ada, OTHER_TOKEN, SOON)

        assert delete_expired_sessions(connection, NOW) == 1
        assert connection.execute(select(sessions.c.token_hash)).scalars().all() == [OTHER_TOKEN]


class TestSignInFailures:
    @pytest.mark.requirement("002-FR-005")
    def test_they_are_counted_by_email_whatever_its_case(self, connection):
        before = datetime.now(UTC)
        for email in ("ada@example.com", "ADA@example.com", "grace@example.com"):
            create_sign_in_failure(connection, email)

        assert count_sign_in_failures(connection, "Ada@example.com", before) == 2
        assert count_sign_in_failures(connection, "Ada@example.com", datetime.now(UTC) + timedelta(hours=1)) == 0

    @pytest.mark.requirement("002-FR-005")
    def test_those_of_one_email_are_forgotten_alone(self, connection):
        before = datetime.now(UTC)
        create_sign_in_failure(connection, "ada@example.com")
        create_sign_in_failure(connection, "grace@example.com")

        delete_sign_in_failures(connection, "ADA@example.com")

        assert count_sign_in_failures(connection, "ada@example.com", before) == 0
        assert count_sign_in_failures(connection, "grace@example.com", before) == 1

    def test_old_ones_are_removed_and_counted(self, connection):
        create_sign_in_failure(connection, "ada@example.com")

        assert delete_old_sign_in_failures(connection, datetime.now(UTC) - timedelta(hours=1)) == 0
        assert delete_old_sign_in_failures(connection, datetime.now(UTC) + timedelta(hours=1)) == 1

    @pytest.mark.requirement("002-FR-005")
    def test_an_email_that_grows_in_lower_case_is_counted_too(self, connection):
        longest = "İ" * 252 + "@x"

        create_sign_in_failure(connection, longest)

        assert count_sign_in_failures(connection, longest, datetime.now(UTC) - timedelta(hours=1)) == 1


class TestVerifyPassword:
    @pytest.mark.requirement("002-FR-001")
    def test_the_password_fits_its_hash_and_no_other(self):
        password_hash = hash_password("correct horse")

        assert verify_password(password_hash, "correct horse") is True
        assert verify_password(password_hash, "Correct horse") is False

    @pytest.mark.requirement("002-FR-003")
    def test_two_hashes_of_one_password_differ(self):
        assert hash_password("correct horse") != hash_password("correct horse")

    @pytest.mark.requirement("002-FR-004")
    def test_nobody_costs_the_work_of_somebody_and_never_fits(self, monkeypatch):
        verify, work = PasswordHasher.verify, []

        def spy(hasher, password_hash, password):
            work.append(extract_parameters(password_hash))
            return verify(hasher, password_hash, password)

        monkeypatch.setattr(PasswordHasher, "verify", spy)

        assert verify_password(None, "correct horse") is False
        assert work == [extract_parameters(hash_password("correct horse"))]


def everything(database: Database) -> list[object]:
    with database.reading() as connection:
        return [connection.execute(select(table)).all() for table in every_table().sorted_tables]


@pytest.mark.requirement("002-FR-016")
class TestSeed:
    def test_the_demo_person_can_sign_in(self, database):
        assert seed.seed(database) is True

        with database.reading() as connection:
            person = find_account(connection, seed.DEMO_EMAIL)
        assert person
        assert verify_password(person.password_hash, seed.DEMO_PASSWORD)

    def test_a_second_time_it_changes_nothing(self, database):
        seed.seed(database)
        before = everything(database)

        assert seed.seed(database) is False
        assert everything(database) == before

    def test_of_two_at_once_the_second_waits_and_changes_nothing(self, database, url):
        with ThreadPoolExecutor(1) as pool, closing(Database(url)) as other:
            with database.writing() as connection:
                take_turn(connection, "seed")
                second = pool.submit(seed.seed, other)
                sleep(0.3)
                create_account(connection, "ada@example.com", "hash")
                waited = second.running()

            assert (waited, second.result()) == (True, False)

    def test_a_database_with_one_account_is_left_alone(self, database):
        with database.writing() as connection:
            create_account(connection, "ada@example.com", "hash")
        before = everything(database)

        assert seed.seed(database) is False
        assert everything(database) == before


class TestMain:
    def test_it_migrates_seeds_once_and_says_so(self, new_url, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", new_url)

        said = [seed.main(), seed.main()]

        name = without_password(new_url)
        assert said == [
            f"{name}: seeded. Sign in as demo@example.com, password demo-password.",
            f"{name}: has accounts already, so it was left alone.",
        ]

    def test_a_wrong_url_ends_in_one_sentence(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "accounts")

        with pytest.raises(SystemExit, match=r"^DATABASE_URL must name a SQLite file, .+\.$"):
            seed.main()

    @pytest.mark.requirement("002-FR-016")
    def test_production_is_left_alone(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path.as_posix()}/app.db")
        monkeypatch.setenv("APP_ENV", "production")

        with pytest.raises(SystemExit, match=r"^APP_ENV is production, where demo@example.com has no place:"):
            seed.main()

        assert list(tmp_path.iterdir()) == []
