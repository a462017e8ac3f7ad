"""Everything that is made from the contract and the migrations. `--check` writes nothing and names what differs.

Source: contracts/api/openapi.yaml and database/migrations/. Knows no business.
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

from database.migrate import dump_schema

ROOT = Path(__file__).parents[1]
CONTRACT = Path("contracts/api/openapi.yaml")
MODELS = Path("backend/generated/models.py")
TYPES = Path("frontend/src/api/types.gen.ts")
RULES = Path("frontend/src/api/rules.gen.ts")
SCHEMA = Path("contracts/database/schema.sql")

SOURCES = {
    MODELS: CONTRACT,
    TYPES: CONTRACT,
    RULES: CONTRACT,
    SCHEMA: Path("database/migrations"),
}


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
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
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
    return f"// Made from {CONTRACT.as_posix()} by `make generate`.\n\nexport const rules = {json.dumps(schemas, indent=2)} as const\n"


def generate() -> dict[Path, str]:
    contract = yaml.safe_load((ROOT / CONTRACT).read_text("utf-8"))
    validate(contract)
    return {MODELS: models(), TYPES: types(), RULES: rules(contract), SCHEMA: dump_schema()}


def main(arguments: list[str]) -> int:
    """0 when all is as it should be, 1 when `--check` finds a file that differs or the contract is not OpenAPI."""
    try:
        generated = generate()
    except OpenAPIValidationError as error:
        print(f"{CONTRACT.as_posix()}: not valid OpenAPI 3.1: {error.message}", file=sys.stderr)
        return 1
    stale = [path for path, text in generated.items() if _read(path) != text]
    if "--check" in arguments:
        for path in stale:
            print(
                f"{path.as_posix()}: differs from what {SOURCES[path].as_posix()} says."
                " Run `make generate` and commit the result.",
                file=sys.stderr,
            )
        return 1 if stale else 0
    for path in stale:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(generated[path], "utf-8", newline="\n")
        print(f"{path.as_posix()}: rewritten")
    return 0


def _read(path: Path) -> str | None:
    return (ROOT / path).read_text("utf-8") if (ROOT / path).exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
