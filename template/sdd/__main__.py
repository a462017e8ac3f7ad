"""The command line of the program that holds the promises. Knows the commands and their options, not their work.

Exit code 0: clean; 1: findings; 2: wrong usage. A suggestion and a next step are no findings. Only the hooks of an
agent host are more than that: they run before `make setup` as well, so `spool` is here, with what Python has itself.
"""

import argparse
import io
import json
import os
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

SPOOL = Path("var/prompts")  # where `record` looks for what was asked


def spool(stream: IO[bytes], surface: str = "claude") -> None:
    """Writes the prompt of a `UserPromptSubmit` hook's JSON (keys `prompt`, `session_id`, `model`) to `var/prompts/`.

    Never raises for odd input and prints nothing on stdout, which would become part of the prompt: what could not be
    spooled, a sentence on stderr says. The caller exits 0, because another code could hold the prompt back.
    """
    try:
        told = json.loads(stream.read())
        if not isinstance(told, dict) or not isinstance(told.get("prompt"), str):
            raise ValueError("it holds no text named `prompt`")
        _spooled(told, surface)
    except (ValueError, RecursionError) as error:
        print(f"sdd: the prompt was not spooled: the hook's input is no such JSON ({error}).", file=sys.stderr)
    except OSError as error:
        said = f"sdd: the prompt was not spooled: {SPOOL.as_posix()} cannot be written ({error.strerror})."
        print(said, file=sys.stderr)


def _spooled(told: dict[str, Any], surface: str) -> None:
    SPOOL.mkdir(parents=True, exist_ok=True)
    ignore = SPOOL / ".gitignore"
    if not ignore.exists():  # a prompt may hold a secret: whatever the project ignores, never commit it
        ignore.write_text("*\n", "utf-8", newline="\n")
    now = datetime.now(UTC)
    known = {name: told[name] for name in ("model", "session_id") if isinstance(told.get(name), str)}
    content = {"at": now.isoformat(), "surface": surface, **known, "prompt": told["prompt"]}
    file = SPOOL / f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.json"
    draft = file.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        json.dump(content, out)
    draft.replace(file)


if __name__ == "__main__" and sys.argv[1:] == ["spool"]:
    spool(sys.stdin.buffer)
    sys.exit()

if __name__ == "__main__" and sys.argv[1:2] == ["update"]:  # its ways back need nothing that may be broken by now
    from sdd import update

    sys.exit(update.main(sys.argv[2:]))

try:
    from sdd import (
        agents,
        contract,
        documents,
        evidence,
        feature,
        history,
        marks,
        numbers,
        record,
        request,
        sample,
        specs,
        steps,
        suggest,
        verify,
    )
    from sdd.project import Finding, NeedsGit, Project, Refused
except ModuleNotFoundError as missing:
    if sys.argv[1:] == ["next", "--hook"]:
        lacking = f"sdd next: run `make setup`; the package {missing.name} is not installed here yet."
        print(json.dumps({"systemMessage": lacking}))
        sys.exit()
    sys.exit(f"sdd needs the package {missing.name}, which is not installed here: run `make setup`, then again.")

UPDATE = "Update to a newer template, or take an update back: python -m sdd update --help"
RULES = [documents, specs, contract, history, agents, marks]


def _check(project: Project, options: argparse.Namespace) -> int:
    unclear: list[Finding] = []
    if options.fix:
        for done in numbers.renumber(project):
            if isinstance(done, Finding):
                unclear.append(done)
            else:
                print(done, file=sys.stderr if options.json else sys.stdout)
        project = Project(project.root)
    found = {finding for rules in RULES for finding in rules.findings(project)}
    if options.base is not None:
        found |= set(contract.compared(project, options.base or None))
    return _tell(sorted(found | set(unclear)), options, "Clean: every promise that the tree alone can show is kept.")


def _verify(project: Project, options: argparse.Namespace) -> int:
    verdict = verify.verify(project)
    code = _tell(verdict.findings, options, "")
    if not options.json:
        print(verdict.summary)
    return code


def _next(project: Project, options: argparse.Namespace) -> int:
    if options.hook:
        record.stop(project)
    elif options.json:
        _tell(steps.findings(project), options, "")
    else:
        print(steps.told(project))
    return 0


def _suggest(project: Project, options: argparse.Namespace) -> int:
    _tell(suggest.suggest(project, options.base), options, "")
    return 0


def _record(project: Project, options: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(options).items() if name != "run"}
    for line in record.record(project, record.Wish(**given)):
        print(line)
    return 0


def _new(make: Callable[..., list[str]]) -> Callable[[Project, argparse.Namespace], int]:
    def run(project: Project, options: argparse.Namespace) -> int:
        given = {name: value for name, value in vars(options).items() if name not in ("name", "run")}
        for path in make(project, options.name, **given):
            print(path)
        return 0

    return run


def _remove_sample(project: Project, options: argparse.Namespace) -> int:
    left, done = sample.remove(project)
    if done and not options.json:
        print(done)
    return _tell([Finding(one.path, one.line, "sample", one.message, one.action) for one in left], options, "")


def _evidence(project: Project, options: argparse.Namespace) -> int:
    return evidence.run(project, options.layer, options.suite)


def _request(project: Project, _: argparse.Namespace) -> int:
    return request.run(project.root)


def _spool(_: Project, __: argparse.Namespace) -> int:
    spool(sys.stdin.buffer)
    return 0


def _tell(found: list[Finding], options: argparse.Namespace, clean: str) -> int:
    if options.json:
        print(json.dumps([finding.as_dict() for finding in found], indent=2, ensure_ascii=False))
    else:
        for finding in found:
            print(finding)
        if clean and not found:
            print(clean)
    return 1 if found else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sdd", description="The program that holds the promises.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, does: str, run: Callable[[Project, argparse.Namespace], int]) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=does, description=does)
        added.set_defaults(run=run)
        return added

    check = command("check", "Judge specs, contract, records, decisions, agents, links: the tree alone", _check)
    check.add_argument(
        "--base", nargs="?", const="", metavar="REF", help="compare the contract, too (latest v* tag or default branch)"
    )
    check.add_argument("--fix", action="store_true", help="give the later of two with one number the next free one")
    judge = command("verify", "Judge whether every requirement is proven by the reports of this very tree", _verify)
    after = command("next", "Say the one next step, and whose it is", _next)
    after.add_argument("--hook", action="store_true", help="say it in the JSON of an agent host")
    advise = command("suggest", "Say what in the diff needs a decision or a person", _suggest)
    advise.add_argument("--base", metavar="REF", help="the commit to compare with (latest v* tag or default branch)")
    remove = command("remove-sample", "Take the sample, the todos, out of every layer", _remove_sample)
    for one in (check, judge, after, advise, remove):
        one.add_argument("--json", action="store_true", help="findings as [{rule, path, line, message, next}]")

    keep = command("record", "Keep what was asked and done in history/prompts/", _record)
    keep.add_argument("--stage", required=True, choices=history.STAGES)
    keep.add_argument("--feature", metavar="NNN-NAME", help="or general, or constitution")
    keep.add_argument("--prompt-file", dest="prompt", default="spooled", metavar="FILE", help="- for standard input")
    for name in ("title", "outcome", "surface", "model", "command", "ticket", "adr", "pr", "base"):
        keep.add_argument(f"--{name}")
    keep.add_argument("--label", dest="labels", action="append", default=[], metavar="LABEL")

    new = commands.add_parser("new", help="Begin a feature in every layer, a spec alone, or a decision")
    kinds = new.add_subparsers(metavar="KIND", required=True)
    beginnings = (
        ("feature", feature.new_feature, "NAME"),
        ("spec", specs.new_spec, "NAME"),
        ("adr", history.new_adr, "TITLE"),
    )
    for kind, make, what in beginnings:
        added = kinds.add_parser(kind)
        added.add_argument("name", metavar=what)
        added.set_defaults(run=_new(make))
    told = "what one of them is called, where NAME does not tell: `statuses --one status`"
    kinds.choices["feature"].add_argument("--one", metavar="NOUN", help=told)

    prove = command("evidence", "Run a layer's tests and say of which tree they tell", _evidence)
    prove.add_argument("layer", choices=marks.LAYERS)
    prove.add_argument("suite", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    commands.add_parser("update", help=UPDATE, add_help=False)  # run above
    command("request", "Update, and ask for its review: in a scheduled job of GitHub or GitLab", _request)
    command("spool", "Keep the prompt that an agent host hands over on standard input", _spool)
    return parser


def main() -> int:
    """The exit code. Says everything in UTF-8, whatever the machine's own encoding is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = _options().parse_args()
    try:
        code: int = options.run(Project(Path.cwd()), options)
        sys.stdout.flush()
    except NeedsGit as error:
        print(error, file=sys.stderr)
        return 2
    except Refused as error:
        if getattr(options, "json", False):
            return _tell([error.finding], options, "")
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read along has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
