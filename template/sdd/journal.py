"""Where an update stands: the project in its repository, and the journal by which every step can be taken back.

Knows git and files, nothing of templates. Python and git are all it needs, because a copy of it in git's folder must
work whatever state the project is in.
"""

from __future__ import annotations  # the way back runs on a system's own Python, from 3.9 on

import errno
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdd.merge import Plan

REPORT = "reports/update.md"
DRAFT = ".sdd-update{}.part"
KEPT = "refs/sdd/aborted"
CACHE = "__pycache__"
LOCAL = {
    f"GIT_{name}"
    for name in (
        *(
            "DIR",
            "WORK_TREE",
            "INDEX_FILE",
            "OBJECT_DIRECTORY",
            "ALTERNATE_OBJECT_DIRECTORIES",
            "COMMON_DIR",
            "NAMESPACE",
        ),
        *("PREFIX", "GRAFT_FILE", "SHALLOW_FILE", "QUARANTINE_PATH", "DEFAULT_HASH"),
        *("LITERAL_PATHSPECS", "GLOB_PATHSPECS", "NOGLOB_PATHSPECS", "ICASE_PATHSPECS"),
    )
}
"""What a caller such as a git hook may have set behind `GIT_`, and would lead git elsewhere."""


class Refusal(Exception):
    """Why an update cannot begin or go on, in one sentence that says the next step. Nothing is half done."""


class NeedsGit(Refusal):
    """There is no git, no repository, or no commit in it yet."""


@dataclass(frozen=True)
class Left:
    """Something for a person to do. It is done when its `until` is: `marked`: the file has no conflict markers any
    more; `beside`: the file `beside` is gone; `decided`: it was told."""

    path: str
    sentence: str
    until: str
    beside: str = ""


# ------------------------------------------------------------ git


def environment() -> dict[str, str]:
    """This process's environment without what would lead git, uv or Poe to another project than this one."""
    return {
        name: value for name, value in os.environ.items() if name not in LOCAL and not name.startswith(("POE_", "MAKE"))
    }


def git(
    root: Path, *words: str, into: bytes = b"", codes: tuple[int, ...] = (0,), known: dict[str, str] | None = None
) -> bytes:
    """What a git command prints, in the environment `known`. Raises NeedsGit without git, Refusal when it fails."""
    settings = ("core.quotePath=false", "core.fsmonitor=false", f"core.hooksPath={os.devnull}")
    command = ["git", "--no-optional-locks", *(word for one in settings for word in ("-c", one)), *words]
    try:
        done = subprocess.run(
            command, cwd=root, env=known or environment(), input=into, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise NeedsGit("An update needs git: install it, then run this again.") from error
    if done.returncode not in codes:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it did not say why"]
        if os.strerror(errno.ENOSPC) in told[-1]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(root))
        raise Refusal(f"git {' '.join(word for word in words if not word.startswith('-'))[:60]}: {told[-1]}")
    return done.stdout


def split(told: bytes) -> list[str]:
    return [os.fsdecode(part) for part in told.split(b"\0") if part]


class Place:
    """A project's folder and the repository it stands in."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        try:
            told = git(self.root, "rev-parse", "--show-prefix", "--absolute-git-dir", "--verify", "HEAD^{commit}")
        except NeedsGit:
            raise
        except Refusal as error:
            if "safe.directory" in str(error):
                way = f"git config --global --add safe.directory {shlex.quote(str(self.root))}"
                raise Refusal(f"git does not trust this folder, which somebody else owns: run `{way}`.") from error
            wanted = "An update needs git and a first commit: run `git init`, `git add .`, `git commit`, then again."
            raise NeedsGit(wanted) from error
        lines = os.fsdecode(told).split("\n")
        if len(lines) != 4:
            raise Refusal(f"The name of a folder has a line break, {str(self.root)!r}: rename it, then run this again.")
        self.prefix, folder, self.head = lines[:3]
        self.git_folder = Path(folder)
        self.top = self.root.joinpath(*[".."] * self.prefix.count("/")).resolve()
        self.journal = self.git_folder / "-".join(["sdd-update", *PurePosixPath(self.prefix).parts])

    @property
    def tree(self) -> str:
        """The id of the folder's tree in the last commit. Raises Refusal when it has none."""
        name = f"HEAD:{self.prefix.rstrip('/')}" if self.prefix else "HEAD^{tree}"
        try:
            return git(self.root, "rev-parse", "--verify", "--quiet", name).decode().strip()
        except Refusal as error:
            raise Refusal("This folder is not committed yet: commit it, then run this again.") from error

    @property
    def branch(self) -> str:
        """The branch that is checked out; "" for none."""
        return git(self.root, "symbolic-ref", "--quiet", "--short", "HEAD", codes=(0, 1)).decode().strip()

    def dirt(self) -> list[str]:
        """What differs from the last commit in this folder, files that git does not know too."""
        told = git(self.root, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", ".")
        return [entry[3:].removeprefix(self.prefix) for entry in split(told)]

    def blocked(self, path: str) -> str | None:
        """What stands in the way of a new file, as it is spelt here: the path, or what is no folder above it."""
        at = self.root
        for part in path.split("/"):
            if not os.path.lexists(at / part):
                return None
            names = [entry.name for entry in at.iterdir()]
            alike = (name for name in names if name.casefold() == part.casefold())
            at /= part if part in names else next(alike, part)
            if at.is_symlink() or not at.is_dir():
                break
        return at.relative_to(self.root).as_posix()

    def has_unknown_below(self, folder: str) -> bool:
        """Whether a folder holds what git does not know, but for what Python makes of its programs."""
        told = git(self.root, "--literal-pathspecs", "ls-files", "--others", "-z", "--", f"{folder}/")
        return any(CACHE not in path for path in split(told))

    def snapshot(self, folder: Path, paths: list[str]) -> str:
        """The id of the tree that a commit of everything here would have, and of these paths though they be ignored."""
        index = folder / "snapshot.index"
        if (self.git_folder / "index").exists():
            shutil.copyfile(self.git_folder / "index", index)
        given = environment() | {"GIT_INDEX_FILE": str(index)}
        git(self.root, "-c", "core.safecrlf=false", "add", "--all", "--", ".", known=given)
        stand = dict.fromkeys(_stands_at(self.root, path) for path in paths)
        there = b"".join(os.fsencode(path) + b"\0" for path in stand if os.path.lexists(self.root / path))
        if there:
            words = ("add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul")
            git(self.root, "-c", "core.safecrlf=false", "--literal-pathspecs", *words, known=given, into=there)
        made = git(self.root, "write-tree", known=given).decode().strip()
        index.unlink()
        return made

    def keep(self, tree: str) -> str:
        """Keeps a tree as a commit that KEPT names, after what it named before; the commit's id."""
        who = {f"GIT_{who}_{what}": "sdd update" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        earlier = git(self.root, "rev-parse", "--verify", "--quiet", KEPT, codes=(0, 1)).decode().strip()
        parents = [word for parent in (self.head, earlier) if parent for word in ("-p", parent)]
        told = ("commit-tree", "-m", "What stood here when an update was taken back", *parents, tree)
        commit = git(self.root, *told, known=environment() | who).decode().strip()
        git(self.root, "update-ref", KEPT, commit)
        return commit

    def put_index_back(self, kept: Path) -> None:
        """The index as it was; outside this folder, what was staged since stays."""
        index = self.git_folder / "index"
        if not kept.exists() or (index.exists() and index.read_bytes() == kept.read_bytes()):
            return
        entries = []
        for at in (kept, index):
            told = git(self.top, "ls-files", "--stage", "-z", known=environment() | {"GIT_INDEX_FILE": str(at)})
            entries.append([entry for entry in split(told) if not entry.partition("\t")[2].startswith(self.prefix)])
        if self.prefix and entries[0] != entries[1]:
            git(self.root, "reset", "--quiet", "--", ".")
            return
        draft = index.with_name("index.sdd-update")
        shutil.copyfile(kept, draft)
        draft.replace(index)

    def clear(self, known: set[str]) -> None:
        """Takes away the files that the last commit does not have, if `known`, and puts back those that it has."""
        told = split(git(self.root, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", "."))
        for path in [entry[3:] for entry in told if entry.startswith("??")]:
            if path in known:
                _remove(self.top, path)
        lost = b"".join(os.fsencode(entry[3:]) + b"\0" for entry in told if not entry.startswith("??"))
        if lost:
            git(self.top, "checkout-index", "-z", "--stdin", "--force", into=lost)


# ------------------------------------------------------------ the journal


class Journal:
    """What is to be done and what was there before, in git's folder: `journal.json`, `before/`, `after/`, `index`.

    `states`: applying (files are being replaced), finishing (locks, generated files, check), done, undoing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.told: dict[str, Any] = json.loads((folder / "journal.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            way = f"`git status` shows what differs, `git restore .` puts it back; then delete {folder}"
            raise Refusal(f"The journal of an update, {folder}, is damaged: {way}.") from error
        self.root = Path(os.path.normpath(folder.resolve() / self.told["root"]))

    @property
    def state(self) -> str:
        return str(self.told["state"])

    @property
    def entries(self) -> list[dict[str, Any]]:
        """{path, number, before, after, made}; `before`, `after`: is there a file? None for `after`: as it is made."""
        entries: list[dict[str, Any]] = self.told["entries"]
        return entries

    def note(self, **changes: Any) -> None:
        """Changes the journal in one step."""
        self.told |= changes
        draft = self.folder / "journal.part"
        draft.write_bytes(json.dumps(self.told, indent=1).encode())
        draft.replace(self.folder / "journal.json")

    def before(self, entry: dict[str, Any]) -> Path:
        return self.folder / "before" / str(entry["number"])

    def after(self, entry: dict[str, Any]) -> Path:
        return self.folder / "after" / str(self.told["prefix"]) / str(entry["path"])

    def is_as(self, entry: dict[str, Any], kept: Path, there: bool) -> bool:
        """Whether the project's file is the kept one, or missing where none was."""
        file = self.root / entry["path"]
        return _same(file, kept) if there else not _is_file(file)

    @property
    def written(self) -> list[str]:
        return [str(entry["path"]) for entry in self.entries if entry["after"]]

    def made_anew(self) -> set[str]:
        """What did not merge, and what is no longer as the update wrote or left it."""
        files = [entry for entry in self.entries if entry["made"] and entry["after"] is not False]
        kept = [(entry, self.after(entry) if entry["after"] else self.before(entry)) for entry in files]
        other = {
            str(entry["path"]) for entry, file in kept if os.path.lexists(file) and not self.is_as(entry, file, True)
        }
        return {*self.told["taken"]} | other

    def knows(self, entry: dict[str, Any] | None) -> bool:
        """Whether a file is either as it was, or as the update writes it."""
        if entry is None:
            return False
        after = entry["after"] is not None and self.is_as(entry, self.after(entry), entry["after"])
        return after or self.is_as(entry, self.before(entry), entry["before"])

    def stranger(self) -> str | None:
        """The first file that is neither as it was before the update nor as the update writes it."""
        return next(
            (str(one["path"]) for one in self.entries if one["after"] is not None and not self.knows(one)), None
        )

    def apply(self) -> None:
        """Every file as it is to be: deletions first, each file in one step. What is done already is done again."""
        for entry in self.entries:
            if entry["after"] is False:
                _remove(self.root, entry["path"])
        for entry in self.entries:
            if entry["after"]:
                _put(self.root, self.after(entry), entry["path"], self.told["draft"])
        self.note(state="finishing", unfinished=None)

    def undo(self) -> None:
        """Every file as it was before."""
        for entry in self.entries:
            if self.told["unfinished"]:
                _remove(self.root, str(PurePosixPath(entry["path"]).with_name(self.told["unfinished"])))
            if not entry["before"]:
                _remove(self.root, entry["path"])
        for entry in self.entries:
            if entry["before"] and not self.is_as(entry, self.before(entry), True):
                if entry["path"] in self.told.get("folders", []):
                    shutil.rmtree(self.root / entry["path"], ignore_errors=True)
                _put(self.root, self.before(entry), entry["path"], self.told["draft"])

    def folders(self) -> list[str]:
        """Where a folder stands now, and a file stood before. Raises Refusal when git cannot keep what is in one."""
        files = [str(entry["path"]) for entry in self.entries if entry["before"]]
        found = [path for path in files if (self.root / path).is_dir() and not (self.root / path).is_symlink()]
        for path in found:
            if next((self.root / path).rglob(".git"), None):
                raise Refusal(f"{path} is a folder with a repository in it now: move it away, then run this again.")
        return found


def _stands_at(root: Path, path: str) -> str:
    """A path, or what is no folder above it."""
    above = [root / folder for folder in reversed(PurePosixPath(path).parents)]
    other = next((folder for folder in above if folder.is_symlink() or folder.is_file()), root / path)
    return other.relative_to(root).as_posix()


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def free_draft(root: Path, paths: Iterable[str]) -> str:
    """A name that no file beside one of these has: what is to replace it gets it while it is written."""
    taken = {*paths}
    for number in ("", *range(1, 1000)):
        name = DRAFT.format(number)
        drafts = {str(PurePosixPath(path).with_name(name)) for path in taken}
        if not drafts & taken and not any(os.path.lexists(root / draft) for draft in drafts):
            return name
    raise Refusal(f"There is a {DRAFT.format('')} everywhere: move them away, then run this again.")


def _put(root: Path, kept: Path, path: str, draft_name: str) -> None:
    """Replaces a file or link by a kept one, in one step; what stands in its way above gives way."""
    file = root / path
    for folder in reversed(file.relative_to(root).parents):
        if (root / folder).is_symlink() or (root / folder).is_file():
            (root / folder).unlink()
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_dir() and not file.is_symlink():  # empty by now, but for what Python made of its programs
        for cache in [*file.rglob(CACHE)]:
            shutil.rmtree(cache)
        for folder in [*sorted(file.rglob("*"), reverse=True), file]:
            folder.rmdir()
    draft = file.with_name(draft_name)
    draft.unlink(missing_ok=True)
    _copy(kept, draft)
    draft.replace(file)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
    else:
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def _remove(root: Path, path: str) -> None:
    """Deletes a file or link, and the folders above it that it leaves empty."""
    file = root / path
    above = [folder for folder in file.parents if folder.is_relative_to(root) and folder != root]
    if any(folder.is_symlink() or folder.is_file() for folder in above) or (file.is_dir() and not file.is_symlink()):
        return
    file.unlink(missing_ok=True)
    with suppress(OSError):
        for folder in above:
            folder.rmdir()


def prepare(place: Place, plan: Plan, objects: Path, check: bool) -> Journal:
    """Keeps all that is needed to carry out a plan, or to go back; nothing in the project is touched yet."""
    folder = Path(tempfile.mkdtemp(prefix=f"{place.journal.name}.new.", dir=place.git_folder))
    try:
        _fill(folder, place, plan, objects, check)
        if place.journal.exists():
            raise Refusal("Another update began here in the meantime: wait for it, or take it back.")
        folder.rename(place.journal)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Journal(place.journal)


def _fill(folder: Path, place: Place, plan: Plan, objects: Path, check: bool) -> None:
    paths = dict.fromkeys(plan.written, True) | dict.fromkeys(plan.deleted, False)
    _see_all(place, paths)
    (folder / "after").mkdir()
    _write_out(place, plan, objects, folder)
    entries: list[dict[str, Any]] = []
    for path in [*paths, *(path for path in sorted({*plan.made, REPORT}) if path not in paths)]:
        entry = {"path": path, "number": len(entries), "before": _is_file(place.root / path)}
        if entry["before"]:
            _copy(place.root / path, folder / "before" / str(len(entries)))
        entries.append(entry | {"after": paths.get(path), "made": path in plan.made})
    (folder / "sdd").mkdir()
    for name in ("journal.py", "update.py"):
        shutil.copyfile(Path(__file__).with_name(name), folder / "sdd" / name)
    if (place.git_folder / "index").exists():
        shutil.copyfile(place.git_folder / "index", folder / "index")
    told = {
        "state": "applying",
        "root": os.path.relpath(place.root, place.journal.resolve()),
        "prefix": place.prefix,
        "head": place.head,
        "branch": place.branch,
        "check": check,
    }
    told |= dict.fromkeys(("draft", "unfinished"), free_draft(place.root, [*paths, *plan.made, REPORT]))
    told |= {"old": plan.old, "new": plan.new, "entries": entries, "lists": plan.lists}
    told |= {"left": [asdict(left) for left in plan.left], "taken": plan.taken, "locks": plan.locks}
    (folder / "journal.json").write_bytes(json.dumps(told, indent=1).encode())


def _see_all(place: Place, paths: dict[str, bool]) -> None:
    for entry in split(git(place.root, "ls-files", "-v", "-z")):
        flag, _, path = entry.partition(" ")
        if path in paths and (flag.islower() or flag == "S") and os.path.lexists(place.root / path):
            raise Refusal(
                f"git was told not to look at {path}, which this update would change: run `git update-index"
                f" --no-assume-unchanged --no-skip-worktree {shlex.quote(path)}`, commit it, then run this again."
            )


def _write_out(place: Place, plan: Plan, objects: Path, folder: Path) -> None:
    """The files to be written, as git would write them here: line ends, filters, links."""
    top = folder / "after"
    for above in PurePosixPath(place.prefix).parents if place.prefix else ():
        attributes = place.top / above / ".gitattributes"
        if attributes.is_file():
            _copy(attributes, top / above / ".gitattributes")
    given = environment() | {"GIT_INDEX_FILE": str(folder / "after.index")}
    given["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(objects)
    where = (f"--git-dir={place.git_folder}", f"--work-tree={top}")
    git(top, *where, "read-tree", f"--prefix={place.prefix}", plan.tree, known=given)
    wanted = b"".join(os.fsencode(place.prefix + path) + b"\0" for path in plan.written)
    git(top, *where, "checkout-index", "-z", "--stdin", "--force", into=wanted, known=given)


def forget(folder: Path) -> None:
    gone = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
