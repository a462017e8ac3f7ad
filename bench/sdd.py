"""How long `sdd check` takes with many records, and how that grows with them. Wants `make setup` in template/ once."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / "template/.venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SIZES = (100, 1_000, 10_000)
ROUNDS = 5
MOST_SECONDS = 1.0
RECORD = """\
---
id: "{number:04}"
title: Todos, part {number}
stage: green
date: 2026-11-22
surface: manual
model: null
feature: 001-todos
branch: null
user: null
command: null
labels: [todos]
links: {{spec: specs/001-todos/spec.md, ticket: null, adr: null, pr: null}}
files: [database/todos.py, backend/todos/service.py]
tests: [backend/tests/test_todos.py]
---
# Todos, part {number}

## Prompt

~~~text
{prompt}~~~

## Outcome

Done as [the spec](../../../specs/001-todos/spec.md) says, see `1:1:database/todos.py`.
"""


def copy(folder: Path) -> None:
    """The project of the default answers."""
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD"]
    subprocess.run([*command, str(ROOT), str(folder)], check=True, capture_output=True)


def fill(folder: Path, size: int) -> None:
    """Adds valid records of about 2 kB until there are this many of ours."""
    prompts = folder / "history/prompts/001-todos"
    prompt = "Add a todo in one line and see it on top of the list at once.\n" * 20
    for number in range(100, 100 + size):
        path = prompts / f"{number:04}-part-{number}.green.prompt.md"
        path.write_text(RECORD.format(number=number, prompt=prompt), "utf-8", newline="\n")


def seconds(folder: Path) -> float:
    """Wall time of one `sdd check`, start of Python included, in seconds. A finding ends the measurement."""
    start = time.perf_counter()
    done = subprocess.run([str(PYTHON), "-m", "sdd", "check"], cwd=folder, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"`sdd check` in {folder} is not clean:\n{done.stdout[:2000]}{done.stderr[:2000]}")
    return taken


def measure() -> Iterator[str]:
    """Two lines: seconds (the best of five) at 1,000 records with the budget, and how time grows with records."""
    if not PYTHON.exists():
        raise SystemExit(f"{PYTHON} is missing: run `make setup` in template/ once, then measure again.")
    taken = {}
    with TemporaryDirectory() as name:
        folder = Path(name) / "my-app"
        copy(folder)
        for size in SIZES:
            fill(folder, size)
            taken[size] = min(seconds(folder) for _ in range(ROUNDS))
    yield f"sdd check, 1,000 records: {taken[1_000]:.2f} s (at most {MOST_SECONDS} s)"
    few, some, many = (taken[size] for size in SIZES)
    yield (
        f"sdd check, 10,000 records: {many / some:.1f}x the time of 1,000 (at most 10x), "
        f"{many / few:.1f}x that of 100 (at most 100x)"
    )
