"""A version of the template, made into a project by Copier from the answers of one that there is.

Knows Copier and the answers file, nothing of what the user made of the project.
"""

import re
import subprocess
import sys
from pathlib import Path

import yaml
from packaging.version import InvalidVersion, Version

from sdd.journal import Refusal, environment
from sdd.update import ANSWERS

REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git\+|gh:|gl:|[\w.-]+@[\w.-]+:|~|[A-Za-z]:[\\/]", re.IGNORECASE)


def answers_of(text: str) -> dict[str, object]:
    """The answers file. Raises Refusal when no template can be found by it."""
    try:
        answers = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Refusal(f"{ANSWERS} is not YAML: mend it, commit it, then run this again.") from error
    source = answers.get("_src_path") if isinstance(answers, dict) else None
    if not isinstance(answers, dict) or not isinstance(source, str) or not source:
        raise Refusal(f"{ANSWERS} names no template: write its address there as `_src_path`, and commit it.")
    if not REMOTE.match(source) and not Path(source).is_absolute():
        raise Refusal(f"{ANSWERS} says `_src_path: {source}`, which is relative: write the whole path, and commit it.")
    if not isinstance(answers.get("_commit"), str):
        raise Refusal(
            f"{ANSWERS} says no version: write the one that the project was made from as `_commit`, and commit it."
        )
    return answers


def render(answers: bytes, version: str | None, folder: Path) -> dict[str, object]:
    """Writes a version of the template (the latest release for None) into a new folder; its answers.

    Raises Refusal when the template cannot be read, knows no such version, or asks to run code.
    """
    folder.mkdir()
    (folder / ANSWERS).write_bytes(answers)
    wanted = [] if version is None else ["--vcs-ref", version]
    command = [sys.executable, "-m", "copier", "recopy", "--defaults", "--overwrite", "--quiet", "--skip-tasks"]
    done = subprocess.run(
        [*command, *wanted, str(folder)], env=environment(), cwd=folder, capture_output=True, check=False
    )
    if done.returncode:
        raise Refusal(
            _refused(done.stderr.decode("utf-8", "replace"), answers_of(answers.decode("utf-8", "replace")), version)
        )
    return answers_of((folder / ANSWERS).read_text("utf-8"))


def _refused(told: str, answers: dict[str, object], version: str | None) -> str:
    source = answers["_src_path"]
    said = [line.strip(" |") for line in told.splitlines() if line.strip(" |")] or ["it did not say why"]
    if "No module named copier" in told:
        return "Copier is not installed here: run `make setup`, then this again."
    if "Unknown revision" in told:
        if version == answers["_commit"]:
            way = "write the release there that this project is on, and commit it"
            return f"{source} has no version {version}, the `_commit` in {ANSWERS}: {way}."
        return f"{source} has no version {version}: name one of its releases with --to."
    if "Local template must be a directory" in told or "Unexpected exit code" in told:
        fatal = next((line for line in reversed(said) if "fatal:" in line), "there is no such folder")
        reason = re.sub(r"^.*fatal: |\.$", "", fatal)
        way = f"try again when it can, or mend `_src_path` in {ANSWERS} and commit that"
        return f"The template at {source} cannot be read ({reason}): nothing was changed; {way}."
    return f"Copier could not make version {version or 'of the latest release'} of {source}: {said[-1]}"


def is_older(new: str, old: str) -> bool:
    """Whether a version comes before another; False when one of them is no release."""
    try:
        first, second = (Version(re.sub(r"-(\d+)-g(\w+)$", r".post\1+g\2", name)) for name in (new, old))
    except InvalidVersion:
        return False
    return first < second
