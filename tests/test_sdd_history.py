"""`sdd check` on records and decisions, `sdd new adr`, and `sdd check --fix` after branches took one number."""

import json
import re
import shutil
import textwrap
from pathlib import Path

import pytest

from tests.conftest import Project

PROMPTS, DECISIONS = "history/prompts/general", "history/adr"
ASKED = "Sort the todos, newest first. See {{ this }}, TODO, [FILL IN: that], /home/ada/notes and C:\\notes."
RECORD = """\
---
id: "NUMBER"
title: Sort the todos
stage: green
date: 2026-11-22
surface: manual
model: null
feature: general
branch: null
user: null
command: null
labels: [todos]
links: {spec: null, ticket: null, adr: null, pr: null}
files: [database/todos.py]
tests: [backend/tests/test_todos.py]
---
# Sort the todos

## Prompt

~~~text
Sort the todos, newest first. See {{ this }}, TODO, [FILL IN: that], /home/ada/notes and C:\\notes.
~~~

## Outcome

The newest stands first.
"""
DECISION = """\
---
status: accepted
feature: 001-todos
---
# Todos are sorted by the database

## Context
They are many.

## Considered options
- **By an index**
- In memory

## Decision
By an index.

## Consequences
One index more.

## Confirmation
Enforced by: `backend/tests/test_todos.py::TestCreateTodo`.
"""
# Of a record: what is replaced, by what, which rule says so, and a part of its sentence.
RECORDS = {
    "unknown-key": ("labels: [todos]", "labels: [todos]\nlable: x", "record-keys", "`lable` is no key"),
    "key-missing": ("surface: manual\n", "", "record-keys", "`surface`"),
    "unknown-stage-key": ("stage: green", "stage: yellow", "record-keys", "`stage`"),
    "other-stage": ("stage: green", "stage: red", "record-name", "the stage `red`, and its path says `green`"),
    "other-id": ('id: "', 'id: "9', "record-name", "and its path says"),
    "id-without-quotes": ('id: "NUMBER"', "id: NUMBER", "record-keys", "`id`"),
    "other-route": ("feature: general", "feature: 001-todos", "record-name", "the feature `001-todos`"),
    "no-such-day": ("2026-11-22", "2026-11-31", "record-keys", "`date`"),
    "day-without-dashes": ("2026-11-22", "20261122", "record-keys", "`date`"),
    "label-not-a-list": ("labels: [todos]", "labels: todos", "record-keys", "`labels`"),
    "links-without-pr": (", pr: null", "", "record-keys", "pr"),
    "placeholder-title": ("title: Sort the todos", "title: '{{title}}'", "record-placeholder", "`{{title}}`"),
    "placeholder-user": ("user: null", "user: '[YOUR_NAME]'", "record-placeholder", "`[YOUR_NAME]` in its user"),
    "placeholder-label": ("[todos]", "[<slug>]", "record-placeholder", "`<slug>` in its labels"),
    "placeholder-outcome": ("The newest", "TBD: the newest", "record-placeholder", "`TBD` in its outcome"),
    "fill-in-outcome": ("The newest stands", "[FILL IN: what]", "record-placeholder", "[FILL IN: what]"),
    "no-fence": ("~~~text\n", "", "record-prompt", "has no prompt"),
    "open-fence": ("\n~~~\n", "\n~~\n", "record-prompt", "has no prompt"),
    "blank-prompt": (ASKED, "  ", "record-prompt", "has no prompt"),
    "placeholder-prompt": (ASKED, "{{PROMPT}}", "record-prompt", "has no prompt"),
    "no-outcome": ("## Outcome\n\nThe newest stands first.\n", "", "record-outcome", "says nothing"),
    "absolute-file": ("[database/todos.py]", "[/srv/app/database/todos.py]", "record-path", "in its files"),
    "windows-file": ("[database/todos.py]", "['C:\\app\\todos.py']", "record-path", "in its files"),
    "backslashes": ("[database/todos.py]", "['database\\todos.py']", "record-path", "in its files"),
    "home-file": ("[database/todos.py]", "[~/app/todos.py]", "record-path", "in its files"),
    "upward-file": ("[database/todos.py]", "[../app/todos.py]", "record-path", "in its files"),
    "absolute-link": ("adr: null", "adr: /srv/app/history/adr/0001-stack.md", "record-path", "in its links.adr"),
    "absolute-ticket": ("ticket: null", "ticket: 'C:\\tickets\\1'", "record-path", "in its links.ticket"),
    "upward-link": ("spec: null", "spec: ../specs/001-todos/spec.md", "record-path", "in its links.spec"),
    "machine-in-title": ("title: Sort the todos", "title: Sort /home/ada/app", "record-path", "`/home/ada/app`"),
    "machine-in-outcome": ("stands first.", "stands first in /Users/ada/app.", "record-path", "in its outcome"),
    "dead-file": ("[database/todos.py]", "[database/dodos.py]", "record-file", "names `database/dodos.py`"),
    "dead-test": ("backend/tests/test_todos.py", "backend/tests/test_dodos.py", "record-file", "in its tests"),
    "dead-spec": ("spec: null", "spec: specs/001-dodos/spec.md", "record-file", "in its links.spec"),
    "broken-head": ("labels: [todos]", "labels: [todos", "unreadable", "its head is not YAML"),
    "conflict": ("The newest", "<<<<<<< HEAD\nThe newest", "unreadable", "conflict marker"),
}
DECIDED = {
    "unknown-status": ("status: accepted", "status: acepted", "decision-keys", "`status`"),
    "misspelt-key": ("feature: 001-todos", "feature: 001-todos\nconsultd: x", "decision-keys", "`consultd` is no key"),
    "unknown-feature": ("001-todos", "009-dodos", "decision-feature", "there is no `specs/009-dodos`"),
    "section-missing": ("## Consequences\nOne index more.\n", "", "decision-section", "`## Consequences`"),
    "section-empty": ("One index more.\n", "", "decision-section", "says nothing below `## Consequences`"),
    "no-title": ("# Todos are sorted by the database\n", "", "decision-section", "has no title"),
    "too-long": ("They are many.", "They are many.\n" * 60, "decision-length", "longer than a page"),
    "no-test": ("`backend/tests/test_todos.py::TestCreateTodo`", "`make check`", "decision-test", "names no test"),
    "dead-test": ("test_todos.py::", "test_dodos.py::", "decision-test", "there is no such test"),
    "dead-class": ("TestCreateTodo", "TestCreateDodo", "decision-test", "::TestCreateDodo`"),
    "one-dead-test": ("by: ", "by: `tests/contract/`, `tests/dodos/`, ", "decision-test", "`tests/dodos/`"),
    "fill-in": ("They are many.", "[FILL IN: why]", "decision-placeholder", "[FILL IN: why]"),
    "dead-successor": ("accepted", "superseded by ADR-0899", "decision-status", "ADR-0899"),
}
FINE = {
    "quotes-a-conflict": ("See {{", "\n<<<<<<< HEAD\n=======\n>>>>>>> x\nSee {{"),
    "quotes-a-heading": ("See {{", "\n## Outcome\nTBD\n---\nid: x\n---\n```sh\n~~\nSee {{"),
    "of-its-day": ("[database/todos.py]", "[database/gone.py]"),
    "says-todo": (
        "stands first.",
        "stands first: GET /api/v1/todos, `<b>`, `TODO`, [Todos](https://example.com), AND/OR.",
    ),
    "has-a-ticket": ("ticket: null, adr: null, pr: null", "ticket: '#7', adr: null, pr: 'https://example.com/pr/7'"),
    "windows-line-ends": ("\n", "\r\n"),
}


def sdd(at: Path, project: Project, *arguments: str) -> tuple[int, str]:
    """Exit code and output of the program in another folder, run by the project's own Python and code."""
    done = Project(at).run(str(project.python), "-m", "sdd", *arguments, PYTHONPATH=str(project.path))
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def cloned(project: Project, to: Path) -> Project:
    """The project as it is committed, with its past."""
    Project(project.path).must("git", "clone", "--quiet", str(project.path), str(to))
    clone = Project(to)
    clone.must("git", "config", "user.name", "Ada")
    clone.must("git", "config", "user.email", "ada@example.com")
    return clone


def write(at: Project, path: str, text: str) -> None:
    file = at.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text), "utf-8", newline="")


@pytest.fixture(scope="module")
def judged(project: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    """All the mutants beside each other in one project, judged once: findings by path."""
    place = cloned(project, tmp_path_factory.mktemp("history") / "app")
    write(place, "database/gone.py", "")
    place.must("git", "add", ".")
    place.must("git", "commit", "-qm", "What a record tells of")
    place.must("git", "rm", "-q", "database/gone.py")
    place.must("git", "commit", "-qm", "It goes")
    for number, (name, (old, new, *_)) in enumerate((RECORDS | FINE).items(), start=8000):
        assert old in RECORD, name
        text = RECORD.replace(old, new) if name == "windows-line-ends" else RECORD.replace(old, new, 1)
        write(place, f"{PROMPTS}/{number}-{name}.green.prompt.md", text.replace("NUMBER", str(number)))
    for number, (name, (old, new, *_)) in enumerate(DECIDED.items(), start=800):
        assert old in DECISION, name
        write(place, f"{DECISIONS}/{number:04}-{name}.md", DECISION.replace(old, new, 1))
    for name in ("0001-a.green.prompt.md", "8999-a.blue.prompt.md", "899-a.green.prompt.md", "notes.md"):
        write(place, f"{PROMPTS}/{name}", RECORD.replace("NUMBER", "0001"))
    write(place, "history/prompts/099-dodos/8998-a.green.prompt.md",
          RECORD.replace("NUMBER", "8998").replace("general", "099-dodos"))  # fmt: skip
    write(place, f"{DECISIONS}/0001-b.md", DECISION)
    write(place, f"{DECISIONS}/Notes.md", DECISION)
    code, said = sdd(place.path, project, "check", "--json")
    assert code == 1
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(said):
        found.setdefault(finding["path"], []).append(finding)
    return found


def by_name(judged: dict[str, list[dict[str, str]]], folder: str, name: str) -> list[dict[str, str]]:
    wanted = re.compile(rf"{folder}/\d+-{name}\..*")
    return [finding for path in judged if wanted.fullmatch(path) for finding in judged[path]]


class TestRecords:
    @pytest.mark.parametrize("name", RECORDS)
    def test_a_broken_record_is_found_once(self, judged: dict[str, list[dict[str, str]]], name: str) -> None:
        _, _, rule, message = RECORDS[name]

        found = by_name(judged, PROMPTS, name)

        assert [finding["rule"] for finding in found] == [rule], found
        assert message in found[0]["message"]
        assert found[0]["next"]

    @pytest.mark.parametrize("name", FINE)
    def test_a_sound_record_is_left_alone(self, judged: dict[str, list[dict[str, str]]], name: str) -> None:
        assert by_name(judged, PROMPTS, name) == []

    def test_a_number_belongs_to_one_record_of_all_routes(self, judged: dict[str, list[dict[str, str]]]) -> None:
        [found] = judged[f"{PROMPTS}/0001-a.green.prompt.md"]

        assert found["rule"] == "duplicate-id"
        assert "the number 0001 of `history/prompts/001-todos/0001-" in found["message"]
        assert found["next"] == "Run `uv run python -m sdd check --fix`."

    @pytest.mark.parametrize("name", ["8999-a.blue.prompt.md", "899-a.green.prompt.md", "notes.md"])
    def test_another_name_is_no_record(self, judged: dict[str, list[dict[str, str]]], name: str) -> None:
        assert [found["rule"] for found in judged[f"{PROMPTS}/{name}"]] == ["record-name"]

    def test_a_feature_that_never_was_is_found(self, judged: dict[str, list[dict[str, str]]]) -> None:
        [found] = judged["history/prompts/099-dodos/8998-a.green.prompt.md"]

        assert found["rule"] == "record-feature"
        assert "`specs/099-dodos`" in found["message"]

    def test_in_a_shallow_clone_it_says_how_to_get_the_past(self, project: Project, tmp_path: Path) -> None:
        origin = cloned(project, tmp_path / "origin")
        origin.must("git", "commit", "-qm", "Later", "--allow-empty")
        Project(tmp_path).must("git", "clone", "-q", "--depth", "1", origin.path.as_uri(), "app")
        write(Project(tmp_path / "app"), f"{PROMPTS}/8000-a.green.prompt.md",
              RECORD.replace("NUMBER", "8000").replace("todos.py]", "dodos.py]", 1))  # fmt: skip

        code, said = sdd(tmp_path / "app", project, "check")

        assert code == 1
        assert "git fetch --unshallow" in said


class TestDecisions:
    @pytest.mark.parametrize("name", DECIDED)
    def test_a_broken_decision_is_found_once(self, judged: dict[str, list[dict[str, str]]], name: str) -> None:
        _, _, rule, message = DECIDED[name]

        found = by_name(judged, DECISIONS, name)

        assert [finding["rule"] for finding in found] == [rule], found
        assert message in found[0]["message"]

    def test_a_number_belongs_to_one_decision(self, judged: dict[str, list[dict[str, str]]]) -> None:
        pair = [*judged.get(f"{DECISIONS}/0001-b.md", []), *judged.get(f"{DECISIONS}/0001-stack.md", [])]

        assert [finding["rule"] for finding in pair] == ["duplicate-id"]
        assert "the number 0001 of `history/adr/0001-" in pair[0]["message"]

    def test_another_name_is_no_decision(self, judged: dict[str, list[dict[str, str]]]) -> None:
        assert [found["rule"] for found in judged[f"{DECISIONS}/Notes.md"]] == ["decision-name"]


class TestNewDecision:
    def test_a_decision_begins_valid(self, project: Project, tmp_path: Path) -> None:
        app = cloned(project, tmp_path / "app")

        code, said = sdd(app.path, project, "new", "adr", "Labels are a table's rows: Zoë's choice")

        path = "history/adr/0006-labels-are-a-tables-rows-zoes-choice.md"
        assert (code, path in said) == (0, True)
        assert "# Labels are a table's rows: Zoë's choice\n" in (app.path / path).read_text("utf-8")
        assert sdd(app.path, project, "check")[0] == 0

    @pytest.mark.parametrize("title", ["", "  ", "日本", "…"])
    def test_a_title_without_a_word_is_refused(self, project: Project, tmp_path: Path, title: str) -> None:
        (tmp_path / "history").mkdir()

        code, said = sdd(tmp_path, project, "new", "adr", title)

        assert code != 0
        assert said.count("\n") == 1
        assert not list((tmp_path / "history").iterdir())


# ------------------------------------------------------------ merges

SPEC = """\
---
id: "003"
feature: {name}
status: draft
---
# {name}

## Requirements

- **FR-001** {name} are kept, as 003-FR-001 and ADR-0006 say.
"""
TASKS = """\
---
spec: "003"
---
# Tasks
- [ ] T001 [backend] Keep {name} (003-FR-001)
"""
TEST = """\
import pytest


@pytest.mark.requirement("003-FR-001")
def test_{name}() -> None:
    assert "ADR-0006"
"""
PAGE = """\
ADR-0006, [why](../history/adr/0006-use-{name}.md), 003-{name}, 003-FR-001, 1003-FR-001, ADR-00061,
0003-keep.green.prompt.md, [it](../history/prompts/003-{name}/0003-keep.green.prompt.md)
"""


class Branches:
    """A project in which each branch begins the feature 003, the decision 0006 and the record 0003 of its own."""

    def __init__(self, project: Project, tmp_path: Path) -> None:
        self.project, self.app = project, cloned(project, tmp_path / "app")
        self.hour = 10

    def commit(self, message: str) -> None:
        self.hour += 1
        at = f"2026-11-22T{self.hour}:00:00Z"
        self.app.must("git", "add", ".")
        self.app.must("git", "commit", "-qm", message, GIT_AUTHOR_DATE=at, GIT_COMMITTER_DATE=at)

    def begin(self, name: str) -> None:
        """A branch from main with everything that a feature of this name has: in two commits, the spec first."""
        self.app.must("git", "checkout", "-qb", name, "main")
        write(self.app, f"specs/003-{name}/spec.md", SPEC.format(name=name))
        write(self.app, f"specs/003-{name}/tasks.md", TASKS.format(name=name))
        write(self.app, f"{DECISIONS}/0006-use-{name}.md", DECISION.replace("Todos are", f"ADR-0006: {name} are"))
        self.commit(f"Specify {name}")
        told = {
            "NUMBER": "0003",
            "feature: general": f"feature: 003-{name}",
            "branch: null": f"branch: 003-{name}",
            "spec: null": f"spec: specs/003-{name}/spec.md",
            "adr: null": f"adr: history/adr/0006-use-{name}.md",
            "Sort the todos, newest": "Keep 003-FR-001, newest",
            "stands first.": f"stands first: 003-FR-001, [spec](../../../specs/003-{name}/spec.md).",
        }
        record = RECORD
        for old, new in told.items():
            record = record.replace(old, new)
        write(self.app, f"history/prompts/003-{name}/0003-keep.green.prompt.md", record)
        write(self.app, f"backend/tests/test_{name}.py", TEST.format(name=name))
        write(self.app, f"frontend/src/{name}.test.ts", f"it('keeps {name} [003-FR-001]', () => {{}})\n")
        write(self.app, f"docs/{name}.md", PAGE.format(name=name))
        self.commit(f"Build {name}")

    def merge(self, *names: str) -> None:
        self.app.must("git", "checkout", "-q", "main")
        for name in names:
            self.app.must("git", "merge", "-q", "--no-edit", name)

    def fix(self, *more: str) -> tuple[int, str]:
        return sdd(self.app.path, self.project, "check", "--fix", *more)

    def text(self, path: str) -> str:
        return (self.app.path / path).read_text("utf-8")

    def whole(self, name: str) -> str:
        """All that a branch brought, where its feature has the number 003, or wherever it is now: one text."""
        return "\n".join(self.text(path) for path in sorted(self.app.files()) if name in path and ".git/" not in path)


class TestMergedNumbers:
    def test_the_later_branch_gives_way_with_all_that_names_it(self, project: Project, tmp_path: Path) -> None:
        branches = Branches(project, tmp_path)
        branches.begin("reminders")
        branches.begin("labels")
        branches.merge("labels", "reminders")
        kept = branches.whole("reminders")
        found = json.loads(sdd(branches.app.path, project, "check", "--json")[1])
        assert {(finding["rule"], finding["path"].split("/")[1]) for finding in found} == {
            ("duplicate-id", "prompts"),
            ("duplicate-id", "adr"),
            ("duplicate-id", "003-reminders"),
        }

        code, said = branches.fix()

        assert code == 0, said
        for line in (
            "history/adr/0006-use-labels.md is now history/adr/0007-use-labels.md",
            "history/prompts/003-labels/0003-keep.green.prompt.md is now "
            "history/prompts/004-labels/0004-keep.green.prompt.md",
            "specs/003-labels is now specs/004-labels",
        ):
            assert line in said
        assert branches.whole("reminders") == kept
        moved = branches.whole("labels")
        assert "1003-FR-001, ADR-00061" in moved
        moved = moved.replace("1003-FR-001, ADR-00061", "")
        prompt = "Keep 003-FR-001, newest first"
        assert moved.count("003-") == len(["branch", prompt])
        assert prompt in moved
        assert "branch: 003-labels" in moved
        for old in ("ADR-0006", "0006-use", "0003-keep", '"0003"', 'spec: "003"', 'id: "003"'):
            assert old not in moved
        assert moved.count("004-FR-001") == 6
        assert moved.count("ADR-0007") == 4
        assert not (branches.app.path / "specs/003-labels").exists()
        assert not (branches.app.path / "history/prompts/003-labels").exists()
        assert branches.fix() == (0, sdd(branches.app.path, project, "check")[1])

    def test_what_was_written_after_the_merge_is_not_guessed(self, project: Project, tmp_path: Path) -> None:
        branches = Branches(project, tmp_path)
        branches.begin("labels")
        branches.begin("reminders")
        branches.merge("labels", "reminders")
        write(branches.app, "docs/after.md", "ADR-0006 and 003-FR-001 and history/adr/0006-use-reminders.md\n")
        branches.commit("Later")

        code, said = branches.fix()

        assert code == 1
        assert branches.text("docs/after.md") == "ADR-0006 and 003-FR-001 and history/adr/0007-use-reminders.md\n"
        assert "docs/after.md:1: `ADR-0006` may mean `history/adr/0006-use-labels.md` or `history/" in said
        assert said.count("(unclear-number)") == 2
        assert "ADR-0007" in branches.text("docs/reminders.md")

    def test_a_requirement_that_only_one_spec_has_is_clear(self, project: Project, tmp_path: Path) -> None:
        branches = Branches(project, tmp_path)
        branches.begin("labels")
        branches.begin("reminders")
        write(branches.app, "specs/003-reminders/spec.md", SPEC.format(name="reminders") + "- **FR-002** They ring.\n")
        branches.commit("More")
        branches.merge("labels", "reminders")
        write(branches.app, "specs/waivers.yml",
              "- {requirement: 003-FR-002, reason: Bells are ordered., until: 2099-01-01}\n")  # fmt: skip

        code, said = branches.fix()

        assert code == 0, said
        assert "requirement: 004-FR-002" in branches.text("specs/waivers.yml")

    def test_a_merge_under_way_counts(self, project: Project, tmp_path: Path) -> None:
        branches = Branches(project, tmp_path)
        branches.begin("reminders")
        branches.begin("labels")
        branches.merge("labels")
        branches.app.must("git", "merge", "-q", "--no-commit", "--no-ff", "reminders")

        code, said = branches.fix()

        assert code == 0, said
        assert (branches.app.path / "specs/003-reminders").is_dir()
        assert (branches.app.path / "specs/004-labels").is_dir()
        assert "004-FR-001" in branches.text("backend/tests/test_labels.py")

    def test_three_branches_get_three_numbers(self, project: Project, tmp_path: Path) -> None:
        branches = Branches(project, tmp_path)
        for name in ("c", "b", "a"):
            branches.begin(name)
        branches.merge("a", "b", "c")

        code, said = branches.fix()

        assert code == 0, said
        assert {path.name for path in (branches.app.path / "specs").glob("00[3-9]-*")} == {"003-c", "004-b", "005-a"}
        assert "005-FR-001" in branches.text("backend/tests/test_a.py")
        assert "ADR-0007" in branches.text("backend/tests/test_b.py")

    def test_without_git_the_later_by_name_gives_way(self, project: Project, tmp_path: Path) -> None:
        branches = Branches(project, tmp_path)
        branches.begin("labels")
        branches.begin("reminders")
        branches.merge("labels", "reminders")
        shutil.rmtree(branches.app.path / ".git")

        code, said = branches.fix()

        assert code == 1
        assert (branches.app.path / "specs/004-reminders").is_dir()
        assert "history/prompts/004-reminders/0004-keep.green.prompt.md" in said
        assert 'spec: "004"' in branches.text("specs/004-reminders/tasks.md")
        assert "003-FR-001" in branches.text("backend/tests/test_labels.py")
        assert "backend/tests/test_labels.py:4: `003-FR-001` may mean" in said

    def test_a_file_in_conflict_stops_it_before_anything_is_written(self, project: Project, tmp_path: Path) -> None:
        branches = Branches(project, tmp_path)
        branches.begin("labels")
        branches.begin("reminders")
        branches.merge("labels", "reminders")
        write(branches.app, "docs/labels.md", "<<<<<<< HEAD\n003-reminders\n=======\n>>>>>>> other\n")
        before = branches.app.must("git", "status", "--short")

        code, said = branches.fix()

        assert code == 1
        assert said.startswith("docs/labels.md:1: holds a conflict marker")
        assert branches.app.must("git", "status", "--short") == before

    def test_what_cannot_be_written_leaves_all_as_it_was(self, project: Project, tmp_path: Path) -> None:
        branches = Branches(project, tmp_path)
        branches.begin("labels")
        branches.begin("reminders")
        branches.merge("labels", "reminders")
        write(branches.app, "specs/004-reminders", "in the way")

        code, said = branches.fix()

        assert code == 1
        assert said.startswith("specs/004-reminders:1: cannot be written: ")
        assert "Nothing was changed." in said
        assert branches.app.must("git", "status", "--short") == "?? specs/004-reminders\n"

    def test_windows_line_ends_and_pictures_stay_as_they_are(self, project: Project, tmp_path: Path) -> None:
        branches = Branches(project, tmp_path)
        branches.begin("labels")
        branches.begin("reminders")
        branches.merge("labels", "reminders")
        picture = b"\x89PNG\r\n\x1a\n003-FR-001\xff"
        (branches.app.path / "specs/003-reminders/flow.png").write_bytes(picture)
        write(branches.app, "docs/windows.md", "See 003-reminders.\r\nAnd more.\r\n")

        code, said = branches.fix()

        assert code == 0, said
        assert (branches.app.path / "specs/004-reminders/flow.png").read_bytes() == picture
        assert (branches.app.path / "docs/windows.md").read_bytes() == b"See 004-reminders.\r\nAnd more.\r\n"
