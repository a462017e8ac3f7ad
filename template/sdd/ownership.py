"""Whose a file is when the template moves on: what `docs/update.md` says, for the update to ask. Standard library only.

Knows no git and no answers. Paths are posix, from the project's root; in a pattern `*` stays in a folder, `**` goes on.
"""

import re
from typing import Literal

Owner = Literal["ours", "merged", "yours"]

OWNERSHIP: dict[Owner, tuple[str, ...]] = {
    "ours": (
        ".copier-answers.yml",
        "uv.lock",
        "frontend/package-lock.json",
        "frontend/src/api/*.gen.ts",
        "backend/generated/**",
        "contracts/database/schema.sql",
    ),
    "merged": (
        *("README.md", "AGENTS.md", "CLAUDE.md", "CODEOWNERS", "docs/*.md"),
        *("Makefile", "pyproject.toml", "conftest.py", "compose.yaml", "renovate.json"),
        *(".env.example", ".gitattributes", ".gitignore", ".devcontainer/**"),
        *(".github/workflows/**", ".gitlab-ci.yml", ".gitlab/**"),
        *(".claude/settings.json", ".claude/agents/**", ".claude/skills/**", ".github/agents/**", ".github/skills/**"),
        *(".codex/agents/**", ".agents/skills/**"),
        *("contracts/README.md", "contracts/generate.py", "contracts/api/**"),
        *("database/*.py", "database/migrations/**", "database/tests/**"),
        *("backend/*.py", "backend/accounts/**", "backend/todos/**", "backend/tests/**"),
        *("frontend/biome.json", "frontend/index.html", "frontend/package.json", "frontend/tsconfig.json"),
        *("frontend/vite.config.ts", "frontend/src/*", "frontend/src/accounts/**", "frontend/src/todos/**"),
        *("frontend/src/ui/**", "frontend/src/api/client.ts", "frontend/src/api/rules.ts"),
        "frontend/src/api/rules.test.ts",
        *("tests/**", "sdd/**", "tools/**"),
        *("specs/001-todos/**", "specs/002-accounts/**", "specs/templates/**", "history/adr/**"),
    ),
    "yours": (
        "LICENSE",
        "specs/constitution.md",
        "history/prompts/**",
        *(".env", "var/**", "reports/**"),
        *("specs/waivers.yml", "docs/screenshot.png"),
    ),
}
"""Each path that the template ships or speaks of has one owner; what nobody names is the user's."""


def owner(path: str) -> Owner:
    """`ours`: replaced, then made anew; `merged`: git merges both sides; `yours`: stays as it is, and stays away."""
    named = (one for one, patterns in OWNERSHIP.items() if any(_fits(path, pattern) for pattern in patterns))
    return next(named, "yours")


def _fits(path: str, pattern: str) -> bool:
    expression = re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.fullmatch(expression, path, re.DOTALL) is not None
