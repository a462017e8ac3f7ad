"""Each kind of drift, made on purpose in a generated project: its own commands fail and say where and what next."""

from dataclasses import dataclass

import pytest

from tests.conftest import Project

CHECK = ("make", "check")
SERVED = ("uv", "run", "pytest", "backend/tests/test_contract.py")  # a part of `make test-backend`
STORED = ("uv", "run", "pytest", "database/tests/test_schema.py")  # a part of `make test-database`


@dataclass(frozen=True)
class Drift:
    """One change in one file, the command that must notice, and what its message must say."""

    path: str
    old: str
    new: str
    command: tuple[str, ...]
    says: tuple[str, ...]


DRIFTS = {
    "a contract without make generate": Drift(
        "contracts/api/openapi.yaml",
        "maxLength: 200\n",
        "maxLength: 150\n",
        CHECK,
        (
            "backend/generated/models.py: differs from contracts/api/openapi.yaml. Run `make generate` and commit it.",
            "frontend/src/api/rules.gen.ts: differs from contracts/api/openapi.yaml.",
        ),
    ),
    "a new field in the contract without make generate": Drift(
        "contracts/api/openapi.yaml",
        "        version: { type: integer, minimum: 1,",
        "        colour: { type: string }\n        version: { type: integer, minimum: 1,",
        CHECK,
        (
            "backend/generated/models.py: differs from contracts/api/openapi.yaml. Run `make generate` and commit it.",
            "frontend/src/api/types.gen.ts: differs from contracts/api/openapi.yaml.",
        ),
    ),
    "a contract that is not OpenAPI": Drift(
        "contracts/api/openapi.yaml",
        "operationId: get_todo",
        "operationId: [get_todo]",
        CHECK,
        ("contracts/api/openapi.yaml: not OpenAPI 3.1:",),
    ),
    "a contract that is not YAML": Drift(
        "contracts/api/openapi.yaml", "info:\n", "info: {\n", CHECK, ("contracts/api/openapi.yaml: not YAML:",)
    ),
    "a reference to nothing": Drift(
        "contracts/api/openapi.yaml",
        "schemas/TodoPage",
        "schemas/Nothing",
        CHECK,
        ("contracts/api/openapi.yaml: a $ref names #/components/schemas/Nothing, where nothing stands.",),
    ),
    "a column that the contract lacks": Drift(
        "database/todos.py",
        'Column("title", String(200), nullable=False),',
        'Column("title", String(200), nullable=False),\n    Column("colour", String(9)),',
        STORED,
        ("database/todos.py: PUBLIC and the contract's Todo differ in ['colour'].", "make generate"),
    ),
    "a generated model edited by hand": Drift(
        "backend/generated/models.py",
        "class NewTodo(BaseModel):",
        "class NewTodo(BaseModel):\n    colour: str | None = None",
        CHECK,
        ("backend/generated/models.py: differs from contracts/api/openapi.yaml. Run `make generate` and commit it.",),
    ),
    "a migration that the dump does not show": Drift(
        "database/migrations/versions/0002_create_todos.py",
        'sa.Column("title", sa.String(200), nullable=False),',
        'sa.Column("title", sa.String(200), nullable=False),\n        sa.Column("colour", sa.String(9)),',
        CHECK,
        ("contracts/database/schema.sql: differs from database/migrations. Run `make generate` and commit it.",),
    ),
    "a table that no migration makes": Drift(
        "database/todos.py",
        'Column("title", String(200), nullable=False),',
        'Column("title", String(200), nullable=False),\n    Column("colour", String(9)),',
        STORED,
        ("make migration",),
    ),
    "a column shorter than the contract's limit": Drift(
        "database/todos.py",
        "String(200)",
        "String(100)",
        STORED,
        ("database/todos.py: todos.title holds 100 characters, in the contract 200.", "make migration"),
    ),
    "a route that is not in the contract": Drift(
        "backend/todos/routes.py",
        '@router.get("/{todo_id}")',
        '@router.post("/{todo_id}/archive")\ndef archive_todo(caller: SignedIn, todo_id: UUID) -> Todo:\n'
        '    return service.get_todo(caller, todo_id)\n\n\n@router.get("/{todo_id}")',
        SERVED,
        (
            "backend/todos/routes.py: archive_todo is no operationId of contracts/api/openapi.yaml."
            " Write the operation there first and run `make generate`",
        ),
    ),
    "an operation without a route": Drift(
        "backend/todos/routes.py",
        '@router.get("/{todo_id}")\n',
        "",
        SERVED,
        ("contracts/api/openapi.yaml promises what no route keeps: {'get_todo'}.",),
    ),
    "a response field that the contract lacks": Drift(
        "backend/todos/routes.py",
        '@router.get("/{todo_id}")\ndef get_todo(caller: SignedIn, todo_id: UUID, response: Response) -> Todo:\n'
        "    return tagged(service.get_todo(caller, todo_id), response)",
        "class ColouredTodo(Todo):\n    colour: str\n\n\n"
        '@router.get("/{todo_id}")\n'
        "def get_todo(caller: SignedIn, todo_id: UUID, response: Response) -> ColouredTodo:\n"
        '    return ColouredTodo(**service.get_todo(caller, todo_id).model_dump(), colour="red")',
        SERVED,
        ("backend/todos/routes.py: get_todo differs from contracts/api/openapi.yaml", "run `make generate`"),
    ),
    "a parameter that the contract lacks": Drift(
        "backend/todos/routes.py",
        "limit: int = 20,",
        "limit: int = 20, colour: str | None = None,",
        SERVED,
        ("backend/todos/routes.py: list_todos differs from contracts/api/openapi.yaml",),
    ),
    "a database layer that knows HTTP": Drift(
        "database/todos.py",
        "from database.schema import",
        "import starlette\nfrom database.schema import",
        CHECK,
        ("The database layer knows no HTTP", "database.todos -> starlette"),
    ),
    "a database layer that uses the backend": Drift(
        "database/todos.py",
        "from database.schema import",
        "import backend.settings\nfrom database.schema import",
        CHECK,
        ("The backend may use the database, never the reverse",),
    ),
    "a feature that imports another one": Drift(
        "backend/todos/service.py",
        "from backend.generated.models import",
        "import backend.accounts.service\nfrom backend.generated.models import",
        CHECK,
        ("A feature never imports another feature", "backend.todos.service -> backend.accounts.service"),
    ),
    "a feature of the page that imports another one": Drift(
        "frontend/src/todos/todo-list.tsx",
        "import ",
        "import '../accounts/queries.ts'\nimport ",
        CHECK,
        ("todo-list.tsx", "A feature never imports another feature"),
    ),
    "a type that does not fit": Drift(
        "backend/todos/service.py", "limit: int", "limit: str", CHECK, ("backend/todos/service.py:", "error:")
    ),
}


class TestDrift:
    @pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS.keys())
    def test_it_fails_and_says_where_and_what_next(self, project: Project, drift: Drift) -> None:
        with project.broken(drift.path, drift.old, drift.new):
            done = project.run(*drift.command)

        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode != 0
        assert [words for words in drift.says if " ".join(words.split()) not in said] == [], said[-6000:]
