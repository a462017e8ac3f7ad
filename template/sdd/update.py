"""Carries out an update so that every moment of it has a way back. What would be written, sdd/merge.py says.

Before a file is touched, its bytes and those that replace it are kept in git's folder (`sdd-update/`), with a copy of
this program: `--abort` and `--resume` work by that copy alone, whatever state the project is in. So this module needs
nothing but Python and git. Nothing is staged or committed.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ANSWERS = ".copier-answers.yml"
REPORT = "reports/update.md"
DRAFT = ".sdd-update.part"
KEPT = "refs/sdd/aborted"
HERE = """
GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_NAMESPACE
GIT_PREFIX GIT_GRAFT_FILE GIT_SHALLOW_FILE GIT_QUARANTINE_PATH GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS
GIT_NOGLOB_PATHSPECS GIT_ICASE_PATHSPECS GIT_DEFAULT_HASH
""".split()
"""What a caller (a git hook) may have set, and would lead git elsewhere."""
UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
}
UNDER_WAY |= {"REVERT_HEAD": "revert", "BISECT_LOG": "bisect"}


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
        name: value for name, value in os.environ.items() if name not in HERE and not name.startswith(("POE_", "MAKE"))
    }


def git(
    root: Path, *words: str, into: bytes = b"", codes: tuple[int, ...] = (0,), known: dict[str, str] | None = None
) -> bytes:
    """What a git command prints, in the environment `known`. Raises NeedsGit without git, Refusal when it fails."""
    command = ["git", "--no-optional-locks", "-c", "core.quotePath=false", "-c", "core.fsmonitor=false", *words]
    try:
        done = subprocess.run(
            command, cwd=root, env=known or environment(), input=into, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise NeedsGit("An update needs git: install it, then run this again.") from error
    if done.returncode not in codes:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it did not say why"]
        raise Refusal(f"git {' '.join(word for word in words if not word.startswith('-'))[:60]}: {told[-1]}")
    return done.stdout


def _paths(told: bytes) -> list[str]:
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
            wanted = "An update needs git and a first commit: run `git init`, `git add .`, `git commit`, then again."
            raise NeedsGit(wanted) from error
        self.prefix, folder, self.head = os.fsdecode(told).split("\n")[:3]
        self.git_folder = Path(folder)
        self.top = self.root.joinpath(*[".."] * self.prefix.count("/")).resolve()
        self.journal = self.git_folder / "sdd-update"

    @property
    def tree(self) -> str:
        """The id of the folder's tree in the last commit. Raises Refusal when it has none."""
        name = f"HEAD:{self.prefix.rstrip('/')}" if self.prefix else "HEAD^{tree}"
        try:
            return git(self.root, "rev-parse", "--verify", "--quiet", name).decode().strip()
        except Refusal as error:
            raise Refusal("This folder is not committed yet: commit it, then run this again.") from error

    def dirt(self) -> list[str]:
        """What differs from the last commit in this folder, files that git does not know too."""
        told = git(self.root, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", ".")
        return [entry[3:].removeprefix(self.prefix) for entry in _paths(told)]

    def blocked(self, path: str) -> str | None:
        """What stands in the way of a new file: the path itself, or the first folder above it that is none."""
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            name = "/".join(parts[:count])
            at = self.root / name
            if os.path.lexists(at) and (count == len(parts) or at.is_symlink() or not at.is_dir()):
                return name
        return None

    def snapshot(self, folder: Path, paths: list[str]) -> str:
        """The id of the tree that a commit of everything here would have, and of these paths though they be ignored."""
        index = folder / "snapshot.index"
        if (self.git_folder / "index").exists():
            shutil.copyfile(self.git_folder / "index", index)
        given = environment() | {"GIT_INDEX_FILE": str(index)}
        git(self.root, "add", "--all", "--", ".", known=given)
        there = b"".join(os.fsencode(path) + b"\0" for path in paths if os.path.lexists(self.root / path))
        if there:
            words = ("add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul")
            git(self.root, "--literal-pathspecs", *words, known=given, into=there)
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
            entries.append([entry for entry in _paths(told) if not entry.partition("\t")[2].startswith(self.prefix)])
        if self.prefix and entries[0] != entries[1]:
            git(self.root, "reset", "--quiet", "--", ".")
            return
        draft = index.with_name("index.sdd-update")
        shutil.copyfile(kept, draft)
        draft.replace(index)

    def clear(self, known: set[str]) -> None:
        """Takes away the files that the last commit does not have, if `known`, and puts back those that it has."""
        told = _paths(git(self.root, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", "."))
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
        self.told: dict[str, Any] = json.loads((folder / "journal.json").read_text("utf-8"))
        self.root = Path(os.path.normpath(folder.resolve() / self.told["root"]))

    @property
    def state(self) -> str:
        return str(self.told["state"])

    @property
    def entries(self) -> list[dict[str, Any]]:
        """{path, number, before, after, made}: `before` and `after`: is there a file? None for `after`: as it is made."""
        entries: list[dict[str, Any]] = self.told["entries"]
        return entries

    def note(self, **changes: Any) -> None:
        """Changes the journal in one step."""
        self.told |= changes
        draft = self.folder / "journal.part"
        draft.write_text(json.dumps(self.told, indent=1), "utf-8", newline="\n")
        draft.replace(self.folder / "journal.json")

    def before(self, entry: dict[str, Any]) -> Path:
        return self.folder / "before" / str(entry["number"])

    def after(self, entry: dict[str, Any]) -> Path:
        return self.folder / "after" / str(entry["path"])

    def is_as(self, entry: dict[str, Any], kept: Path, there: bool) -> bool:
        """Whether the project's file is the kept one, or missing where none was."""
        file = self.root / entry["path"]
        return _same(file, kept) if there else not os.path.lexists(file)

    @property
    def written(self) -> list[str]:
        return [str(entry["path"]) for entry in self.entries if entry["after"]]

    def made_anew(self) -> list[str]:
        """What the locks and `make generate` wrote, or would have if it had differed."""
        files = [entry for entry in self.entries if entry["made"] and entry["after"] is not False]
        other = [
            str(entry["path"])
            for entry in files
            if not self.is_as(entry, self.after(entry) if entry["after"] else self.before(entry), True)
            and (entry["before"] or entry["after"])
        ]
        return sorted({*self.told["taken"], *self.told["locks"], *other})

    def knows(self, entry: dict[str, Any] | None) -> bool:
        """Whether a file is either as it was, or as the update writes it."""
        if entry is None:
            return False
        after = entry["after"] is not None and self.is_as(entry, self.after(entry), entry["after"])
        return after or self.is_as(entry, self.before(entry), entry["before"])

    def apply(self) -> None:
        """Every file as it is to be: deletions first, each file in one step. What is done already is done again."""
        for entry in self.entries:
            if entry["after"] is False:
                _remove(self.root, entry["path"])
        for entry in self.entries:
            if entry["after"]:
                _put(self.after(entry), self.root / entry["path"])
        self.note(state="finishing")

    def undo(self) -> None:
        """Every file as it was before."""
        for entry in self.entries:
            (self.root / entry["path"]).with_name(DRAFT).unlink(missing_ok=True)
            if not entry["before"]:
                _remove(self.root, entry["path"])
        for entry in self.entries:
            if entry["before"]:
                _put(self.before(entry), self.root / entry["path"])


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _put(kept: Path, file: Path) -> None:
    """Replaces a file or link by a kept one, in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(DRAFT)
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
    """Deletes a file, and the folders above it that it leaves empty."""
    (root / path).unlink(missing_ok=True)
    with suppress(OSError):
        for folder in list((root / path).parents):
            if folder == root:
                break
            folder.rmdir()


def prepare(place: Place, plan: Any, objects: Path, check: bool) -> Journal:
    """Keeps all that is needed to carry out a plan, or to go back; nothing in the project is touched yet."""
    folder = place.git_folder / "sdd-update.new"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "after").mkdir(parents=True)
    _write_out(place, plan, objects, folder)
    paths = dict.fromkeys(plan.written, True) | dict.fromkeys(plan.deleted, False)
    _see_all(place, paths)
    entries: list[dict[str, Any]] = []
    for path in [*paths, *(path for path in sorted({*plan.made, REPORT}) if path not in paths)]:
        entry = {"path": path, "number": len(entries), "before": os.path.lexists(place.root / path)}
        if entry["before"]:
            _copy(place.root / path, folder / "before" / str(len(entries)))
        entries.append(entry | {"after": paths.get(path), "made": path in plan.made})
    shutil.copyfile(__file__, folder / "update.py")
    if (place.git_folder / "index").exists():
        shutil.copyfile(place.git_folder / "index", folder / "index")
    told = {
        "state": "applying",
        "root": os.path.relpath(place.root, place.journal.resolve()),
        "prefix": place.prefix,
        "head": place.head,
        "check": check,
    }
    told |= {"old": plan.old, "new": plan.new, "entries": entries, "lists": plan.lists}
    told |= {"left": [asdict(left) for left in plan.left], "taken": plan.taken, "locks": plan.locks}
    (folder / "journal.json").write_text(json.dumps(told, indent=1), "utf-8", newline="\n")
    folder.rename(place.journal)
    return Journal(place.journal)


def _see_all(place: Place, paths: dict[str, bool]) -> None:
    for entry in _paths(git(place.root, "ls-files", "-v", "-z")):
        flag, _, path = entry.partition(" ")
        if path in paths and (flag.islower() or flag == "S") and os.path.lexists(place.root / path):
            raise Refusal(
                f"git was told not to look at {path}, which this update would change: run `git update-index"
                f" --no-assume-unchanged --no-skip-worktree {shlex.quote(path)}`, commit it, then run this again."
            )


def _write_out(place: Place, plan: Any, objects: Path, folder: Path) -> None:
    """The files to be written, as git would write them here: line ends, filters, links."""
    given = environment() | {"GIT_INDEX_FILE": str(folder / "after.index")}
    given["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(objects)
    where = (f"--git-dir={place.git_folder}", f"--work-tree={folder / 'after'}")
    git(folder / "after", *where, "read-tree", plan.tree, known=given)
    wanted = b"".join(os.fsencode(path) + b"\0" for path in plan.written)
    git(folder / "after", *where, "checkout-index", "-z", "--stdin", "--force", into=wanted, known=given)


# ------------------------------------------------------------ the command


def begin(root: Path, wanted: str | None, dry: bool, check: bool) -> int:
    """Updates the project: the exit code. Raises Refusal when it cannot, with nothing changed."""
    from sdd import merge  # noqa: PLC0415 - not needed, and perhaps not readable, on the way back

    place = Place(root)
    _ready(place)
    with TemporaryDirectory(prefix="sdd-update-", ignore_cleanup_errors=True) as scratch:
        plan = merge.plan(place.root, Path(scratch), place.tree, wanted, place.blocked)
        if plan.new == plan.old:
            print(f"Already up to date: {plan.old}.")
            return 0
        if dry:
            anew = sorted({*plan.taken, *plan.locks})
            print(_report(plan.old, plan.new, plan.lists | {"Made anew": anew}, plan.left))
            print("\nNothing was changed: this only showed what would be.")
            return 1 if plan.left else 0
        journal = prepare(place, plan, Path(scratch) / "merge.git/objects", check)
    print(f"To go back, whatever happens: {_way_back(journal)}", file=sys.stderr, flush=True)
    return _carry_out(journal)


def _ready(place: Place) -> None:
    if not (place.root / ANSWERS).is_file():
        raise Refusal(f"There is no {ANSWERS} here: run this in the root of a project that Copier made.")
    for name, what in UNDER_WAY.items():
        if (place.git_folder / name).exists():
            raise Refusal(f"A {what} is under way here: finish it or take it back, then run this again.")
    dirt = place.dirt()
    if place.journal.exists():
        journal = Journal(place.journal)
        if journal.state != "done":
            ways = f"go on with `{_way_back(journal, '--resume')}`, or go back with `{_way_back(journal)}`"
            raise Refusal(f"An update to {journal.told['new']} was begun here and not finished: {ways}.")
        if dirt:
            raise Refusal(
                f"The update to {journal.told['new']} is not committed yet: commit it, or go back with"
                f" `{_way_back(journal)}`, then run this again."
            )
        _forget(place.journal)
    if dirt:
        named = ", ".join(dirt[:3]) + (f" and {len(dirt) - 3} more" if len(dirt) > 3 else "")
        raise Refusal(
            f"Not everything here is committed ({named}): commit or stash it, then run this again, because only then"
            " can an update be taken back to the byte."
        )


def _carry_out(journal: Journal) -> int:
    if journal.state == "applying":
        try:
            journal.apply()
        except OSError as error:
            journal.undo()
            _forget(journal.folder)
            raise Refusal(f"{error.filename} could not be written ({error.strerror}): all is as it was.") from error
    return _finish(journal)


def _finish(journal: Journal) -> int:
    left = [left for left in (Left(**kept) for kept in journal.told["left"]) if _is_left(journal, left)]
    left += _make_anew(journal, bool([one for one in left if one.until == "marked"]))
    anew = journal.made_anew() if journal.told["check"] else [path for path in journal.told["taken"] if path == ANSWERS]
    report = _report(journal.told["old"], journal.told["new"], journal.told["lists"] | {"Made anew": anew}, left)
    last = "Nothing is left for you. Look at git diff, then commit."
    if left:
        last = f"{len(left)} left for you. Settle them, look at git diff, then commit; to go back: {_way_back(journal)}"
    (journal.root / REPORT).parent.mkdir(exist_ok=True)
    (journal.root / REPORT).write_text(f"{report}\n\n{last}\n", "utf-8", newline="\n")
    place = Place(journal.root)
    journal.note(state="done", made=place.snapshot(journal.folder, journal.written))
    print(f"{report}\n\n{last}")
    return 1 if left else 0


def _make_anew(journal: Journal, conflicts: bool) -> list[Left]:
    """Relocks, regenerates, checks; what failed, or could not be done."""
    if not journal.told["check"]:
        told = "the template's is here, without what is yours: run `make update args=--resume`, which makes it anew."
        return [Left(path, told, "made") for path in journal.told["taken"] if path != ANSWERS]
    if conflicts:
        told = "not run while conflicts are left: settle them, then run `make update args=--resume`."
        return [Left("make check", told, "made")]
    for what, command in _steps(journal):
        print(f"\n{' '.join(command[1:])}", file=sys.stderr, flush=True)
        known = environment() | {"npm_config_omit_lockfile_registry_resolved": "true"}
        try:
            code = subprocess.run(command, cwd=journal.root, env=known, stdout=sys.stderr, check=False).returncode
        except OSError as error:
            print(error, file=sys.stderr)
            code = 1
        if code:
            told = "failed, and says why above: mend it, then run `make update args=--resume`."
            return [Left(what, told, "made")]
    return []


def _steps(journal: Journal) -> Iterator[tuple[str, list[str]]]:
    """(what is made or judged, the command) in their order."""
    uv = shutil.which("uv") or str(journal.root / ".uv/bin/uv")
    within = [uv, "run", "--quiet"] if (journal.root / "uv.lock").exists() else [sys.executable, "-m"]
    if "uv.lock" in journal.told["locks"]:
        yield "uv.lock", [uv, "lock"]
    if "frontend/package-lock.json" in journal.told["locks"]:
        npm = ["npm", "--prefix", "frontend", "install", "--package-lock-only", "--no-audit", "--no-fund"]
        yield "frontend/package-lock.json", [*within, *npm] if within[0] == uv else npm
    poe = "poe" if within[0] == uv else "poethepoet"
    if journal.written != [ANSWERS]:
        yield "make generate", [*within, poe, "generate"]
    yield "make check", [*within, poe, "check"]


def _is_left(journal: Journal, left: Left) -> bool:
    if left.until == "marked":
        file = journal.root / left.path
        return file.is_file() and bool(re.search(rb"^(<{7,}|>{7,}) ", file.read_bytes(), re.MULTILINE))
    if left.until == "beside" and left.beside:
        return os.path.lexists(journal.root / left.beside)
    return journal.state != "done"


def _report(old: str, new: str, lists: dict[str, list[str]], left: list[Left]) -> str:
    parts = [f"# Update from {old} to {new}"]
    parts += [
        f"## {heading}\n\n" + "\n".join(f"- {line}" for line in lines) for heading, lines in lists.items() if lines
    ]
    if left:
        told = "\n".join(f"{number}. {one.path}: {one.sentence}" for number, one in enumerate(left, start=1))
        parts.append(f"## Left for you\n\n{told}")
    return "\n\n".join(parts)


def _way_back(journal: Journal, option: str = "--abort") -> str:
    program = journal.folder / "update.py"
    with suppress(ValueError):
        program = program.relative_to(journal.root)
    return f"{'python' if os.name == 'nt' else 'python3'} {shlex.quote(str(program))} {option}"


def _forget(folder: Path) -> None:
    gone = folder.with_name("sdd-update.old")
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _journal(root: Path) -> Journal | None:
    beside = Path(__file__).parent
    folder = beside if (beside / "journal.json").exists() else Place(root).journal
    return Journal(folder) if folder.exists() else None


def abort(root: Path) -> int:
    """Puts everything back as it was before the update: the exit code. What was changed since is kept as a commit."""
    journal = _journal(root)
    if journal is None:
        print("No update is under way here: nothing was changed, and there is nothing to go back from.")
        return 0
    place = _standing(journal)
    if journal.state != "undoing":
        tree = place.snapshot(journal.folder, journal.written)
        kept = place.keep(tree) if _changed_since(journal, place, tree) else None
        journal.note(state="undoing", tree=tree, kept=kept)
    journal.undo()
    place.put_index_back(journal.folder / "index")
    known = git(place.top, "ls-tree", "-r", "-z", "--name-only", journal.told["tree"])
    place.clear(set(_paths(known)))
    _forget(journal.folder)
    print(f"All is as it was before the update to {journal.told['new']}.")
    if journal.told["kept"]:
        print(f"What was changed since is kept: git show {KEPT} ({journal.told['kept'][:12]}).")
    return 0


def _standing(journal: Journal) -> Place:
    """Where the update began. Raises Refusal when that is another repository, or there are new commits."""
    place = Place(journal.root)
    if place.journal.resolve() != journal.folder.resolve():
        raise Refusal(f"{journal.root} is no longer the project that this update began in: move it back, then again.")
    if place.head != journal.told["head"]:
        was = journal.told["head"][:12]
        raise Refusal(
            f"There are other commits than when the update began at {was}: to take it back, run"
            f" `git reset --soft {was}` and then this again, or leave them and use `git revert`."
        )
    return place


def _changed_since(journal: Journal, place: Place, tree: str) -> bool:
    """Whether there is anything in a tree that neither the project had nor the update wrote."""
    if journal.state == "done":
        return bool(tree != journal.told["made"])
    entries = {place.prefix + entry["path"]: entry for entry in journal.entries}
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", f"{place.head}^{{tree}}", tree)
    for path in _paths(git(place.top, *words)):
        entry = entries.get(path)
        made = entry is not None and entry["made"] and journal.state == "finishing"
        if path.startswith(place.prefix) and not path.endswith(DRAFT) and not made and not journal.knows(entry):
            return True
    return False


def resume(root: Path, check: bool) -> int:
    """Goes on with an update that was broken off, or that waited for a person: the exit code."""
    journal = _journal(root)
    if journal is None:
        raise Refusal("No update is under way here: begin one with `make update`.")
    if journal.state == "undoing":
        raise Refusal(f"This update is being taken back: finish that with `{_way_back(journal)}`.")
    if journal.state == "applying":
        _standing(journal)
        for entry in journal.entries:
            if entry["after"] is not None and not journal.knows(entry):
                raise Refusal(
                    f"{entry['path']} was changed since the update was broken off: go back with"
                    f" `{_way_back(journal)}`, which keeps your change in git, then update again."
                )
    journal.note(check=check)
    return _carry_out(journal)


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--to", metavar="VERSION", help="the version to update to (the latest release)")
    ways.add_argument("--abort", action="store_true", help="go back to the exact bytes before the update")
    ways.add_argument("--resume", action="store_true", help="go on with an update that was broken off or left work")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--no-check", action="store_true", help="stop after the merge: no locks, no generate, no check")


def run(root: Path, given: argparse.Namespace) -> int:
    """The exit code: 0 when nothing is left for a person, 1 when something is or it was refused, 2 without git."""
    try:
        if given.abort:
            return abort(root)
        if given.resume:
            return resume(root, not given.no_check)
        return begin(root, given.to, given.dry_run, not given.no_check)
    except Refusal as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, NeedsGit) else 1


def main(arguments: list[str]) -> int:
    """What `python -m sdd update` does, and the copy in git's folder."""
    parser = argparse.ArgumentParser(prog="sdd update", description="Update the project to a newer template")
    options(parser)
    return run(Path.cwd(), parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
