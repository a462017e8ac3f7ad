"""Begins a feature in every layer: the files of `feature.txt`, in the words of another noun.

What is written lints, type-checks and starts; its tests fail because its functions only say what to write in them.
Knows the words of a name and where the slice goes; what a spec's name is, `specs` says.
"""

import ast
import builtins
import keyword
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sdd import sample, specs
from sdd.project import Finding, Project, Refused

SLICE = Path(__file__).with_name("feature.txt")
CONTRACT = "contracts/api/openapi.yaml"
VERSIONS = "database/migrations/versions"
NOUN = re.compile(r"[a-z][a-z0-9]{1,18}s")
SCRIPT_WORDS = """
    array boolean case date default delete enum error export function import interface let map new null number object
    package private promise protected proxy public set static string switch symbol this throw typeof undefined var void
"""
"""What TypeScript, or its checker, keeps for itself."""


@dataclass(frozen=True)
class Words:
    """One noun in the four spellings that the layers need."""

    plural: str
    singular: str

    def said(self, text: str) -> str:
        """The text of the slice, which speaks of notes, in these words."""
        spellings = {"notes": self.plural, "note": self.singular}
        spellings |= {word.capitalize(): noun.capitalize() for word, noun in spellings.items()}
        spellings["NOTES"] = self.plural.upper()
        text = re.sub("NOTES|[Nn]otes?", lambda word: spellings[word[0]], text)
        return re.sub(rf"\b([Aa]) (?={self.singular}\b)", r"\1n ", text) if self.singular[0] in "aeio" else text


def words(name: str) -> Words:
    """Raises Refused for a name whose singular cannot be told, or is no name for what is one of them."""
    if not NOUN.fullmatch(name) or name.endswith("ss"):
        action = "Use one small word that ends in s, like `notes`, or begin with `sdd new spec NAME`."
        raise _refused(f"`{name}` is no plural noun whose singular is known.", action)
    if name.endswith("ies") and len(name) > 4:
        singular = name[:-3] + "y"
    elif name.endswith(("sses", "shes", "ches", "xes")):
        singular = name[:-2]
    else:
        singular = name[:-1]
    if keyword.iskeyword(singular) or keyword.issoftkeyword(singular) or hasattr(builtins, singular):
        raise _refused(f"`{name}`: `{singular}` is a word of Python.", "Choose another noun, like `notes`.")
    if singular in SCRIPT_WORDS.split():
        raise _refused(f"`{name}`: `{singular}` is a word of TypeScript.", "Choose another noun, like `notes`.")
    if taken := {singular, name} & _slices_own_names():
        raise _refused(
            f"`{name}`: the slice itself calls something `{taken.pop()}`.", "Choose another noun, like `notes`."
        )
    return Words(name, singular)


def _slices_own_names() -> set[str]:
    """What the slice's Python binds beside its noun: another noun of that name would be bound twice."""
    names: set[str] = set()
    for part in re.split(r"(?m)^(?=(?:\+\+\+|---) \S)", SLICE.read_text("utf-8")):
        head, _, text = part.partition("\n")
        if head.startswith("+++") and head.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                match node:
                    case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name):
                        names.add(name)
                    case ast.alias(name=name, asname=asname):
                        names.add(asname or name)
    return names - {"note", "notes"}


def new_feature(project: Project, name: str) -> list[str]:
    """Writes the slice, all of it or nothing; the paths, and what to do next. Raises Refused for a name or a place."""
    spoken = words(name)
    folder = specs.next_folder(project, name)
    _want_free(project, spoken)
    revisions = sorted(path.rpartition("/")[2][:4] for path in project.under(f"{VERSIONS}/", ".py"))
    revision = f"{int(revisions[-1]) + 1:04}" if revisions else "0001"
    said = spoken.said(SLICE.read_text("utf-8")).replace("NNN", folder[:3])
    said = said.replace("REVISION", revision).replace("BEFORE", revisions[-1] if revisions else "")
    planned = _planned(project, said)
    try:
        sample.write(project.root, planned)
    except OSError as error:
        raise _refused(f"cannot be written: {error.strerror}.", "Mend that, then try again.") from error
    return [*sorted(planned), "", *_polished(project.root, planned)]


def _refused(message: str, action: str, path: str = "specs") -> Refused:
    return Refused(Finding(path, 1, "new-feature", message, action))


def _want_free(project: Project, spoken: Words) -> None:
    """Raises Refused when something of these words is there already."""
    plural, singular = spoken.plural, spoken.singular
    action = "Choose another noun, or begin with `sdd new spec NAME`."
    for path in (f"database/{plural}", f"database/{plural}.py", f"backend/{plural}", f"frontend/src/{plural}"):
        if project.has(path):
            raise _refused(f"`{plural}` is taken: {path} is there already.", action)
    schemas = "|".join((f"{singular}", f"new{singular}", f"{singular}change", f"{singular}page"))
    named = rf"(?im)^    (?:{schemas}):|^  /api/v1/{plural}\b|operationId: \w+_{singular}s?$"
    if taken := re.search(named, project.text(CONTRACT)):
        raise _refused(f"`{plural}` is taken: the contract has `{taken[0].strip().rstrip(':')}`.", action, CONTRACT)
    for path in project.under("database/", ".py"):
        if f'Table(\n    "{plural}"' in project.text(path):
            raise _refused(f"`{plural}` is taken: {path} has a table of this name.", action, path)


def _planned(project: Project, said: str) -> dict[str, str | None]:
    """Each file of the slice and what it will hold. Raises Refused where the slice does not fit."""
    planned: dict[str, str | None] = {}
    for part in re.split(r"(?m)^(?=(?:\+\+\+|---) \S)", said)[1:]:
        head, _, text = part.partition("\n")
        path = head[4:]
        if head.startswith("+++"):
            if (project.root / path).exists():
                raise _refused("is there already.", "Move it away, or choose another noun.", path)
            planned[path] = text
        elif project.has(path):
            planned[path] = _fitted(path, project.text(path), sample.read_cuts(part)[path])
    return planned


def _fitted(path: str, text: str, places: list[sample.Cut]) -> str:
    for place in places:
        added = [line for sign, line in place.lines if sign == "+"]
        if added and all(line in text.split("\n") for line in added):
            continue  # a rule that another feature has written already
        changed = place.applied_to(text)
        if changed is None:
            action = f"Put it back, or write this by hand and leave the command alone:\n{place.shown}"
            raise _refused("has changed where a feature is put in.", action, path)
        text = changed
    return text


def _polished(root: Path, planned: dict[str, str | None]) -> list[str]:
    """Puts imports and lines in order and makes what follows from the contract; gives what is left to do."""
    python = [path for path in planned if path.endswith(".py")]
    for step in (["check", "--fix-only"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, "--quiet", *python], cwd=root, check=False)
    if (root / "frontend/node_modules").is_dir():
        fix = ["npm", "--prefix", "frontend", "run", "fix"]
        done = [_runs(root, *fix), _runs(root, sys.executable, "-m", "contracts.generate")]
    else:
        done = [False, False]
    steps = [name for name, is_done in zip(("make format", "make generate"), done, strict=True) if not is_done]
    after = "Its tests fail until you have written what they name: that is right."
    return [f"Next: {', '.join([*steps, 'make next'])}. {after}"]


def _runs(root: Path, *command: str) -> bool:
    try:
        return sample.ran(root, *command).returncode == 0
    except OSError:  # no npm on the PATH
        return False
