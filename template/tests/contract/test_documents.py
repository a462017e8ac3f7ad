"""What the server says about itself: its contract, the page that shows it, its health, its headers."""

import re
from urllib.parse import urljoin

import httpx
import pytest

from tests.contract.contract import CONTRACT, OPERATIONS


@pytest.fixture(scope="module")
def visitor(base_url):
    with httpx.Client(base_url=base_url, trust_env=False) as client:
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
        assert "no-store" in demo.get("/api/v1/todos").headers["cache-control"]
