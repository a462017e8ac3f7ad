"""What the server says about itself, and what it says to requests that nobody thought of."""

import json
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from tests.contract.contract import CONTRACT, OPERATIONS, PATH


@pytest.fixture(scope="module")
def visitor(base_url):
    with httpx2.Client(base_url=base_url, trust_env=False) as client:
        yield client


class TestContract:
    def test_the_served_contract_is_the_written_one(self, visitor):
        assert visitor.get("/openapi.json").json() == CONTRACT


class TestDocs:
    def test_nothing_on_the_page_comes_from_another_origin(self, visitor, base_url):
        page = visitor.get("/docs")
        linked = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
        scripts_and_styles = [visitor.get(urljoin(base_url, url)) for url in linked if not url.startswith("data:")]

        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
        assert {urljoin(base_url, url).startswith(f"{base_url}/") for url in linked} == {True}
        assert [answer.status_code for answer in scripts_and_styles] == [200] * len(scripts_and_styles)
        assert len(scripts_and_styles) >= 2


@pytest.mark.requirement("002-FR-018")
class TestHealth:
    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_it_needs_no_session(self, visitor, path):
        answer = visitor.get(path)

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


class TestSecurityHeaders:
    @pytest.mark.parametrize(
        "path", [*sorted({operation.path for operation in OPERATIONS.values()}), "/", "/docs", "/nothing"]
    )
    def test_every_answer_forbids_other_origins_sniffing_and_frames(self, visitor, path):
        headers = visitor.get(path).headers

        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in policy.get("script-src", "")
        assert headers["x-content-type-options"] == "nosniff"

    def test_answers_about_a_person_are_not_kept_by_caches(self, demo):
        assert "no-store" in demo.get("/api/v1/session").headers["cache-control"]


SCHEMATHESIS = """
seed = 1
continue-on-failure = true

[generation]
database = "none"
max-examples = 40
no-shrink = true

# Signing out ends the session that the other requests use: sign in again on each 401.
[auth.dynamic.openapi.session]
path = "/api/v1/session"
payload = { email = "demo@example.com", password = "demo-password" }
extract_from = "cookie"
extract_selector = "session"
retry_on = [401]

# A made-up If-Match is always stale. Half of them name the first version, so that changes succeed too.
[dictionaries.versions]
values = ['"1"']

[parameters]
"header.If-Match" = { dictionary = "versions", probability = 0.5 }

# The contract has no examples yet: make one for each operation.
[phases.examples]
fill-missing = true

# A made-up If-Match is well formed and stale, so 412 refuses no valid data; the rest are the defaults of the check.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 412, 429]

# The contract answers a missing If-Match with 428 and nothing else.
[checks.missing_required_header]
expected-statuses = [428]
"""
"""Every phase, every check, always the same requests."""


@pytest.mark.requirement("001-SC-002")
class TestEveryOperation:
    def test_no_generated_request_finds_a_breach_of_the_contract(self, base_url, tmp_path):
        settings, report = tmp_path / "schemathesis.toml", tmp_path / "report.ndjson"
        settings.write_text(SCHEMATHESIS, "utf-8")
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "--no-color", "run", PATH),
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
