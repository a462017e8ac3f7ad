"""What one does to the files of a folder: small edits that are put together into a user's work, or into a release.

Each is a function that makes the function to call with the folder, so that a table can hold it.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

Edit = Callable[[Path], None]


def together(*edits: Edit) -> Edit:
    def done(folder: Path) -> None:
        for edit in edits:
            edit(folder)

    return done


def wrote(path: str, content: str | bytes) -> Edit:
    """The whole file, as these bytes; its folders are made."""

    def done(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)

    return done


def appended(path: str, *lines: str) -> Edit:
    def done(folder: Path) -> None:
        file = folder / path
        file.write_bytes(file.read_bytes() + "".join(f"{line}\n" for line in lines).encode())

    return done


def replaced(path: str, old: str, new: str | bytes) -> Edit:
    """The first place of `old`, which has to be there."""

    def done(folder: Path) -> None:
        before = (folder / path).read_bytes()
        assert old.encode() in before, f"{path} has no {old!r} to replace"
        (folder / path).write_bytes(before.replace(old.encode(), new.encode() if isinstance(new, str) else new, 1))

    return done


def inserted(path: str, after: str, line: str | bytes) -> Edit:
    """A line of its own behind the first one that is `after`."""
    added = line.encode() if isinstance(line, str) else line

    def done(folder: Path) -> None:
        lines = (folder / path).read_bytes().split(b"\n")
        assert after.encode() in lines, f"{path} has no line {after!r}"
        lines.insert(lines.index(after.encode()) + 1, added)
        (folder / path).write_bytes(b"\n".join(lines))

    return done


def began_with(path: str, *lines: str) -> Edit:
    """Other lines in the place of the first ones, as many."""

    def done(folder: Path) -> None:
        kept = (folder / path).read_bytes().split(b"\n")[len(lines) :]
        (folder / path).write_bytes(b"\n".join([*(line.encode() for line in lines), *kept]))

    return done


def with_line_ends_of_windows(path: str) -> Edit:
    def done(folder: Path) -> None:
        (folder / path).write_bytes((folder / path).read_bytes().replace(b"\n", b"\r\n"))

    return done


def moved(old: str, new: str) -> Edit:
    def done(folder: Path) -> None:
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / old, folder / new)

    return done


def removed(*paths: str) -> Edit:
    def done(folder: Path) -> None:
        for path in paths:
            if (folder / path).is_dir():
                shutil.rmtree(folder / path)
            else:
                (folder / path).unlink()

    return done


def made_a_program(path: str) -> Edit:
    def done(folder: Path) -> None:
        (folder / path).chmod(0o755)

    return done


def linked(path: str, target: str) -> Edit:
    """A symbolic link, in the place of the file that was there."""

    def done(folder: Path) -> None:
        (folder / path).unlink(missing_ok=True)
        (folder / path).symlink_to(target)

    return done
