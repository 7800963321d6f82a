"""The demo's odd histories: every kind is found in them, and sent again they change nothing."""

from datetime import timedelta

import pytest
import redis

from findings import demo
from findings.judging import KINDS, judge
from findings.models import Finding
from findings.tests.history import rounded_now
from ledger.feeding.running import feed_all
from ledger.flush import flush_all
from ledger.shards import ALL_SHARDS
from possys.clock import now_ms, utc
from tests.factories import make_retailer
from transactions.models import Store, Terminal


def test_each_kind_is_found_at_its_till_and_a_second_time_changes_nothing(ledger: redis.Redis) -> None:
    retailer = make_retailer()
    said: list[str] = []
    taken = demo.make_findings(retailer, said.append)
    assert (len(said), taken > 1_000) == (len(demo.LABELS), True)
    flush_all(ALL_SHARDS)
    assert feed_all(ALL_SHARDS, utc(now_ms())).stopped == {}
    now = utc(now_ms())
    for kind in KINDS:
        judge(kind, now)
    labels = dict(Terminal.objects.values_list("number", "label"))
    found = {(labels[one.terminal], one.kind) for one in Finding.objects.all()}
    assert found == {
        ("Gap", "gap"),
        ("Conflict", "conflict"),
        ("Clock", "clock"),
        ("Voids", "refunds"),
        ("Silent", "silent"),
        ("After close", "after-close"),
        ("Departments", "unknown-products"),
    }
    assert demo.make_findings(retailer, said.append) == 0
    assert Store.objects.filter(retailer=retailer).count() == 1


@pytest.mark.parametrize("label", demo.LABELS)
def test_a_history_depends_on_its_moment_alone_and_lies_in_the_past(label: str) -> None:
    now = rounded_now()
    made = demo.history(label, 7, now)
    assert made == demo.history(label, 7, now)
    assert [one.sequence for one in made] == sorted(one.sequence for one in made)
    if label != "Clock":
        assert all(one.issued_at < now for one in made)
    assert made[0].issued_at > now - timedelta(days=90)
