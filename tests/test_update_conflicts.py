"""Each kind of conflict by itself: what `sdd update` makes of three small trees, and what it says of them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project, commit
from tests.users import NEW, OLD


@dataclass(frozen=True)
class Outcome:
    """The user's tree after a merge, and what is said of it."""

    files: dict[str, str]
    lists: dict[str, list[str]]
    left: list[str]


Folder = dict[str, str]
LINES = "".join(f"line {number}\n" for number in range(1, 21))
MINE, THEIRS, BOTH = (
    LINES.replace("line 5\n", "mine\n"),
    LINES.replace("line 15\n", "theirs\n"),
    LINES.replace("line 5\n", "mine\n").replace("line 15\n", "theirs\n"),
)
CLASH = LINES.replace("line 5\n", "theirs\n")
MARKED = "<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> template v0.2.0\n"
A, B, C = "docs/a.md", "docs/b.md", "docs/c.md"


class TestConflicts:
    """Each kind by itself: a path may begin with `->` for a link; bytes that are no text begin with a NUL."""

    @pytest.fixture
    def merged(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Folder, Folder, Folder], Outcome]:
        monkeypatch.syspath_prepend(str(ROOT / "template"))
        journal, merge = import_module("sdd.journal"), import_module("sdd.merge")

        def write(folder: Path, files: Folder) -> None:
            folder.mkdir(exist_ok=True)
            for path, text in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                if text.startswith("->"):
                    (folder / path).symlink_to(text[2:])
                else:
                    (folder / path).write_bytes(text.encode())

        def run(old: Folder, user: Folder, new: Folder, agents: tuple[str, ...] = ("claude",)) -> Outcome:
            for name, files in (("old", old), ("new", new), ("user", user)):
                write(tmp_path / name, {"README.md": "# App\n"} | files)
            commit(tmp_path / "user")
            place = journal.Place(tmp_path / "user")
            plan = merge.Plan(OLD, NEW)
            answers = {"agents": list(agents)}
            scratch = merge.Scratch(tmp_path, place.root)
            merge.Merge(scratch, tmp_path, place, plan).judge(answers, answers)
            result = {path: scratch.blob(name).decode() for path, (_, name) in scratch.tree(plan.tree).items()}
            result.pop("README.md")
            lists = {heading: lines for heading, lines in plan.lists.items() if lines} | {"taken": plan.taken}
            left = [f"{left.path}: {left.sentence}" for left in plan.left]
            return Outcome(result, {heading: lines for heading, lines in lists.items() if lines}, left)

        return run

    def test_edits_of_different_lines_are_merged(self, merged: Callable[..., Outcome]) -> None:
        assert merged({A: LINES}, {A: MINE}, {A: THEIRS}) == Outcome({A: BOTH}, {"Merged with your edits": [A]}, [])

    def test_the_same_line_is_marked(self, merged: Callable[..., Outcome]) -> None:
        told = f"{A}: a conflict in line 5: choose between the markers, and delete them."
        assert merged({A: LINES}, {A: MINE}, {A: CLASH}) == Outcome({A: LINES.replace("line 5\n", MARKED)}, {}, [told])

    def test_several_conflicts_are_counted(self, merged: Callable[..., Outcome]) -> None:
        mine, clash = MINE.replace("line 15\n", "mine\n"), CLASH.replace("line 15\n", "theirs\n")
        told = f"{A}: 2 conflicts, the first in line 5: choose between the markers, and delete them."
        marked = LINES.replace("line 5\n", MARKED).replace("line 15\n", MARKED)
        assert merged({A: LINES}, {A: mine}, {A: clash}) == Outcome({A: marked}, {}, [told])

    def test_two_new_files_of_one_name_are_marked(self, merged: Callable[..., Outcome]) -> None:
        told = f"{A}: a conflict in line 1: choose between the markers, and delete them."
        assert merged({}, {A: "mine\n"}, {A: "theirs\n"}) == Outcome({A: MARKED}, {}, [told])

    def test_edits_follow_a_file_that_the_template_renamed(self, merged: Callable[..., Outcome]) -> None:
        assert merged({A: LINES}, {A: MINE}, {B: THEIRS}) == Outcome(
            {B: BOTH}, {"Merged with your edits": [f"{B}: was {A}"]}, []
        )

    def test_the_templates_edits_follow_a_file_that_the_user_renamed(self, merged: Callable[..., Outcome]) -> None:
        assert merged({A: LINES}, {B: MINE}, {A: THEIRS}) == Outcome(
            {B: BOTH}, {"Merged with your edits": [f"{B}: in the template {A}"]}, []
        )

    def test_a_file_that_both_renamed_stays_where_the_user_has_it(self, merged: Callable[..., Outcome]) -> None:
        told = f"{B}: the template moved {A} to {C}, you moved it here: what follows the template must know yours."
        assert merged({A: LINES}, {B: MINE}, {C: THEIRS}) == Outcome({B: BOTH}, {}, [told])

    def test_two_files_that_became_one_are_both_named(self, merged: Callable[..., Outcome]) -> None:
        other = LINES.replace("line", "other")
        outcome = merged({A: LINES, B: other}, {C: LINES, B: other}, {A: LINES, C: other})

        assert outcome.lists == {"Changed": [f"{B}: moved to {C}"]}
        assert outcome.left == [f"{C}: a conflict in line 1: choose between the markers, and delete them."]
        assert set(outcome.files) == {C}

    def test_a_conflict_in_a_file_that_the_template_renamed_names_both_paths(
        self, merged: Callable[..., Outcome]
    ) -> None:
        told = f"{B}: a conflict in line 5: choose between the markers, and delete them."
        marked = MARKED.replace("yours", f"yours:{A}").replace("v0.2.0", f"v0.2.0:{B}")
        assert merged({A: LINES}, {A: MINE}, {B: CLASH}) == Outcome(
            {B: LINES.replace("line 5\n", marked)}, {"Merged with your edits": [f"{A}: moved to {B}"]}, [told]
        )

    def test_a_file_that_the_user_deleted_stays_away(self, merged: Callable[..., Outcome]) -> None:
        assert merged({A: LINES}, {}, {A: THEIRS}) == Outcome({}, {"Kept as you have it": [f"{A}: you deleted it"]}, [])

    def test_a_file_that_the_user_deleted_stays_away_under_a_new_name(self, merged: Callable[..., Outcome]) -> None:
        told = f"{B}: you deleted it as {A}, which the template renamed"
        assert merged({A: LINES}, {}, {B: LINES}) == Outcome({}, {"Kept as you have it": [told]}, [])

    def test_a_file_that_the_template_deleted_and_the_user_changed_stays(self, merged: Callable[..., Outcome]) -> None:
        told = f"{A}: the template deleted it, and you changed it: delete it too, or keep it as your own."
        assert merged({A: LINES}, {A: MINE}, {}) == Outcome({A: MINE}, {}, [told])

    def test_a_file_that_the_template_deleted_and_the_user_renamed_stays(self, merged: Callable[..., Outcome]) -> None:
        told = f"{B}: the template deleted it (there it was {A}): delete it too, or keep it as your own."
        assert merged({A: LINES}, {B: LINES}, {}) == Outcome({B: LINES}, {}, [told])

    @pytest.mark.parametrize(
        ("mine", "theirs"), [("\0mine", "\0theirs"), ("->README.md", THEIRS), (MINE, "->README.md")]
    )
    def test_what_cannot_be_merged_stays_and_the_templates_goes_beside(
        self, merged: Callable[..., Outcome], mine: str, theirs: str
    ) -> None:
        old = "\0" if mine[0] == "\0" else LINES
        why = "the two cannot be merged" if mine[0] == "\0" else "it is another kind of file in the template"
        told = (
            f"{A}: {why}: yours stays, the template's is {A}.template; take what you want of that one, and delete it."
        )
        kept = {A: mine.removeprefix("->"), f"{A}.template": theirs.removeprefix("->")}
        assert merged({A: old}, {A: mine}, {A: theirs}) == Outcome(kept, {}, [told])

    def test_a_folder_of_the_template_goes_beside_the_users_file(self, merged: Callable[..., Outcome]) -> None:
        told = (
            "docs/a: it is another kind of file in the template: yours stays, the template's is docs/a.template; take"
        )
        assert merged({}, {"docs/a": "mine"}, {"docs/a/b.md": "theirs"}) == Outcome(
            {"docs/a": "mine", "docs/a.template/b.md": "theirs"},
            {},
            [f"{told} what you want of that one, and delete it."],
        )

    def test_a_file_of_the_template_goes_beside_the_users_folder(self, merged: Callable[..., Outcome]) -> None:
        told = (
            "docs/a: it is another kind of file in the template: yours stays, the template's is docs/a.template; take"
        )
        assert merged({}, {"docs/a/b.md": "mine"}, {"docs/a": "theirs"}) == Outcome(
            {"docs/a/b.md": "mine", "docs/a.template": "theirs"},
            {},
            [f"{told} what you want of that one, and delete it."],
        )

    def test_a_new_file_follows_a_folder_that_the_user_renamed(self, merged: Callable[..., Outcome]) -> None:
        old = {"tools/x/a.md": LINES, "tools/x/b.md": MINE}
        user = {"tools/y/a.md": LINES, "tools/y/b.md": MINE}
        assert merged(old, user, old | {"tools/x/c.md": "new\n"}) == Outcome(
            user | {"tools/y/c.md": "new\n"}, {"Changed": ["tools/y/c.md: new"]}, []
        )

    def test_a_file_of_the_users_own_in_a_folder_that_the_template_renamed_is_named(
        self, merged: Callable[..., Outcome]
    ) -> None:
        old = {"tools/x/a.md": LINES, "tools/x/b.md": MINE}
        new = {"tools/y/a.md": LINES, "tools/y/b.md": MINE}
        moved = ["tools/y/a.md: was tools/x/a.md", "tools/y/b.md: was tools/x/b.md"]
        assert merged(old, old | {"tools/x/c.md": "mine\n"}, new) == Outcome(
            new | {"tools/y/c.md": "mine\n"},
            {"Changed": moved, "Merged with your edits": ["tools/y/c.md: was tools/x/c.md"]},
            [],
        )

    def test_a_new_picture_on_both_sides_is_there_twice_though_nobody_owns_its_path_yet(
        self, merged: Callable[..., Outcome]
    ) -> None:
        path = "pictures/logo.png"
        told = (
            f"the two cannot be merged: yours stays, the template's is {path}.template; take what you want of that one"
        )
        assert merged({}, {path: "\0mine"}, {path: "\0theirs"}) == Outcome(
            {path: "\0mine", f"{path}.template": "\0theirs"}, {}, [f"{path}: {told}, and delete it."]
        )

    def test_what_is_made_from_other_files_is_the_templates(self, merged: Callable[..., Outcome]) -> None:
        path = "contracts/database/schema.sql"
        assert merged({path: LINES}, {path: MINE}, {path: CLASH}) == Outcome({path: CLASH}, {"taken": [path]}, [])

    def test_another_hosts_agent_keeps_the_keys_that_the_user_gave_it(self, merged: Callable[..., Outcome]) -> None:
        path = ".codex/agents/worker.toml"
        files: list[Folder] = [{path: LINES}, {path: MINE}, {path: CLASH}]
        assert merged(*files, ("claude", "codex")) == Outcome({path: MINE}, {"taken": [path]}, [])

    def test_the_folders_of_the_agent_hosts_are_the_programs(self, python: str) -> None:
        said = Project(ROOT / "template").must(
            python,
            "-c",
            "from sdd.hosts import HOSTS; from sdd.merge import MIRRORED;"
            "print({host.name: (host.agents, host.skills) for host in HOSTS} == MIRRORED)",
        )

        assert said == "True\n"
