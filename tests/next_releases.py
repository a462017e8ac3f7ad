"""What the template does to the user's files in its next releases, which are made from the current tree.

One release holds all that the edits in tests/scenarios.py meet: each of those is about one file or two of it.
"""

from tests.edits import Edit, appended, began_with, inserted, made_a_program, moved, removed, replaced, together, wrote

THEIRS = "From the next release."
NEW_PICTURE = b"\x89PNG\r\n\x1a\n\x00 the template's \xfe"
MIGRATIONS = "database/migrations/versions"


def migration(revision: str, name: str) -> Edit:
    text = f'"""Add {name}."""\n\nrevision = "{revision}"\ndown_revision = "0002"\n'
    return wrote(f"{MIGRATIONS}/{revision}_add_{name}.py", text)


NEXT_RELEASE = together(
    # added at the end, at the beginning, in between, in the place of a line
    appended("AGENTS.md.jinja", f"- {THEIRS}"),
    appended(".claude/skills/review/SKILL.md", f"- {THEIRS}"),
    appended(".env.example.jinja", "", f"# {THEIRS}", "MAIL_FROM=app@example.com"),
    appended(".gitignore", "*.orig"),
    appended("Makefile", f"# {THEIRS}"),
    appended("frontend/src/styles.css", f"/* {THEIRS} */"),
    appended("specs/002-accounts/spec.md", "", THEIRS),
    began_with("CODEOWNERS", f"# {THEIRS}"),
    began_with("backend/browser.py", f'"""{THEIRS}"""'),
    began_with("frontend/tsconfig.json", f"{{ // {THEIRS}"),
    began_with("docs/onboarding.md", f"# {THEIRS}"),
    began_with("frontend/src/ui/form.tsx", f"// {THEIRS}"),
    inserted("pyproject.toml", "dev = [", f'  "rich==14.2.0",  # {THEIRS}'),
    replaced(".claude/agents/database-developer.md", "## Done when", f"## {THEIRS}"),
    replaced(".github/workflows/ci.yml", "name: CI", "name: Checks"),
    replaced("README.md.jinja", "## Run\n", f"## {THEIRS}\n"),
    made_a_program("tools/dev.py"),
    # contract, lock and what is made from them; a migration
    inserted("contracts/api/openapi.yaml", "info:", f"  summary: {THEIRS}"),
    appended("backend/generated/models.py", f"# {THEIRS}"),
    replaced("frontend/package.json", '"react": "', '"react": "^'),
    replaced("frontend/package-lock.json", '"react": "', '"react": "^'),
    appended("contracts/database/schema.sql", f"-- {THEIRS}"),
    migration("0003", "nicknames"),
    # moved and removed
    moved("docs/first-feature.md", "docs/walkthrough.md"),
    began_with("docs/walkthrough.md", f"# {THEIRS}"),
    moved("backend/body.py", "backend/body/__init__.py"),
    moved(".claude/skills/clarify", ".claude/skills/ask"),
    moved("specs/templates", "specs/forms"),
    moved("tests/e2e/test_forms.py", "tests/e2e/test_fields.py"),
    moved("tools/databases.py", "tools/servers.py"),
    removed("contracts/README.md", "frontend/src/api/rules.ts", "tests/e2e/test_accounts.py"),
    # new
    wrote("docs/logo.png", NEW_PICTURE),
    wrote("docs/Über uns.md", f"# {THEIRS}\n"),
    wrote("docs/adr/index.md", f"# {THEIRS}\n"),
    wrote("docs/more/index.md", f"# {THEIRS}\n"),
    wrote("docs/private.md", f"# {THEIRS}\n"),
    wrote("frontend/src/ui/dialog.tsx", f"// {THEIRS}\n"),
    # the sample
    appended("specs/001-todos/spec.md", "", THEIRS),
    began_with("database/todos.py", f'"""{THEIRS}'),
    wrote("specs/001-todos/notes.md", f"# {THEIRS}\n"),
)
"""To be done in `template/` of the current tree."""

ONE_MORE_RELEASE = together(
    moved("docs/walkthrough.md", "docs/tour.md"),
    began_with("docs/tour.md", "# Once more"),
    appended("AGENTS.md.jinja", "- Once more."),
    appended("backend/browser.py", "# Once more."),
    replaced("README.md.jinja", f"## {THEIRS}\n", "## Run\n"),
    removed("docs/private.md"),
)
"""To be done after that one."""
