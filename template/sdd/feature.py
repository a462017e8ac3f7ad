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
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sdd import sample, specs
from sdd.project import Finding, Project, Refused

SLICE = Path(__file__).with_name("feature.txt")
CONTRACT = "contracts/api/openapi.yaml"
VERSIONS = "database/migrations/versions"
MADE = (
    *("backend/generated/models.py", "contracts/database/schema.sql"),
    *("frontend/src/api/rules.gen.ts", "frontend/src/api/types.gen.ts"),
)
"""What is made from the contract and the migrations."""
NOUN = re.compile(r"[a-z][a-z0-9]{2,19}")
UNTOLD = re.compile(
    r".*([^s]|[isu]s|[aeiouy]ses|lenses|pses|oes|ves|zes|series|species)"
    r"|alias|atlas|axes|bias|caches|canvas|cookies|gas|lens|means|movies|news|niches|(append|ind|matr|vert)ices"
)
"""What tells nothing of its singular, or more than one thing: a house and a status, a glove and a shelf."""
SCRIPT_WORDS = """
    array boolean case date default delete enum error export function import interface let map new null number object
    package private promise protected proxy public set static string switch symbol this throw typeof undefined var void
"""
"""What TypeScript, or its checker, keeps for itself."""
OTHERWISE = "begin with `uv run python -m sdd new spec NAME`."


@dataclass(frozen=True)
class Words:
    """One noun in the four spellings that the layers need."""

    plural: str
    singular: str

    @property
    def forms(self) -> tuple[str, ...]:
        """As they stand in code."""
        return self.singular, self.plural, self.singular.capitalize(), self.plural.capitalize()

    def said(self, text: str) -> str:
        """The text of the slice, which speaks of notes, in these words."""
        spellings = {"notes": self.plural, "note": self.singular}
        spellings |= {word.capitalize(): noun.capitalize() for word, noun in spellings.items()}
        spellings["NOTES"] = self.plural.upper()
        text = re.sub("NOTES|[Nn]otes?", lambda word: spellings[word[0]], text)
        return re.sub(rf"\b([Aa]) (?={self.singular}\b)", r"\1n ", text) if self.singular[0] in "aeio" else text


def words(name: str, one: str | None = None) -> Words:
    """`one` is what one of them is called, needed where the name does not tell it. Raises Refused for either."""
    for word, action in ((name, f"Use a plural like `notes`, or {OTHERWISE}"), (one or name, "Say it like `note`.")):
        if not NOUN.fullmatch(word):
            raise _refused(f"`{word}` is not one word of 3 to 20 small letters.", action)
    if one is None and UNTOLD.fullmatch(name):
        action = "Say it, as in `statuses --one status`, or choose a plural like `notes`."
        raise _refused(f"`{name}` does not tell what one of them is called.", action)
    spoken = Words(name, one or _singular(name))
    action = "Choose another noun, like `notes`."
    if spoken.singular == name:
        raise _refused(f"`{name}`: one of them is called the same.", action)
    for word in spoken.forms:
        if keyword.iskeyword(word) or keyword.issoftkeyword(word) or hasattr(builtins, word):
            raise _refused(f"`{name}`: `{word}` is a word of Python.", action)
        if word in SCRIPT_WORDS.split():
            raise _refused(f"`{name}`: `{word}` is a word of TypeScript.", action)
    if clash := _clash(spoken):
        raise _refused(f"`{name}`: the slice itself calls something `{clash}`.", action)
    return spoken


def _singular(plural: str) -> str:
    if plural.endswith("ies") and len(plural) > 4:
        return plural[:-3] + "y"
    return plural[:-2] if plural.endswith(("sses", "shes", "ches", "xes")) else plural[:-1]


def _parts(said: str) -> list[tuple[str, str, str]]:
    """The slice, file by file: `+++` for a new one or `---`, its path, what is written or cut."""
    parts = (part.partition("\n") for part in re.split(r"(?m)^(?=(?:\+\+\+|---) \S)", said)[1:])
    return [(head[:3], head[4:], text) for head, _, text in parts]


def _clash(spoken: Words) -> str | None:
    """The word, if there is one, that a file of the slice would bind twice, or that its neighbour is called."""
    files = {
        path: text for kind, path, text in _parts(SLICE.read_text("utf-8")) if kind == "+++" and "/NNN" not in path
    }
    if spoken.plural in {Path(path).stem for path in files} - {"notes"}:
        return spoken.plural
    for path, text in files.items():
        bound = _bound(path, text, ast.walk)
        for note, word in zip(Words("notes", "note").forms, spoken.forms, strict=True):
            if note != word and {note, word} <= bound:
                return word
    return None


def _top(tree: ast.Module) -> Iterable[ast.AST]:
    return (node for one in tree.body for node in (one, *ast.iter_child_nodes(one)))


def _bound(path: str, text: str, nodes: Callable[[ast.Module], Iterable[ast.AST]]) -> set[str]:
    """The names that a file of Python or TypeScript binds, none if it is broken; `nodes` says how deep to look."""
    names: set[str] = set()
    if path.endswith((".ts", ".tsx")):
        imported = re.findall(r"^import (?:type )?\{([^}]*)\}", text, re.MULTILINE)
        names |= {name for line in imported for name in re.findall(r"\w+", line)}
        names |= set(re.findall(r"\b(?:const|function|type) (\w+)", text))
    elif path.endswith(".py"):
        with suppress(SyntaxError, ValueError):
            for node in nodes(ast.parse(text)):
                match node:
                    case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name):
                        names.add(name)
                    case ast.alias(name=name, asname=asname):
                        names.add(asname or name)
    return names


def new_feature(project: Project, name: str, one: str | None = None) -> list[str]:
    """Writes the slice, all of it or nothing; the paths, and what to know of it. Raises Refused."""
    spoken = words(name, one)
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
    before = _made(project.root)
    steps = [*_polished(project.root, planned), "make next"]
    made = {path for path, content in _made(project.root).items() if content != before.get(path)}
    blanks = sum((planned[path] or "").count("[FILL IN") for path in planned if path.startswith("specs/"))
    return [
        *sorted({*planned, *made}),
        "",
        f"One of the {spoken.plural} is called `{spoken.singular}`.",
        f"specs/{folder} is a draft: `[FILL IN` stands {blanks} times where a person's words belong. "
        "`make check` asks for them once it is accepted.",
        f"Next: {', '.join(steps)}. Its own tests fail until you have written what they name: that is right.",
    ]


def _made(root: Path) -> dict[str, bytes]:
    return {path: (root / path).read_bytes() for path in MADE if (root / path).is_file()}


def _refused(message: str, action: str, path: str = "") -> Refused:
    return Refused(Finding(path, 1, "new-feature", message, action))


def _want_free(project: Project, spoken: Words) -> None:
    """Raises Refused when something of these words is there already."""
    plural, singular = spoken.plural, spoken.singular
    action = f"Choose another noun, or {OTHERWISE}"
    for path in (f"database/{plural}", f"database/{plural}.py", f"backend/{plural}", f"frontend/src/{plural}"):
        if project.has(path):
            raise _refused(f"`{plural}` is taken: {path} is there already.", action)
    schemas = spoken.said("Note|NewNote|NoteChange|NotePage")
    named = rf"(?m)^    (?:{schemas}):|^  /api/v1/{plural}\b|operationId: \w+_(?:{singular}|{plural})$"
    if taken := re.search(named, project.text(CONTRACT)):
        raise _refused(f"`{plural}` is taken: the contract has `{taken[0].strip().rstrip(':')}`.", action, CONTRACT)
    for path in project.under("database/", ".py"):
        if f'Table(\n    "{plural}"' in project.text(path):
            raise _refused(f"`{plural}` is taken: {path} has a table of this name.", action, path)
    for kind, path, cuts in _parts(spoken.said(SLICE.read_text("utf-8"))):
        if kind == "---" and project.has(path):
            added = {word for line in re.findall(r"(?m)^\+(.*)", cuts) for word in re.findall(r"\w+", line)}
            if clash := sorted(added & set(spoken.forms) & _bound(path, project.text(path), _top)):
                raise _refused(f"`{plural}` is taken: this file already has `{clash[0]}`.", action, path)


def _planned(project: Project, said: str) -> dict[str, str | None]:
    """Each file of the slice and what it will hold. Raises Refused where the slice does not fit."""
    planned: dict[str, str | None] = {}
    for kind, path, text in _parts(said):
        if kind == "+++":
            if (project.root / path).exists():
                raise _refused("is there already.", "Move it away, or choose another noun.", path)
            planned[path] = text
        elif project.has(path):
            planned[path] = _fitted(path, project.text(path), sample.read_cuts(f"--- {path}\n{text}")[path])
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
    """Puts imports and lines in order and makes what follows from the contract; the commands that are left to give."""
    python = [path for path in planned if path.endswith(".py")]
    for step in (["check", "--fix-only"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, "--quiet", *python], cwd=root, check=False)
    if (root / "frontend/node_modules").is_dir():
        fix = ["npm", "--prefix", "frontend", "run", "fix"]
        done = [_runs(root, *fix), _runs(root, sys.executable, "-m", "contracts.generate")]
    else:
        done = [False, False]
    return [name for name, is_done in zip(("make format", "make generate"), done, strict=True) if not is_done]


def _runs(root: Path, *command: str) -> bool:
    try:
        return sample.ran(root, *command).returncode == 0
    except OSError:  # no npm on the PATH
        return False
