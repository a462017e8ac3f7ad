"""Everything that is made from the contract and the migrations. `--check` writes nothing and names what differs.

Source: contracts/api/openapi.yaml and database/migrations/. Knows no business. The files of further agent hosts are
made along; whether they differ, `sdd check` says.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from datamodel_code_generator.__main__ import main as datamodel_codegen
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from referencing.exceptions import Unresolvable

from database.migrate import dump_schema
from sdd import hosts
from sdd.project import Project, Refused

ROOT = Path(__file__).parents[1]
CONTRACT = Path("contracts/api/openapi.yaml")
MODELS = Path("backend/generated/models.py")
TYPES = Path("frontend/src/api/types.gen.ts")
RULES = Path("frontend/src/api/rules.gen.ts")
SCHEMA = Path("contracts/database/schema.sql")


class Unusable(Exception):
    """A contract from which nothing can be made. Its text says why."""


def models() -> str:
    """The Pydantic models of the contract's schemas."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / MODELS.name
        datamodel_codegen(
            [
                *("--input", str(ROOT / CONTRACT), "--input-file-type", "openapi", "--output", str(output)),
                *("--output-model-type", "pydantic_v2.BaseModel", "--target-python-version", "3.11"),
                *("--use-annotated", "--use-standard-collections", "--use-union-operator"),
                *("--strict-types", "bool", "int", "--extra-fields", "forbid", "--disable-timestamp"),
                # Pydantic has no pattern for dates; backend/contract.py judges every request by the contract itself.
                "--disable-warnings",
            ]
        )
        return output.read_text("utf-8")


def types() -> str:
    """The TypeScript types of the contract's operations."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / TYPES.name
        command = ["npx", "--prefix", "frontend", "openapi-typescript", str(CONTRACT), "--output", str(output)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode:
            raise Unusable(f"{CONTRACT.as_posix()}: openapi-typescript cannot read it: {done.stderr.strip()}")
        return output.read_text("utf-8")


def rules(contract: dict[str, Any]) -> str:
    """The JSON Schemas of every request body, by name: what a form refuses is what the contract refuses."""
    bodies = {
        schema["$ref"].rpartition("/")[2]: None
        for path in contract["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "requestBody" in operation
        for schema in [operation["requestBody"]["content"]["application/json"]["schema"]]
    }
    schemas = {name: contract["components"]["schemas"][name] for name in bodies}
    text = json.dumps(schemas, indent=2)
    return f"// Made from {CONTRACT.as_posix()} by `make generate`.\n\nexport const rules = {text} as const\n"


def read() -> dict[str, Any]:
    """The contract. Raises Unusable when it is not YAML or not OpenAPI."""
    try:
        contract: dict[str, Any] = yaml.safe_load((ROOT / CONTRACT).read_text("utf-8"))
        validate(contract)
    except yaml.YAMLError as error:
        raise Unusable(f"{CONTRACT.as_posix()}: not YAML: {error}") from error
    except OpenAPIValidationError as error:
        raise Unusable(f"{CONTRACT.as_posix()}: not OpenAPI 3.1: {error.message}") from error
    except Unresolvable as error:
        raise Unusable(f"{CONTRACT.as_posix()}: a $ref names #{error.ref}, where nothing stands.") from error
    return contract


def main(arguments: list[str]) -> int:
    """0 when all is as it should be, 1 when the contract is unusable or `--check` finds a file that differs."""
    try:
        generated = {RULES: rules(read()), MODELS: models(), TYPES: types(), SCHEMA: dump_schema()}
    except Unusable as error:
        print(error, file=sys.stderr)
        return 1
    stale = [path for path, text in generated.items() if _read(path) != text]
    if "--check" in arguments:
        for path in stale:
            source = "database/migrations" if path == SCHEMA else CONTRACT.as_posix()
            print(f"{path.as_posix()}: differs from {source}. Run `make generate` and commit it.", file=sys.stderr)
        return 1 if stale else 0
    try:
        others = {Path(path): content for path, content in hosts.made(Project(ROOT)).items()}
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    for path, content in ({path: generated[path].encode() for path in stale} | others).items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_bytes(content)
        print(f"{path.as_posix()}: rewritten")
    return 0


def _read(path: Path) -> str | None:
    return (ROOT / path).read_text("utf-8") if (ROOT / path).exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
