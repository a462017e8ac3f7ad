"""docs/first-feature.md, followed to the letter in a project of its own: files, commands, answers."""

import re
from dataclasses import dataclass

import pytest

from tests.conftest import ROOT, Project, set_up

PAGE = ROOT / "template/docs/first-feature.md"
FENCE = re.compile(r"^(?P<fence>`{3,})(?P<kind>[^`\n]*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
CAPTION = re.compile(r"^`(?P<path>[^`]+)`, (?P<way>whole|changed):\n\n\Z", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its line, the word after the fence, the file it is about and how, its text."""

    line: int
    kind: str
    path: str
    way: str
    text: str


def blocks(page: str) -> list[Block]:
    found = []
    for fence in FENCE.finditer(page):
        caption = CAPTION.search(page, 0, fence.start())
        path, way = caption.group("path", "way") if caption else ("", "")
        line = page.count("\n", 0, fence.start()) + 1
        found.append(Block(line, fence["kind"], path, way, fence["text"]))
    return found


def change(text: str, diff: str) -> str:
    """`text` with each place changed that the diff shows; `@@` parts places. A place's last line may be a beginning."""
    for place in diff.split("\n@@\n"):
        lines = [(line[:1], line[1:]) for line in place.splitlines()]
        old, new = ("\n".join(line for sign, line in lines if sign in (" ", kept)) for kept in ("-", "+"))
        count = text.count(old)
        assert count == 1, f"stands {count} times, not once:\n{old}"
        text = text.replace(old, new)
    return text


class Follower:
    """Does what a reader does, block by block."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._answer = ""

    def follow(self, block: Block) -> None:
        file = self._project.path / block.path
        if block.way == "whole":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, "utf-8", newline="\n")
        elif block.way == "changed":
            file.write_text(change(file.read_text("utf-8"), block.text), "utf-8", newline="\n")
        elif block.kind == "text":
            assert block.text.strip() in self._answer, f"expected:\n{block.text}\nanswered:\n{self._answer}"
        else:
            done = self._project.run("bash", "-euo", "pipefail", "-c", block.text)
            self._answer = done.stdout + done.stderr
            assert (done.returncode != 0) == (block.kind == "sh fails"), self._answer


@pytest.fixture(scope="module")
def clone(fresh: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A person's own project, committed and set up."""
    project = set_up(fresh, tmp_path_factory.mktemp("first-feature") / "my-app")
    project.must("git", "config", "user.name", "Ada")
    project.must("git", "config", "user.email", "ada@example.com")
    return project


class TestFirstFeature:
    def test_every_block_is_of_a_kind_that_is_followed(self) -> None:
        for block in blocks(PAGE.read_text("utf-8")):
            assert block.way or block.kind in ("sh", "sh fails", "text"), f"line {block.line}: {block.kind}"

    def test_it_leads_from_a_spec_to_a_proven_feature(self, clone: Project) -> None:
        reader = Follower(clone)

        for block in blocks(PAGE.read_text("utf-8")):
            try:
                reader.follow(block)
            except AssertionError as error:
                pytest.fail(f"docs/first-feature.md, line {block.line}: {error}")

        matrix = (clone.path / "reports/traceability.md").read_text("utf-8")
        promised = ["FR-001", "FR-002", "FR-003", "FR-004", "SC-001"]
        assert [name for name in promised if f"| 003-{name} | proven |" not in matrix] == []
