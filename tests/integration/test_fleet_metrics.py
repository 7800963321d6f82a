"""The fleet and the findings in figures: right, and cheap at each further scrape."""

from datetime import timedelta

import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from findings.models import Finding
from possys.clock import now_ms, utc
from tests.factories import make_terminals
from tests.scraping import scrape
from tests.tills import Till
from transactions.models import Life, Terminal

# A scrape is a few dozen short queries, however large the fleet is.
QUERIES_MAX = 60


def test_terminals_by_state_and_those_that_the_store_does_not_know(till: Till) -> None:
    others = make_terminals(till.terminal.store, count=3)
    Terminal.objects.filter(number=others[0].number).update(status=Life.LOST, is_loaded=False)
    found = scrape()
    assert found["possys_terminals"] == {
        "enrolled": 0, "testing": 0, "active": 3, "suspended": 0, "lost": 1, "retired": 0,
    }  # fmt: skip
    assert found["possys_terminals_not_loaded"][""] == Terminal.objects.filter(is_loaded=False).count() >= 1


def test_findings_that_wait_by_kind(ledger: redis.Redis) -> None:
    now = utc(now_ms())
    about = {
        "retailer": 1,
        "store": 1,
        "began_at": now,
        "opened_at": now,
        "updated_at": now,
        "score": 5,
        "evidence": {},
    }
    Finding.objects.create(kind="gap", terminal=1, subject="1", **about)
    Finding.objects.create(kind="gap", terminal=2, subject="1", state="answered", **about)
    closed_at = now + timedelta(hours=1)
    Finding.objects.create(kind="silent", terminal=1, state="resolved", closed_at=closed_at, **about)
    found = scrape()["possys_findings_open"]
    assert found["gap"] == 2
    assert found.keys() == set(Finding.Kind.values)
    assert sum(found.values()) == 2


def test_a_further_scrape_counts_no_millions_again(till: Till) -> None:
    scrape()
    with CaptureQueriesContext(connection) as asked:
        assert Client().get("/metrics").status_code == 200
    assert len(asked) <= QUERIES_MAX
    counting = [one["sql"] for one in asked if "GROUP BY" in one["sql"]]
    assert not [sql for sql in counting if "transactions_terminal" in sql or "findings_finding" in sql]
