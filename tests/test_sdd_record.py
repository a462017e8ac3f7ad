"""`sdd spool`, `sdd next --hook` and `sdd record`: what was asked is kept whole, once, without its secrets."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project, outside

ODD = {
    "fences": "~~~~\n```sh\nls\n```\n~~~text\n## Outcome\nTBD\n~~~",
    "frontmatter": '---\nid: "9999"\n---\n# Title\n\n## Prompt\n',
    "conflict": "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> theirs",
    "emoji": "Zähle die Aufgaben 👩‍👩‍👧 ✅ \u202e\u2028 עברית",
    "blank-lines": "\n\n  first\n\n\tlast\n\n",
    "spaces-at-the-end": "two spaces  \nand a tab\t",
    "placeholders": "Fill {{ this }} in, [FILL IN: that], <slug>, TODO, /home/ada/notes and C:\\notes.",
    "long": "Ein Satz über die Aufgaben. " * 40_000,
    "one-tilde-run": "~" * 300,
    "lone-return": "a\rb",
}
CHANGED = {
    "nul": ("a\0b", "a\N{SYMBOL FOR NULL}b"),
    "windows": ("a\r\nb\r\n", "a\nb\n"),
    "half": ("a\ud83db", "a\ufffdb"),
}
NO_PROMPT = {
    "nothing": b"",
    "not-json": b"{",
    "a-list": b"[]",
    "null": b"null",
    "a-number": b'{"prompt": 5}',
    "no-prompt": b'{"session_id": "x"}',
    "not-utf-8": b'{"prompt": "\xff\xfe\xfa"}',
    "cut-off": b'{"prompt": "Sort',
    "too-deep": b"[" * 200_000,
}
# Each secret is put together here, so that no scanner takes this file for a leak.
MIX = "a1B2c3D4"
SECRETS = {
    "anthropic": ("sk-ant-", f"api03-{MIX * 6}"),
    "openai": ("sk-proj-", MIX * 6),
    "aws-id": ("AKIA", "ABCDEFGH12345678"),
    "aws-secret": ("aws_secret_access_key = ", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzzzz"),
    "github": ("ghp_", MIX * 5),
    "github-fine": ("github_pat_", MIX * 8),
    "gitlab": ("glpat-", MIX * 3),
    "slack": ("xoxb-", f"123456789012-{MIX}"),
    "slack-hook": ("https://hooks.slack.com/services/", f"T00/B00/{MIX * 3}"),
    "stripe": ("sk_live_", MIX * 3),
    "stripe-hook": ("whsec_", MIX * 4),
    "google": ("AIza", f"{MIX * 4}abc"),
    "npm": ("npm_", f"{MIX * 4}abcd"),
    "pypi": ("pypi-", MIX * 8),
    "hugging-face": ("hf_", "abcd" * 9),
    "jwt": ("eyJhbGciOiJI", "UzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_def-123"),
    "private-key": ("-----BEGIN RSA PRIVATE", " KEY-----\nMIIEabcd\nefgh\n-----END RSA PRIVATE KEY-----"),
    "private-key-cut-off": ("-----BEGIN OPENSSH PRIVATE", " KEY-----\nb3BlbnNzaC1rZXk"),
    "password-env": ("DB_PASSWORD=", "correct-horse"),
    "password-word": ("password=", "swordfish"),
    "password-yaml": ("  password: ", "swordfish"),
    "password-mixed": ("Use password: ", "hunter2!"),
    "password-json": ('"password": "', 'tr0ub4dor"'),
    "password-said": ("my password is ", "hunter2x"),
    "password-flag": ("mysql --password ", "hunter2"),
    "passphrase": ("passphrase: '", "correct horse battery staple'"),
    "secret-key": ("SECRET_KEY='", "abc def ghi'"),
    "bearer": ("Authorization: Bearer ", "abcdef"),
    "bearer-alone": ("bearer ", f"{MIX * 3}"),
    "basic": ("Authorization: Basic ", "YWRhOnB3"),
    "curl": ("curl -u ada:", "s3cret https://example.com"),
    "cookie": ("Cookie: session=", f"{MIX * 2}"),
    "postgresql": ("postgresql://ada:", "pw@db.example.com/app"),
    "postgresql-odd": ("postgres://ada:", "p/w@d@db:5432/app"),
    "redis": ("redis://:", "hunter2@cache:6379/0"),
    "mongodb": ("mongodb+srv://ada:", "pw@c.example.com"),
    "address": ("https://ada:", "hunter2@example.com/repo.git"),
    "api-key": ("API_KEY=", "abcdefgh"),
    "api-key-quoted": ("api_key: '", "a1b2c3d4e5'"),
    "token": ("token=", "a1b2c3d4e5f6"),
    "account-key": ("AccountKey=", "abc123def456ghi789==;"),
    "password-and": ("password: ", "Tr0ub4dor&3"),
    "password-comma": ("password=", "abc,def123"),
    "password-semicolon": ("DB_PASSWORD=", "p@ss;word1"),
    "password-bracket": ("DB_PASSWORD=", "p@ss(word1"),
    "password-digits": ("  password: ", "12345678"),
    "password-bang": ("password=", "swordfish!"),
    "password-equals": ("DB_PASSWORD=", "p@ss;word1="),
    "password-quote-inside": ("password=", "abc'def1"),
    "password-quote-in-quotes": ('password: "', "it's me1\""),
    "password-quote-open": ('password: "', "hunter2 and more"),
    "password-escaped": ('{\\"password\\": \\"', "hunter2"),
    "password-bold": ("**Password:** ", "hunter2"),
    "password-flag-comma": ("mysql --password ", "hunter2,3"),
    "password-flag-quoted": ("mysql --password ", "'correct horse'"),
    "password-url-bang": ("postgresql://ada:", "pw!@db.example.com/app"),
    "password-blanks": ('PASSWORD: "', 'a b c d"'),
    "password-phrase": ('password: "', 'correct horse battery staple"'),
    "password-told": ("Sign in with password ", "Sommer2026!"),
    "password-told-plain": ("Sign in with password ", "Sommer2026"),
    "password-of": ("The password for ada@example.com is ", "hunter2x"),
    "passwort": ("Das Passwort: ", "Sommer2026!"),
    "pw": ("pw=", "abc123!"),
    "pass-env": ("DB_PASS=", "swordfish"),
    "api-key-words": ("API key: ", "9f8a7b6c5d4e3f2a1b0c"),
    "api-key-told": ("Use the API key ", "9f8a7b6c5d4e3f2a1b0c"),
    "query": ("https://example.com/?page=1&token=", "a1b2c3d4e5f6"),
}
HARMLESS = r"""
The password must be at least 12 characters long.
Password: at least 12 characters.
Wrong password: try again.
password: str
password?: string
password: "string"
"password": {"type": "string", "minLength": 12}
"detail": "Email or password is wrong."
def sign_in(email: str, password: str) -> Session:
accounts.create(email=email, password=password)
password = getpass()
password=settings.password
assert password == other
const { password, token } = form
<input type="password" name="password" />
password_hash: argon2id
The password is argon2id-hashed.
token = secrets.token_urlsafe(32)
const token = await client.token()
export type Token = { token: string; expires_at: string }
The token is opaque; only its hash is stored.
AGENTS.md has 700 tokens, max_tokens: 4096
GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}
Use Authorization: Bearer <token> in the header.
bearer authentication is refused
session cookie: HttpOnly
the secret: nobody knows
The secret of a good API: names.
api_key: str | None = None
queryKey: ["todos", page]
Sort by key: created_at, then id.
See https://example.com:8000/docs and mail demo@example.com.
http://localhost:5173/@vite/client
postgresql://localhost/app
postgresql://$USER:$PASSWORD@localhost/app
DATABASE_URL=sqlite:///var/app.db
docker run -u 1000:1000 app
commit 3f786850e387550fdab836ed7e6dc881de23001b
id 0b6f5d1e-3c4f-4d55-9a36-0f6a5b1f7a11
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
GET /api/v1/todos?cursor=eyJjcmVhdGVkX2F0Ijoi&limit=20
sk-learn-compatible estimators for the risk-assessment-of-todos task
keyword arguments only, key-word=value
the password must be at least 12 characters
a password reset link
API key rotation
pass the title
pass title=title, then 3 of 4 tests pass: 12 passed
password: 8-64 characters
password: string|null
def sign_in(email: str, password:str=None) -> Session:
SELECT id FROM accounts WHERE password=:password
INVALID_PASSWORD: "Email or password is wrong.",
"password": "Wrong password: try again!"
password: "Your password"
url = "/reset?password="+value
password=form["password"], email=email
password=values.get("password", "")
client.post("/session", json={"email": email, "password": password}).raise_for_status()
assert visitor.post("/session", json={"password": PASSWORD}).status_code == 201
const credentials = { password: password.current?.value ?? '' }
"GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{20,255}",
SHORTEST_PASSWORD = 8
the --password option of the --token flag
the password OAuth2Provider, the password 001-FR-003, password 12-character
the password of ada@example.com is wrong
password demo1@example.com
password specs/001-todos/README.md
API key: rotate it every 90 days
a token of 32 bytes, the token create_session_201_is_stored
pw is short for password; two_pass: true
""".strip().splitlines()


class App:
    """A clone of the project, in which the project's own `sdd` runs."""

    def __init__(self, project: Project, path: Path) -> None:
        project.must("git", "clone", "--quiet", str(project.path), str(path))
        self.project, self.path = project, path
        self.must = Project(path).must
        self.must("git", "config", "user.name", "Ada")
        self.must("git", "config", "user.email", "ada@example.com")

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command of `sdd` that has begun; `-c` runs a program of one line instead."""
        command = [str(self.project.python), *(arguments if arguments[0] == "-c" else ("-m", "sdd", *arguments))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=self.path, env=outside() | {"PYTHONUTF8": "1"}, **pipes)  # type: ignore[call-overload, no-any-return]

    def sdd(self, *arguments: str, said: bytes = b"") -> tuple[int, str, str]:
        """Exit code, output and errors."""
        running = self.start(*arguments)
        out, errors = running.communicate(said)
        assert b"Traceback" not in errors, errors.decode()
        return running.returncode, out.decode(), errors.decode()

    def asks(self, prompt: str, **more: str) -> None:
        """What the host's hook does with a person's words."""
        told = {"hook_event_name": "UserPromptSubmit", "session_id": "1", "prompt": prompt, **more}
        assert self.sdd("spool", said=json.dumps(told).encode()) == (0, "", "")

    def hook(self, event: str, said: bytes) -> tuple[int, str, str]:
        """Exit code, output and errors of what the settings name for an event, run as a host runs it."""
        settings = json.loads((self.path / ".claude/settings.json").read_text("utf-8"))
        [hook] = settings["hooks"][event][0]["hooks"]
        words = [word.replace("${CLAUDE_PROJECT_DIR}", str(self.path)) for word in hook["args"]]
        done = subprocess.run([hook["command"], *words], cwd=self.path.anchor, env=outside(), input=said,
                              capture_output=True, check=False)  # fmt: skip
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def spooled(self) -> list[Path]:
        return sorted((self.path / "var/prompts").glob("*.json"))

    def records(self) -> list[dict[str, object]]:
        """The valid records, as the program reads them."""
        line = (
            "import json, dataclasses, pathlib; from sdd import history; from sdd.project import Project;"
            "print(json.dumps([dataclasses.asdict(r) for r in history.records(Project(pathlib.Path.cwd()))]))"
        )
        found: list[dict[str, object]] = json.loads(self.sdd("-c", line)[1])
        return found

    def recorded(self, *arguments: str, said: bytes = b"") -> dict[str, object]:
        """The record that a command made, which is valid."""
        code, out, errors = self.sdd("record", *arguments, said=said)
        assert code == 0, errors
        [record] = [record for record in self.records() if f"{record['path']} is made" in out]
        return record

    def tree(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in self.path.rglob("*")
            if path.is_file() and ".git" not in path.parts and "__pycache__" not in path.parts
        }


@pytest.fixture
def app(project: Project, tmp_path: Path) -> App:
    return App(project, tmp_path / "app")


class TestHooks:
    def test_the_settings_say_commands_that_run_without_a_shell(self, project: Project) -> None:
        settings = json.loads((project.path / ".claude/settings.json").read_text("utf-8"))
        assert set(settings["hooks"]) == {"UserPromptSubmit", "Stop"}

        for event, output in (("UserPromptSubmit", ""), ("Stop", '{"systemMessage": "sdd next: ')):
            [hook] = settings["hooks"][event][0]["hooks"]
            words = [word.replace("${CLAUDE_PROJECT_DIR}", str(project.path)) for word in hook["args"]]
            done = subprocess.run([hook["command"], *words], cwd=project.path.anchor, env=outside(),
                                  input=b'{"prompt": "Hello"}', capture_output=True, check=False)  # fmt: skip

            assert (done.returncode, done.stderr) == (0, b"")
            assert done.stdout.decode().startswith(output)
            assert bool(done.stdout) == bool(output)
        for file in (project.path / "var/prompts").glob("*.json"):
            file.unlink()

    def test_before_setup_no_prompt_is_lost_and_the_person_hears_of_it(self, app: App) -> None:
        asked = app.hook("UserPromptSubmit", b'{"prompt": "Hello"}')
        code, out, errors = app.hook("Stop", b"{}")

        assert asked == (0, "", "")
        assert [json.loads(file.read_text())["prompt"] for file in app.spooled()] == ["Hello"]
        assert (code, errors) == (0, "")
        assert json.loads(out)["systemMessage"].startswith("sdd next: run `make setup`; the package ")

    def test_spooling_needs_nothing_but_python(self, app: App) -> None:
        line = "import runpy, sys; sys.argv = ['sdd', 'spool']; runpy.run_module('sdd', run_name='__main__')"
        bare = [str(app.project.python), "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {line}"]

        done = subprocess.run(bare, cwd=app.path, input=b'{"prompt": "Hello"}', capture_output=True, check=False)

        assert (done.returncode, done.stdout, done.stderr, len(app.spooled())) == (0, b"", b"", 1)

    def test_a_broken_pyproject_does_not_hold_the_prompt_back(self, project: Project) -> None:
        settings = json.loads((project.path / ".claude/settings.json").read_text("utf-8"))
        [hook] = settings["hooks"]["UserPromptSubmit"][0]["hooks"]
        words = [word.replace("${CLAUDE_PROJECT_DIR}", str(project.path)) for word in hook["args"]]

        with project.broken("pyproject.toml", "[project]", "<<<<<<< HEAD\n[project]"):
            done = subprocess.run(
                [hook["command"], *words], env=outside(), input=b"{}", capture_output=True, check=False
            )

        assert done.returncode != 2

    @pytest.mark.parametrize("name", NO_PROMPT)
    def test_odd_input_is_named_and_blocks_nothing(self, app: App, name: str) -> None:
        code, out, errors = app.sdd("spool", said=NO_PROMPT[name])

        assert (code, out, app.spooled()) == (0, "", [])
        assert errors.startswith("sdd: the prompt was not spooled: ")
        assert errors.count("\n") == 1

    def test_a_folder_that_cannot_be_written_blocks_nothing(self, app: App) -> None:
        (app.path / "var").write_text("in the way")

        code, out, errors = app.sdd("spool", said=b'{"prompt": "Sort"}')

        assert (code, out) == (0, "")
        assert "var/prompts cannot be written" in errors

    def test_what_is_spooled_is_never_committed(self, app: App) -> None:
        (app.path / ".gitignore").write_text("")

        app.asks("Sort the todos")

        assert "prompts" not in app.must("git", "status", "--short", "--untracked-files=all")

    def test_the_stop_hook_speaks_to_the_person(self, app: App) -> None:
        code, out, _ = app.sdd("next", "--hook", said=b'{"hook_event_name": "Stop"}')

        assert code == 0
        assert list(json.loads(out)) == ["systemMessage"]


class TestVerbatim:
    def test_prompts_are_kept_whole_and_in_order(self, app: App) -> None:
        for prompt in [*ODD.values(), *(before for before, _ in CHANGED.values())]:
            app.asks(prompt)

        record = app.recorded("--stage", "misc", "--feature", "general", "--outcome", "Kept.")

        assert record["prompts"] == [*ODD.values(), *(after for _, after in CHANGED.values())]
        assert app.spooled() == []
        assert app.sdd("check")[0] == 0

    @pytest.mark.parametrize("name", ["fences", "emoji", "blank-lines"])
    def test_by_hand_as_well(self, app: App, name: str) -> None:
        (app.path / "ask.txt").write_text(ODD[name], "utf-8", newline="")

        by_file = app.recorded("--stage", "misc", "--feature", "general", "--prompt-file", "ask.txt")
        by_pipe = app.recorded("--stage", "misc", "--feature", "general", "--prompt-file", "-", said=ODD[name].encode())

        assert by_file["prompts"] == by_pipe["prompts"] == [ODD[name]]
        assert by_file["surface"] == "manual"


class TestRecord:
    def test_it_tells_what_git_and_the_reports_know(self, app: App) -> None:
        app.must("git", "checkout", "-qb", "002-accounts")
        (app.path / "database/labels.py").write_text("LABELS = 1\n")
        app.must("git", "add", ".")
        app.must("git", "commit", "-qm", "Labels")
        (app.path / "database/seed.py").write_text("SEED = 1\n")
        (app.path / "database/more labels.py").write_text("MORE = 1\n")
        line = (
            "import pathlib; from sdd import marks; from sdd.project import Project;"
            "t = [t for t in marks.tests(Project(pathlib.Path.cwd())) if t.layer == 'backend' and "
            "t.requirements[0].startswith('002')][0]; print(t.path, t.suite, t.name.split('::')[-1])"
        )
        path, suite, name = app.sdd("-c", line)[1].split()
        (app.path / "reports/junit").mkdir(parents=True)
        (app.path / "reports/junit/backend.xml").write_text(
            f'<testsuites><testsuite name="b"><testcase classname="{suite}" name="{name}"/></testsuite></testsuites>'
        )
        app.asks(f"/implement the sign-in in {app.path}/backend", model="a-model")
        app.asks("and seed it")

        record = app.recorded("--stage", "green", "--label", "seed", "--ticket", "#7")

        expected = {
            **{"number": 3, "stage": "green", "feature": "002-accounts", "surface": "claude", "model": "a-model"},
            **{"branch": "002-accounts", "user": "Ada", "command": "/implement", "labels": ["seed"]},
            "title": "implement the sign-in in backend",
            "links": {"spec": "specs/002-accounts/spec.md", "ticket": "#7", "adr": None, "pr": None},
            **{"files": ["database/labels.py", "database/more labels.py", "database/seed.py"], "tests": [path]},
            "prompts": [f"/implement the sign-in in {app.path}/backend", "and seed it"],
            "outcome": "Changed: 3 files. Ran, of its tests: 1 file.",
        }
        assert {key: record[key] for key in expected} == expected
        assert record["path"] == "history/prompts/002-accounts/0003-implement-the-sign-in-in-backend.green.prompt.md"
        assert app.sdd("check")[0] == 0

    def test_the_next_record_tells_only_what_changed_since(self, app: App) -> None:
        (app.path / "database/one.py").write_text("")
        app.asks("One")
        app.recorded("--stage", "red", "--feature", "001-todos")
        app.must("git", "add", ".")
        app.must("git", "commit", "-qm", "One")
        (app.path / "database/two.py").write_text("")
        app.asks("Two")

        record = app.recorded("--stage", "green", "--feature", "001-todos")

        assert (record["files"], record["prompts"]) == (["database/two.py"], ["Two"])

    def test_ten_writers_at_once_get_ten_numbers(self, app: App) -> None:
        (app.path / "var").mkdir()
        (app.path / "var/numbers.lock").write_text("left behind by one that was killed")
        before = len(app.records())
        for number in range(10):
            (app.path / f"var/ask-{number}").write_text(f"Prompt {number}")
        line = (
            "import pathlib, sys; from sdd.project import Project; from sdd.record import Wish, record;"
            "print('ready', flush=True); ask = sys.stdin.readline().strip();"
            "record(Project(pathlib.Path.cwd()), Wish('misc', feature='general', prompt=ask))"
        )

        running = [app.start("-c", line) for _ in range(10)]
        for writer in running:
            assert writer.stdout is not None
            assert writer.stdout.readline().strip() == b"ready"
        for number, writer in enumerate(running):
            assert writer.stdin is not None
            writer.stdin.write(f"var/ask-{number}\n".encode())
            writer.stdin.flush()
        said = [writer.communicate() for writer in running]

        assert [writer.returncode for writer in running] == [0] * 10, said
        records = app.records()
        assert [record["number"] for record in sorted(records, key=lambda each: str(each["path"]).split("/")[3])] == [
            *range(1, before + 11)
        ]
        assert {str(record["prompts"]) for record in records[-10:]} == {f"['Prompt {number}']" for number in range(10)}

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (("--stage", "green", "--feature", "001-todos"), "holds no prompt"),
            (("--stage", "green", "--feature", "001-todos", "--prompt-file", "none.txt"), "cannot be read"),
            (("--stage", "green", "--feature", "001-todos", "--prompt-file", "blob"), "is not text in UTF-8"),
            (("--stage", "green", "--feature", "001-todos", "--prompt-file", "blank"), "holds no prompt"),
            (("--stage", "green", "--prompt-file", "ask"), "Which feature it belongs to"),
            (("--stage", "green", "--feature", "099-dodos", "--prompt-file", "none"), "there is no specs/099-dodos."),
            (("--stage", "green", "--feature", "../x", "--prompt-file", "ask"), "`../x` is no name of a feature"),
            (
                ("--stage", "green", "--feature", "general", "--prompt-file", "todo"),
                "todo:1: the prompt is only a placeholder. Give the words of the request",
            ),
            (
                ("--stage", "green", "--feature", "general", "--title", "{{x}}", "--prompt-file", "ask"),
                "history/prompts:1: no record is made: it has the placeholder `{{x}}` in its title.",
            ),
            (("--stage", "green", "--feature", "general", "--adr", "/etc/x", "--prompt-file", "ask"), "links.adr"),
            (("--stage", "green", "--feature", "general", "--base", "v9", "--prompt-file", "ask"), "v9 is not known"),
            (("--stage", "yellow"), "invalid choice"),
        ],
    )
    def test_what_cannot_be_a_record_is_refused_in_a_sentence(
        self, app: App, arguments: tuple[str, ...], sentence: str
    ) -> None:
        (app.path / "blob").write_bytes(b"\xff\xfe\x00")
        (app.path / "blank").write_text(" \n")
        (app.path / "ask").write_text("Sort the todos")
        (app.path / "todo").write_text("{{PROMPT}}")
        before = {path for path in app.tree() if not path.startswith("var")}

        code, _, errors = app.sdd("record", *arguments)

        assert code != 0
        assert sentence in errors
        assert ".prompt.md" not in errors
        assert {path for path in app.tree() if not path.startswith("var")} == before

    def test_a_branch_of_a_spec_that_is_not_there_is_refused(self, app: App) -> None:
        app.must("git", "checkout", "-qb", "003-nota")

        code, _, errors = app.sdd("record", "--stage", "green", "--prompt-file", "-", said=b"Sort")

        assert (code, errors.startswith("specs:1: there is no specs/003-nota. Name a folder of specs/")) == (1, True)

    def test_standard_input_is_called_so(self, app: App) -> None:
        code, _, errors = app.sdd(
            "record", "--stage", "misc", "--feature", "general", "--prompt-file", "-", said=b"TBD"
        )

        assert code == 1
        assert errors.startswith("standard input:1: the prompt is only a placeholder. ")

    def test_it_says_since_when_the_prompts_were_kept(self, app: App) -> None:
        (app.path / "ask").write_text("Sort the todos")
        app.asks("Sort the todos")
        at = json.loads(app.spooled()[0].read_text())["at"]
        app.asks("newest first")

        _, spooled, _ = app.sdd("record", "--stage", "misc", "--feature", "general")
        _, by_hand, _ = app.sdd("record", "--stage", "misc", "--feature", "general", "--prompt-file", "ask")

        assert f"is made: 2 prompts since {at[:10]} {at[11:16]} UTC, 0 files" in spooled.replace("1 file,", "0 files,")
        assert "is made: 1 prompt, " in by_hand

    def test_without_git_it_says_so(self, project: Project, tmp_path: Path) -> None:
        app = App(project, tmp_path / "app")
        (app.path / ".git").rename(tmp_path / "git")

        code, _, errors = app.sdd(
            "record", "--stage", "green", "--feature", "general", "--prompt-file", "-", said=b"Sort"
        )

        assert code == 2
        assert errors.startswith("This needs git")

    def test_when_it_cannot_be_written_no_prompt_is_lost(self, app: App) -> None:
        app.asks("Sort the todos")
        (app.path / "history/prompts/general").rename(app.path / "kept")
        (app.path / "history/prompts/general").write_text("in the way")

        code, _, errors = app.sdd("record", "--stage", "misc", "--feature", "general")

        assert code == 1
        assert "history/prompts/general:1: cannot be written" in errors
        assert len(app.spooled()) == 1

    def test_a_spooled_file_that_is_none_stays_and_is_named(self, app: App) -> None:
        app.asks("Sort the todos")
        (app.path / "var/prompts/0-broken.json").write_text('{"prompt": 5')

        code, out, _ = app.sdd("record", "--stage", "misc", "--feature", "general")

        assert code == 0
        assert "var/prompts/0-broken.json is no spooled prompt" in out
        assert [path.name for path in app.spooled()] == ["0-broken.json"]

    @pytest.mark.parametrize(
        ("prompt", "title"),
        [
            ("\n## Sort the todos!\nNewest first.", "Sort the todos!"),
            ("TODO\nSort", "Sort"),
            ("日本語\n", "general: misc"),
            ("x" * 500, "x" * 72),
            ("Sort " * 100, ("Sort " * 14).strip()),
            ("password=swordfish please", "password=[redacted: password] please"),
        ],
    )
    def test_its_title_is_the_prompt_s_first_line(self, app: App, prompt: str, title: str) -> None:
        app.asks(prompt)

        assert app.recorded("--stage", "misc", "--feature", "general")["title"] == title


@pytest.fixture(scope="module")
def redact(project: Project) -> Callable[[str], str]:
    """What becomes of each text of both tables, and of some more, asked in one go."""
    texts = [*HARMLESS, *(f"Before {start}{end}" for start, end in SECRETS.values())]
    texts += [f"  {start}{end}".lstrip("\n") for start, end in SECRETS.values()]
    line = (
        "import json, sys; from sdd.redaction import redact;"
        "print(json.dumps([redact(text) for text in json.load(sys.stdin)]))"
    )
    done = subprocess.run([str(project.python), "-c", line], cwd=project.path, env=outside(), check=True,
                          input=json.dumps(texts), capture_output=True, text=True)  # fmt: skip
    return dict(zip(texts, json.loads(done.stdout), strict=True)).__getitem__


class TestSecrets:
    @pytest.mark.parametrize("name", SECRETS)
    def test_a_secret_is_redacted(self, redact: Callable[[str], str], name: str) -> None:
        start, end = SECRETS[name]
        secret = (
            end.split("@db")[0].split("@example")[0].split("@c")[0].split(" https")[0].split(" and")[0].strip("';\"")
        )

        told = redact(f"  {start}{end}")

        assert "[redacted: " in told
        assert secret not in told
        rest = told.split("]")[1]
        assert rest in {"", ";"} or rest[0] in "'\"@ "  # nothing of it is left

    @pytest.mark.parametrize("text", HARMLESS)
    def test_an_ordinary_text_stays(self, redact: Callable[[str], str], text: str) -> None:
        assert redact(text) == text

    def test_a_record_holds_none(self, app: App) -> None:
        token = "ghp_" + MIX * 5
        app.asks(f"/deploy with {token} to postgresql://ada:hunter2@db/app")

        record = app.recorded("--stage", "misc", "--feature", "general", "--title", f"Deploy with {token}")

        text = (app.path / str(record["path"])).read_text("utf-8")
        assert token not in text
        assert "hunter2" not in text
        assert record["title"] == "Deploy with [redacted: GitHub token]"
        assert "[redacted" not in Path(str(record["path"])).name.replace("redacted-github", "")
