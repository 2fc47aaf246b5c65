"""The API against its own description: every answer is one that OpenAPI announces."""

import time

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from tests.web import WORKS, serving

SETTINGS = settings(
    max_examples=8,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
WANTED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
DESTRUCTIVE = ("/api/curator/logout", "/api/curator/login")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("api")) as site:
        site.token = site.services.keeper.add_token("schemathesis")
        work_id = site.add(0, 1)
        site.post("/api/guides", {"work_id": work_id})
        yield site


@pytest.fixture(scope="module")
def schema(site):
    return schemathesis.openapi.from_url(f"{site.url}/openapi.json")


@pytest.fixture(scope="module")
def operations(schema):
    found = [result.ok() for result in schema.get_all_operations()]
    return {operation.label: operation for operation in found}


def test_every_operation_answers_as_its_description_says(site, operations):
    """What schemathesis makes of each parameter and body, good and bad, with a script's token."""
    checks = [CHECKS.get_one(name) for name in WANTED]
    for label, operation in operations.items():
        if operation.path in DESTRUCTIVE:
            continue

        @SETTINGS
        @given(case=operation.as_strategy())
        def answers(case):
            answer = case.call(headers={"Authorization": f"Bearer {site.token}"}, timeout=30)
            case.validate_response(answer, checks=checks)

        try:
            answers()
        except Exception as error:
            raise AssertionError(f"{label}: {error}") from error


def test_description_names_every_route_with_its_errors(site):
    schema = site.get("/openapi.json").json()
    assert {
        "/api/guides", "/api/works", "/api/guides/{guide_id}/audio", "/healthz", "/metrics",
        "/api/curator/import", "/api/curator/export",
    } <= schema["paths"].keys()  # fmt: skip
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["description"]
            if path.startswith("/api/curator/") and path != "/api/curator/login":
                assert operation["security"]
                assert "401" in operation["responses"]
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"]


def test_examples_of_the_description_are_accepted(site):
    schema = site.get("/openapi.json").json()
    (example,) = schema["components"]["schemas"]["GuideRequest"]["examples"]
    assert example["artwork"]["title"] == WORKS[0]["title"]
    assert site.post("/api/guides", example).status_code == 200


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_method_that_is_not_offered_is_405(site, method):
    answer = requests.request(method, f"{site.url}/api/guides", timeout=10)
    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_health_tells_the_load_and_comes_to_rest(site):
    deadline = time.monotonic() + 60
    while (health := site.get("/healthz").json())["writing"]:  # the tours asked for above
        assert time.monotonic() < deadline
        time.sleep(0.1)
    ready = health.pop("ready")
    assert isinstance(ready, bool)
    assert health == {"status": "ok", "model": "none", "writing": 0, "waiting": 0}


def test_metrics_are_as_prometheus_reads_them(site):
    metrics = site.get("/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain")
    for name in ("guide_served_total", "guide_http_requests_total", "guide_waiting"):
        assert f"\n{name}" in metrics.text


def test_metrics_count_routes_and_not_addresses(site):
    site.get("/api/guides/" + "0" * 32)
    text = site.get("/metrics").text
    assert 'route="/api/guides/{guide_id}"' in text
    assert "0" * 32 not in text
