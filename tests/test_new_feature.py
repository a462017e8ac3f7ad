"""`sdd new feature NAME`: a slice in every layer that passes every check, whose first tests say what to write."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Project, commit, set_up

NEW = ("-m", "sdd", "new", "feature")
NOTES = {
    "specs/003-notes/spec.md",
    "specs/003-notes/plan.md",
    "specs/003-notes/tasks.md",
    "database/notes.py",
    "database/migrations/versions/0003_create_notes.py",
    "database/tests/test_notes.py",
    "backend/notes/routes.py",
    "backend/notes/service.py",
    "backend/tests/test_notes.py",
    "frontend/src/notes/queries.ts",
    "frontend/src/notes/notes.tsx",
    "frontend/src/notes/notes.test.tsx",
    "tests/contract/test_notes.py",
    "tests/integration/test_notes.py",
    "tests/e2e/test_notes.py",
}
RED = {
    "database/tests/test_notes.py": {
        "TestCreateNote::test_what_was_returned_is_what_is_stored",
        "TestGetNote::test_another_accounts_does_not_exist",
        "TestListNotes::test_the_newest_come_first_page_by_page_and_nobody_elses",
        "TestUpdateNote::test_the_row_has_the_change_and_the_next_version",
        "TestUpdateNote::test_a_stale_version_and_another_account_change_nothing",
        "TestDeleteNote::test_only_the_one_at_its_present_version_is_gone",
    },
    "backend/tests/test_notes.py": {
        "TestCreateNote::test_the_answer_is_what_is_stored",
        "TestGetNote::test_another_persons_does_not_exist",
        "TestListNotes::test_pages_follow_one_another_the_newest_first",
        "TestUpdateNote::test_the_fresh_version_wins_and_the_stale_one_is_refused",
        "TestDeleteNote::test_it_is_gone_at_its_present_version_only",
    },
    "tests/integration/test_notes.py": {"test_what_one_server_took_the_next_one_has"},
}
SAYS = {
    "database/tests/test_notes.py": "NotImplementedError: Write create_note in database/notes.py: one INSERT that",
    "backend/tests/test_notes.py": "NotImplementedError: Write create_note in backend/notes/service.py: in",
    "tests/integration/test_notes.py": "Is create_note in backend/notes/service.py written?",
}
FORM = {
    "say when there are none: write notes.tsx [003-FR-005]": "Unable to find an element with the text: No notes yet.",
    "are shown: write useNotes in queries.ts [003-FR-005]": "Unable to find an element with the text: The first",
    "hold a new one before the server answers: write useCreateNote in queries.ts [003-FR-005]": (
        'Unable to find role="textbox" and name "New note"'
    ),
    "take back what could not be added, say why and give the words back: write useCreateNote [003-FR-005]": (
        'Unable to find role="textbox" and name "New note"'
    ),
    "let go of one that is deleted: write useDeleteNote in queries.ts [003-FR-005]": (
        'Unable to find role="button" and name "Delete The first"'
    ),
}
ONE = {
    "notes": "note",
    "keys": "key",
    "expenses": "expense",
    "addresses": "address",
    "boxes": "box",
    "branches": "branch",
    "wishes": "wish",
    "entries": "entry",
    "ties": "tie",
    "statuses --one status": "status",
    "series --one episode": "episode",
    "children --one child": "child",
}
UNTOLD = """
    note people glass status analysis statuses houses analyses purchases lenses ellipses heroes shoes shelves gloves
    quizzes series species news movies cookies caches indices axes lens canvas
"""
REFUSED = {
    "Notes": "`Notes` is not one word of 3 to 20 small letters.",
    "due-dates": "`due-dates` is not one word",
    "../notes": "`../notes` is not one word",
    "": "`` is not one word",
    "is": "`is` is not one word",
    "x" * 20 + "s": "is not one word",
    "people --one Human": "`Human` is not one word",
    "series --one series": "`series`: one of them is called the same.",
    "people --one person": "`people`: the slice itself calls something `person`.",
    "statuses --one set": "`statuses`: `set` is a word of Python.",
    "classes": "`classes`: `class` is a word of Python.",
    "warnings": "`warnings`: `Warning` is a word of Python.",
    "lists": "`lists`: `list` is a word of Python.",
    "responses": "`responses`: the slice itself calls something `response`.",
    "versions": "`versions`: the slice itself calls something `version`.",
    "functions": "`functions`: `function` is a word of TypeScript.",
    "sections": "`sections`: the slice itself calls something `section`.",
    "headers": "`headers`: the slice itself calls something `Header`.",
    "queries": "`queries`: the slice itself calls something `queries`.",
    "todos": "specs/001-todos is there already.",
    "sessions": "`sessions` is taken: the contract has `operationId: get_session`.",
    "migrations": "`migrations` is taken: database/migrations is there already.",
    "tests": "`tests` is taken: tests/ is something else.",
    "settings": "`settings` is taken: backend/settings.py is something else.",
    "notices": "frontend/src/app.tsx:1: `notices` is taken: this file already has `Notices`.",
    "inserts": "database/tests/test_schema.py:1: `inserts` is taken: this file already has `insert`.",
}


def outcomes(said: str) -> set[str]:
    """The tests that pytest says failed, without their files."""
    return {name.partition("::")[2] for name in re.findall(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)}


def described(operation: dict[str, Any]) -> list[str]:
    """What a contract says of an operation's success."""
    return [answer["description"] for status, answer in operation["responses"].items() if status < "300"]


@pytest.fixture(scope="module")
def begun(fresh: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, list[str]]:
    """A project with its sample, set up and committed, in which notes were begun, and what was said to that."""
    project = set_up(fresh, tmp_path_factory.mktemp("feature") / "my-app")
    return project, project.must(str(project.python), *NEW, "notes").splitlines()


@pytest.fixture(scope="module")
def mine(begun: tuple[Project, list[str]]) -> Project:
    return begun[0]


@pytest.fixture(scope="module")
def bare(mine: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same without its sample, and with two features."""
    project = Project(tmp_path_factory.mktemp("bare") / "my-app")
    mine.must("git", "worktree", "add", "--quiet", "--detach", str(project.path), "HEAD")
    project.must("make", "setup")
    project.must("uv", "run", "python", "-m", "sdd", "remove-sample")
    project.must("uv", "run", "python", *NEW, "notes")
    project.must("uv", "run", "python", *NEW, "categories")
    return project


class TestNewFeature:
    def test_it_is_in_every_layer_and_touches_no_other_feature(self, mine: Project) -> None:
        status = mine.must("git", "status", "--porcelain", "--untracked-files=all").splitlines()

        assert {line[3:] for line in status if line.startswith("??")} - {"uv.lock"} == NOTES
        assert {line[3:] for line in status if line.startswith(" M")} == {
            "backend/generated/models.py",
            "backend/main.py",
            "contracts/api/openapi.yaml",
            "contracts/database/schema.sql",
            "database/tests/test_schema.py",
            "frontend/src/api/rules.gen.ts",
            "frontend/src/api/types.gen.ts",
            "frontend/src/app.tsx",
            "frontend/src/testing.tsx",
            "pyproject.toml",
            "tests/contract/contract.py",
        }

    def test_the_list_names_every_file_that_was_written(self, begun: tuple[Project, list[str]]) -> None:
        project, said = begun

        changed = project.must("git", "status", "--porcelain", "--untracked-files=all").splitlines()
        assert said[: said.index("")] == sorted({line[3:] for line in changed} - {"uv.lock"})

    def test_then_it_says_what_one_of_them_is_called_and_what_is_left(self, begun: tuple[Project, list[str]]) -> None:
        project, said = begun

        texts = [path.read_text("utf-8") for path in (project.path / "specs/003-notes").iterdir()]
        blanks = sum(text.count("[FILL IN") for text in texts)
        assert said[said.index("") + 1 :] == [
            "One of the notes is called `note`.",
            f"specs/003-notes is a draft: `[FILL IN` stands {blanks} times where a person's words belong. "
            "`make check` asks for them once it is accepted.",
            "Next: make next. Its own tests fail until you have written what they name: that is right.",
        ]

    def test_the_contract_speaks_of_it_in_english(self, mine: Project) -> None:
        paths = yaml.safe_load((mine.path / "contracts/api/openapi.yaml").read_text("utf-8"))["paths"]
        operations = [one for path in paths if "notes" in path for one in paths[path].values() if "summary" in one]

        said = {one["operationId"]: (one["summary"], *described(one)) for one in operations}

        assert said == {
            "list_notes": ("The caller's notes, the newest first, page by page", "One page."),
            "create_note": ("Add a note", "The note that was added."),
            "get_note": ("One note", "The note."),
            "update_note": ("Replace what a person can change in a note", "The note as it is now."),
            "delete_note": ("Delete a note", "The note is gone."),
        }

    def test_the_checks_pass(self, mine: Project) -> None:
        mine.must("make", "check")

    def test_next_says_what_only_a_person_can_say(self, mine: Project) -> None:
        said = mine.must("make", "next")

        assert "003-notes: spec (workflow-orchestrator)\n  specs/003-notes/spec.md:8 still says `[FILL IN`" in said

    def test_then_it_leads_from_layer_to_layer(self, mine: Project) -> None:
        for part in ("spec", "plan"):
            file = mine.path / f"specs/003-notes/{part}.md"
            filled = re.sub(r"\[FILL IN: ([^\]]*)\]", r"\1", file.read_text("utf-8"))
            file.write_text(filled.replace("status: draft", "status: accepted"), "utf-8", newline="\n")

        said = mine.must("make", "next")

        assert "003-notes: database (database-developer)\n" in said
        assert "Then: make test-database, make next\n" in said

    def test_each_function_that_is_not_written_says_so_and_where_it_stands(self, mine: Project) -> None:
        verbs = ["list_notes", "get_note", "create_note", "update_note", "delete_note"]
        hooks = ["useNotes", "useCreateNote", "useUpdateNote", "useDeleteNote"]
        unwritten = {
            "database/notes.py": verbs,
            "backend/notes/service.py": verbs,
            "frontend/src/notes/queries.ts": hooks,
        }

        for path, functions in unwritten.items():
            said = re.findall(r"Error\(\s*['\"]Write (\w+) in (\S+):", (mine.path / path).read_text("utf-8"))
            assert said == [(function, path) for function in functions]

    @pytest.mark.parametrize("path", RED)
    def test_its_tests_fail_and_say_what_to_write(self, mine: Project, path: str) -> None:
        done = mine.run("uv", "run", "pytest", path)

        assert outcomes(done.stdout) == RED[path]
        assert SAYS[path] in done.stdout

    def test_the_page_stands_and_its_tests_say_what_to_write(self, mine: Project) -> None:
        done = mine.run("uv", "run", "npm", "--prefix", "frontend", "test")

        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        failed = dict(re.findall(r"^ FAIL .* > the notes > (.*)\n\w*Error: (.*)$", said, re.MULTILINE))
        assert failed.keys() == FORM.keys()
        assert [name for name, says in FORM.items() if says not in failed[name]] == []
        assert " 1 failed | 4 passed" in said

    def test_what_other_features_promise_is_still_kept(self, mine: Project) -> None:
        done = mine.run("uv", "run", "pytest", "database", "backend")

        assert outcomes(done.stdout) == RED["database/tests/test_notes.py"] | RED["backend/tests/test_notes.py"]

    def test_it_is_refused_a_second_time(self, mine: Project) -> None:
        done = mine.run("uv", "run", "python", *NEW, "notes")

        assert (done.returncode, done.stdout) == (1, "")
        assert "specs/003-notes is there already." in done.stderr


class TestWithoutTheSample:
    def test_two_features_pass_the_checks(self, bare: Project) -> None:
        bare.must("make", "check")

    def test_each_has_a_number_and_a_revision_of_its_own(self, bare: Project) -> None:
        migrations = sorted(path.name for path in (bare.path / "database/migrations/versions").glob("*.py"))

        assert migrations == [
            "0001_create_accounts.py",
            "0002_nothing.py",
            "0003_create_notes.py",
            "0004_create_categories.py",
        ]
        assert {path.name for path in (bare.path / "specs").glob("0*")} == {
            "002-accounts",
            "003-notes",
            "004-categories",
        }

    def test_one_of_the_plural_is_spelt_right(self, bare: Project) -> None:
        assert "def create_category(" in (bare.path / "database/categories.py").read_text("utf-8")

    def test_the_page_no_longer_says_that_nothing_is_here(self, bare: Project) -> None:
        page = (bare.path / "frontend/src/app.tsx").read_text("utf-8")

        assert "Welcome" not in page
        assert "          <Notes />\n          <Categories />\n" in page

    def test_the_tests_of_each_fail_for_its_own_functions(self, bare: Project) -> None:
        done = bare.run("uv", "run", "pytest", "database", "backend")

        mine = RED["database/tests/test_notes.py"] | RED["backend/tests/test_notes.py"]
        theirs = {name.replace("Note", "Category", 1).replace("ListCategorys", "ListCategories") for name in mine}
        assert outcomes(done.stdout) == mine | theirs
        assert "Write create_category in database/categories.py" in done.stdout

    def test_whatever_one_of_them_is_called_and_however_long_it_still_lints(self, bare: Project) -> None:
        for words in ("posts", "messages", "statuses --one status", "abcdefghijklmnopqrts --one abcdefghijklmnopqrst"):
            bare.must(str(bare.python), *NEW, *words.split())

        assert "def create_status(" in (bare.path / "database/statuses.py").read_text("utf-8")
        bare.must("make", "check")


class TestWords:
    def test_one_of_them_is_what_english_calls_it_or_what_was_said(self, fresh: Project, python: str) -> None:
        asks = (
            "import sys; from sdd.feature import words\n"
            "for told in sys.argv[1:]: print(words(*told.split(' --one ')).singular)\n"
        )

        said = fresh.must(python, "-c", asks, *ONE, PYTHONDONTWRITEBYTECODE="1")

        assert dict(zip(ONE, said.split(), strict=True)) == ONE

    def test_what_english_does_not_tell_is_asked(self, fresh: Project, python: str) -> None:
        asks = (
            "import sys; from sdd import feature\n"
            "for name in sys.argv[1:]:\n"
            "    try: print(feature.words(name))\n"
            "    except feature.Refused as refused: print(refused)\n"
        )

        said = fresh.must(python, "-c", asks, *UNTOLD.split(), PYTHONDONTWRITEBYTECODE="1")

        action = "Say it, as in `statuses --one status`, or choose a plural like `notes`."
        untold = [f"`{name}` does not tell what one of them is called. {action}" for name in UNTOLD.split()]
        assert said.splitlines() == untold


class TestRefusals:
    @pytest.mark.parametrize("name", REFUSED)
    def test_a_name_that_cannot_be_is_refused_in_one_sentence(self, fresh: Project, python: str, name: str) -> None:
        before = fresh.files()

        done = fresh.run(python, *NEW, *(name.split() or [""]), PYTHONDONTWRITEBYTECODE="1")

        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert REFUSED[name] in done.stderr
        assert fresh.files() == before

    def test_a_file_without_the_place_is_named_and_nothing_is_written(
        self, fresh: Project, python: str, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        project = Project(tmp_path_factory.mktemp("changed") / "my-app")
        shutil.copytree(fresh.path, project.path)
        main = project.path / "backend/main.py"
        main.write_text(main.read_text("utf-8").replace("ROUTERS = (", "ROUTERS = [").replace("health,\n)", "health]"))
        before = project.files()

        done = project.run(python, *NEW, "notes")

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("backend/main.py:1: has changed where a feature is put in. Put it back, or write")
        assert done.stderr.endswith("     ROUTERS = (\n    +    notes.router, (new-feature)\n")
        assert project.files() == before

    def test_a_file_that_is_no_python_today_is_no_obstacle(self, fresh: Project, python: str, tmp_path: Path) -> None:
        project = Project(tmp_path / "my-app")
        shutil.copytree(fresh.path, project.path)
        broken = project.path / "database/tests/test_schema.py"
        broken.write_text(broken.read_text("utf-8") + "def (\n", "utf-8")

        said = project.must(python, *NEW, "notes")

        assert "One of the notes is called `note`.\n" in said

    def test_without_the_frontends_packages_it_names_the_commands_that_are_left(
        self, fresh: Project, python: str, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        project = Project(tmp_path_factory.mktemp("early") / "my-app")
        shutil.copytree(fresh.path, project.path)

        done = project.run(python, *NEW, "notes")

        assert done.returncode == 0
        assert done.stdout.splitlines()[-1].startswith("Next: make format, make generate, make next. Its own tests")


class TestThenTheSampleGoes:
    def test_the_feature_stays_whole(self, mine: Project) -> None:
        commit(mine.path)

        mine.must("uv", "run", "python", "-m", "sdd", "remove-sample")

        mine.must("make", "check")
        done = mine.run("uv", "run", "pytest", "database", "backend")
        assert outcomes(done.stdout) == RED["database/tests/test_notes.py"] | RED["backend/tests/test_notes.py"]
        assert "Welcome" not in (mine.path / "frontend/src/app.tsx").read_text("utf-8")
