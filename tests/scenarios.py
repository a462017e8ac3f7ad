"""What users do to a project before they update it, and what the update makes of that and of tests/next_releases.py."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.edits import (
    Edit,
    appended,
    began_with,
    inserted,
    linked,
    made_a_program,
    moved,
    removed,
    replaced,
    together,
    with_line_ends_of_windows,
    wrote,
)
from tests.next_releases import MIGRATIONS, NEW_PICTURE, THEIRS, migration

Outcome = Literal["merged", "reported", "untouched"]

MINE = "Ask Ada first."
LATIN = "Für alle Fälle".encode("latin-1")
PICTURE = b"\x89PNG\r\n\x1a\n\x00 mine \xff"

SAMPLE = ("specs/001-todos", "backend/todos", "frontend/src/todos", "database/todos.py", "backend/tests/test_todos.py")

WELL_MERGED = together(
    appended("docs/first-feature.md", MINE),
    appended("docs/onboarding.md", MINE),
    inserted("README.md", "## Find your way", MINE),
    inserted(".env.example", "HOST=127.0.0.1", f"OURS={MINE}"),
    inserted("pyproject.toml", "dependencies = [", f'  "humanize==4.14.0",  # {MINE}'),
    moved("backend/browser.py", "backend/security.py"),
    removed("backend/caller.py"),
    wrote("docs/team.md", f"# {MINE}\n"),
)
"""What a user did that goes together with both."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """`does` is the user's work, committed but for what git ignores. What holds in every scenario, the judge says."""

    name: str
    does: Edit
    outcome: Outcome
    left: tuple[str, ...] = ()
    """The paths that are left for a person: the exit code is 1 if there are any."""
    named: tuple[str, ...] = ()
    """Further paths that the report names among those that the user had to do with."""
    has: Mapping[str, tuple[str | bytes, ...]] = field(default_factory=dict)
    """What stands in a file afterwards."""
    gone: tuple[str, ...] = ()
    posix: bool = False
    """Whether it needs links or modes, which Windows keeps from a user or does not have."""
    folder: str = "."
    """Where the project is in its repository."""
    command: tuple[str, ...] = ()
    """The words after `python -m sdd` that do the same in a release that has this command."""

    def __str__(self) -> str:
        return self.name


IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")


def git(*words: str) -> Edit:
    def done(folder: Path) -> None:
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)

    return done


FEATURE = together(
    wrote("specs/003-notes/spec.md", "# Notes\n"),
    wrote("database/notes.py", '"""The notes table."""\n'),
    wrote("backend/notes/service.py", '"""What one does with notes."""\n'),
    wrote("frontend/src/notes/queries.ts", "// Notes, kept.\n"),
    migration("0003", "notes"),
    replaced("contracts/api/openapi.yaml", "\npaths:\n", "\npaths:\n  /api/v1/notes: {} # list_notes\n"),
)

ADDED = [
    Scenario("nothing done", together(), "untouched"),
    Scenario(
        "appended, where the template changed the beginning",
        appended("docs/onboarding.md", MINE),
        "merged",
        has={"docs/onboarding.md": (MINE, THEIRS)},
    ),
    Scenario(
        "inserted into the README",
        inserted("README.md", "## Find your way", MINE),
        "merged",
        has={"README.md": (MINE, THEIRS)},
    ),
    Scenario("appended to a file that the template left alone", appended("LICENSE", MINE), "untouched"),
    Scenario(
        "appended where the template appended",
        appended("AGENTS.md", f"- {MINE}"),
        "reported",
        left=("AGENTS.md",),
        has={"AGENTS.md": (f"- {MINE}", f"- {THEIRS}", "<<<<<<< yours\n", ">>>>>>> template v")},
    ),
    Scenario(
        "the same line changed",
        began_with("CODEOWNERS", f"# {MINE}"),
        "reported",
        left=("CODEOWNERS",),
        has={"CODEOWNERS": (MINE, THEIRS)},
    ),
    Scenario(
        "the same line changed in the same way",
        began_with("frontend/tsconfig.json", f"{{ // {THEIRS}"),
        "untouched",
    ),
    Scenario(
        "a line taken out that the template changed",
        replaced("README.md", "## Run\n", ""),
        "reported",
        left=("README.md",),
    ),
    Scenario(
        "the README written anew",
        wrote("README.md", f"# Ours\n\n{MINE}\n"),
        "reported",
        left=("README.md",),
        has={"README.md": (MINE, THEIRS)},
    ),
    Scenario("a file emptied that the template changed", wrote("CODEOWNERS", ""), "reported", left=("CODEOWNERS",)),
    Scenario(
        "no line end at the end of a file, where the template appended",
        replaced("Makefile", "always Makefile: ;\n", "always Makefile: ;"),
        "reported",
        left=("Makefile",),
    ),
    Scenario("a file of one's own", wrote("docs/team.md", f"# {MINE}\n"), "untouched"),
    Scenario(
        "a file of one's own that looks like a conflict",
        wrote("docs/team.md", f"<<<<<<< HEAD\n{MINE}\n=======\nOr not.\n>>>>>>> main\n"),
        "untouched",
    ),
    Scenario(
        "a file of one's own where the template adds another",
        wrote("docs/Über uns.md", f"# {MINE}\n"),
        "reported",
        left=("docs/Über uns.md",),
        has={"docs/Über uns.md": (MINE, THEIRS)},
    ),
    Scenario(
        "a file of one's own that the template adds, too", wrote("docs/Über uns.md", f"# {THEIRS}\n"), "untouched"
    ),
    Scenario(
        "a file of one's own where the template has a folder",
        wrote("docs/adr", f"{MINE}\n"),
        "reported",
        left=("docs/adr",),
    ),
    Scenario(
        "a folder of one's own where the template has a file",
        wrote("docs/logo.png/README.md", f"{MINE}\n"),
        "reported",
        left=("docs/logo.png",),
    ),
]

MOVED_BY_THE_USER = [
    Scenario(
        "a file moved that the template changed",
        moved("backend/browser.py", "backend/security.py"),
        "merged",
        has={"backend/security.py": (THEIRS,)},
        gone=("backend/browser.py",),
    ),
    Scenario(
        "a file moved and changed at the line that the template changed",
        together(moved("backend/browser.py", "backend/security.py"), began_with("backend/security.py", MINE)),
        "reported",
        left=("backend/security.py",),
        has={"backend/security.py": (MINE, THEIRS)},
        gone=("backend/browser.py",),
    ),
    Scenario("a file moved that the template left alone", moved("backend/errors.py", "backend/faults.py"), "untouched"),
    Scenario(
        "a folder moved in which the template changed a file and added one",
        moved("frontend/src/ui", "frontend/src/parts"),
        "merged",
        has={"frontend/src/parts/form.tsx": (THEIRS,)},
        gone=("frontend/src/ui/form.tsx",),
    ),
    Scenario(
        "a file deleted that the template changed",
        removed("docs/onboarding.md"),
        "reported",
        named=("docs/onboarding.md",),
        gone=("docs/onboarding.md",),
    ),
    Scenario(
        "a file deleted that the template left alone",
        removed("backend/caller.py"),
        "untouched",
        gone=("backend/caller.py",),
    ),
    Scenario(
        "a file deleted that the template moved and changed",
        removed("docs/first-feature.md"),
        "reported",
        named=("docs/walkthrough.md",),
        gone=("docs/first-feature.md", "docs/walkthrough.md"),
    ),
]

MOVED_BY_THE_TEMPLATE = [
    Scenario(
        "a line inserted in a file that the template moved and changed",
        appended("docs/first-feature.md", MINE),
        "merged",
        named=("docs/walkthrough.md",),
        has={"docs/walkthrough.md": (MINE, THEIRS)},
        gone=("docs/first-feature.md",),
    ),
    Scenario(
        "the line changed that the template changed in a file that it moved",
        began_with("docs/first-feature.md", f"# {MINE}"),
        "reported",
        left=("docs/walkthrough.md",),
        has={"docs/walkthrough.md": (MINE, THEIRS)},
        gone=("docs/first-feature.md",),
    ),
    Scenario(
        "a module edited that the template made a package",
        appended("backend/body.py", f"# {MINE}"),
        "merged",
        named=("backend/body/__init__.py",),
        has={"backend/body/__init__.py": (MINE,)},
        gone=("backend/body.py",),
    ),
    Scenario(
        "a file added to a folder that the template moved",
        wrote("specs/templates/tasks.md", f"# {MINE}\n"),
        "merged",
        named=("specs/forms/tasks.md",),
        has={"specs/forms/tasks.md": (MINE,)},
    ),
    Scenario(
        "a file of one's own where the template moved one to",
        wrote("specs/forms/plan.md", f"# {MINE}\n"),
        "reported",
        left=("specs/forms/plan.md",),
        has={"specs/forms/plan.md": (MINE,)},
    ),
    Scenario(
        "an ignored file where the template moved one to",
        together(wrote(".git/info/exclude", "docs/walkthrough.md\n"), wrote("docs/walkthrough.md", f"{MINE}\n")),
        "reported",
        left=("docs/walkthrough.md",),
        has={"docs/walkthrough.md": (f"{MINE}\n",), "docs/walkthrough.md.template": (THEIRS,)},
    ),
    Scenario(
        "a line added to a file that the template deleted",
        appended("contracts/README.md", MINE),
        "reported",
        left=("contracts/README.md",),
        has={"contracts/README.md": (MINE,)},
    ),
    Scenario(
        "code edited that the template deleted",
        appended("frontend/src/api/rules.ts", f"// {MINE}"),
        "reported",
        left=("frontend/src/api/rules.ts",),
        has={"frontend/src/api/rules.ts": (MINE,)},
    ),
]

MOVED_BY_BOTH = [
    Scenario(
        "moved by both to the same place, and edited",
        together(
            moved("tools/databases.py", "tools/servers.py"),
            appended("tools/servers.py", f"# {MINE}"),
        ),
        "untouched",
        gone=("tools/databases.py",),
    ),
    Scenario(
        "moved by both to different places, and edited",
        together(
            moved("tests/e2e/test_forms.py", "tests/e2e/test_inputs.py"),
            appended("tests/e2e/test_inputs.py", f"# {MINE}"),
        ),
        "reported",
        left=("tests/e2e/test_inputs.py",),
        has={"tests/e2e/test_inputs.py": (MINE,)},
    ),
    Scenario(
        "deleted by both",
        removed("tests/e2e/test_accounts.py"),
        "untouched",
        gone=("tests/e2e/test_accounts.py",),
    ),
    Scenario(
        "moved to where the template adds a file",
        moved("docs/onboarding.md", "docs/private.md"),
        "reported",
        left=("docs/private.md",),
        gone=("docs/onboarding.md",),
    ),
]

OF_EACH_KIND = [
    Scenario(
        "an agent edited",
        replaced(".claude/agents/database-developer.md", "## Leave alone", f"{MINE}\n\n## Leave alone"),
        "merged",
        has={".claude/agents/database-developer.md": (MINE, f"## {THEIRS}")},
    ),
    Scenario(
        "a skill edited at the end, as the template did",
        appended(".claude/skills/review/SKILL.md", f"- {MINE}"),
        "reported",
        left=(".claude/skills/review/SKILL.md",),
        has={".claude/skills/review/SKILL.md": (MINE, THEIRS)},
    ),
    Scenario(
        "a skill edited that the template moved",
        appended(".claude/skills/clarify/SKILL.md", f"- {MINE}"),
        "merged",
        named=(".claude/skills/ask/SKILL.md",),
        has={".claude/skills/ask/SKILL.md": (MINE,)},
        gone=(".claude/skills/clarify/SKILL.md",),
    ),
    Scenario(
        "a workflow with a job of one's own",
        appended(
            ".github/workflows/ci.yml",
            "",
            "  ours:",
            "    runs-on: ubuntu-latest",
            f"    steps: [{{ run: echo {MINE} }}]",
        ),
        "merged",
        has={".github/workflows/ci.yml": (MINE, "name: Checks")},
    ),
    Scenario(
        "a spec with a requirement of one's own",
        inserted("specs/002-accounts/spec.md", "## Requirements", f"\n- **FR-099** {MINE}"),
        "merged",
        has={"specs/002-accounts/spec.md": (MINE, THEIRS)},
    ),
    Scenario("a spec of one's own", wrote("specs/003-labels/spec.md", f"# Labels\n\n{MINE}\n"), "untouched"),
    Scenario(
        "the contract with an operation of one's own, and what is made from it",
        together(
            replaced("contracts/api/openapi.yaml", "\npaths:\n", f"\npaths:\n  /api/v1/labels: {{}} # {MINE}\n"),
            appended("backend/generated/models.py", f"class Label: ...  # {MINE}"),
        ),
        "reported",
        left=("backend/generated/models.py",),
        has={"contracts/api/openapi.yaml": (MINE, THEIRS)},
    ),
    Scenario(
        "a dependency of one's own, and the lock",
        together(
            replaced("frontend/package.json", '"jsdom":', '"is-odd": "3.0.1",\n    "jsdom":'),
            replaced("frontend/package-lock.json", '"react": "', '"is-odd": "3.0.1",\n        "react": "'),
            wrote("uv.lock", "version = 1\n"),
        ),
        "reported",
        left=("frontend/package-lock.json", "uv.lock"),
        has={"frontend/package.json": ('"is-odd"', '"react": "^'), "uv.lock": ("version = 1\n",)},
    ),
    Scenario(
        "a dependency and a task in pyproject.toml",
        together(
            inserted("pyproject.toml", "dependencies = [", f'  "humanize==4.14.0",  # {MINE}'),
            replaced(
                "pyproject.toml", "[tool.poe.tasks.dev]", '[tool.poe.tasks.ours]\ncmd = "ls"\n\n[tool.poe.tasks.dev]'
            ),
        ),
        "merged",
        has={"pyproject.toml": (MINE, THEIRS, "[tool.poe.tasks.ours]")},
    ),
    Scenario(
        "a dependency in pyproject.toml where the template has one",
        inserted("pyproject.toml", "dev = [", f'  "humanize==4.14.0",  # {MINE}'),
        "reported",
        left=("pyproject.toml",),
        has={"pyproject.toml": (MINE, THEIRS)},
    ),
    Scenario(
        "a .env of one's own, and a variable more in its example",
        together(wrote(".env", "SECRET=hunter2\n"), inserted(".env.example", "HOST=127.0.0.1", f"OURS={MINE}")),
        "merged",
        has={".env": ("SECRET=hunter2\n",), ".env.example": (MINE, "MAIL_FROM=app@example.com")},
    ),
    Scenario(
        "an ignored file where the template adds one",
        together(appended(".gitignore", "docs/private.md"), wrote("docs/private.md", f"{MINE}\n")),
        "reported",
        left=(".gitignore", "docs/private.md"),
        has={"docs/private.md": (f"{MINE}\n",), "docs/private.md.template": (THEIRS,)},
    ),
    Scenario(
        "a remark in the answers",
        appended(".copier-answers.yml", f"# {MINE}"),
        "merged",
        has={".copier-answers.yml": (MINE,)},
    ),
    Scenario(
        "the agents deleted",
        removed(".claude"),
        "reported",
        named=(".claude/agents/database-developer.md",),
        gone=(".claude",),
    ),
    Scenario(
        "a migration on both sides",
        migration("0003", "tags"),
        "reported",
        left=(f"{MIGRATIONS}/0003_add_nicknames.py",),
        has={f"{MIGRATIONS}/0003_add_tags.py": ("Add tags",), f"{MIGRATIONS}/0003_add_nicknames.py": ("nicknames",)},
    ),
    Scenario(
        "a feature begun",
        FEATURE,
        "reported",
        left=(f"{MIGRATIONS}/0003_add_nicknames.py",),
        has={"specs/003-notes/spec.md": ("Notes",), "contracts/api/openapi.yaml": ("list_notes", THEIRS)},
        command=("new", "feature", "notes"),
    ),
    Scenario(
        "the sample taken out",
        removed(*SAMPLE),
        "reported",
        named=("specs/001-todos/spec.md",),
        gone=SAMPLE,
        command=("remove-sample",),
    ),
]

ODD_FILES = [
    Scenario(
        "a file with the line ends of Windows, kept so",
        together(appended(".gitattributes", "*.css -text"), with_line_ends_of_windows("frontend/src/styles.css")),
        "reported",
        left=("frontend/src/styles.css",),
        has={"frontend/src/styles.css": (b"\r\n", THEIRS)},
    ),
    Scenario(
        "a file with the line ends of Windows in the folder only",
        with_line_ends_of_windows("frontend/biome.json"),
        "untouched",
    ),
    Scenario(
        "a file with the line ends of Windows in the folder, which the template changed",
        together(
            appended(".gitattributes", "*.css text eol=crlf"), with_line_ends_of_windows("frontend/src/styles.css")
        ),
        "merged",
        has={"frontend/src/styles.css": (THEIRS,)},
    ),
    Scenario(
        "a file of one's own with the line ends of Windows, kept so",
        together(appended(".gitattributes", "*.txt -text"), wrote("docs/team.txt", "Ada\r\nGrace\r\n")),
        "untouched",
    ),
    Scenario(
        "Latin-1 in a file that the template changed",
        inserted("docs/onboarding.md", "", LATIN),
        "merged",
        has={"docs/onboarding.md": (LATIN, THEIRS)},
    ),
    Scenario("Latin-1 in a file of one's own", wrote("docs/team.md", LATIN + b"\n"), "untouched"),
    Scenario(
        "UTF-16 in the place of a file that the template changed",
        wrote("CODEOWNERS", f"{MINE}\n".encode("utf-16")),
        "reported",
        left=("CODEOWNERS",),
        has={"CODEOWNERS": (f"{MINE}\n".encode("utf-16"),), "CODEOWNERS.template": (THEIRS,)},
    ),
    Scenario(
        "a picture where the template adds another",
        wrote("docs/logo.png", PICTURE),
        "reported",
        left=("docs/logo.png",),
        has={"docs/logo.png": (PICTURE,), "docs/logo.png.template": (NEW_PICTURE,)},
    ),
    Scenario(
        "a picture where the template adds another, and one beside it",
        together(wrote("docs/logo.png", PICTURE), wrote("docs/logo.png.template", PICTURE)),
        "reported",
        left=("docs/logo.png",),
        has={"docs/logo.png": (PICTURE,), "docs/logo.png.template": (PICTURE,)},
    ),
    Scenario("a picture of one's own", wrote("docs/team.png", PICTURE), "untouched"),
    Scenario(
        "a program made of a file that the template changed",
        made_a_program("backend/browser.py"),
        "merged",
        has={"backend/browser.py": (THEIRS,)},
        posix=True,
    ),
    Scenario(
        "a file edited that the template made a program", appended("tools/dev.py", f"# {MINE}"), "merged", posix=True
    ),
    Scenario(
        "a program made of a file that the template left alone", made_a_program("conftest.py"), "untouched", posix=True
    ),
    Scenario("a link of one's own", linked("docs/latest.md", "onboarding.md"), "untouched", posix=True),
    Scenario("a link in the place of a file", linked("CLAUDE.md", "AGENTS.md"), "untouched", posix=True),
    Scenario(
        "a link in the place of a file that the template changed",
        linked("CODEOWNERS", "LICENSE"),
        "reported",
        left=("CODEOWNERS",),
        posix=True,
    ),
    Scenario(
        "a link to a folder where the template has one",
        linked("docs/more", "../../outside"),
        "reported",
        left=("docs/more",),
        posix=True,
    ),
]

ODD_REPOSITORIES = [
    Scenario(
        "in a folder of a larger repository",
        together(appended("docs/onboarding.md", MINE), began_with("CODEOWNERS", f"# {MINE}")),
        "reported",
        left=("CODEOWNERS",),
        has={"docs/onboarding.md": (MINE, THEIRS)},
        folder="apps/web",
    ),
    Scenario(
        "a repository kept elsewhere",
        together(
            wrote("../elsewhere/README.md", ""),
            git("init", "--separate-git-dir", "../elsewhere/.git"),
            appended("docs/onboarding.md", MINE),
        ),
        "merged",
        has={"docs/onboarding.md": (MINE, THEIRS)},
    ),
    Scenario(
        "another repository within",
        together(
            git("init", "vendor/ours"),
            wrote("vendor/ours/README.md", MINE),
            git("-C", "vendor/ours", "add", "."),
            git("-C", "vendor/ours", *IDENTITY, "commit", "-m", "Ours"),
        ),
        "untouched",
        has={"vendor/ours/README.md": (MINE,)},
    ),
    Scenario(
        "a repository whose settings ask for something else",
        together(
            git("config", "merge.conflictStyle", "diff3"),
            git("config", "diff.renames", "false"),
            git("config", "merge.renames", "false"),
            git("config", "core.autocrlf", "true"),
            git("config", "core.hooksPath", "missing"),
            moved("backend/browser.py", "backend/security.py"),
        ),
        "merged",
        has={"backend/security.py": (THEIRS,)},
        gone=("backend/browser.py",),
    ),
]

SCENARIOS = [
    *ADDED,
    *MOVED_BY_THE_USER,
    *MOVED_BY_THE_TEMPLATE,
    *MOVED_BY_BOTH,
    *OF_EACH_KIND,
    *ODD_FILES,
    *ODD_REPOSITORIES,
]
