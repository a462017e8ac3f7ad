"""`sdd suggest`: what a difference asks a person to decide or to write down, and what it rightly leaves alone."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conftest import Project

CONTRACT, MIGRATION = "contracts/api/openapi.yaml", "database/migrations/versions/0003_next.py"
SUGGEST = """
import json, sys
from pathlib import Path
from sdd.project import NeedsGit, Project, Refused
from sdd.suggest import suggest
try:
    found = suggest(Project(Path.cwd()), *sys.argv[1:])
except Refused as error:
    found = [error.finding]
except NeedsGit as error:
    sys.exit(str(error))
print(json.dumps([finding.as_dict() for finding in found]))
"""


def migration(*statements: str, after: str = "") -> str:
    """A migration whose upgrade does this."""
    lines = "".join(f"    {statement}\n" for statement in statements)
    head = (
        '"""Next."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = "0003"\ndown_revision = "0002"\n'
    )
    return f"{head}\n\ndef upgrade() -> None:\n{lines}{after}\n\ndef downgrade() -> None:\n    op.drop_table('todos')\n"


@dataclass(frozen=True)
class Difference:
    """Files that are edited (path, old, new) and added (path, text); rule, path and words of each finding."""

    edits: tuple[tuple[str, str, str], ...] = ()
    adds: tuple[tuple[str, str], ...] = ()
    found: list[tuple[str, str, str]] = field(default_factory=list)


def edit(path: str, old: str, new: str, *found: tuple[str, str]) -> Difference:
    return Difference(edits=((path, old, new),), found=[(rule, path, words) for rule, words in found])


def migrating(*statements: str, says: str = "", after: str = "") -> Difference:
    found = [("person", MIGRATION, says)] if says else []
    return Difference(adds=((MIGRATION, migration(*statements, after=after)),), found=found)


SETTING = '    host: str = Field(default="127.0.0.1"'
ADR = "history/adr/0099-next.md"
REDIS = ("pyproject.toml", '  "pyyaml==6.0.3", ', '  "redis==7.0.0",\n  "pyyaml==6.0.3", ')
SPEC = "specs/001-todos/spec.md"

ASKS = {
    "a breaking contract": edit(
        *(
            CONTRACT,
            "        title: &title\n          type: string\n          minLength: 1",
            "        title: &title\n          type: string\n          minLength: 2",
        ),
        ("person", "the contract breaks its callers: POST /api/v1/todos request title: minLength 1 became 2"),
    ),
    "a new error": edit(
        *(CONTRACT, "        - NOT_READY\n", "        - NOT_READY\n        - EMAIL_TAKEN\n"),
        ("person", "new errors: EMAIL_TAKEN; what follows is not decided — options: the form says what to change;"),
    ),
    "an operation that wants no sign-in any more": edit(
        *(CONTRACT, "      summary: Who is signed in\n", "      summary: Who is signed in\n      security: []\n"),
        ("decision", "who may call GET /api/v1/session changes"),
    ),
    "an operation that wants a sign-in now": edit(
        *(CONTRACT, "      summary: Sign in\n      security: []\n", "      summary: Sign in\n"),
        ("decision", "who may call POST /api/v1/session changes"),
    ),
    "a new operation for everybody": edit(
        *(
            CONTRACT,
            "  /readyz:\n",
            "  /hello:\n    get: { operationId: get_hello, security: [], responses: {} }\n\n  /readyz:\n",
        ),
        ("decision", "everybody may call GET /hello, signed in or not"),
    ),
    "a dropped table": migrating('op.drop_table("todos")', says="drop_table todos — options: expand now"),
    "a dropped column": migrating('op.drop_column("todos", "due_on")', says="drop_column todos.due_on"),
    "a dropped column in a batch": migrating(
        'with op.batch_alter_table("todos") as batch:', '    batch.drop_column("due_on")', says="drop_column due_on"
    ),
    "a renamed column": migrating(
        'op.alter_column("todos", "due_on", new_column_name="ends_on")', says="alter_column todos.due_on"
    ),
    "a column that must be filled": migrating(
        'op.alter_column("todos", "description", nullable=False)', says="alter_column todos.description"
    ),
    "a shorter column": migrating(
        'op.alter_column("todos", "title", type_=sa.String(100), existing_type=sa.String(200))', says="todos.title"
    ),
    "deleted rows in SQL": migrating(
        'op.execute(sa.text("DELETE FROM todos WHERE completed"))', says="DELETE FROM todos"
    ),
    "a loss in a function that the upgrade calls": migrating(
        "tidy()", after='\n\ndef tidy() -> None:\n    op.execute("DROP TABLE sessions")\n', says="DROP TABLE sessions"
    ),
    "a loss in a migration that was there": edit(
        "database/migrations/versions/0002_create_todos.py",
        "def upgrade() -> None:\n",
        'def upgrade() -> None:\n    op.drop_table("sessions")\n',
        ("person", "a migration that a database may have run already is another one now"),
        ("person", "drop_table sessions"),
    ),
    "a limit changed in a migration that was there": edit(
        *("database/migrations/versions/0002_create_todos.py", "BETWEEN 1 AND 200", "BETWEEN 2 AND 200"),
        ("person", "leave it as it was and write a new one: `make migration`"),
    ),
    "a new package of the product": Difference(
        (REDIS,), found=[("decision", "pyproject.toml", "the product needs redis to run")]
    ),
    "a new package of the page": edit(
        *("frontend/package.json", '    "react": ', '    "date-fns": "4.1.0",\n    "react": '),
        ("decision", "the product needs date-fns to run"),
    ),
    "a library for the page's state": edit(
        *("frontend/package.json", '    "react": ', '    "zustand": "5.0.0",\n    "react": '),
        (
            "person",
            "zustand would hold state of the page, beside TanStack Query — options: TanStack Query's cache alone",
        ),
    ),
    "a new setting": Difference(
        (
            ("backend/settings.py", SETTING, f'    smtp_url: str = Field(default="", description="")\n{SETTING}'),
            (".env.example", "HOST=", "SMTP_URL=\nHOST="),
        ),
        found=[
            ("decision", ".env.example", "what is set from outside changes: SMTP_URL"),
            ("decision", "backend/settings.py", "what is set from outside changes: SMTP_URL"),
        ],
    ),
    "another default of a setting": edit(
        *("backend/settings.py", 'default="production"', 'default="development"'),
        ("decision", "what is set from outside changes: APP_ENV"),
    ),
    "a longer session": edit(
        *("backend/accounts/service.py", "timedelta(days=30)", "timedelta(days=300)"),
        ("decision", "how a person comes in, or is kept out, changes: SESSION_LASTS"),
    ),
    "a guard that lets more through": edit(
        *("backend/browser.py", '{"GET", "HEAD", "OPTIONS", "TRACE"}', '{"GET", "HEAD", "OPTIONS", "TRACE", "PUT"}'),
        ("decision", "SAFE_METHODS"),
    ),
    "an open question": edit(
        *(SPEC, "## Out of scope\n", "## Out of scope\n- [NEEDS CLARIFICATION: who sees a shared list?]\n"),
        ("person", "an open question: who sees a shared list? — options: answer it in the spec;"),
    ),
    "a page that waits for the server": edit(
        *("frontend/src/todos/queries.ts", "    onMutate: dismiss,\n", ""),
        ("person", "a change is shown only after the server has taken it — options: show it at once"),
    ),
    "a way to production": Difference(
        adds=(("fly.toml", 'app = "todos"\n'),),
        found=[("person", "fly.toml", "how the product gets to its users changes — options: everybody at once")],
    ),
}
LEAVES = {
    "nothing": Difference(),
    "a typo in the README": edit("README.md", "the", "teh"),
    "a text in the contract": edit(CONTRACT, "description: One page.", "description: A page."),
    "a comment in the contract": edit(CONTRACT, "info:\n", "# Who we are.\ninfo:\n"),
    "a new operation and a new property": Difference(
        (
            (CONTRACT, "  /readyz:\n", "  /hello:\n    get: { operationId: get_hello, responses: {} }\n\n  /readyz:\n"),
            (CONTRACT, "        version: { type: integer,", "        colour: {}\n        version: { type: integer,"),
        )
    ),
    "a comment, a docstring and another form in who comes in": Difference(
        (
            ("backend/caller.py", "class Caller:\n", 'class Caller:\n    """Who asks."""\n\n'),
            (
                "backend/accounts/service.py",
                "SESSION_LASTS = timedelta(days=30)",
                "SESSION_LASTS = timedelta(  # long\n    days=30\n)",
            ),
            ("backend/browser.py", 'class Guard:\n    """The outermost layer:', 'class Guard:\n    """Outermost:'),
        )
    ),
    "the page, not its guard": edit(
        "backend/browser.py", 'FOREVER = "public, max-age=31536000', 'FOREVER = "public, max-age=3153600'
    ),
    "a setting's words": edit(
        "backend/settings.py", 'description="an address of this machine"', 'description="an address here"'
    ),
    "another example in .env.example": edit(".env.example", "PORT=8000", "PORT=9000"),
    "a newer package": edit("pyproject.toml", '"sqlalchemy==2.1.9"', '"sqlalchemy==2.1.10"'),
    "a package of the developers": edit("pyproject.toml", '  "ruff==', '  "redis==7.0.0",\n  "ruff=='),
    "a package of the page's developers": edit(
        "frontend/package.json", '    "jsdom": ', '    "zustand": "5.0.0",\n    "jsdom": '
    ),
    "a test": edit("backend/tests/test_accounts.py", "import pytest\n", "import pytest\n\nSESSION_LASTS = 3\n"),
    "new tests": Difference(
        adds=(
            ("backend/accounts/tests/test_service.py", "SESSION_LASTS = 3\n"),
            ("frontend/src/todos/rows.test.ts", "  onMutate: dismiss,\n"),
        )
    ),
    "an expanding migration": migrating(
        'op.create_table("notes", sa.Column("id", sa.Uuid()))',
        'op.add_column("todos", sa.Column("colour", sa.String(9)))',
        'op.alter_column("todos", "title", type_=sa.String(300), existing_type=sa.String(200))',
        "op.execute(\"UPDATE todos SET colour = 'red'\")",
    ),
    "a table that the migration itself made": migrating(
        'op.create_table("old", sa.Column("id", sa.Uuid()))', 'op.drop_table("old")'
    ),
    "a package that a new decision names": Difference((REDIS,), ((ADR, "# Sessions live in Redis\n\nIt is fast.\n"),)),
    "a breaking change that a new decision names": Difference(
        ((CONTRACT, "operationId: get_health", "operationId: get_life"),),
        ((ADR, "# Health is called life\n\n`GET /healthz` keeps its path.\n"),),
    ),
}


CASES: dict[str, Difference] = {**ASKS, **LEAVES}


@contextmanager
def made(project: Project, difference: Difference) -> Iterator[None]:
    with ExitStack() as stack:
        for path, old, new in difference.edits:
            stack.enter_context(project.broken(path, old, new))
        for path, text in difference.adds:
            (project.path / path).parent.mkdir(exist_ok=True)
            stack.enter_context(project.added(path, text))
        yield


def suggested(project: Project, python: str, *arguments: str) -> list[dict[str, Any]]:
    done = project.run(python, "-c", SUGGEST, *arguments)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


class TestSuggest:
    @pytest.mark.parametrize("name", CASES)
    def test_exactly_what_needs_a_decision_is_named(self, project: Project, python: str, name: str) -> None:
        difference = CASES[name]

        with made(project, difference):
            found = suggested(project, python)

        assert [(one["rule"], one["path"]) for one in found] == [(rule, path) for rule, path, _ in difference.found]
        for one, (_, _, words) in zip(found, difference.found, strict=True):
            assert words in one["message"]

    def test_the_table_is_long_enough(self) -> None:
        assert len(ASKS) >= 15
        assert len(LEAVES) >= 10

    def test_a_suggestion_says_how_to_write_it_down(self, project: Project, python: str) -> None:
        lines = (project.path / "pyproject.toml").read_text("utf-8").splitlines()
        line = next(number for number, text in enumerate(lines, 1) if "pyyaml==" in text)

        with made(project, Difference((REDIS,))):
            found = suggested(project, python)

        assert found == [
            {
                "path": "pyproject.toml",
                "line": line,
                "rule": "decision",
                "message": "Architectural decision detected: the product needs redis to run.",
                "next": 'Write it down: `uv run python -m sdd new adr "The product needs redis"`.',
            }
        ]

    def test_a_change_of_the_contract_is_told_of_at_its_operation(self, project: Project, python: str) -> None:
        with project.broken(CONTRACT, "operationId: get_health", "operationId: get_life"):
            lines = (project.path / CONTRACT).read_text("utf-8").splitlines()
            found = suggested(project, python)

        assert [lines[one["line"] - 1].strip() for one in found] == ["operationId: get_life"]

    def test_what_was_there_before_is_not_asked_again(self, project: Project, python: str) -> None:
        person = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
        with project.added(MIGRATION, migration('op.drop_column("todos", "due_on")')):
            project.must("git", "add", MIGRATION)
            project.must("git", *person, "commit", "--quiet", "-m", "A loss that was decided")
            try:
                with project.broken(MIGRATION, "Next.", "Drop due_on."):
                    found = suggested(project, python), suggested(project, python, "HEAD~1")
            finally:
                project.must("git", "reset", "--quiet", "HEAD~1")

        assert [[one["path"] for one in listed] for listed in found] == [[], [MIGRATION]]

    def test_a_commit_that_git_does_not_know_is_said_in_one_sentence(self, project: Project, python: str) -> None:
        found = suggested(project, python, "v9.9.9")

        assert [one["message"] for one in found] == ["cannot be compared: git knows no `v9.9.9` here."]

    @pytest.mark.parametrize("path", [CONTRACT, "pyproject.toml", "backend/settings.py"])
    def test_a_file_that_cannot_be_read_is_named_once(self, project: Project, python: str, path: str) -> None:
        text = (project.path / path).read_text("utf-8")

        with project.broken(path, text, "]{ broken\n"):
            found = suggested(project, python)

        assert [(one["rule"], one["path"]) for one in found] == [("unreadable", path)]

    def test_without_git_it_says_what_it_needs(self, fresh: Project, python: str) -> None:
        above = {"PYTHONDONTWRITEBYTECODE": "1", "GIT_CEILING_DIRECTORIES": str(fresh.path.parent)}

        done = fresh.run(python, "-c", SUGGEST, **above)

        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert done.stderr.startswith("This needs git and a first commit")
