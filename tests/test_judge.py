"""The judge of updates sees each way in which a user's work, or the template's, can go missing."""

import os
from pathlib import Path

import pytest

from tests.judge import Entry, Judge, Report, Tree, tree

OLD = {"a.md": "one\ntwo\n", "b.md": "same\n", "c.md": "gone\n"}
NEW = {"a.md": "one\nTWO\n", "b.md": "same\n", "d.md": "new\n"}
LEFT = "# Update from v1 to v2\n\n## Left for you\n\n1. {}: settle it.\n\n1 left for you.\n"


def made(texts: dict[str, str]) -> Tree:
    return {path: Entry("file", text.encode()) for path, text in texts.items()}


def judged(
    mine: dict[str, str], after: dict[str, str], report: str = "", my_moves: dict[str, str] | None = None
) -> Judge:
    return Judge(made(OLD), made(mine), made(NEW), made(after), my_moves or {}, {}, Report.read(report))


class TestJudge:
    @pytest.mark.parametrize(
        ("mine", "after", "report", "outcome"),
        [
            (OLD, NEW, "", "untouched"),
            (OLD | {"b.md": "mine\n"}, NEW | {"b.md": "mine\n"}, "", "untouched"),
            (OLD | {"a.md": "mine\none\ntwo\n"}, NEW | {"a.md": "mine\none\nTWO\n"}, "", "merged"),
            (
                OLD | {"a.md": "one\nmine\n"},
                NEW | {"a.md": "one\n<<<<<<< yours\nmine\n=======\nTWO\n>>>>>>> template v2\n"},
                LEFT.format("a.md"),
                "reported",
            ),
            (OLD | {"c.md": "mine\n"}, NEW | {"c.md": "mine\n"}, LEFT.format("c.md"), "reported"),
            (
                OLD | {"d.md": "mine\n"},
                NEW | {"d.md": "mine\n", "d.md.template": "new\n"},
                LEFT.format("d.md"),
                "reported",
            ),
            (
                {"b.md": "same\n", "c.md": "gone\n"},
                {"b.md": "same\n", "d.md": "new\n"},
                "## Kept as you have it\n\n- a.md: you deleted it\n",
                "reported",
            ),
        ],
    )
    def test_a_sound_update_has_no_fault(
        self, mine: dict[str, str], after: dict[str, str], report: str, outcome: str
    ) -> None:
        judge = judged(mine, after, report)

        assert (judge.outcome, judge.faults) == (outcome, [])

    @pytest.mark.parametrize(
        ("mine", "after", "fault"),
        [
            (OLD | {"a.md": "mine\none\ntwo\n"}, NEW, "a.md lost [b'mine']."),
            (OLD | {"b.md": "same\nmine\n"}, NEW, "b.md is not what the user had."),
            (OLD | {"e.md": "mine\n"}, NEW, "e.md is not what the user had."),
            (OLD | {"c.md": "mine\n"}, NEW, "c.md lost [b'mine']."),
            (OLD | {"d.md": "mine\n"}, NEW, "d.md lost [b'mine']."),
            (OLD | {"a.md": "two\n"}, NEW | {"a.md": "one\nTWO\n"}, "a.md has [b'one'] again."),
            ({"a.md": OLD["a.md"], "c.md": "gone\n"}, NEW, "b.md is back."),
            (OLD, NEW | {"a.md": OLD["a.md"]}, "a.md is not what the template has."),
            (OLD, NEW | {"c.md": "gone\n"}, "c.md is not what the template has."),
            (OLD, {"a.md": NEW["a.md"], "b.md": "same\n"}, "d.md is not what the template has."),
            (OLD | {"a.md": "mine\none\ntwo\n"}, NEW | {"a.md": "mine\none\ntwo\n"}, "a.md has not got [b'TWO']."),
            (OLD, NEW | {"a.md.rej": "?\n"}, "a.md.rej is from nowhere."),
            (OLD, NEW | {"a.md.template/d.md": "?\n"}, "a.md.template/d.md is from nowhere."),
            (
                OLD | {"a.md": "one\nmine\n"},
                NEW | {"a.md": "one\n<<<<<<< yours\nmine\n=======\nTWO\n>>>>>>> template v2\n"},
                "a.md has markers, and nothing is said.",
            ),
        ],
    )
    def test_what_is_missing_is_seen(self, mine: dict[str, str], after: dict[str, str], fault: str) -> None:
        assert judged(mine, after).faults == [fault]

    def test_to_name_a_file_is_not_to_keep_it(self) -> None:
        judge = judged(OLD | {"c.md": "mine\n"}, NEW, LEFT.format("c.md"))

        assert judge.faults == ["c.md lost [b'mine']."]

    def test_what_a_user_moved_is_followed(self) -> None:
        mine = {"moved.md": OLD["a.md"], "b.md": "same\n", "c.md": "gone\n"}
        my_moves = {"moved.md": "a.md"}
        followed = {"moved.md": NEW["a.md"], "b.md": "same\n", "d.md": "new\n"}

        assert judged(mine, followed, "", my_moves).faults == []
        assert judged(mine, followed | {"moved.md": OLD["a.md"]}, "", my_moves).faults == ["a.md has not got [b'TWO']."]

    @pytest.mark.skipif(os.name == "nt", reason="needs links and modes")
    def test_kinds_of_files_are_told_apart(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git/config").write_text("ours")
        (tmp_path / "program").write_text("run")
        (tmp_path / "program").chmod(0o755)
        (tmp_path / "link").symlink_to("nowhere")

        assert tree(tmp_path) == {"program": Entry("program", b"run"), "link": Entry("link", b"nowhere")}
