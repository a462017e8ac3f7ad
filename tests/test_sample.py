"""`sdd remove-sample`: the todo feature goes from every layer, or nothing does, and what is left stands by itself."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import ROOT, Project, commit, committed, copy, set_up

REMOVE = ("-m", "sdd", "remove-sample")
CHOICES = [
    ("database=postgresql", "ci=gitlab", "agents=[codex]"),
    ("database=sqlite", "ci=none", "agents=[copilot]"),
    ("database=sqlite", "ci=github", "agents=[claude, copilot, codex]"),
]
SPECIFY = ".claude/skills/specify/SKILL.md"
SPEAKS = {"docs/update.md", "history/prompts/002-accounts/0002-accounts.green.prompt.md", "frontend/package-lock.json"}
"""Files beside `sdd/` that may still say todo: a prompt is kept word for word, a package may be called anything."""


@pytest.fixture(scope="module")
def sample() -> ModuleType:
    """`sdd/sample.py` of the template, loaded as `sdd update` may load it: by its path, alone."""
    spec = importlib.util.spec_from_file_location("sample", ROOT / "template/sdd/sample.py")
    assert spec
    assert spec.loader
    sys.modules["sample"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts(project: Project) -> dict[str, str]:
    """What `cut_out` is asked with, of a project as it was copied."""
    return {path: (project.path / path).read_text("utf-8") for path in project.files()}


Cutting = tuple[dict[str, str | None], list[Any]]


def cut(sample: ModuleType, project: Project, edits: dict[str, tuple[str, str]] | None = None) -> Cutting:
    """What `cut_out` answers after these edits (path: old, new); an old text of nothing is a new file."""
    found = texts(project)
    for path, (old, new) in (edits or {}).items():
        assert old in found.get(path, "")
        found[path] = found[path].replace(old, new, 1) if old else new
    answer: Cutting = sample.cut_out(found, sample.read_cuts(sample.CUTS.read_text("utf-8")))
    return answer


@pytest.fixture(scope="module")
def without(fresh: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that was set up and committed, on a branch, after its sample was taken out."""
    project = set_up(fresh, tmp_path_factory.mktemp("without") / "my-app")
    project.must("git", "switch", "--quiet", "--create", "mine")
    project.must("uv", "run", "python", *REMOVE)
    return project


class TestRemoveSample:
    def test_nothing_that_is_left_speaks_of_it(self, without: Project, sample: ModuleType) -> None:
        found = without.run("git", "grep", "--untracked", "-ilI", "todo", "--", ".", ":!sdd").stdout.split()

        assert set(found) <= SPEAKS
        assert [path for path in without.files() if sample.belongs_to_sample(path)] == []
        assert without.run("git", "grep", "-n", "001-FR", "--", ".", ":!sdd").stdout == ""

    def test_an_empty_folder_is_not_left(self, without: Project) -> None:
        for folder in ("backend/todos", "frontend/src/todos", "specs/001-todos", "history/prompts/001-todos"):
            assert not (without.path / folder).exists(), folder

    def test_the_page_welcomes_people_and_shows_them_no_command(self, without: Project) -> None:
        assert "        Welcome to {productName}.\n" in (without.path / "frontend/src/app.tsx").read_text("utf-8")
        assert without.run("git", "grep", "--untracked", "-n", "sdd", "--", "frontend/src").stdout == ""

    def test_what_its_writes_followed_is_still_decided(self, without: Project) -> None:
        """`sdd new feature` writes the next ones like that."""
        decision = (without.path / "history/adr/0005-versions-with-if-match.md").read_text("utf-8")

        assert decision.startswith("---\nstatus: accepted\nfeature: general\n---\n# A write names the version")
        enforced = "tests/contract/test_refusals.py::TestEveryRefusal::test_it_is_named_and_changes_nothing"
        assert decision.endswith(f"\nEnforced by: `{enforced}`.\n")

    def test_the_contract_says_that_operations_are_gone(self, without: Project) -> None:
        assert "\n  version: 2.0.0\n" in (without.path / "contracts/api/openapi.yaml").read_text("utf-8")

    def test_its_revision_is_not_given_away(self, without: Project) -> None:
        """A database that has the todos is at 0002: another 0002 would be taken for done."""
        said = without.must("uv", "run", "python", "-c", "from database.revisions import revisions; print(revisions())")

        assert said == "('0001', '0002')\n"

    def test_the_checks_pass(self, without: Project) -> None:
        without.must("make", "check")

    def test_every_suite_passes_and_every_requirement_is_proven(self, without: Project) -> None:
        without.must("make", "test")

        matrix = (without.path / "reports/traceability.md").read_text("utf-8")
        assert [f"| 002-FR-{number:03} | proven |" in matrix for number in range(1, 19)] == [True] * 18
        assert "001-" not in matrix

    def test_a_second_time_there_is_nothing_to_do(self, without: Project) -> None:
        before = without.must("git", "status", "--porcelain")

        done = without.run(str(without.python), *REMOVE)

        assert (done.returncode, done.stdout) == (0, "The sample is not here: there is nothing to take out.\n")
        assert without.must("git", "status", "--porcelain") == before

    @pytest.mark.parametrize("answers", CHOICES, ids=" ".join)
    def test_whatever_was_chosen_it_goes_whole(
        self, sample: ModuleType, tmp_path: Path, answers: tuple[str, ...]
    ) -> None:
        project = Project(tmp_path / "my-app")
        copy(project.path, *(word for answer in answers for word in ("--data", answer)))

        assert cut(sample, project)[1] == []


class TestBegin:
    def test_wherever_one_asks_how_a_feature_begins_one_sentence_says_it(
        self, sample: ModuleType, fresh: Project, python: str
    ) -> None:
        said = {path: (fresh.path / path).read_text("utf-8") for path in ("README.md", SPECIFY)}
        asks = "from sdd.steps import NOTHING_OPEN; print(NOTHING_OPEN)"
        said["make next"] = fresh.must(python, "-c", asks, PYTHONDONTWRITEBYTECODE="1")
        said["remove-sample"] = sample.AFTERWARDS

        assert [place for place, text in said.items() if sample.BEGIN not in " ".join(text.split())] == []


class TestBelongsToSample:
    def test_it_names_every_file_of_the_todos_and_no_file_that_is_not_there(
        self, sample: ModuleType, fresh: Project
    ) -> None:
        mine = {path for path in fresh.files() if sample.belongs_to_sample(path)}

        assert mine >= {path for path in fresh.files() if "todo" in path}
        assert mine >= sample.FILES
        assert all(any(path.startswith(folder) for path in mine) for folder in sample.FOLDERS)

    def test_it_is_known_where_nothing_is_installed(self) -> None:
        asks = "import runpy; print(runpy.run_path('sdd/sample.py')['belongs_to_sample']('database/todos.py'))"

        said = Project(ROOT / "template").must(sys.executable, "-I", "-S", "-c", asks)

        assert said == "True\n"


class TestCuts:
    def test_each_fits_the_template(self, sample: ModuleType, fresh: Project) -> None:
        """Else it would be taken for made, and what it cuts out would stay."""
        there = texts(fresh)

        for path, cuts in sample.read_cuts(sample.CUTS.read_text("utf-8")).items():
            text = there[path]
            for before, one in zip([None, *cuts], cuts, strict=False):
                changed = one.applied_to(text)
                is_made = before is not None and before.is_optional
                assert is_made or changed not in (None, text), f"{path}: sdd/sample.diff no longer fits:\n{one.shown}"
                text = changed

    def test_the_contracts_version_moves_whatever_it_was(self, sample: ModuleType) -> None:
        contract = "info:\n  version: 3.4.5\npaths:\n  version: 1.0.0\n"

        assert sample.next_major(contract) == "info:\n  version: 4.0.0\npaths:\n  version: 1.0.0\n"


IN_THE_WAY = {
    "a module of the database": (
        *("database/labels.py", "", "from database.todos import todos\n"),
        "1: depends on the todos: `from database.todos import todos`.",
    ),
    "a foreign key": (
        *("database/labels.py", "", "import sqlalchemy\n\nsqlalchemy.ForeignKey('todos.id')\n"),
        "3: depends on the todos: `sqlalchemy.ForeignKey('todos.id')`.",
    ),
    "a service": (
        *("backend/labels/service.py", "", "from backend.todos import service\n"),
        "1: depends on the todos: `from backend.todos import service`.",
    ),
    "a component": (
        *("frontend/src/labels/labels.tsx", "", "import { useTodos } from '../todos/queries'\n"),
        "1: depends on the todos: `import { useTodos } from '../todos/queries'`.",
    ),
    "a test of a requirement": (
        *("tests/contract/test_labels.py", "", 'mark = requirement("001-FR-003")\n'),
        '1: depends on the todos: `mark = requirement("001-FR-003")`.',
    ),
    "a spec": (
        *("specs/003-labels/spec.md", "", "A label hangs on a todo of `create_todo`.\n"),
        "1: depends on the todos: `A label hangs on a todo of `create_todo`.`.",
    ),
    "an operation that answers todos": (
        "contracts/api/openapi.yaml",
        "  /api/v1/session:\n",
        '  /api/v1/kept: { $ref: "#/components/schemas/Todo" }\n\n  /api/v1/session:\n',
        '127: still speaks of the sample: `/api/v1/kept: { $ref: "#/components/schemas/Todo" }`.',
    ),
    "a rule that stands in the todos": (
        "contracts/api/openapi.yaml",
        "        email: &email\n",
        "        name: *due_on\n        email: &email\n",
        "270: uses `*due_on`, which stands in the todos.",
    ),
    "a line that was changed": (
        *("backend/main.py", "    todos.router,\n", "    todos.router,  # the first\n"),
        "24: still speaks of the sample: `todos.router,  # the first`.",
    ),
    "a place with a line of one's own": (
        "tests/e2e/test_accessibility.py",
        "        if state is failed:\n",
        "        if state is failed:\n            watch.expect('a flood')\n",
        "1: was changed where the sample is cut out of it:\n"
        "    -        if state is failed:\n"
        '    -            watch.expect("status of 500")',
    ),
    "a place that was changed": (
        *("database/seed.py", "create_examples(connection, person.id)", "create_examples(connection, person.id, 2)"),
        "1: was changed where the sample is cut out of it:\n"
        "    -        person = create_account(connection, DEMO_EMAIL, hash_password(DEMO_PASSWORD))\n"
        "    -        create_examples(connection, person.id)\n"
        "    +        create_account(connection, DEMO_EMAIL, hash_password(DEMO_PASSWORD))",
    ),
}


class TestEditedProject:
    @pytest.mark.parametrize("name", IN_THE_WAY)
    def test_what_is_in_the_way_is_named(self, sample: ModuleType, fresh: Project, name: str) -> None:
        path, old, new, message = IN_THE_WAY[name]

        _, left = cut(sample, fresh, {path: (old, new)})

        assert [f"{one.line}: {one.message}" for one in left if one.path == path] == [message]
        assert {one.path for one in left} == {path}

    def test_a_change_that_was_made_by_hand_as_told_is_taken_for_made(self, sample: ModuleType, fresh: Project) -> None:
        mine = {"backend/main.py": ("    todos.router,\n", "")}

        planned, left = cut(sample, fresh, mine)

        assert left == []
        assert planned == cut(sample, fresh)[0]

    def test_ones_own_lines_beside_the_samples_stay(self, sample: ModuleType, fresh: Project) -> None:
        mine = {
            "backend/main.py": ("    todos.router,\n", "    labels.router,\n    todos.router,\n"),
            "database/tests/test_schema.py": ('    "Todo": todos,\n', '    "Label": labels,\n    "Todo": todos,\n'),
        }

        planned, left = cut(sample, fresh, mine)

        assert left == []
        assert "ROUTERS = (\n    labels.router,\n    accounts.router,\n" in (planned["backend/main.py"] or "")
        assert '    "Label": labels,\n}' in (planned["database/tests/test_schema.py"] or "")

    def test_a_page_with_another_feature_does_not_say_that_it_is_empty(
        self, sample: ModuleType, fresh: Project
    ) -> None:
        last = "          <TodoList otherwise={newTodo} />\n"

        planned, left = cut(sample, fresh, {"frontend/src/app.tsx": (last, f"{last}          <Labels />\n")})

        assert left == []
        assert "          <Today />\n          <Labels />\n        </main>\n" in (planned["frontend/src/app.tsx"] or "")

    def test_a_note_that_says_todo_is_nobodys_sample(self, sample: ModuleType, fresh: Project) -> None:
        mine = {
            "backend/main.py": ("    health,\n", "    health,  # TODO: tell the time\n"),
            "backend/clock.py": ("", "# TODO: wind it, see the todo list on the wall\n"),
        }

        assert cut(sample, fresh, mine)[1] == []


class TestRefusals:
    @pytest.fixture
    def mine(self, fresh: Project, tmp_path: Path) -> Project:
        return committed(fresh, tmp_path / "my-app")

    def test_when_something_is_in_the_way_nothing_changes(self, mine: Project, python: str) -> None:
        (mine.path / "database/labels.py").write_text("from database.todos import todos\n", "utf-8")
        commit(mine.path)

        done = mine.run(python, *REMOVE)

        assert (done.returncode, done.stdout, done.stderr) == (
            1,
            "database/labels.py:1: depends on the todos: `from database.todos import todos`."
            " Let it do without them, or keep the sample. (sample)\n",
            "",
        )
        assert mine.must("git", "status", "--porcelain") == ""

    def test_it_wants_a_clean_tree_because_that_is_the_way_back(self, mine: Project, python: str) -> None:
        (mine.path / "notes.txt").write_text("Buy a bell\n", "utf-8")

        done = mine.run(python, *REMOVE)

        assert (done.returncode, done.stdout) == (
            1,
            ".:1: has changes that are not committed. Commit or stash first: then `git checkout . && git clean -fd .`"
            " is the way back. (sample)\n",
        )
        assert mine.must("git", "status", "--porcelain") == "?? notes.txt\n"

    def test_without_git_it_says_that_it_needs_it(self, mine: Project, python: str) -> None:
        shutil.rmtree(mine.path / ".git")

        done = mine.run(python, *REMOVE)

        assert (done.returncode, done.stderr.partition(":")[0]) == (2, "This needs git and a first commit")

    def test_a_file_that_cannot_be_written_leaves_all_as_it_was(self, mine: Project, python: str) -> None:
        fails = (
            "import sys; from pathlib import Path; from sdd import sample; put, done = sample._put, []\n"
            "def fail(file, content):\n"
            "    done.append(file)\n"
            "    if len(done) == 20: raise PermissionError(13, 'Permission denied', str(file))\n"
            "    put(file, content)\n"
            "sample._put = fail; from sdd.project import Project\n"
            "print(sample.remove(Project(Path.cwd()))[0][0].message, len(done) > 20)\n"
        )

        said = mine.must(python, "-c", fails)

        assert said == "cannot be written: Permission denied. Nothing was changed. True\n"
        assert mine.must("git", "status", "--porcelain") == ""

    def test_it_says_how_many_files_went_and_changed_and_which_one_came(self, mine: Project, python: str) -> None:
        said = mine.run(python, *REMOVE).stdout.splitlines()[0]

        status = [line[:2] for line in mine.must("git", "status", "--porcelain", "-uall").splitlines()]
        counts = f"{status.count(' D')} files are gone, {status.count(' M')} are changed"
        came = "database/migrations/versions/0002_nothing.py"
        assert said == f"The sample is out: {counts}, and {came} keeps the number of its migration."
        assert mine.must("git", "ls-files", "--others", "--exclude-standard") == f"{came}\n"

    def test_without_the_frontends_packages_it_names_the_next_command(self, mine: Project, python: str) -> None:
        done = mine.run(python, *REMOVE)

        assert done.returncode == 1
        assert "nothing was made from it yet: the frontend's packages are not installed. Run `make" in done.stdout
