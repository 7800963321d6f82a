"""The public page and its JSON: what they say, what they cost, and what they say when something is away."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client

from possys.clock import now_ms, utc
from status import report
from status.models import StatusDay, StatusMinute
from tests.openapi import answer_schema, description, faults
from transactions.outages import Outage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counts")]
PAGE, JSON = "/status/", "/api/v1/status"
# Minutes, days, outages; the heads; the ledger's soundness.
QUERIES_MAX = 18


@pytest.fixture
def known() -> None:
    """Two hours of good minutes, one of them slow, and two days."""
    running = utc(now_ms()).replace(second=0, microsecond=0)
    for ago in range(1, 121):
        StatusMinute.objects.create(
            minute=running - timedelta(minutes=ago),
            asked=600, accepted=590, offline=59, waits=1, p50_ms=12.5, p95_ms=40, p99_ms=1700 if ago == 30 else 80.5,
        )  # fmt: skip
    today = running.date()
    StatusDay.objects.create(day=today, good=700, bad=0, idle=10, unknown=0, asked=420_000, waits=700)
    StatusDay.objects.create(
        day=today - timedelta(days=1), good=1200, bad=240, idle=0, unknown=0, asked=860_000, waits=9_000
    )


def test_the_page_answers_the_question_first(client: Client, known: None) -> None:
    text = client.get(PAGE).content.decode()
    assert "Yes." in text
    assert "accepted, and quickly" in text
    assert "80 ms" in text
    assert "0.167%" in text
    # Of 2,140 minutes that were judged.
    assert "88.785%" in text
    assert text.index("Yes.") < text.index("<svg")


def test_the_json_says_the_same_as_its_schema(client: Client, known: None) -> None:
    Outage.objects.create(
        began_at=utc(now_ms()) - timedelta(hours=9), ended_at=utc(now_ms()), kind="outage", reason="secret"
    )
    answer = client.get(JSON)
    assert answer["Cache-Control"] == "public, max-age=5"
    assert answer["Access-Control-Allow-Origin"] == "*"
    said = answer.json()
    document = description()
    assert faults(said, answer_schema(document, JSON, "get", 200), document) == []
    assert (said["verdict"], said["why"]) == ("taking", "answers")
    # Minutes pass meanwhile.
    assert 50 <= len(said["minutes"]) <= 60
    assert [one["is_good"] for one in said["minutes"]].count(False) == 1
    assert [day["good_share"] for day in said["days"]] == [pytest.approx(1200 / 1440), 1.0]
    assert "secret" not in answer.content.decode()
    assert 100 <= len(client.get(JSON, {"minutes": "120"}).json()["minutes"]) <= 120
    assert client.get(JSON, {"minutes": "0"}).json()["minutes"] == []
    for wrong in ("361", "-1", "x", "", "９"):
        assert client.get(JSON, {"minutes": wrong}).status_code == 400


def test_a_crowd_costs_nothing(client: Client, known: None, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(QUERIES_MAX):
        client.get(PAGE)
    with django_assert_max_num_queries(0):
        for _ in range(5):
            client.get(PAGE)
            client.get(JSON)
    assert "max-age=5" in client.get(PAGE)["Cache-Control"]


def test_nothing_known_is_said_as_such(client: Client) -> None:
    text = client.get(PAGE).content.decode()
    assert "That is not known at the moment." in text
    assert "No answer is known of the last six hours." in text
    said = client.get(JSON).json()
    assert (said["verdict"], said["minutes"], said["days"]) == ("unknown", [], [])


def test_a_declared_outage_is_the_answer(client: Client, known: None) -> None:
    Outage.objects.create(began_at=utc(now_ms()) - timedelta(hours=1), kind="outage", reason="secret words of staff")
    text = client.get(PAGE).content.decode()
    assert "No." in text
    assert "An outage is declared since" in text
    assert "not over yet" in text
    assert "secret words" not in text


def test_the_page_opens_without_the_database(client: Client, known: None, monkeypatch: Any) -> None:
    def away(*_: object) -> Any:
        raise DatabaseError

    monkeypatch.setattr(report, "_minutes", away)
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert client.get(JSON).json()["oldest_unflushed_s"] is None


def test_the_page_speaks_the_customer_s_language_and_every_page_leads_to_it(client: Client, known: None) -> None:
    assert "Přijímá systém prodeje?" in client.get(f"{PAGE}?lang=cs").content.decode()
    assert 'href="/status/"' in client.get("/").content.decode()


def test_a_copy_needs_nothing_of_this_site(known: None, tmp_path: Path) -> None:
    page, data = tmp_path / "status.html", tmp_path / "status.json"
    call_command("status_page", to=page, language="de", stdout=None)
    call_command("status_page", to=data)
    text = page.read_text()
    assert 'lang="de"' in text
    assert "--ground" in text
    assert "<script" not in text
    assert "<link" not in text
    assert json.loads(data.read_text())["verdict"] in {"taking", "unknown", "not-taking"}
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []
