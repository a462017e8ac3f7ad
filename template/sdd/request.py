"""Asks for the review of an update: a pull request on GitHub, a merge request on GitLab. Runs in a scheduled job there.

Knows no merge: `sdd update` does the work, and says in `reports/update.md` what was done and what is left.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

REPORT = Path("reports/update.md")
HEADING = re.compile(r"^(?:# )?Update from \S+ to (\S+)$", re.MULTILINE)
SECRETS = ("UPDATE_TOKEN", "TEMPLATE_TOKEN", "GH_TOKEN", "CI_JOB_TOKEN")
LEFT = re.compile(r"^## Left for you$", re.MULTILINE)
MOST_BYTES = 50_000  # of a request's text: GitHub takes 65,536 characters, GitLab one line of git's protocol
COMPLAINT = re.compile("rejected|refus|denied|fatal|not permitted|fail|error", re.IGNORECASE)
NEEDS = "docs/update.md says what the job may need."


class Failed(Exception):
    """What kept the request from being made. Its text is a sentence, and says what to do."""


@dataclass(frozen=True)
class Token:
    """What git shows a server over HTTP. The user is a word that the host asks for, nobody's name."""

    user: str
    secret: str


@dataclass(frozen=True)
class Job:
    """A job of GitHub or GitLab: its repository's address, the branch that it builds, the name that it commits in.

    `writes` pushes and asks, `reads` is for the template, when not everybody may read that.
    """

    host: str
    address: str
    branch: str
    name: str
    mail: str
    writes: Token
    reads: Token


def run(root: Path) -> int:
    """0: asked, or nothing to ask for; 1: not, with a sentence on stderr; 2: this is no job of GitHub or GitLab."""
    try:
        job = _job(os.environ)
        if job is None:
            print("This runs in a job of GitHub or GitLab. On your machine, run `make update`.", file=sys.stderr)
            return 2
        return _request(root, job)
    except KeyError as missing:
        print(f"The job does not say {missing.args[0]}: it has to run for a branch. {NEEDS}", file=sys.stderr)
    except Failed as failure:
        print(failure, file=sys.stderr)
    return 1


def _job(told: Mapping[str, str]) -> Job | None:
    stored, reading = told.get("UPDATE_TOKEN", ""), told.get("TEMPLATE_TOKEN", "")
    if told.get("GITHUB_ACTIONS") == "true":
        address = f"{told['GITHUB_SERVER_URL']}/{told['GITHUB_REPOSITORY']}"
        name, mail = "github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com"
        writes = Token("x-access-token", stored or told.get("GH_TOKEN", ""))
        return Job("GitHub", address, told["GITHUB_REF_NAME"], name, mail, writes, Token("x-access-token", reading))
    if told.get("GITLAB_CI") == "true":
        address = f"{told['CI_PROJECT_URL']}.git"
        name, mail = told["GITLAB_USER_NAME"], told["GITLAB_USER_EMAIL"]
        writes = Token("oauth2", stored) if stored else Token("gitlab-ci-token", told.get("CI_JOB_TOKEN", ""))
        return Job("GitLab", address, told["CI_COMMIT_BRANCH"], name, mail, writes, Token("oauth2", reading))
    return None


def _request(root: Path, job: Job) -> int:
    if not job.writes.secret:
        raise Failed("The job has no token to push with: hand it GH_TOKEN, or store UPDATE_TOKEN. " + NEEDS)
    _forget(root, job)
    planned = _update(root, job, "--dry-run")
    version = HEADING.search(planned.stdout)
    if version is None:
        return _pass_on(planned)
    branch, title = f"update/{version[1]}", f"Update to {version[1]}"
    pushed = bool(_git(root, job, "ls-remote", job.address, f"refs/heads/{branch}"))
    if _asked(root, job, branch) if job.host == "GitHub" else pushed:
        print(f"{title} is asked for already, from {branch}.")
        return 0
    done = _update(root, job)
    if HEADING.search(done.stdout) is None:
        return _pass_on(done)
    print(done.stdout, end="")
    if not pushed:
        _git(root, job, "add", "--all", ".")
        _git(root, job, "commit", "--quiet", "--message", title)
        _push(root, job, branch, title)
    if job.host == "GitHub":
        print(_open(root, job, branch, title), end="")
    print(f"{title} is asked for, from {branch} to {job.branch}.")
    return 0


# ------------------------------------------------------------ the update


def _update(root: Path, job: Job, *options: str) -> subprocess.CompletedProcess[str]:
    """`sdd update`, which runs npm and the project's code: no variable that it sees holds a token that may write."""
    secrets = [secret for name in SECRETS if (secret := os.environ.get(name))]
    harmless = {name: value for name, value in os.environ.items() if not any(secret in value for secret in secrets)}
    return subprocess.run(
        [sys.executable, "-m", "sdd", "update", *options],
        cwd=root,
        env=harmless | (_shown(job.address, job.reads) if job.reads.secret else {}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def _pass_on(update: subprocess.CompletedProcess[str]) -> int:
    """What an update that did not come about has said: nothing new, or why not."""
    print(update.stdout, end="")
    print(update.stderr, end="", file=sys.stderr)
    return 1 if update.returncode else 0


def _forget(root: Path, job: Job) -> None:
    """An update that a killed job began: this job's checkout is fresh, so there is nothing to go back to."""
    for left in Path(_git(root, job, "rev-parse", "--absolute-git-dir").strip()).glob("sdd-update*"):
        shutil.rmtree(left, ignore_errors=True)


def _text(root: Path, branch: str) -> str:
    """The report, with an end that holds where the request is read: not on the machine that updated."""
    report = (root / REPORT).read_text("utf-8").rstrip().rpartition("\n\n")[0]
    short = report.encode()[:MOST_BYTES].decode("utf-8", "ignore")
    cut = "" if short == report else "\n\nCut here: `make update` writes the whole to reports/update.md."
    end = f"Settle it on the branch {branch}, run `make generate` and `make check`, commit and push."
    return f"{short}{cut}\n\n{end if LEFT.search(report) else 'Nothing is left for you.'}\n"


# ------------------------------------------------------------ git and the hosts


def _shown(address: str, token: Token) -> dict[str, str]:
    """What makes git show a token to the server of this address: in the environment, which no log and no list shows."""
    count = int(os.environ.get("GIT_CONFIG_COUNT", "0"))
    server = urlsplit(address)
    encoded = base64.b64encode(f"{token.user}:{token.secret}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": f"http.{server.scheme}://{server.netloc}/.extraHeader",
        f"GIT_CONFIG_VALUE_{count}": f"Authorization: Basic {encoded}",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _push(root: Path, job: Job, branch: str, title: str) -> None:
    options = {
        "merge_request.create": "",
        "merge_request.target": f"={job.branch}",
        "merge_request.title": f"={title}",
        "merge_request.description": "="
        + _text(root, branch).replace("\n", r"\n"),  # git forbids line ends, GitLab reads these
        "merge_request.remove_source_branch": "",
    }
    words = [f"--push-option={key}{value}" for key, value in options.items()] if job.host == "GitLab" else []
    _git(root, job, "push", "--quiet", *words, job.address, f"HEAD:refs/heads/{branch}")


def _asked(root: Path, job: Job, branch: str) -> bool:
    """Whether GitHub has a request from this branch, or had one: who closed it does not want another."""
    return _gh(root, job, "list", "--head", branch, "--state", "all", "--json", "url").strip() not in ("", "[]")


def _open(root: Path, job: Job, branch: str, title: str) -> str:
    words = ("--head", branch, "--base", job.branch, "--title", title, "--body-file", "-")
    return _gh(root, job, "create", *words, text=_text(root, branch))


def _gh(root: Path, job: Job, verb: str, *words: str, text: str = "") -> str:
    repository = job.address.partition("://")[2]
    token = job.writes.secret
    allowed = {"GH_TOKEN": token, "GH_ENTERPRISE_TOKEN": token, "GH_PROMPT_DISABLED": "1"}
    return _ran(root, job, ["gh", "pr", verb, "--repo", repository, *words], allowed, text)


def _git(root: Path, job: Job, verb: str, *words: str) -> str:
    person = {f"GIT_{role}_NAME": job.name for role in ("AUTHOR", "COMMITTER")}
    person |= {f"GIT_{role}_EMAIL": job.mail for role in ("AUTHOR", "COMMITTER")}
    return _ran(root, job, ["git", verb, *words], person | _shown(job.address, job.writes), "")


def _ran(root: Path, job: Job, command: list[str], more: dict[str, str], text: str) -> str:
    """What a command printed. Raises Failed with its complaint, and never with the token."""
    environment = os.environ | more
    try:
        done = subprocess.run(command, cwd=root, env=environment, input=text.encode(), capture_output=True, check=False)
    except FileNotFoundError as error:
        raise Failed(f"{command[0]} is not installed where this job runs. {NEEDS}") from error
    said = (done.stderr if done.returncode else done.stdout).decode("utf-8", "replace")
    if done.returncode:
        lines = [line.strip() for line in said.replace(job.writes.secret, "***").splitlines() if line.strip()]
        why = next((line for line in lines if COMPLAINT.search(line)), "it did not say why")
        raise Failed(f"`{' '.join(command[: 3 if command[0] == 'gh' else 2])}` failed: {why.rstrip('.')}. {NEEDS}")
    return said
