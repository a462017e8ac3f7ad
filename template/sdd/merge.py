"""What an update would write: two versions of the template, merged with the user's tree by git.

Knows git's trees and the project's answers. It touches no file of the project: that is sdd/update.py's work.
In a merge, `old` and `new` are the template's sides and `user` is the project's commit; a tree is {path: (mode, id)}.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from sdd.journal import Left, Place, Refusal, environment, git, split
from sdd.ownership import owner
from sdd.release import answers_of, is_older, render
from sdd.sample import belongs_to_sample
from sdd.update import ANSWERS, MERGED, STAYED, told_of

Tree = dict[str, tuple[str, str]]

YOURS, THEIRS = "yours", "sdd-update-template"  # git names the two sides of a conflict after these branches
PACKAGES = "frontend/package-lock.json"
MIRRORED = {
    "claude": (".claude/agents/", ".claude/skills/"),
    "copilot": (".github/agents/", ".github/skills/"),
    "codex": (".codex/agents/", ".agents/skills/"),
}
"""What sdd/hosts.py says of each host; that needs more than Copier brings, and an update may run from outside."""
MIGRATIONS = "database/migrations/versions/*.py"
SAMPLE = "todos"
SUBMODULE = "160000"
CHANGED = "Changed"


@dataclass
class Plan:
    """The result of a merge, and what a report says of it: `lists` by heading, `left` for a person.

    `made` is all that is made from other files; of those, `taken` did not merge and are one side's, and `locks` no
    longer fit what they lock.
    """

    old: str
    new: str
    tree: str = ""
    written: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=lambda: {CHANGED: [], MERGED: [], STAYED: []})
    left: list[Left] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)


# ------------------------------------------------------------ git's part


class Scratch:
    """A repository of its own that borrows the objects of the user's, and nothing of anybody's settings."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder / "merge.git"
        lent = root / git(root, "rev-parse", "--git-path", "objects").decode().strip()
        form = git(root, "rev-parse", "--show-object-format").decode().strip()
        self.environment = environment() | {
            **{"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1", "LC_ALL": "C"},
            **{f"GIT_{who}_{what}": "sdd" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        self.git("init", "--quiet", "--bare", "--template=", f"--object-format={form}", str(self.folder), at=folder)
        (self.folder / "objects/info").mkdir(exist_ok=True)
        (self.folder / "objects/info/alternates").write_text(f"{lent.resolve()}\n", "utf-8", newline="\n")

    def git(self, *words: str, at: Path | None = None, into: bytes = b"", codes: tuple[int, ...] = (0,)) -> bytes:
        """What a git command prints in the scratch repository."""
        settings = ("merge.directoryRenames=true", "merge.renameLimit=32767", "diff.renameLimit=32767")
        given = (*settings, "core.autocrlf=false", "core.safecrlf=false", f"core.attributesFile={os.devnull}")
        options = [word for setting in given for word in ("-c", setting)]
        place = [] if words[0] == "init" else [f"--git-dir={self.folder}"]
        return git(at or self.folder, *options, *place, *words, into=into, codes=codes, known=self.environment)

    def added(self, folder: Path) -> str:
        """The id of the tree that a folder holds, whatever its `.gitignore` says."""
        self.environment["GIT_INDEX_FILE"] = str(folder.with_suffix(".index"))
        self.git(f"--work-tree={folder}", "add", "--all", "--force", ".", at=folder)
        return self.git("write-tree").decode().strip()

    def tree(self, name: str) -> Tree:
        entries = (entry.partition("\t") for entry in split(self.git("ls-tree", "-r", "-z", name)))
        return {path: (head.split()[0], head.split()[2]) for head, _, path in entries}

    def make(self, tree: Tree) -> str:
        """The id of a tree of these entries."""
        self.environment["GIT_INDEX_FILE"] = str(self.folder / "made.index")
        lines = "".join(f"{mode} {name}\t{path}\0" for path, (mode, name) in tree.items())
        (self.folder / "made.index").unlink(missing_ok=True)
        self.git("update-index", "-z", "--index-info", into=os.fsencode(lines))
        return self.git("write-tree", "--missing-ok").decode().strip()

    def blob(self, name: str) -> bytes:
        return self.git("cat-file", "blob", name)

    def merged(self, old: str, user: str, new: str) -> tuple[Tree, dict[str, dict[int, tuple[str, str]]]]:
        """git's merge of three trees, and for each path in conflict its {stage: entry}."""
        base = self.git("commit-tree", "-m", "old", old).decode().strip()
        for branch, tree in ((YOURS, user), (THEIRS, new)):
            commit = self.git("commit-tree", "-m", branch, "-p", base, tree).decode().strip()
            self.git("update-ref", f"refs/heads/{branch}", commit)
        told = self.git("merge-tree", "--write-tree", "-z", "--no-messages", YOURS, THEIRS, codes=(0, 1))
        made, *conflicts = split(told)
        stages: dict[str, dict[int, tuple[str, str]]] = {}
        for conflict in conflicts:
            head, _, path = conflict.partition("\t")
            mode, name, stage = head.split()
            stages.setdefault(path, {})[int(stage)] = (mode, name)
        return self.tree(made), stages

    def renames(self, old: str, new: str) -> dict[str, str]:
        """{new path: old path} of the files that were renamed between two trees."""
        told = split(self.git("diff-tree", "-r", "-z", "--find-renames", "--diff-filter=R", "--name-status", old, new))
        return {told[at + 2]: told[at + 1] for at in range(0, len(told) - 2, 3)}


# ------------------------------------------------------------ the plan


def plan(place: Place, folder: Path, wanted: str | None) -> Plan:
    """What an update of the last commit to a version (None: the latest release) would write.

    `folder` is an empty one for what is made on the way. A plan whose `new` is `old` is empty: nothing to do.
    Raises Refusal.
    """
    answers = git(place.root, "cat-file", "blob", f"{place.tree}:{ANSWERS}")
    before = answers_of(answers.decode("utf-8", "replace"))
    after = render(answers, wanted, folder / "new")
    made = Plan(str(before["_commit"]), str(after["_commit"]))
    if made.old == made.new:
        return made
    if is_older(made.new, made.old):
        if wanted is None:
            render(answers, made.old, folder / "old")  # there may be no such version
            return Plan(made.old, made.old)
        raise Refusal(f"{made.new} is older than {made.old}, which this project is at: an update goes forward only.")
    render(answers, made.old, folder / "old")
    Merge(Scratch(folder, place.root), folder, place, made).judge(before, after)
    return made


class Merge:
    """Three trees, two of them the folders `old` and `new`, and what becomes of each path in them."""

    def __init__(self, scratch: Scratch, folder: Path, place: Place, made: Plan) -> None:
        self.scratch, self.place, self.made = scratch, place, made
        self.user = scratch.tree(place.tree)
        sides = {name: scratch.tree(scratch.added(folder / name)) for name in ("old", "new")}
        self.sample: list[str] = []
        if _has_sample(sides["old"]) and not _has_sample(self.user):
            old, new = sides["old"], sides["new"]
            sample = {path for path in old | new if belongs_to_sample(path) or SAMPLE in path}
            gone = {path for path in sample if path not in self.user}
            self.sample = sorted(path for path in gone if path in new and new[path] != old.get(path))
            sides = {name: {path: tree[path] for path in tree if path not in gone} for name, tree in sides.items()}
        self.old, self.new = sides["old"], sides["new"]
        self._leave_what_is_theirs()
        trees = [scratch.make(tree) for tree in (self.old, self.user, self.new)]
        self.theirs = scratch.renames(trees[0], trees[2])
        self.ours = scratch.renames(trees[0], trees[1])
        self.result, self.stages = scratch.merged(*trees)

    def _leave_what_is_theirs(self) -> None:
        """Takes what is the user's out of the merge: of such a file the template has a say only when it is new."""
        for path in [path for path in self.old if owner(path) == "yours"]:
            if self.old.get(path) != self.new.get(path):
                did = "changed" if path in self.new else "deleted"
                self.made.lists[STAYED].append(f"{path}: it is yours, and the template {did} its own")
            for side in (self.old, self.new):
                side.pop(path, None)
                if path in self.user:
                    side[path] = self.user[path]

    def _leave_repositories(self) -> None:
        """Keeps the user's submodules where git knows them, also in a folder that the template renamed."""
        for path, entry in self.user.items():
            if entry[0] == SUBMODULE and path not in self.result:
                moved = [other for other in self.result if other not in self.user and self.result[other] == entry]
                for other in moved:
                    self.result.pop(other)
                self.result[path] = entry
                self.made.lists[STAYED].append(f"{path}: a repository of its own, which stays where it is")

    def judge(self, before: dict[str, object], after: dict[str, object]) -> None:
        """Fills in the plan, from the answers before and after."""
        self.mirrors = tuple(folder for name in _others(before) for folder in MIRRORED.get(name, ()))
        self._leave_repositories()
        for path, stages in sorted(self.stages.items(), key=lambda item: "~" in item[0]):
            self._settle(path, stages)
        gone = self.user.keys() - self.result.keys()
        for path in [path for path in self.result if path not in self.user]:
            obstacle = self.place.blocked(path)
            if obstacle and obstacle not in gone and not self._has_below(obstacle):
                self._aside(path, obstacle, "git does not know yours")
            elif obstacle == path and self.place.has_unknown_below(path):
                self._aside(path, path, "git does not know all that is in yours")
        self._answers(before, after)
        self._list()
        self._heads()
        self.made.lists[STAYED] += [f"{path}: not added, because you removed the sample" for path in self.sample]
        self.made.written = sorted(path for path in self.result if self.result[path] != self.user.get(path))
        self.made.deleted = sorted(path for path in self.user if path not in self.result)
        self.made.made = sorted(path for path in {*self.user, *self.result, "uv.lock"} if self._is_made(path))
        self._stale_locks()
        self.made.tree = self.scratch.make(self.result)

    def _is_made(self, path: str) -> bool:
        return owner(path) == "ours" or path.startswith(self.mirrors)

    def _has_below(self, folder: str) -> bool:
        return any(path.startswith(f"{folder}/") for path in self.user)

    # ------------------------------------------------------------ conflicts

    def _settle(self, path: str, stages: dict[int, tuple[str, str]]) -> None:
        yours, theirs = stages.get(2), stages.get(3)
        real, apart, _ = path.partition(f"~{YOURS}") if path not in self.user else (path, "", "")
        if apart:
            self._yours_in_the_way(path, real)
        elif path not in self.new and (other := path.partition(f"~{THEIRS}"))[1]:
            self.result.pop(path)
            self._beside(other[0], theirs or stages[1], "it is another kind of file in the template")
        elif yours is None and theirs is None:
            self._renamed_twice(path)
        elif yours is None:
            self._deleted_by_user(path, 1 in stages)
        elif self._is_made(path):
            self._take_one(path, yours, theirs)
        elif theirs is None:
            if 1 in stages:
                self._deleted_by_template(path)
        else:
            self._both(path, yours, theirs)

    def _take_one(self, path: str, yours: tuple[str, str], theirs: tuple[str, str] | None) -> None:
        """Of what is made from other files: the user's where it holds keys of its own, else the template's."""
        if path.startswith(self.mirrors):
            self.result[path] = yours
        elif theirs is None:
            self.result.pop(path)
        else:
            self.result[path] = theirs
        self.made.taken.append(path)

    def _deleted_by_user(self, path: str, was_there: bool) -> None:
        if was_there:
            self.result.pop(path)
            was = self.theirs.get(path)
            told = f"you deleted it as {was}, which the template renamed" if was else "you deleted it"
            self.made.lists[STAYED].append(f"{path}: {told}")

    def _deleted_by_template(self, path: str) -> None:
        was = self.ours.get(path)
        told = f"the template deleted it (there it was {was})" if was else "the template deleted it, and you changed it"
        self.made.left.append(Left(path, f"{told}: delete it too, or keep it as your own.", "decided"))

    def _renamed_twice(self, path: str) -> None:
        mine = next((name for name, was in self.ours.items() if was == path), None)
        other = next((name for name, was in self.theirs.items() if was == path), None)
        if mine is None or other is None:
            return
        self.result.pop(other, None)
        told = f"the template moved {path} to {other}, you moved it here: what follows the template must know yours."
        self.made.left.append(Left(mine, told, "decided"))
        self._mark(mine)

    def _both(self, path: str, yours: tuple[str, str], theirs: tuple[str, str]) -> None:
        if self.result[path] == yours:
            self._beside(path, theirs, "the two cannot be merged")
        else:
            self._mark(path)

    def _mark(self, path: str) -> None:
        """Names the version in a file's conflict markers and tells of them."""
        mode, name = self.result[path]
        content = self.scratch.blob(name)
        marker = re.compile(rb"^(>{7,} )" + THEIRS.encode() + rb"(?=[:\r\n]|$)", re.MULTILINE)
        marked = marker.sub(rb"\1template " + self.made.new.encode(), content)
        if marked != content:
            made = self.scratch.git("hash-object", "-w", "--stdin", into=marked).decode().strip()
            self.result[path] = (mode, made)
            self.made.left.append(Left(path, told_of(marked), "marked"))

    def _yours_in_the_way(self, path: str, real: str) -> None:
        """The user's file or link stays at its path; what the template has there, or below it, goes beside."""
        self.result.pop(path)
        others = [name for name in self.result if name == real or name.startswith(f"{real}/")]
        if others:
            self._aside(others[0], real, "it is another kind of file in the template")
        self.result[real] = self.user.get(real, self.stages[path][2])

    def _beside(self, path: str, theirs: tuple[str, str], why: str) -> None:
        beside = self._free(path)
        self.result[beside] = theirs
        told = f"{why}: yours stays, the template's is {beside}; take what you want of that one, and delete it."
        self.made.left.append(Left(path, told, "beside", beside))

    def _aside(self, path: str, obstacle: str, why: str) -> None:
        """Moves what the template has at or below an obstacle to beside it."""
        if path not in self.result:
            return
        beside = self._free(obstacle)
        moved = [name for name in self.result if name == obstacle or name.startswith(f"{obstacle}/")]
        is_mine = any(self.result[name] != self.new.get(name) for name in [path, *moved] if name not in self.user)
        for name in moved:
            if name not in self.user:
                self.result[beside + name[len(obstacle) :]] = self.result.pop(name)
        if path in self.result:  # a folder stands where the template has a file
            self.result[beside] = self.result.pop(path)
        told = f"{why}: yours stays, the template's is {beside}; take what you want of that one, and delete it."
        if is_mine:
            told = f"{why}: yours stays; what moved here, your own work in it, is {beside}: put it where it belongs."
        self.made.left.append(Left(obstacle, told, "beside", beside))

    def _free(self, path: str) -> str:
        names = (f"{path}.template{number or ''}" for number in range(1000))
        return next(name for name in names if name not in self.result and self.place.blocked(name) is None)

    # ------------------------------------------------------------ the lists

    def _list(self) -> None:
        told = {left.path for left in self.made.left} | {left.beside for left in self.made.left}
        told |= set(self.made.taken)
        beside = tuple(f"{left.beside}/" for left in self.made.left if left.beside)
        self.along = dict(self._moved_along())
        for path in [path for path in self.result if self.result[path] != self.user.get(path)]:
            if path not in told and not path.startswith(beside):
                heading, line = self._changed(path)
                self.made.lists[heading].append(line)
        moved = {was: path for path, was in (self.theirs | self.along).items() if path in self.result}
        for path in [path for path in self.user if path not in self.result and path not in told]:
            if path not in moved:
                self.made.lists[CHANGED].append(f"{path}: deleted")
            elif moved[path] in told:
                heading = CHANGED if self.user[path] == self.old.get(path) else MERGED
                self.made.lists[heading].append(f"{path}: moved to {moved[path]}")
        kept = [path for path in self.old if path in self.new and path not in self.user and path not in self.result]
        elsewhere = {was for path, was in self.ours.items() if path in self.result}
        changed = [path for path in kept if self.new[path] != self.old[path] and path not in elsewhere]
        known = {line.partition(": ")[0] for line in self.made.lists[STAYED]}
        self.made.lists[STAYED] += [f"{path}: you deleted it" for path in changed if path not in known]
        for lines in self.made.lists.values():
            lines.sort()

    def _moved_along(self) -> Iterator[tuple[str, str]]:
        """(where it is, where it was) of the user's own files in a folder that the template renamed."""
        free = [path for path in self.result if path not in self.user and path not in self.new]
        for was in [path for path in self.user if path not in self.old and path not in self.result]:
            name = was.rpartition("/")[2]
            alike = (path for path in free if self.result[path] == self.user[was] and path.rpartition("/")[2] == name)
            if (path := next(alike, None)) is not None:
                yield path, was

    def _changed(self, path: str) -> tuple[str, str]:
        if path in self.along:
            return MERGED, f"{path}: was {self.along[path]}"
        was = self.theirs.get(path) if path not in self.user else None
        origin = self.ours.get(path) or was or path
        before = self.user.get(path) or self.user.get(was or "")
        if before is None:
            return CHANGED, f"{path}: new"
        told = path if was is None else f"{path}: was {was}"
        if path in self.ours and self.ours[path] in self.new:
            told = f"{path}: in the template {self.ours[path]}"
        return (MERGED, told) if before != self.old.get(origin) else (CHANGED, told)

    def _answers(self, before: dict[str, object], after: dict[str, object]) -> None:
        """Which answers the new version asks for, no longer asks for, or does not take: its answers file stands."""
        if ANSWERS in self.result and self._parsed(self.result[ANSWERS]) != after:
            self.result[ANSWERS] = self.new[ANSWERS]
            self.made.taken += [ANSWERS] if ANSWERS not in self.made.taken else []
        for name in sorted(set(before) | set(after)):
            if name.startswith("_") or before.get(name) == after.get(name):
                continue
            if name not in before:
                self.made.lists[CHANGED].append(f"{ANSWERS}: the new question {name} took {after[name]!r}")
            elif name not in after:
                told = f"{ANSWERS}: {name} is no longer asked, and was {before[name]!r}"
                self.made.lists[CHANGED].append(told)
            else:
                told = f"{name} was {before[name]!r}, which the template does not take: it is {after[name]!r} now."
                self.made.left.append(Left(ANSWERS, f"{told} Choose what you want instead.", "decided"))

    def _parsed(self, entry: tuple[str, str]) -> object:
        try:
            return yaml.safe_load(self.scratch.blob(entry[1]))
        except yaml.YAMLError:
            return None

    def _stale_locks(self) -> None:
        if "uv.lock" in self.user and "pyproject.toml" in self.made.written:
            self.made.locks.append("uv.lock")
        packages = ("frontend/package.json", PACKAGES)
        edited = any(self.user.get(path) != self.old.get(path) for path in packages)
        if edited and any(path in self.made.written for path in packages) and PACKAGES in self.result:
            self.made.locks.append(PACKAGES)

    def _heads(self) -> None:
        """Tells of a new migration that follows the same one as the user's does, or one that the user deleted."""
        revisions: dict[str, str] = {}
        follows: dict[str, list[str]] = {}
        for path in sorted(path for path in self.result if fnmatchcase(path, MIGRATIONS)):
            text = self.scratch.blob(self.result[path][1]).decode("utf-8", "replace")
            names = re.findall(r"^(down_)?revision\b[^=\n]*=[ \t]*[\"'](.+?)[\"']", text, re.MULTILINE)
            for down, name in names:
                if down:
                    follows.setdefault(name, []).append(path)
                else:
                    revisions[name] = path
        for name, paths in follows.items():
            added = [path for path in paths if path not in self.user]
            mine = [path for path in paths if path in self.user]
            if added and mine:
                told = f"it follows {name}, as your {mine[0]} does: let it follow yours, which your databases may have"
                told += " run, under a revision of its own, then run `make generate`."
                self.made.left.append(Left(added[0], told, "decided"))
            elif added and name not in revisions:
                told = f"it follows {name}, which is not here: let it follow your last one, then run `make generate`."
                self.made.left.append(Left(added[0], told, "decided"))


def _others(answers: dict[str, object]) -> list[str]:
    """The agent hosts whose files are made from the first one's."""
    agents = answers.get("agents")
    return [str(name) for name in agents[1:]] if isinstance(agents, list) else []


def _has_sample(tree: Tree) -> bool:
    return any(re.match(rf"specs/\d+-{SAMPLE}/", path) for path in tree)
