"""For Cookiecutter, in the new folder: has Copier fill the project in, from the very commit that Cookiecutter reads.

Knows no question: the answers stand in the hand-over file, and Copier judges those that pre_gen_project.py left.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier
import jinja2

HANDED_OVER = Path(".cookiecutter-answers.json")
SEVERAL = ("agents",)
# Other addresses Copier takes for a repository only when they end with .git or begin with git+.
COPIER_KNOWS = ("git@", "git://", "https://github.com/", "https://gitlab.com/")


def template(context: dict[str, Any]) -> Path:
    """The template's folder. Cookiecutter works in it now, and tells it as the person did, who stood elsewhere."""
    told = context["_repo_dir"]
    starts = (context["_output_dir"], os.environ.get("PWD", ""))
    for place in (*(Path(start, told) for start in starts), Path(f"/proc/{os.getppid()}/cwd").resolve()):
        if (place / "hooks/stacks").is_dir():
            return place
    sys.exit(f"The template {told} is not found from the new project: give its full path.")


def source(context: dict[str, Any]) -> tuple[str, str]:
    """The address that a later `copier update` reads, and the commit to take: a folder's as it is, else the clone's."""
    folder = template(context)
    if context["_template"] == context["_repo_dir"]:
        return str(folder), "HEAD"
    if not (folder / ".git").exists():
        sys.exit(f"No update would find {context['_template']} again: give the address of the template's repository.")
    address = git(folder, "remote", "get-url", "origin")
    known = address.endswith(".git") or address.startswith(COPIER_KNOWS)
    return address if known else f"git+{address}", git(folder, "rev-parse", "HEAD")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def answers(context: dict[str, Any]) -> dict[str, Any]:
    """What Copier is told: a list where Cookiecutter has a text with commas."""
    given = {name: answer for name, answer in context.items() if not name.startswith("_")}
    return given | {name: [one.strip() for one in given[name].split(",") if one.strip()] for name in SEVERAL}


def main() -> None:
    context = json.loads(HANDED_OVER.read_text("utf-8"))
    HANDED_OVER.unlink()
    address, commit = source(context)
    try:
        copier.run_copy(
            address, Path.cwd(), answers(context), vcs_ref=commit, defaults=True, overwrite=True, unsafe=False
        )
    except (copier.errors.CopierError, jinja2.TemplateRuntimeError, ValueError) as error:
        sys.exit(str(error).splitlines()[-1])


if __name__ == "__main__":
    main()
