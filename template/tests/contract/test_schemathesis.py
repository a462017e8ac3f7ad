"""Schemathesis asks every operation what nobody thought of: all phases, all checks, as schemathesis.toml says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.contract.contract import OPERATIONS, PATH

SETTINGS = Path(__file__).with_name("schemathesis.toml")


class TestEveryOperation:
    def test_no_generated_request_finds_a_breach_of_the_contract(self, base_url, tmp_path):
        report = tmp_path / "report.ndjson"
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", SETTINGS, "--no-color", "run", PATH),
            *("--url", base_url, "--report", "ndjson", "--report-ndjson-path", report),
        ]

        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)

        assert done.returncode == 0, done.stdout + done.stderr
        events = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
        phases = {event["PhaseFinished"]["phase"]["name"] for event in events if "PhaseFinished" in event}
        assert phases >= {"examples", "coverage", "fuzzing", "stateful"}
        assert reached(events) >= OPERATIONS.keys() - {"create_session"}  # no made-up password is right


def reached(events: list[dict[str, Any]]) -> set[str]:
    """The operations that took at least one of the requests; refusing all of them would be clean, too."""
    names = {(operation.method, operation.path): name for name, operation in OPERATIONS.items()}
    found = set()
    for recorder in [event["ScenarioFinished"]["recorder"] for event in events if "ScenarioFinished" in event]:
        for case_id, interaction in recorder.get("interactions", {}).items():
            case, response = recorder["cases"][case_id]["value"], interaction["response"]
            if response and response["status_code"] < 300:
                found.add(names[case["method"].lower(), case["path"]])
    return found
