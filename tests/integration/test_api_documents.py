"""The description of the API: complete, valid, and shown by Swagger UI."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client


@pytest.fixture(scope="module")
def schema() -> Any:
    out = StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", "--format", "openapi-json", stdout=out)
    return json.loads(out.getvalue())


def test_the_schema_is_valid_and_generated_without_a_warning(schema: Any) -> None:
    assert {"/api/v1/transactions", "/api/v1/transactions/batch", "/api/v1/transactions/{terminal}/{sequence}"} <= set(
        schema["paths"]
    )


def test_every_answer_of_a_sale_is_described(schema: Any) -> None:
    said = schema["paths"]["/api/v1/transactions"]["post"]
    assert set(said["responses"]) == {"200", "201", "400", "401", "409", "411", "413", "415", "422", "429", "503"}
    assert said["security"] == [{"terminalToken": []}]
    assert said["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Sale"}


def test_answers_are_described_with_the_checkpoint_they_name(schema: Any) -> None:
    for path, method in (
        ("/api/v1/transactions", "post"),
        ("/api/v1/transactions/batch", "post"),
        ("/api/v1/transactions/{terminal}/{sequence}", "get"),
    ):
        answers = schema["paths"][path][method]["responses"]
        assert all("Possys-Checkpoint" in answer["headers"] for answer in answers.values())


def test_the_limits_of_a_sale_are_described(schema: Any) -> None:
    sale = schema["components"]["schemas"]["Sale"]
    assert sale["properties"]["lines"]["maxItems"] == 500
    assert sale["properties"]["sequence"]["maximum"] == 2**29 - 1
    assert sale["additionalProperties"] is False
    assert set(sale["required"]) == set(sale["properties"])


def test_problems_are_described_as_problem_documents(schema: Any) -> None:
    refused = schema["paths"]["/api/v1/transactions"]["post"]["responses"]["422"]["content"]
    assert list(refused) == ["application/problem+json"]


def test_the_feed_is_described_with_its_token_and_every_refusal(schema: Any) -> None:
    said = schema["paths"]["/api/v1/feed/{shard}"]["get"]
    assert set(said["responses"]) == {"200", "400", "401", "404", "409", "429", "500", "503"}
    assert list(said["responses"]["200"]["content"]) == ["application/x-ndjson"]
    assert said["security"] == [{"feedToken": []}]
    assert {(one["name"], one["in"], one.get("required", False)) for one in said["parameters"]} == {
        ("shard", "path", True), ("after", "query", True), ("limit", "query", False),
    }  # fmt: skip


def test_swagger_ui_shows_the_schema() -> None:
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    assert b"swagger-ui" in page.content
    assert b"/api/schema/" in page.content
    assert b"https://" not in page.content
