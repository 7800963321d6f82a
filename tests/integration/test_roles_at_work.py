"""Every process does its work with its own role in the database, and nothing more is needed."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import redis
from django.core.management import call_command
from django.db import ProgrammingError, connection

from ledger.consumers import consumer, consumer_named, forget
from ledger.feeding.running import feed_all
from ledger.feeding.tokens import issue, revoke
from ledger.flush import Flushed
from ledger.log.appending import NewLeaf, append
from ledger.log.checkpointer import catch_up
from ledger.log.leaves import LeafKind
from ledger.models import (
    Block,
    Checkpoint,
    Cosignature,
    Entry,
    Head,
    LogHead,
    MarkedRecord,
    Notice,
    VerificationRun,
    WitnessContact,
)
from ledger.notices import notices_of, publish
from ledger.partitions import make_days_ahead
from ledger.shards import ALL_SHARDS
from ledger.standing import read_standing
from possys.clock import now_ms, utc
from tests.factories import make_terminals
from tests.links import full_address
from tests.people import make_cast
from tests.roles import as_role, drop_day
from tests.tills import Till, request
from transactions.models import Retailer
from transactions.stream import shard_of, stream_key


def test_the_flush_works_with_its_role_and_makes_the_days_that_it_lacks(
    far_day: date, ledger: redis.Redis, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    old = utc(now_ms()).date() - timedelta(days=40)
    drop_day(old)
    sale = till.sale()
    till.send_batch([till.sale(), till.sale(issued_at=f"{old}T10:00:00+00:00"), sale])
    assert till.send({**sale, "operator": "8"}).status == 409
    with as_role("flush"):
        flushed = flush_everything()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("possys_flush",)
    assert (flushed.records, flushed.stopped) == (4, {})
    assert (Entry.objects.count(), MarkedRecord.objects.count()) == (3, 1)
    assert Entry.objects.filter(issued_on=old).count() == 1
    drop_day(old)


def test_a_stopped_shard_is_noted_with_the_flushs_role(
    roles: None, ledger: redis.Redis, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    shard = shard_of(till.number)
    till.send_batch(till.sales(2))
    till.send()
    entries: Any = ledger.xrange(stream_key(shard))
    ledger.xdel(stream_key(shard), entries[0][0])
    with as_role("flush"):
        assert list(flush_everything().stopped) == [shard]
    assert "should follow" in Head.objects.get(shard=shard).stopped_reason


def test_the_log_is_written_and_signed_with_its_role_and_proofs_are_read_with_the_webs(
    roles: None, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    code = till.send().json()["code"]
    with as_role("flush"):
        flush_everything()
    with as_role("log"):
        done = catch_up()
    assert (done.appended, done.faults) == (1, [])
    with as_role("web"):
        for path in ("/log/checkpoint", "/log/tile/0/000.p/2", f"/api/v1/receipts{full_address(code)}/proof"):
            assert request("GET", path).status == 200, path


def test_what_witnesses_answer_and_checks_find_is_noted_with_the_logs_role(roles: None) -> None:
    now = utc(now_ms())
    with as_role("log"):
        for _ in range(2):
            Cosignature.objects.bulk_create(
                [Cosignature(checkpoint_size=1, witness="w", line="x", cosigned_at=now)], ignore_conflicts=True
            )
            WitnessContact.objects.update_or_create(name="w", defaults={"size": 1})
        VerificationRun.objects.create(
            started_at=now, ended_at=now, scope="a sample", log_size=1, blocks=0, records=0, entries=0, fault_count=0
        )
    assert Cosignature.objects.count() == WitnessContact.objects.count() == VerificationRun.objects.count() == 1


def test_the_web_can_neither_write_the_log_nor_show_a_fault_away(roles: None, till: Till) -> None:
    with as_role("web"):
        with pytest.raises(ProgrammingError, match="permission denied for table ledger_loghead"):
            append([NewLeaf(LeafKind.KEY, b"mine")])
        with pytest.raises(ProgrammingError, match="permission denied for table ledger_loghead"):
            LogHead.objects.update(fault="")
        with pytest.raises(ProgrammingError, match="permission denied for table ledger_checkpoint"):
            Checkpoint.objects.create(size=1, root=bytes(32), note="mine", signed_at=utc(now_ms()))


def test_a_service_publishes_with_the_webs_role_and_the_log_takes_it_in(roles: None) -> None:
    with as_role("web"):
        publish("lottery", "draw 3 frozen", "root 00ff, 3 tickets", now=utc(now_ms()))
        with pytest.raises(ProgrammingError, match="permission denied for table log_notice"):
            Notice.objects.update(index=1)
    with as_role("log"):
        assert catch_up().faults == []
    assert [notice.index for notice in notices_of("lottery", "draw 3 frozen")] == [1]


def test_days_ahead_are_made_with_the_flushs_role(far_day: date) -> None:
    with as_role("flush"):
        assert make_days_ahead(far_day, ahead=0) == 2


def test_tills_and_people_are_served_with_the_webs_role(
    roles: None, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    with as_role("web"):
        cast = make_cast()
        code = till.send().json()["code"]
    with as_role("flush"):
        flush_everything()
    with as_role("web"):
        assert read_standing("default").line == "possys_web, cannot change the ledger"
        assert request("GET", f"/api/v1/receipts/{code}").status == 200
        assert request("GET", f"/r/{code}").status == 200
        block = Block.objects.get()
        for page in (
            "/admin/",
            "/admin/ledger/head/",
            f"/admin/ledger/entry/?code={code}",
            f"/admin/ledger/block/{block.sealed_on}/{block.shard}/{block.number}/",
            "/admin/ledger/markedrecord/",
            "/admin/ledger/epochraise/",
            "/admin/ledger/service/",
            "/admin/ledger/feedtoken/",
            "/admin/transactions/terminal/",
        ):
            assert cast.superuser.get(page).status_code == 200, page


def test_services_are_fed_and_the_feed_is_read_with_the_webs_role(
    roles: None, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    fed: list[int] = []
    till.send_batch(till.sales(3))
    flush_everything()
    consumer("at-work", tables=[])(lambda block: fed.append(len(block.sales)))
    try:
        with as_role("web"):
            assert feed_all(ALL_SHARDS, utc(now_ms()), [consumer_named("at-work")]).stopped == {}
            bearer = f"Bearer {issue('at-work', utc(now_ms()))}"
            path = f"/api/v1/feed/{shard_of(till.number)}?after=0"
            assert request("GET", path, HTTP_AUTHORIZATION=bearer).body.count(b'{"record"') == 3
            revoke("at-work", utc(now_ms()))
            assert request("GET", path, HTTP_AUTHORIZATION=bearer).status == 401
    finally:
        forget("at-work")
    assert fed == [3]


def test_the_registry_is_kept_with_the_webs_role(roles: None, ledger: redis.Redis) -> None:
    with as_role("web"):
        cast = make_cast()
        terminal = make_terminals()[0]
        answer = cast.superuser.post("/admin/transactions/retailer/add/", {"name": "New", "tax_id": "CZ12345"})
        assert answer.status_code == 302
        assert Retailer.objects.filter(name="New").exists()
        assert Till(terminal).send().status == 201


def test_a_sale_that_the_store_forgot_is_known_to_the_web(
    roles: None, ledger: redis.Redis, till: Till, flush_everything: Callable[[], Flushed]
) -> None:
    sale = till.sale()
    code = till.send(sale).json()["code"]
    flush_everything()
    with as_role("owner"):
        call_command("rebuild_store", "--reason", "a drill", verbosity=0)
    with as_role("web"):
        answer = till.send(sale)
    assert (answer.status, answer.json()["code"]) in {(200, code), (201, code)}
