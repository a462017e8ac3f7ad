"""How long `copier copy` of the default project takes, as a ratio to an empty template in the same run."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
ROUNDS = 9
MOST = 2.5


def seconds(template: Path, destination: Path) -> float:
    """Wall time of one `copier copy`, in seconds."""
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD"]
    start = time.perf_counter()
    subprocess.run([*command, str(template), str(destination)], check=True, capture_output=True)
    return time.perf_counter() - start


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def empty_template(folder: Path) -> Path:
    """A template in git that writes only its answers file: the least that can be updated."""
    folder.mkdir()
    (folder / "copier.yml").write_text("project_name: {type: str, default: My App}\n")
    (folder / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers | to_nice_yaml }}")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "Start")
    return folder


def measure() -> Iterator[str]:
    """One line: the median of the ratios, each taken within a round, and the budget."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        empty = empty_template(folder / "empty-template")
        ratios = [seconds(ROOT, folder / f"ours-{n}") / seconds(empty, folder / f"empty-{n}") for n in range(ROUNDS)]
    yield f"copier copy, against an empty template: {median(ratios):.2f}x (at most {MOST}x)"
