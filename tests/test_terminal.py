"""The questions as a person meets them, in a terminal: a refused answer is asked for again, with the sentence."""

import os
import re
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.conftest import COPIER, ROOT, outside
from tests.test_refusals import REFUSED

SETTINGS = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
ANSWERS = {
    "project_name": "Tide",
    "project_slug": "tide",
    "description": "Water",
    "author_name": "Grace",
    "database": "sqlite",
    "ci": "none",
    "agents": "[claude]",
    "license": "MIT",
}


@contextmanager
def terminal(
    command: list[str],
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[str], None], Callable[[str], None]]]:
    """A command in a terminal of its own; what types into it; what waits, a minute at most, for a text from it."""
    import pty
    import termios

    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (50, 200))
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=outside() | {"TERM": "xterm"})
    heard = ""

    def say(text: str) -> None:
        os.write(ours, text.encode())

    def hear(text: str) -> None:
        nonlocal heard
        end = time.monotonic() + 60
        while text not in heard:
            ready, _, _ = select.select([ours], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} was not said in a minute, but: {heard}"
            shown = os.read(ours, 65536).decode("utf-8", "replace")
            if "\x1b[6n" in shown:  # it asks where the cursor is, and shows no sentence before it knows
                say("\x1b[1;1R")
            heard += re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown)
        heard = heard.partition(text)[2]

    try:
        yield process, say, hear
    finally:
        process.kill()
        process.wait()
        os.close(its)
        os.close(ours)


class TestAskedInteractively:
    @pytest.mark.parametrize(
        ("asked", "wrong", "sentence", "right"),
        [
            ("project_name", "\x15   \r", REFUSED["blank name"][1], "\x15Tide\r"),
            ("agents", " \r", REFUSED["no agent"][1], " \r"),
        ],
    )
    def test_the_question_repeats_with_the_sentence(
        self, asked: str, wrong: str, sentence: str, right: str, tmp_path: Path
    ) -> None:
        flags = [flag for name, answer in ANSWERS.items() if name != asked for flag in ("--data", f"{name}={answer}")]
        command = [*COPIER, "copy", "--quiet", "--vcs-ref", "HEAD", *flags, str(ROOT), str(tmp_path / "it")]
        with terminal(command) as (process, say, hear):
            hear(SETTINGS[asked]["help"])
            say(wrong)
            hear(sentence)
            assert not (tmp_path / "it").exists()

            say(right)

            assert process.wait(60) == 0
        assert (tmp_path / "it/README.md").exists()
