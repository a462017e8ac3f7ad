"""What `sdd update` names: in its lists, and as left for a person."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.users import NEW, User, headings, made, next_release, release, releases, user

__all__ = ["made", "releases", "user"]


class TestWhatIsLeft:
    def test_a_file_of_the_template_goes_beside_one_that_git_does_not_know(self, user: User) -> None:
        user.append(".gitignore", "docs/news.md\n")
        user.commit()
        user.write("docs/news.md", "My own news.\n")

        done = user.update("--no-check")

        assert (user.path / "docs/news.md").read_text("utf-8") == "My own news.\n"
        assert (user.path / "docs/news.md.template").read_text("utf-8") == "# News\n"
        told = (
            "docs/news.md: git does not know yours: yours stays, the template's is docs/news.md.template; take what you"
        )
        assert headings(done.stdout)["Left for you"] == [f"1. {told} want of that one, and delete it."]
        assert done.returncode == 1

    def test_two_migrations_after_the_same_one_are_told(self, user: User, releases: Path, tmp_path: Path) -> None:
        again = next_release(releases, tmp_path / "template", user)
        theirs = again / "template/database/migrations/versions/0003_add_colour.py"
        theirs.write_text('revision = "0003"\ndown_revision = "0002"\n', "utf-8")
        release(again)
        user.write("database/migrations/versions/0003_add_size.py", 'revision = "0003"\ndown_revision = "0002"\n')
        user.commit()

        done = user.update("--no-check")

        told = "it follows 0002, as your database/migrations/versions/0003_add_size.py does: let it follow yours, which"
        told += " your databases may have run, under a revision of its own, then run `make generate`."
        left = headings(done.stdout)["Left for you"]
        assert left == [f"1. database/migrations/versions/0003_add_colour.py: {told}"]

    def test_a_sample_that_was_removed_does_not_come_back(self, user: User, releases: Path, tmp_path: Path) -> None:
        again = next_release(releases, tmp_path / "template", user)
        (again / "template/backend/todos/colours.py").write_text('"""Colours of todos."""\n', "utf-8")
        release(again)
        for path in [path for path in user.path.rglob("*") if "todos" in path.name and ".git/" not in str(path)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        user.commit()

        lists = user.merge()

        assert not (user.path / "backend/todos").exists()
        assert lists["Kept as you have it"] == ["backend/todos/colours.py: not added, because you removed the sample"]

    def test_what_is_the_users_own_stays_though_the_template_moves_on(
        self, user: User, releases: Path, tmp_path: Path
    ) -> None:
        again = next_release(releases, tmp_path / "template", user)
        for path in (again / "template").rglob("constitution.md*"):
            path.write_text("Another constitution.\n", "utf-8")
        (again / "template/LICENSE.jinja").unlink()
        release(again)
        kept = {name: (user.path / name).read_bytes() for name in ("specs/constitution.md", "LICENSE")}

        lists = user.merge()

        assert {name: (user.path / name).read_bytes() for name in kept} == kept
        assert lists["Kept as you have it"] == [
            "LICENSE: it is yours, and the template deleted its own",
            "specs/constitution.md: it is yours, and the template changed its own",
        ]

    def test_a_new_question_takes_its_default_and_is_named(self, user: User, releases: Path, tmp_path: Path) -> None:
        again = next_release(releases, tmp_path / "template", user)
        questions = (again / "copier.yml").read_text("utf-8")
        asked = questions.replace(
            "\nlicense:\n", "\ncolour:\n  type: str\n  help: Which?\n  default: blue\n\nlicense:\n"
        )
        (again / "copier.yml").write_text(asked, "utf-8")
        release(again)

        lists = user.merge()

        assert ".copier-answers.yml: the new question colour took 'blue'" in lists["Changed"]
        assert yaml.safe_load((user.path / ".copier-answers.yml").read_text("utf-8"))["colour"] == "blue"

    def test_answers_that_were_edited_by_hand_are_told_as_the_file_has_them(
        self, user: User, made: Callable[[str], Path]
    ) -> None:
        answers = user.path / ".copier-answers.yml"
        lines = [line for line in answers.read_text("utf-8").splitlines() if not line.startswith(("ci:", "database:"))]
        user.write(answers.name, "\n".join([*lines, "database: mysql", "my_note: mine", ""]))
        user.commit()

        done = user.update("--no-check")

        lists = headings(done.stdout)
        assert [line for line in lists["Changed"] if line.startswith(answers.name)] == [
            ".copier-answers.yml: my_note is no longer asked, and was 'mine'",
            ".copier-answers.yml: the new question ci took 'github'",
        ]
        assert lists["Made anew"] == [".copier-answers.yml"]
        assert lists["Left for you"] == [
            "1. .copier-answers.yml: database was 'mysql', which the template does not take: it is 'sqlite' now."
            " Choose what you want instead."
        ]
        assert answers.read_bytes() == (made(NEW) / answers.name).read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only")
class TestLink:
    def test_the_report_does_not_follow_one_out_of_the_project(self, user: User, tmp_path: Path) -> None:
        (tmp_path / "outside").mkdir()
        (user.path / "reports").symlink_to(tmp_path / "outside")
        (user.path / ".git/info").mkdir(exist_ok=True)
        (user.path / ".git/info/exclude").write_text("reports\n", "utf-8")

        user.merge()

        assert list((tmp_path / "outside").iterdir()) == []
