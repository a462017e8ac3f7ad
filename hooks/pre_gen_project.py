"""For Cookiecutter, before it writes: refuses choices that hooks/stacks/ does not offer, one sentence for each fault.

Knows the choices only by their files. What Copier judges (names, the slug) is left to post_gen_project.py.
"""

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CONTEXT: dict[str, Any] = json.loads(r"""{{ cookiecutter | tojson }}""")
SEVERAL = ("agents",)


def template(context: dict[str, Any]) -> Path:
    """The template's folder. Cookiecutter works in it now, and tells it as the person did, who stood elsewhere."""
    told = context["_repo_dir"]
    starts = (context["_output_dir"], os.environ.get("PWD", ""))
    for place in (*(Path(start, told) for start in starts), Path(f"/proc/{os.getppid()}/cwd").resolve()):
        if (place / "hooks/stacks").is_dir():
            return place
    sys.exit(f"The template {told} is not found from the new project: give its full path.")


def catalogue(root: Path) -> dict[str, list[str]]:
    """question → its choices, in their places"""
    files = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in root.glob("hooks/stacks/*.yml")}
    choices: dict[str, list[str]] = {}
    for name in sorted(files, key=lambda name: int(files[name]["place"])):
        choices.setdefault(files[name]["question"], []).append(name)
    return choices


def listed(names: list[str], last: str) -> str:
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def faults(answers: dict[str, Any], choices: dict[str, list[str]]) -> Iterator[str]:
    """A sentence for each fault, the same that copier.yml says."""
    for question, names in choices.items():
        answer = str(answers[question])
        given = [name.strip() for name in answer.split(",") if name.strip()] if question in SEVERAL else [answer]
        if not given:
            yield f"{question} is empty: choose at least one of {listed(names, 'and')}."
        for one in given:
            if one not in names:
                yield f"{question} has no choice {one or json.dumps(one)}: choose {listed(names, 'or')}."


def main() -> None:
    if importlib.util.find_spec("copier") is None:
        sys.exit(
            "Copier fills the project in, and Cookiecutter's Python has none: install it there (pip install copier)."
        )
    if sentences := list(faults(CONTEXT, catalogue(template(CONTEXT)))):
        sys.exit("\n".join(sentences))


if __name__ == "__main__":
    main()
