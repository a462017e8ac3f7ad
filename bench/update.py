"""How long `copier update` takes when only the version changed, as a ratio to an empty template in the same run."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.copy import ROOT, empty_template, git

ROUNDS = 5
MOST = 4.0


def released(template: Path) -> Path:
    """The template with two releases, v1.0.0 and v1.0.1, of the same content."""
    git(template, "tag", "v1.0.0")
    git(template, "commit", "--quiet", "--allow-empty", "-m", "Nothing")
    git(template, "tag", "v1.0.1")
    return template


def seconds(template: Path, project: Path) -> float:
    """Wall time of one `copier update` from v1.0.0 to v1.0.1, in seconds."""
    copier = [sys.executable, "-m", "copier"]
    subprocess.run(
        [*copier, "copy", "--defaults", "--quiet", "--vcs-ref", "v1.0.0", str(template), str(project)], check=True
    )
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "Start")
    start = time.perf_counter()
    subprocess.run([*copier, "update", "--defaults", "--quiet"], cwd=project, check=True, capture_output=True)
    return time.perf_counter() - start


def measure() -> Iterator[str]:
    """One line: the median of the ratios, each taken within a round, and the budget."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        git(folder, "clone", "--quiet", str(ROOT), "ours")
        ours, empty = released(folder / "ours"), released(empty_template(folder / "empty"))
        ratios = [seconds(ours, folder / f"a-{n}") / seconds(empty, folder / f"b-{n}") for n in range(ROUNDS)]
    yield f"copier update, nothing changed, against an empty template's: {median(ratios):.2f}x (at most {MOST}x)"
