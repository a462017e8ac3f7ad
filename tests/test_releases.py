"""The changelog is the list of releases, they can be rebuilt from it, and no released file goes without a word."""

import shutil
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT, tracked
from tests.releases import NoReleasesError, changelog, git, misfits, present, rebuilt, releases, sections, unnoted

FIRST = "# Changelog\n\n## 0.1.0 - 2026-01-05\n\n### Added\n- A start.\n"
SECOND = FIRST.replace("## 0.1.0", "## 0.2.0 - 2026-02-02\n\n### Changed\n- A step.\n\n## 0.1.0")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A small template with two releases, one commit before, between and after them."""
    root = tmp_path / "small"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    write(
        root,
        {"template/README.md.jinja": "Hello\n", "template/docs/start.md": "Start\n", "CHANGELOG.md": "# Changelog\n"},
    )
    write(root, {"CHANGELOG.md": FIRST})
    write(root, {"template/docs/more.md": "More\n"})
    write(root, {"CHANGELOG.md": SECOND})
    write(root, {"CHANGELOG.md": SECOND.replace("## 0.2.0", "## Unreleased\n\n## 0.2.0")})
    return root


def write(root: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8", newline="\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", ", ".join(texts))


class TestChangelog:
    def test_each_heading_is_a_release_with_entries_and_the_newest_comes_first(self) -> None:
        package = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

        assert misfits(changelog(ROOT), package) == []

    @pytest.mark.parametrize(
        ("text", "package", "sentence"),
        [
            (
                SECOND.replace("## 0.2.0 - ", "## 0.2.0, "),
                "0.2.0",
                "`## 0.2.0, 2026-02-02` is no release: write `## 1.2.3 - 2026-11-22`, the version as PEP 440 has it.",
            ),
            (
                SECOND.replace("0.2.0", "v0.2.0"),
                "0.2.0",
                "`## v0.2.0 - 2026-02-02` is no release: write `## 1.2.3 - 2026-11-22`, the version as PEP 440 has it.",
            ),
            (SECOND.replace("0.2.0", "0.0.9"), "0.1.0", "0.0.9 stands above 0.1.0: the newest release comes first."),
            (SECOND.replace("02-02", "01-02"), "0.2.0", "0.2.0 stands above 0.1.0: the newest release comes first."),
            (SECOND.replace("- A step.\n", ""), "0.2.0", "0.2.0 has no entry: say what changed."),
            (SECOND, "0.1.0", "pyproject.toml says 0.1.0, and 0.2.0 is released: move it."),
            (f"{SECOND}\n## Unreleased\n", "0.2.0", "Unreleased comes first."),
        ],
    )
    def test_a_heading_that_is_none_is_told(self, text: str, package: str, sentence: str) -> None:
        assert misfits(sections(text), package) == [sentence]

    def test_two_sound_releases_are_no_fault(self) -> None:
        assert misfits(sections(SECOND), "0.3.0") == []


class TestReleases:
    def test_each_dated_heading_but_one_just_written_is_a_commit(self) -> None:
        dated = [section.version for section in changelog(ROOT) if section.version]

        found = list(releases(ROOT))

        assert found
        assert found in ([*reversed(dated)], [*reversed(dated[1:])])

    def test_a_release_is_the_commit_that_added_its_heading(self, history: Path) -> None:
        commits = git(history, "log", "--reverse", "--format=%H").split()

        assert releases(history) == {"0.1.0": commits[1], "0.2.0": commits[3]}

    def test_a_heading_that_is_not_committed_is_no_release(self, history: Path) -> None:
        text = SECOND.replace("## 0.2.0", "## 0.3.0 - 2026-03-03\n- More.\n\n## 0.2.0")
        (history / "CHANGELOG.md").write_text(text, "utf-8")

        assert list(releases(history)) == ["0.1.0", "0.2.0"]

    def test_a_shallow_clone_is_refused(self, history: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "--quiet", "--depth=1", history.as_uri(), "shallow")

        with pytest.raises(NoReleasesError) as refused:
            rebuilt(tmp_path / "clone", tmp_path / "shallow")

        sentence = "shallow is a shallow clone, and the releases are in its history: git fetch --unshallow."
        assert str(refused.value) == sentence

    def test_each_is_rebuilt_with_its_tag_and_the_checkout_is_the_newest(self, history: Path, tmp_path: Path) -> None:
        (history / "template/docs/more.md").write_text("More, not committed\n", "utf-8", newline="\n")
        (history / "template/docs/new.md").write_text("New\n", "utf-8", newline="\n")
        (history / "template/docs/start.md").unlink()

        source = rebuilt(tmp_path / "clone", history)

        shown = {
            version: git(source.path, "ls-tree", "-r", "--name-only", f"v{version}", "template/").split()
            for version in source.versions
        }
        assert shown == {
            "0.1.0": ["template/README.md.jinja", "template/docs/start.md"],
            "0.2.0": ["template/README.md.jinja", "template/docs/more.md", "template/docs/start.md"],
            "0.3.0": ["template/README.md.jinja", "template/docs/more.md", "template/docs/new.md"],
        }
        assert git(source.path, "show", "v0.3.0:template/docs/more.md") == "More, not committed\n"

    def test_the_newest_is_this_checkout(self, tmp_path: Path) -> None:
        source = rebuilt(tmp_path / "clone")

        assert present(source.path) == tracked()
        for path in tracked():
            assert (source.path / path).read_bytes() == (ROOT / path).read_bytes(), path


class TestMovedAndRemoved:
    def test_no_released_file_is_gone_without_a_word(self) -> None:
        assert unnoted(ROOT) == []

    def test_a_renamed_file_is_told_once_with_what_to_write(self, history: Path) -> None:
        shutil.move(history / "template/README.md.jinja", history / "template/READ.md.jinja")

        assert unnoted(history) == [
            "README.md was in 0.2.0 and is gone: say in CHANGELOG.md, under `### Moved and removed` of Unreleased, "
            "where `README.md` went, or why."
        ]

    @pytest.mark.parametrize(
        ("span", "left"),
        [("docs/start.md", ["docs/more.md"]), ("docs/", []), ("docs", ["docs/more.md", "docs/start.md"])],
    )
    def test_a_note_names_the_file_or_a_folder_above_it(self, history: Path, span: str, left: list[str]) -> None:
        shutil.rmtree(history / "template/docs")
        note = f"## Unreleased\n\n### Moved and removed\n- `{span}` is in the README now.\n\n## 0.2.0"
        (history / "CHANGELOG.md").write_text(SECOND.replace("## 0.2.0", note), "utf-8")

        assert [sentence.split()[0] for sentence in unnoted(history)] == left

    def test_a_note_elsewhere_is_none(self, history: Path) -> None:
        (history / "template/docs/start.md").unlink()
        note = "## Unreleased\n\n### Changed\n- `docs/start.md` is gone.\n\n## 0.2.0"
        text = SECOND.replace("## 0.2.0", note) + "\n### Moved and removed\n- `docs/start.md`\n"
        (history / "CHANGELOG.md").write_text(text, "utf-8")

        assert [sentence.split()[:4] for sentence in unnoted(history)] == [["docs/start.md", "was", "in", "0.2.0"]]
