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
HERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
HERE += ("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_QUARANTINE_PATH")
HERE += ("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS")
UNDER_WAY = {"MERGE_HEAD": "merge", "rebase-merge": "rebase", "rebase-apply": "rebase", "CHERRY_PICK_HEAD": "cherry-pick"}
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
    return {name: value for name, value in os.environ.items() if name not in HERE and not name.startswith(("POE_", "MAKE"))}


def git(
    root: Path,
    *words: str,
    into: bytes = b"",
    codes: tuple[int, ...] = (0,),
    environment: dict[str, str] | None = None,
) -> bytes:
    """What a git command prints. Raises NeedsGit without git, Refusal with git's own words when it fails."""
    command = ["git", "--no-optional-locks", "-c", "core.quotePath=false", "-c", "core.fsmonitor=false", *words]
    given = globals()["environment"]() if environment is None else environment
    try:
        done = subprocess.run(command, cwd=root, env=given, input=into, capture_output=True, check=False)
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
        prefix, folder, self.head = os.fsdecode(told).split("\n")[:3]
        self.prefix, self.git_folder = prefix, Path(folder)
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

    def snapshot(self, folder: Path) -> str:
        """The id of the tree that a commit of everything here would have; the index stays as it is."""
        index = folder / "snapshot.index"
        known = self.git_folder / "index"
        if known.exists():
            shutil.copyfile(known, index)
        given = environment() | {"GIT_INDEX_FILE": str(index)}
        git(self.root, "add", "--all", "--", ".", environment=given)
        made = git(self.root, "write-tree", environment=given).decode().strip()
        index.unlink()
        return made


# ------------------------------------------------------------ the journal


class Journal:
    """What is to be done and what was there before, in git's folder: `journal.json`, `before/`, `after/`, `index`.

    `states`: applying (files are being replaced), finishing (locks, generated files, check), done, undoing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: dict[str, Any] = json.loads((folder / "journal.json").read_text("utf-8"))
        self.root = Path(self.told["root"])

    @property
    def state(self) -> str:
        return str(self.told["state"])

    @property
    def entries(self) -> list[dict[str, Any]]:
        """{path, before, after, number}: `before` and `after` say whether there is a file; None for `after`: as made."""
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
        return one.is_symlink() and other.is_symlink() and os.readlink(one) == os.readlink(other)
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
        target.symlink_to(os.readlink(source))
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
    paths = {path: True for path in plan.written} | {path: False for path in plan.deleted}
    entries: list[dict[str, Any]] = []
    for path in [*paths, *(path for path in sorted({*plan.made, REPORT}) if path not in paths)]:
        entry = {"path": path, "number": len(entries), "before": os.path.lexists(place.root / path)}
        if entry["before"]:
            _copy(place.root / path, folder / "before" / str(len(entries)))
        entries.append(entry | {"after": paths.get(path)})
    shutil.copyfile(__file__, folder / "update.py")
    if (place.git_folder / "index").exists():
        shutil.copyfile(place.git_folder / "index", folder / "index")
    told = {"state": "applying", "root": str(place.root), "prefix": place.prefix, "head": place.head, "check": check}
    told |= {"old": plan.old, "new": plan.new, "entries": entries, "lists": plan.lists}
    told |= {"left": [asdict(left) for left in plan.left], "locks": plan.locks}
    (folder / "journal.json").write_text(json.dumps(told, indent=1), "utf-8", newline="\n")
    folder.rename(place.journal)
    return Journal(place.journal)


def _write_out(place: Place, plan: Any, objects: Path, folder: Path) -> None:
    """The files to be written, as git would write them here: line ends, filters, links."""
    given = environment() | {"GIT_INDEX_FILE": str(folder / "after.index")}
    given["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(objects)
    where = (f"--git-dir={place.git_folder}", f"--work-tree={folder / 'after'}")
    git(folder / "after", *where, "read-tree", plan.tree, environment=given)
    wanted = b"".join(os.fsencode(path) + b"\0" for path in plan.written)
    git(folder / "after", *where, "checkout-index", "-z", "--stdin", "--force", into=wanted, environment=given)


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
            print(_report(plan.old, plan.new, plan.lists, plan.left))
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
    lists = journal.told["lists"]
    report = _report(journal.told["old"], journal.told["new"], lists, left)
    last = "Nothing is left for you. Look at git diff, then commit."
    if left:
        last = f"{len(left)} left for you. Settle them, look at git diff, then commit; to go back: {_way_back(journal)}"
    (journal.root / REPORT).parent.mkdir(exist_ok=True)
    (journal.root / REPORT).write_text(f"{report}\n\n{last}\n", "utf-8", newline="\n")
    journal.note(state="done", made=Place(journal.root).snapshot(journal.folder))
    print(f"{report}\n\n{last}")
    return 1 if left else 0


def _is_left(journal: Journal, left: Left) -> bool:
    if left.until == "marked":
        file = journal.root / left.path
        return file.is_file() and bool(re.search(rb"^(<{7,}|>{7,}) ", file.read_bytes(), re.MULTILINE))
    if left.until == "beside":
        return os.path.lexists(journal.root / left.beside)
    return journal.state != "done"


def _report(old: str, new: str, lists: dict[str, list[str]], left: list[Left]) -> str:
    parts = [f"# Update from {old} to {new}"]
    parts += [f"## {heading}\n\n" + "\n".join(f"- {line}" for line in lines) for heading, lines in lists.items() if lines]
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
    """Puts everything back as it was before the update: the exit code."""
    journal = _journal(root)
    if journal is None:
        print("No update is under way here: there is nothing to go back from.")
        return 0
    journal.undo()
    _forget(journal.folder)
    print(f"All is as it was before the update to {journal.told['new']}.")
    return 0


def resume(root: Path) -> int:
    """Goes on with an update that was broken off, or that waited for a person: the exit code."""
    journal = _journal(root)
    if journal is None:
        raise Refusal("No update is under way here: begin one with `make update`.")
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
            return resume(root)
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
