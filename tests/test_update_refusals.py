"""What `sdd update` refuses: one sentence, and nothing is changed."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.users import OLD, User, everything, git, headings, made, releases, same, user

__all__ = ["made", "releases", "user"]

WRITE_IT = "write the release there that this project is on, and commit it."


class TestRefusals:
    def test_a_tree_that_is_not_committed(self, user: User) -> None:
        user.write("mine.txt", "mine\n")

        assert user.refused() == (
            "Not everything here is committed (mine.txt): commit or stash it, then run this again, because only then"
            " can an update be taken back to the byte."
        )

    def test_no_repository_and_no_commit_are_wrong_usage(self, user: User) -> None:
        sentence = "An update needs git and a first commit: run `git init`, `git add .`, `git commit`, then again.\n"
        shutil.rmtree(user.path / ".git")
        without = user.update()
        git(user.path, "init", "--quiet")
        empty = user.update()

        assert (without.returncode, without.stderr, empty.returncode, empty.stderr) == (2, sentence, 2, sentence)

    def test_git_itself_is_missing(self, user: User) -> None:
        done = user.update(PATH=str(user.path))

        assert (done.returncode, done.stderr) == (2, "An update needs git: install it, then run this again.\n")

    def test_a_folder_that_copier_did_not_make(self, user: User) -> None:
        (user.path / ".copier-answers.yml").unlink()
        user.commit()

        said = user.refused()

        assert said == "There is no .copier-answers.yml here: run this in the root of a project that Copier made."

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("_commit: v0.1.0\n", "", "says no version: write the one that the project was made from as `_commit`"),
            ("_src_path: ", "_src_path: ../", "which is relative: write the whole path, and commit it."),
            ("_src_path: ", "_source: ", "names no template: write its address there as `_src_path`, and commit it."),
            ("_commit: ", "_commit: [", "is not YAML: mend it, commit it, then run this again."),
        ],
        ids=["no version", "relative path", "no path", "no YAML"],
    )
    def test_answers_that_lead_to_no_template(self, user: User, old: str, new: str, says: str) -> None:
        answers = user.path / ".copier-answers.yml"
        text = answers.read_text("utf-8")
        if new.endswith("../"):
            old, new = f"_src_path: {text.partition('_src_path: ')[2].splitlines()[0]}", "_src_path: ../template"
        user.write(answers.name, text.replace(old, new))
        user.commit()

        assert says in user.refused()

    @pytest.mark.parametrize("source", ["https://127.0.0.1:9/x.git", "/nowhere/template"])
    def test_a_template_that_cannot_be_reached(self, user: User, releases: Path, source: str) -> None:
        answers = user.path / ".copier-answers.yml"
        user.write(answers.name, answers.read_text("utf-8").replace(str(releases), source))
        user.commit()

        said = user.refused()

        assert said.startswith(f"The template at {source} cannot be read (")
        assert said.endswith(
            "): nothing was changed; try again when it can, or mend `_src_path` in .copier-answers.yml and commit that."
        )

    def test_a_version_that_there_is_not(self, user: User, releases: Path) -> None:
        said = user.refused("--to", "v9.9.9")

        assert said == f"{releases} has no version v9.9.9: name one of its releases with --to."

    def test_a_version_that_the_template_no_longer_has(self, user: User, releases: Path) -> None:
        answers = user.path / ".copier-answers.yml"
        user.write(answers.name, answers.read_text("utf-8").replace("v0.1.0", "v0.0.1"))
        user.commit()

        says = f"has no version v0.0.1, the `_commit` in .copier-answers.yml: {WRITE_IT}"
        assert user.refused() == f"{releases} {says}"

    def test_a_version_that_the_template_does_not_have_yet(self, user: User, releases: Path) -> None:
        answers = user.path / ".copier-answers.yml"
        user.write(answers.name, answers.read_text("utf-8").replace("v0.1.0", "v0.7.0"))
        user.commit()

        says = f"has no version v0.7.0, the `_commit` in .copier-answers.yml: {WRITE_IT}"
        assert user.refused() == f"{releases} {says}"

    def test_a_version_that_is_older(self, user: User) -> None:
        user.merge()
        user.commit()
        shutil.rmtree(user.path / ".git/sdd-update")

        said = user.refused("--to", OLD)

        assert said == "v0.1.0 is older than v0.2.0, which this project is at: an update goes forward only."

    @pytest.mark.parametrize(("mark", "what"), [("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick")])
    def test_a_merge_that_is_not_finished(self, user: User, mark: str, what: str) -> None:
        (user.path / ".git" / mark).write_text(git(user.path, "rev-parse", "HEAD"), "utf-8")

        assert user.refused() == f"A {what} is under way here: finish it or take it back, then run this again."

    def test_a_file_that_git_was_told_not_to_look_at(self, user: User) -> None:
        git(user.path, "update-index", "--assume-unchanged", "contracts/README.md")
        user.append("contracts/README.md", "Hidden.\n")

        said = user.refused()

        assert said.startswith("git was told not to look at contracts/README.md, which this update would change: run ")

    def test_a_checkout_of_a_part(self, user: User) -> None:
        git(user.path, "config", "core.sparseCheckout", "true")

        assert user.refused() == "This is a sparse checkout: run `git sparse-checkout disable`, then this again."

    @pytest.mark.parametrize(
        ("meanwhile", "said"),
        [
            ("open('README.md', 'a').write('Mine.')", "README.md was changed"),
            ("open('docs/mine.md', 'w').write('Mine.')", "docs/mine.md was changed"),
            ("import subprocess; subprocess.run([*GIT, '--allow-empty', '-qm', 'Mine'])", "Something was committed"),
        ],
    )
    def test_what_happens_while_it_is_worked_out_is_not_overwritten(
        self, user: User, meanwhile: str, said: str
    ) -> None:
        lines = [
            "from sdd import merge, update",
            "GIT = ('git', '-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit')",
            "real = merge.plan",
            "def plan(*words):",
            "    made = real(*words)",
            f"    {meanwhile}",
            "    return made",
            "merge.plan = plan",
            "raise SystemExit(update.main(['--no-check']))",
        ]

        done = user.project.run(user.python, "-c", "\n".join(lines))

        told = "while the update was worked out, so nothing was written: see that all is committed"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{said} {told}, then run this again.\n")
        assert not list((user.path / ".git").glob("sdd-update*"))
        assert OLD in (user.path / ".copier-answers.yml").read_text("utf-8")

    @pytest.mark.parametrize("way", ["--abort", "--resume"])
    def test_a_dry_run_of_a_way_on(self, user: User, way: str) -> None:
        user.merge()
        before = everything(user.path)

        done = user.update(way, "--dry-run")

        same(everything(user.path), before)
        assert (done.returncode, done.stderr) == (
            2,
            "--dry-run shows what a new update would do: leave it out, or leave out the other.\n",
        )

    def test_an_update_of_which_a_part_is_committed_keeps_its_way_back(self, user: User) -> None:
        user.merge()
        git(user.path, "add", "pyproject.toml")
        git(user.path, "commit", "--quiet", "-m", "A part")

        done = user.update()

        assert (done.returncode, done.stderr.startswith("Not everything here is committed (")) == (1, True)
        assert (user.path / ".git/sdd-update/journal.json").exists()

    def test_an_answers_file_that_is_not_utf_8(self, user: User) -> None:
        answers = user.path / ".copier-answers.yml"
        answers.write_bytes(answers.read_bytes() + b"# \xe4\n")
        user.commit()

        done = user.update("--no-check", "--to", "v9.9.9")

        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr

    def test_an_update_that_is_not_committed_yet(self, user: User) -> None:
        user.merge()
        before = everything(user.path)

        done = user.update()

        same(everything(user.path), before)
        assert (done.returncode, done.stderr) == (
            1,
            "The update to v0.2.0 is not committed yet: commit it, or go back with"
            " `python3 .git/sdd-update/sdd/update.py --abort`, then run this again.\n",
        )

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
    def test_a_folder_whose_name_has_a_line_break(self, user: User, tmp_path: Path) -> None:
        user.path.rename(tmp_path / "my\napp")
        other = User(tmp_path / "my\napp", user.python)

        said = other.refused()

        named = str(other.path.resolve())
        assert said == f"The name of a folder has a line break, {named!r}: rename it, then run this again."

    def test_a_program_of_its_own_that_holds_markers(self, user: User) -> None:
        program = "<<<<<<< yours\n" + (user.path / "sdd/merge.py").read_text("utf-8")
        user.write("sdd/merge.py", program)
        user.commit()

        where = user.path / "sdd/merge.py"
        assert user.refused() == f"{where}:1 cannot be read as Python: mend it, commit it, then run this again."


class TestTwoAtOnce:
    def test_the_one_that_comes_second_is_refused_and_the_first_keeps_its_way_back(self, user: User) -> None:
        lines = [
            "import subprocess, sys",
            "from sdd import merge, update",
            "real = merge.plan",
            "def plan(*words):",
            "    made = real(*words)",
            "    subprocess.run([sys.executable, '-m', 'sdd', 'update', '--no-check'], stderr=subprocess.DEVNULL)",
            "    return made",
            "merge.plan = plan",
            "raise SystemExit(update.main(['--no-check']))",
        ]

        done = user.project.run(user.python, "-c", "\n".join(lines))

        told = "Another update began here in the meantime: wait for it, or take it back.\n"
        assert (done.returncode, done.stderr) == (1, told)
        assert "docs/news.md: new" in headings(done.stdout)["Changed"]
        assert user.update("--abort").returncode == 0
        assert git(user.path, "status", "--porcelain") == ""
