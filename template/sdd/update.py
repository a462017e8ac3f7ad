"""The command that updates a project: what it refuses, what it does after the merge, what it says, and the ways back.

What would be written, sdd/merge.py says; that every moment has a way back, sdd/journal.py sees to. `--abort` and
`--resume` run from copies of both in git's folder, so they need nothing but Python and git.
"""

from __future__ import annotations  # the way back runs on a system's own Python, from 3.9 on

import argparse
import errno
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

if not __package__:  # run by its path: the copy in git's folder, or another checkout's for a project that has none yet
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from sdd.journal import (
    KEPT,
    REPORT,
    Journal,
    Left,
    NeedsGit,
    Place,
    Refusal,
    environment,
    forget,
    free_draft,
    git,
    prepare,
    split,
)

ANSWERS = ".copier-answers.yml"
MERGED, STAYED = "Merged with your edits", "Kept as you have it"
MARKER = re.compile(rb"^(<{7,}|>{7,}) ", re.MULTILINE)
UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


# ------------------------------------------------------------ the command


def begin(root: Path, wanted: str | None, dry: bool, check: bool) -> int:
    """Updates the project: the exit code. Raises Refusal when it cannot, with nothing changed."""
    place = Place(root)
    is_of_last_update = Path(__file__).resolve().parents[1] == place.journal.resolve()
    dirt = _ready(place, dry)
    if is_of_last_update:
        words = [f"--to={wanted}"] if wanted else []
        words += ["--dry-run"] if dry else []
        words += [] if check else ["--no-check"]
        return subprocess.run([sys.executable, "-m", "sdd", "update", *words], cwd=root, check=False).returncode
    try:
        from sdd import merge  # noqa: PLC0415 - not needed, and perhaps not readable, on the way back
    except ModuleNotFoundError as missing:
        way = "run `make setup`, or start this with `uv run --with copier==9.19.1 python`"
        raise Refusal(f"An update needs the package {missing.name}, which is not installed here: {way}.") from missing
    except SyntaxError as broken:
        where = f"{broken.filename}:{broken.lineno}"
        raise Refusal(f"{where} cannot be read as Python: mend it, commit it, then run this again.") from broken
    with TemporaryDirectory(prefix="sdd-update-", ignore_cleanup_errors=True) as scratch:
        plan = merge.plan(place, Path(scratch), wanted)
        if plan.new == plan.old:
            print(f"Already up to date: {plan.old}.")
            return 0
        if dry:
            waits = not check or any(one.until == "marked" for one in plan.left)
            anew = sorted({*plan.taken, *plan.locks} & {ANSWERS} if waits else {*plan.taken, *plan.locks})
            left = [*plan.left, *_unmade(plan.taken, anew), *([NOT_RUN] if waits and check else [])]
            left += [] if check else _stale(plan.locks, plan.taken)
            print(_report(plan.old, plan.new, plan.lists | {"Made anew": anew}, left))
            if dirt:
                print("\nNot everything here is committed; this is what would happen to the last commit.")
            print("\nNothing was changed: this only showed what would be.")
            return 1 if left else 0
        journal = prepare(place, plan, Path(scratch) / "merge.git/objects", check)
        changed = place.dirt() or [path for path in [journal.stranger()] if path]
        if changed or Place(root).head != place.head:
            forget(journal.folder)
            what = f"{changed[0]} was changed" if changed else "Something was committed"
            told = "while the update was worked out, so nothing was written: see that all is committed"
            raise Refusal(f"{what} {told}, then run this again.")
    print(f"To go back, whatever happens, in the project's root: {_way_back(journal)}", file=sys.stderr, flush=True)
    return _carry_out(journal)


def _ready(place: Place, dry: bool) -> list[str]:
    """What is not committed here, which only a dry run may find. Raises Refusal."""
    version = re.search(rb"(\d+)\.(\d+)\S*", git(place.root, "version"))
    if version and (int(version[1]), int(version[2])) < (2, 38):
        raise Refusal(f"An update needs git 2.38 or newer, and this is {version[0].decode()}: install a newer one.")
    if not (place.root / ANSWERS).is_file():
        raise Refusal(f"There is no {ANSWERS} here: run this in the root of a project that Copier made.")
    if git(place.root, "config", "--type=bool", "--default=false", "core.sparseCheckout").strip() == b"true":
        raise Refusal("This is a sparse checkout: run `git sparse-checkout disable`, then this again.")
    for name, what in UNDER_WAY.items():
        if (place.git_folder / name).exists():
            raise Refusal(f"A {what} is under way here: finish it or take it back, then run this again.")
    dirt = place.dirt()
    if place.journal.exists():
        _want_committed(Journal(place.journal), place)
    if dirt and not dry:
        named = ", ".join(dirt[:3]) + (f" and {len(dirt) - 3} more" if len(dirt) > 3 else "")
        raise Refusal(
            f"Not everything here is committed ({named}): commit or stash it, then run this again, because only then"
            " can an update be taken back to the byte."
        )
    if place.journal.exists() and not dry:
        forget(place.journal)
    return dirt


def _want_committed(journal: Journal, place: Place) -> None:
    """Raises Refusal as long as an update is not committed."""
    name = f"update to {journal.told['new']}"
    if journal.state != "done":
        ways = f"go on with `{_way_back(journal, '--resume')}`, or go back with `{_way_back(journal)}`"
        raise Refusal(f"An {name} was begun here and not finished: {ways}.")
    if place.head == journal.told["head"] and journal.root.is_dir() and Place(journal.root).dirt():
        if any(_is_left(journal, Left(**kept)) for kept in journal.told["left"]):
            ways = f"go on with `{_way_back(journal, '--resume')}`, or go back with `{_way_back(journal)}`"
            raise Refusal(f"The {name} has left something for you, see {REPORT}: settle it and {ways}.")
        raise Refusal(
            f"The {name} is not committed yet: commit it, or go back with `{_way_back(journal)}`, then run this again."
        )


def _carry_out(journal: Journal) -> int:
    if journal.state == "applying":
        try:
            journal.apply()
        except OSError as error:
            journal.undo()
            forget(journal.folder)
            raise Refusal(f"{error.filename} could not be written ({error.strerror}): all is as it was.") from error
    return _finish(journal)


def _finish(journal: Journal) -> int:
    asked = [Left(**kept) for kept in journal.told["left"]]
    still = [one for one in asked if _is_left(journal, one)]
    left = [
        replace(one, sentence=told_of((journal.root / one.path).read_bytes())) if one.until == "marked" else one
        for one in still
    ]
    lists = _with_what_was_left(journal.told["lists"], [one for one in asked if one not in still])
    anew, failed = _make_anew(journal, any(one.until == "marked" for one in left))
    left += [*_unmade(journal.told["taken"], anew), *failed]
    report = _report(journal.told["old"], journal.told["new"], lists | {"Made anew": sorted(anew)}, left)
    last = "Nothing is left for you. Look at git status and git diff, then commit."
    go_on = "run `make update args=--resume`, look at git status and git diff, then commit"
    if left:
        last = f"{len(left)} left for you. Settle what is left, {go_on}; to go back: {_way_back(journal)}"
    elif not journal.told["check"]:
        last = f"Nothing is left for you but what --no-check left out: {go_on}."
    _keep_report(journal.root / REPORT, f"{report}\n\n{last}\n")
    place = Place(journal.root)
    journal.note(state="done", made=place.snapshot(journal.folder, journal.written))
    print(f"{report}\n\n{last}", flush=True)
    journal.note(told=True)
    return 1 if left else 0


def _with_what_was_left(lists: dict[str, list[str]], gone: list[Left]) -> dict[str, list[str]]:
    """The lists of a report, and in them what an earlier one left to a person, who has gone on since."""
    added: dict[str, list[str]] = {MERGED: [], STAYED: []}
    for one in gone:
        if one.until == "decided":
            added[STAYED].append(f"{one.path}: was left to you: {one.sentence.partition(': ')[0]}")
        else:
            added[MERGED].append(f"{one.path}: settled by you")
    return lists | {heading: sorted([*lists[heading], *lines]) for heading, lines in added.items()}


def _keep_report(file: Path, text: str) -> None:
    """Writes the report, which the screen has too, unless a link leads elsewhere or something stands in its way."""
    if any(path.is_symlink() for path in (file, file.parent)) or file.is_dir() or file.parent.is_file():
        return
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode(errors="backslashreplace"))


NOT_RUN = Left(
    "make check", "not run while conflicts are left: settle them, then run `make update args=--resume`.", "made"
)


def _unmade(taken: list[str], anew: Iterable[str]) -> list[Left]:
    """What did not merge and was not made anew either."""
    told = "did not merge, and is made from other files: run `make update args=--resume`, which makes it anew."
    return [Left(path, told, "made") for path in taken if path not in {ANSWERS, *anew}]


def _stale(locks: list[str], taken: list[str]) -> list[Left]:
    """The locks that no longer fit and stay so: what is in `taken`, _unmade tells of."""
    told = "not made anew, because of --no-check: run `make update args=--resume`."
    return [Left(path, told, "made") for path in locks if path not in taken]


def _make_anew(journal: Journal, conflicts: bool) -> tuple[set[str], list[Left]]:
    """Relocks, regenerates, checks: what is made anew, and what failed or has to wait."""
    anew = {ANSWERS} & {*journal.told["taken"]}
    if not journal.told["check"]:
        return anew, _stale(journal.told["locks"], journal.told["taken"])
    if conflicts:
        return anew, [NOT_RUN]
    for what, command in _steps(journal):
        print(f"\n{what}", file=sys.stderr, flush=True)
        known = environment() | {"npm_config_omit_lockfile_registry_resolved": "true"}
        try:
            code = subprocess.run(command, cwd=journal.root, env=known, stdout=sys.stderr, check=False).returncode
        except OSError as error:
            print(error, file=sys.stderr)
            code = 1
        if code:
            told = "failed, and its messages say why: mend that, then run `make update args=--resume`."
            return anew, [Left(what, told, "made")]
        anew |= {"make generate": journal.made_anew(), "make check": set()}.get(what, {what})
    return anew, []


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


def told_of(content: bytes) -> str:
    """What is to be done with a file that holds conflicts, and where they begin."""
    found = [*MARKER.finditer(content)]
    line = content.count(b"\n", 0, found[0].start()) + 1
    count = sum(one[0].startswith(b">") for one in found)
    places = f"{count} conflicts, the first in line {line}" if count > 1 else f"a conflict in line {line}"
    return f"{places}: choose between the markers, and delete them."


def _is_left(journal: Journal, left: Left) -> bool:
    if left.until == "marked":
        file = journal.root / left.path
        return file.is_file() and bool(MARKER.search(file.read_bytes()))
    if left.until == "beside" and left.beside:
        return os.path.lexists(journal.root / left.beside)
    return "told" not in journal.told


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
    program = journal.folder / "sdd/update.py"
    with suppress(ValueError):
        program = program.relative_to(journal.root)
    return f"{'python' if os.name == 'nt' else 'python3'} {shlex.quote(str(program))} {option}"


def _journal(root: Path) -> Journal | None:
    beside = Path(__file__).parents[1]
    folder = beside if (beside / "journal.json").exists() else Place(root).journal
    return Journal(folder) if folder.exists() else None


def _that_began(root: Path) -> Path | None:
    """The program that wrote the journal, which the update may have replaced by a newer one; None: this is it."""
    program = Place(root).journal / "sdd/update.py"
    return program if program.exists() and program.resolve() != Path(__file__).resolve() else None


def abort(root: Path) -> int:
    """Puts everything back as it was before the update: the exit code. What was changed since is kept as a commit."""
    journal = _journal(root)
    if journal is None:
        print("No update is under way here: nothing was changed, and there is nothing to go back from.")
        return 0
    place = _standing(journal)
    if journal.state != "undoing":
        folders = journal.folders()
        tree = _tree_since(journal, place, folders)
        kept = place.keep(tree) if _changed_since(journal, place, tree) else None
        draft = free_draft(place.root, [entry["path"] for entry in journal.entries])
        journal.note(state="undoing", tree=tree, kept=kept, folders=folders, draft=draft)
    journal.undo()
    place.put_index_back(journal.folder / "index")
    known = git(place.top, "ls-tree", "-r", "-z", "--name-only", journal.told["tree"])
    place.clear(set(split(known)))
    forget(journal.folder)
    print(f"All is as it was before the update to {journal.told['new']}.")
    if journal.told["kept"]:
        head, kept = (journal.told[name][:12] for name in ("head", "kept"))
        print(f"What was changed since is kept as {KEPT}: git diff {head} {kept}")
    return 0


def _tree_since(journal: Journal, place: Place, folders: list[str]) -> str:
    """The id of the tree that stands here now. Raises Refusal when git cannot keep it."""
    try:
        return place.snapshot(journal.folder, [*journal.written, *folders])
    except Refusal as error:
        told = f"What was changed since the update cannot be kept ({error})"
        raise Refusal(f"{told}: move it out of the project, then run this again.") from error


def _standing(journal: Journal) -> Place:
    """Where the update began. Raises Refusal when that is another repository, or there are new commits."""
    place = Place(journal.root)
    if place.journal.resolve() != journal.folder.resolve():
        raise Refusal(f"{journal.root} is no longer the project that this update began in: move it back, then again.")
    if place.head != journal.told["head"]:
        was = journal.told["head"][:12]
        apart = git(place.root, "rev-list", "--max-count=1", f"HEAD..{journal.told['head']}")
        if apart or place.branch != journal.told["branch"]:
            began = f"the branch {journal.told['branch']}" if journal.told["branch"] else "a commit"
            raise Refusal(f"The update began on {began}, at {was}: switch back to it, then run this again.")
        raise Refusal(
            f"There are other commits than when the update began at {was}: to take it back, run"
            f" `git reset --soft {was}` and then this again, or leave them and use `git revert`."
        )
    return place


def _changed_since(journal: Journal, place: Place, tree: str) -> bool:
    """Whether there is anything in a tree that neither the project had nor the update wrote."""
    if journal.told.get("touched"):
        return True
    entries = {place.prefix + entry["path"]: entry for entry in journal.entries}
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", f"{place.head}^{{tree}}", tree)
    for path in split(git(place.top, *words)):
        entry = entries.get(path)
        made = entry is not None and entry["made"] and journal.state in ("finishing", "done")
        draft = PurePosixPath(path).name == journal.told["unfinished"]
        if path.startswith(place.prefix) and not draft and not made and not journal.knows(entry):
            return True
    return journal.state == "done" and bool(tree != journal.told["made"])


def resume(root: Path, check: bool) -> int:
    """Goes on with an update that was broken off, or that waited for a person: the exit code."""
    journal = _journal(root)
    if journal is None:
        raise Refusal("No update is under way here: begin one with `make update`.")
    if journal.state == "undoing":
        raise Refusal(f"This update is being taken back: finish that with `{_way_back(journal)}`.")
    if journal.state == "applying":
        _standing(journal)
        if path := journal.stranger():
            raise Refusal(
                f"{path} was changed since the update was broken off: go back with `{_way_back(journal)}`, which keeps"
                " your change in git, then update again."
            )
    place = Place(journal.root)
    touched = _changed_since(journal, place, _tree_since(journal, place, journal.folders()))
    journal.note(check=check, touched=touched)
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
    code, said = 1, ""
    if given.dry_run and (given.abort or given.resume):
        print("--dry-run shows what a new update would do: leave it out, or leave out the other.", file=sys.stderr)
        return 2
    try:
        if (given.abort or given.resume) and (program := _that_began(root)):
            words = ["--abort" if given.abort else "--resume", *(["--no-check"] if given.no_check else [])]
            return subprocess.run([sys.executable, str(program), *words], cwd=root, check=False).returncode
        if given.abort:
            return abort(root)
        if given.resume:
            return resume(root, not given.no_check)
        return begin(root, given.to, given.dry_run, not given.no_check)
    except Refusal as error:
        code, said = (2 if isinstance(error, NeedsGit) else 1), str(error)
    except BrokenPipeError:  # whoever read along has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        said = f"{error.filename} cannot be read or written ({error.strerror}): see to it, then run the same again."
        if error.errno == errno.ENOSPC:
            said = f"The disk is full ({error.filename}): free some space. {_ways_on(root)}"
    except KeyboardInterrupt:
        code, said = 130, f"\nStopped. {_ways_on(root)}"
    if said:
        print(said, file=sys.stderr)
    return code


def _ways_on(root: Path) -> str:
    """From where an update was stopped."""
    with suppress(Refusal, OSError):
        journal = _journal(root)
        if journal and journal.state == "undoing":
            return f"Go on back with `{_way_back(journal)}`."
        if journal:
            return f"Go on with `{_way_back(journal, '--resume')}`, or go back with `{_way_back(journal)}`."
    return "Nothing was changed: run the same again."


def main(arguments: list[str]) -> int:
    """What `python -m sdd update` does, and the copy in git's folder."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = argparse.ArgumentParser(prog="sdd update", description="Update the project to a newer template")
    options(parser)
    return run(Path.cwd(), parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
