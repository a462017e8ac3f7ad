"""The weekly job, `sdd request`: real git to a bare repository, a `gh` that writes down what it is asked, and an
update that does what the test wants. What a real update does, test_update.py and test_update_scenarios.py say.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project, commit, copy

HOSTS = ["github", "gitlab"]
STORED, READING = "stored-secret", "reading-secret"
BRANCH = "update/v0.2.0"
DONE = "# Update from v0.1.0 to v0.2.0\n\n## Changed\n\n- “NEWS.md”: new\n\n"
REPORT = f"{DONE}Nothing is left for you. Look at git status and git diff, then commit.\n"
LEFT = "# Update from v0.1.0 to v0.2.0\n\n## Left for you\n\n1. README.md: settle the conflict.\n\n"
NEEDS = "docs/update.md says what the job may need."

UPDATE = """
import json, os, sys
from pathlib import Path

if sys.argv[1] == "request":
    from sdd import request
    sys.exit(request.run(Path.cwd()))
with Path("../updates.jsonl").open("a") as file:
    print(json.dumps({"options": sys.argv[2:], "environment": dict(os.environ)}), file=file)
told = json.loads(Path("../update.json").read_text("utf-8"))
sys.stdout.reconfigure(encoding="utf-8")
print(told["out"], end="")
print(told["err"], end="", file=sys.stderr)
if told["files"] and "--dry-run" not in sys.argv:
    for path, text in told["files"].items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text, "utf-8")
sys.exit(told["code"])
"""

GH = """#!{python}
import json, os, sys
from pathlib import Path

home = Path("{home}")
body = sys.stdin.read()
with (home / "asked.jsonl").open("a") as file:
    print(json.dumps({{"words": sys.argv[1:], "token": os.environ["GH_TOKEN"], "body": body}}), file=file)
if sys.argv[2] == "list":
    sys.exit(print((home / "requests.json").read_text("utf-8")))
if (home / "forbidden").exists():
    sys.exit("pull request create failed: GraphQL: GitHub Actions is not permitted to create or approve pull requests")
print("https://github.example/person/app/pull/7")
"""

OPTIONS = """#!{python}
import json, os
from pathlib import Path

count = int(os.environ.get("GIT_PUSH_OPTION_COUNT", 0))
options = [os.environ[f"GIT_PUSH_OPTION_{{number}}"] for number in range(count)]
Path("{home}/options.json").write_text(json.dumps(options), "utf-8")
"""


@dataclass(frozen=True)
class Job:
    """A clone in a job, its server's bare repository, and what was said to `gh`, to the update and on the push."""

    home: Path
    host: str

    def settings(self) -> dict[str, str]:
        path = {"PATH": f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        if self.host == "gitlab":
            person = {"GITLAB_USER_NAME": "Ada", "GITLAB_USER_EMAIL": "ada@example.com"}
            place = {"CI_PROJECT_URL": f"file://{self.home}/app", "CI_COMMIT_BRANCH": "main"}
            return path | person | place | {"GITLAB_CI": "true", "CI_JOB_TOKEN": "job-secret"}
        place = {"GITHUB_SERVER_URL": f"file://{self.home}", "GITHUB_REPOSITORY": "app", "GITHUB_REF_NAME": "main"}
        return path | place | {"GITHUB_ACTIONS": "true", "GH_TOKEN": "job-secret"}

    def update(self, out: str, err: str = "", code: int = 0, files: dict[str, str] | None = None) -> None:
        """What `sdd update` prints from now on, how it ends and what it writes."""
        told = {"out": out, "err": err, "code": code, "files": files}
        (self.home / "update.json").write_text(json.dumps(told), "utf-8")

    def run(self, **more: str) -> subprocess.CompletedProcess[str]:
        return Project(self.home / "clone").run(sys.executable, "-m", "sdd", "request", **self.settings() | more)

    def hook(self, text: str) -> None:
        """What the server does before it takes a push."""
        path = self.home / "app.git/hooks/pre-receive"
        path.write_text(text.format(python=sys.executable, home=self.home.as_posix()), "utf-8", newline="\n")
        path.chmod(0o755)

    def read(self, name: str) -> list[dict[str, object]]:
        file = self.home / name
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def runs(self) -> list[object]:
        """The options of each `sdd update` so far."""
        return [run["options"] for run in self.read("updates.jsonl")]

    def text(self) -> str:
        """Of the request that was made: on GitLab, as that reads it."""
        if self.host == "github":
            return str(self.read("asked.jsonl")[-1]["body"])
        options: list[str] = json.loads((self.home / "options.json").read_text("utf-8"))
        return options[3].removeprefix("merge_request.description=").replace(r"\n", "\n")

    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()

    def git(self, *words: str) -> str:
        return Project(self.home / "app.git").must("git", *words)


def made(home: Path, host: str) -> Job:
    job = Job(home, host)
    clone = home / "clone"
    (clone / "sdd").mkdir(parents=True)
    shutil.copy(ROOT / "template/sdd/request.py", clone / "sdd/request.py")
    (clone / "sdd/__main__.py").write_text(UPDATE, "utf-8")
    (clone / ".gitignore").write_text("reports/\n__pycache__/\n")
    (clone / "README.md").write_text("# App\n")
    commit(clone)
    subprocess.run(["git", "clone", "--quiet", "--bare", str(clone), str(home / "app.git")], check=True)
    job.git("config", "receive.advertisePushOptions", "true")
    job.hook(OPTIONS)
    (home / "bin").mkdir()
    (home / "bin/gh").write_text(GH.format(python=sys.executable, home=home.as_posix()), "utf-8", newline="\n")
    (home / "bin/gh").chmod(0o755)
    (home / "requests.json").write_text("[]")
    job.update(REPORT, files={"NEWS.md": "new\n", "README.md": "# App, better\n", "reports/update.md": REPORT})
    return job


@pytest.fixture(params=HOSTS)
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Job:
    return made(tmp_path, request.param)


@pytest.fixture
def github(tmp_path: Path) -> Job:
    return made(tmp_path, "github")


@pytest.fixture
def gitlab(tmp_path: Path) -> Job:
    return made(tmp_path, "gitlab")


@contextmanager
def refusing() -> Iterator[tuple[str, list[str]]]:
    """A server's address that lets nobody in, and the `Authorization` of each who asked."""
    shown: list[str] = []

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization", ""))
            self.send_error(403)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", shown
        server.shutdown()


class TestRequest:
    def test_an_update_becomes_one_commit_on_a_branch_of_its_own(self, job: Job) -> None:
        done = job.run()

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith(f"Update to v0.2.0 is asked for, from {BRANCH} to main.\n")
        assert job.branches() == ["main", BRANCH]
        assert job.git("diff", "--name-status", "main", BRANCH) == "A\tNEWS.md\nM\tREADME.md\n"
        author = {"github": "github-actions[bot]", "gitlab": "Ada"}[job.host]
        assert job.git("log", "--format=%an|%cn|%s", f"main..{BRANCH}") == f"{author}|{author}|Update to v0.2.0\n"
        assert job.runs() == [["--dry-run"], []]

    def test_a_conflict_is_pushed_and_asked_for_as_well(self, job: Job) -> None:
        text = "<<<<<<< yours\n# Mine\n=======\n# App, better\n>>>>>>> template v0.2.0\n"
        report = f"{LEFT}1 left for you. Settle it; to go back: python3 .git/sdd-update/update.py --abort\n"
        job.update(report, code=1, files={"README.md": text, "reports/update.md": report})

        done = job.run()

        assert done.returncode == 0, done.stderr
        assert job.git("show", f"{BRANCH}:README.md") == text
        way = f"Settle it on the branch {BRANCH}, run `make generate` and `make check`, commit and push.\n"
        assert job.text() == LEFT + way

    def test_nothing_new_asks_for_nothing(self, job: Job) -> None:
        job.update("The project is up to date: v0.1.0 is the latest release.\n")

        done = job.run()

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "The project is up to date: v0.1.0 is the latest release.\n"
        assert (job.branches(), job.read("asked.jsonl")) == (["main"], [])

    def test_a_refused_update_is_told_and_asks_for_nothing(self, job: Job) -> None:
        job.update("", "The template cannot be reached: https://127.0.0.1:9/x.git. Try again later.\n", 1)

        done = job.run()

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "The template cannot be reached: https://127.0.0.1:9/x.git. Try again later.\n"
        assert (job.branches(), job.read("asked.jsonl")) == (["main"], [])

    def test_a_second_week_asks_for_nothing_twice(self, job: Job) -> None:
        job.run()
        (job.home / "requests.json").write_text('[{"url": "https://github.example/person/app/pull/7"}]')
        pushed = job.git("rev-parse", BRANCH)
        Project(job.home / "clone").must("git", "reset", "--quiet", "--hard", "HEAD~")

        done = job.run()

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"Update to v0.2.0 is asked for already, from {BRANCH}.\n"
        assert job.git("rev-parse", BRANCH) == pushed
        assert job.runs() == [["--dry-run"], [], ["--dry-run"]]

    def test_what_a_killed_job_left_is_no_hindrance(self, job: Job) -> None:
        left = job.home / "clone/.git/sdd-update"
        left.mkdir()

        assert job.run().returncode == 0
        assert not left.exists()

    def test_without_a_token_it_says_what_to_do(self, job: Job) -> None:
        done = job.run(GH_TOKEN="", CI_JOB_TOKEN="")

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (f"The job has no token to push with: hand it GH_TOKEN, or store UPDATE_TOKEN. {NEEDS}\n")

    def test_an_unreachable_server_is_told_in_one_sentence(self, job: Job) -> None:
        shutil.rmtree(job.home / "app.git")

        done = job.run()

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("`git ls-remote` failed: fatal: ")
        assert done.stderr.count("\n") == 1

    def test_a_refused_push_is_told_in_one_sentence(self, job: Job) -> None:
        rule = "refusing to allow a GitHub App to create or update workflow without `workflows` permission"
        job.hook(f"#!/bin/sh\necho '{rule}' >&2\nexit 1\n")

        done = job.run()

        assert (done.returncode, done.stderr) == (1, f"`git push` failed: remote: {rule}. {NEEDS}\n")
        assert job.branches() == ["main"]

    def test_a_long_report_is_cut_and_says_so(self, job: Job) -> None:
        report = DONE + "- “backend/todos/routes.py”\n" * 4000 + "\nNothing is left for you.\n"
        job.update(REPORT, files={"NEWS.md": "new\n", "reports/update.md": report})

        assert job.run().returncode == 0
        said = job.text()
        cut = "\n\nCut here: `make update` writes the whole to reports/update.md.\n\nNothing is left for you.\n"
        assert said.endswith(cut)
        assert said.startswith(DONE)
        assert 49_000 < len(said.encode()) < 51_000

    def test_outside_a_job_it_says_what_to_run(self, github: Job) -> None:
        done = github.run(GITHUB_ACTIONS="")

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "This runs in a job of GitHub or GitLab. On your machine, run `make update`.\n"


class TestOnGitHub:
    def test_the_report_is_the_request_s_text(self, github: Job) -> None:
        done = github.run()

        listed = ["pr", "list", "--head", BRANCH, "--state", "all", "--json", "url"]
        opened = ["pr", "create", "--head", BRANCH, "--base", "main", "--title", "Update to v0.2.0", "--body-file", "-"]
        repository = ["--repo", f"{github.home}/app"]
        assert github.read("asked.jsonl") == [
            {"words": listed[:2] + repository + listed[2:], "token": "job-secret", "body": ""},
            {
                "words": opened[:2] + repository + opened[2:],
                "token": "job-secret",
                "body": f"{DONE}Nothing is left for you.\n",
            },
        ]
        assert "https://github.example/person/app/pull/7\n" in done.stdout

    def test_a_request_that_may_not_be_opened_is_opened_once_it_may(self, github: Job) -> None:
        (github.home / "forbidden").touch()
        refused = github.run()
        pushed = github.git("rev-parse", BRANCH)
        (github.home / "forbidden").unlink()
        Project(github.home / "clone").must("git", "reset", "--quiet", "--hard", "HEAD~")

        done = github.run()

        assert (refused.returncode, refused.stderr) == (
            1,
            "`gh pr create` failed: pull request create failed: GraphQL: GitHub Actions is not permitted to create or "
            f"approve pull requests. {NEEDS}\n",
        )
        assert done.returncode == 0, done.stderr
        assert github.git("rev-parse", BRANCH) == pushed
        assert github.read("asked.jsonl")[-1]["body"] == f"{DONE}Nothing is left for you.\n"

    def test_a_machine_without_gh_is_told(self, github: Job) -> None:
        (github.home / "bin/gh").unlink()
        (github.home / "bin/git").symlink_to(str(shutil.which("git")))

        done = github.run(PATH=str(github.home / "bin"))

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"gh is not installed where this job runs. {NEEDS}\n"
        assert github.branches() == ["main"]


class TestOnGitLab:
    def test_the_push_makes_the_merge_request_with_the_report_as_its_text(self, gitlab: Job) -> None:
        gitlab.run()

        assert json.loads((gitlab.home / "options.json").read_text("utf-8")) == [
            "merge_request.create",
            "merge_request.target=main",
            "merge_request.title=Update to v0.2.0",
            "merge_request.description=" + f"{DONE}Nothing is left for you.\n".replace("\n", r"\n"),
            "merge_request.remove_source_branch",
        ]
        assert gitlab.read("asked.jsonl") == []

    def test_a_pipeline_of_no_branch_is_told(self, gitlab: Job) -> None:
        settings = gitlab.settings()
        del settings["CI_COMMIT_BRANCH"]

        done = Project(gitlab.home / "clone").run(sys.executable, "-m", "sdd", "request", **settings)

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"The job does not say CI_COMMIT_BRANCH: it has to run for a branch. {NEEDS}\n"


class TestTokens:
    def test_no_token_that_may_write_reaches_the_update(self, job: Job) -> None:
        address = "https://gitlab-ci-token:job-secret@gitlab.example/app.git"

        done = job.run(UPDATE_TOKEN=STORED, CI_REPOSITORY_URL=address)

        seen = [run["environment"] for run in job.read("updates.jsonl")]
        assert len(seen) == 2
        assert "secret" not in json.dumps(seen) + done.stdout + done.stderr
        assert "GIT_CONFIG_COUNT" not in json.dumps(seen)

    def test_the_update_may_read_a_template_that_not_everybody_may(self, job: Job) -> None:
        job.run(TEMPLATE_TOKEN=READING, UPDATE_TOKEN=STORED)

        seen = job.read("updates.jsonl")[-1]["environment"]
        assert isinstance(seen, dict)
        user = {"github": "x-access-token", "gitlab": "oauth2"}[job.host]
        shown = base64.b64encode(f"{user}:{READING}".encode()).decode()
        assert {name: value for name, value in seen.items() if name.startswith("GIT_CONFIG")} == {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.file:///.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {shown}",
        }

    @pytest.mark.parametrize("stored", ["", STORED])
    def test_the_server_is_shown_the_token_and_the_log_is_not(self, job: Job, stored: str) -> None:
        own = {"github": "x-access-token:job-secret", "gitlab": "gitlab-ci-token:job-secret"}
        better = {"github": f"x-access-token:{STORED}", "gitlab": f"oauth2:{STORED}"}
        with refusing() as (address, shown):
            place = {"GITHUB_SERVER_URL": address, "CI_PROJECT_URL": f"{address}/app"}
            done = job.run(**place, UPDATE_TOKEN=stored)

        assert done.returncode == 1
        assert {base64.b64decode(one.removeprefix("Basic ")).decode() for one in shown} == {
            (better if stored else own)[job.host]
        }
        assert "secret" not in done.stdout + done.stderr
        assert done.stderr.startswith("`git ls-remote` failed: fatal: unable to access ")

    def test_a_server_that_repeats_the_token_is_not_quoted_with_it(self, job: Job) -> None:
        job.hook("#!/bin/sh\necho 'refused: job-secret' >&2\nexit 1\n")

        done = job.run()

        assert (done.returncode, done.stderr) == (1, f"`git push` failed: remote: refused: ***. {NEEDS}\n")


class TestRealUpdate:
    def test_a_release_becomes_a_request_with_its_report(self, python: str, github: Job, template: Path) -> None:
        releases, clone = Project(github.home / "releases"), Project(github.home / "clone")
        shutil.copytree(template, releases.path)
        releases.must("git", "tag", "v1.0.0")
        shutil.rmtree(clone.path)
        copy(clone.path, template=releases.path)
        commit(clone.path)
        (releases.path / "template/tools/news.py").write_text('"""What is new."""\n', "utf-8", newline="\n")
        releases.must("git", "add", ".")
        releases.must("git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-qm", "News")
        releases.must("git", "tag", "v1.1.0")

        path = f"{Path(python).parent}{os.pathsep}{github.settings()['PATH']}"
        done = clone.run(python, "-m", "sdd", "request", **github.settings() | {"PATH": path})

        assert done.returncode == 0, done.stderr
        added = github.git("diff", "--name-status", "update/v1.1.0~", "update/v1.1.0")
        assert added == "M\t.copier-answers.yml\nA\ttools/news.py\n"
        changed = "# Update from v1.0.0 to v1.1.0\n\n## Changed\n\n- .copier-answers.yml\n- tools/news.py: new\n"
        assert github.text() == f"{changed}\nNothing is left for you.\n"
