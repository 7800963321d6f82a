"""Whoever looks for an archived day finds it as before, and is told when its file is away."""

import logging
import shutil
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.archive import packs
from ledger.archive.moving import archive_day
from ledger.archive.packs import (
    blocks_between,
    blocks_of,
    find_archived,
    pack_path,
)
from ledger.archive.tests.looking import forget, proof_of, rows_of
from ledger.archive.tests.past_days import PastDay
from ledger.log.checkpointer import catch_up
from ledger.log.models import Checkpoint, LogHead
from ledger.models import Block, Head, MarkedRecord, block_key
from ledger.partitions import existing_days
from ledger.reconcile import reconcile
from tests.links import full_address
from tests.people import make_cast
from tests.tills import Till
from transactions.stream import shard_of

TABLE = "ledger_block"


def test_an_archived_day_is_found_by_customers_as_before(past_day: PastDay) -> None:
    before = [Client().get(f"/r/{code}").content for code in past_day.codes]
    proofs = [proof_of(code) for code in past_day.codes]
    move = archive_day(past_day.day)
    assert move is not None
    assert (move.blocks, move.records, move.is_restored) == (3, 7, False)
    assert past_day.day not in existing_days(TABLE, "default")
    assert [Client().get(f"/r/{code}").content for code in past_day.codes] == before
    assert Client().get(f"/api/v1/receipts/{past_day.rival_code}").json()["status"] == "recorded"
    for code, was in zip(past_day.codes, proofs, strict=True):
        now = proof_of(code)
        assert [now[name] for name in ("record", "position", "path", "header")] == [
            was[name] for name in ("record", "position", "path", "header")
        ]


def test_staff_find_an_archived_day_s_blocks(past_day: PastDay, till: Till) -> None:
    viewer = make_cast().viewer
    shard = shard_of(till.number)
    listed: dict[str, Any] = {"shard": shard, "day": past_day.day.isoformat()}
    before = viewer.get("/admin/ledger/block/", listed).context["table"]["rows"]
    page = f"/admin/ledger/block/{past_day.day}/{shard}/2/"
    records = viewer.get(page).context["found"].records["rows"]
    archive_day(past_day.day)
    assert len(before) == 2
    assert viewer.get("/admin/ledger/block/", listed).context["table"]["rows"] == before
    assert viewer.get("/admin/ledger/block/", {**listed, "move_on": 2}).context["table"]["rows"] == before[1:]
    found = viewer.get(page).context["found"]
    assert found.records["rows"] == records
    assert found.faults == []
    assert viewer.get("/admin/ledger/entry/", {"code": past_day.codes[0]}).status_code == 200


def test_a_receipt_in_postgresql_costs_no_query_more_and_an_archived_one_no_more_either(past_day: PastDay) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(f"/r/{past_day.codes[0]}").status_code == 200
        counts.append(len(queries))
        archive_day(past_day.day)
    assert counts[0] == counts[1]


def test_a_sale_sent_again_is_known_from_the_archive(past_day: PastDay, till: Till) -> None:
    archive_day(past_day.day)
    # More sales than the store remembers, so that the ledger is asked.
    assert till.send_batch(till.sales(20)).status == 200
    again = till.send(past_day.sales[0])
    assert (again.status, again.json()["code"], again.json()["replayed"]) == (200, past_day.codes[0], True)
    other = past_day.sales[1].replace(b'"operator":"7"', b'"operator":"8"')
    assert till.send(other).status == 409


def test_a_sale_that_the_store_forgot_is_compared_with_the_archive(
    ledger: redis.Redis, past_day: PastDay, till: Till, rival: Till, flush_everything: Any
) -> None:
    archive_day(past_day.day)
    shard = shard_of(till.number)
    forget(ledger, till)
    other = past_day.sales[1].replace(b'"operator":"7"', b'"operator":"8"')
    assert [one["status"] for one in till.send_batch([past_day.sales[0], other]).json()["results"]] == [201, 201]
    rival.send()
    path = pack_path(past_day.day)
    path.rename(path.with_suffix(".elsewhere"))
    done = flush_everything()
    assert list(done.stopped) == [shard]
    assert "cannot be read" in Head.objects.get(shard=shard).stopped_reason
    assert done.records == 1
    path.with_suffix(".elsewhere").rename(path)
    assert flush_everything().records == 2
    assert Head.objects.get(shard=shard).stopped_reason == ""
    assert [mark.get_kind_display() for mark in MarkedRecord.objects.order_by("position")] == ["duplicate", "conflict"]


def test_chains_are_checked_through_the_archive(past_day: PastDay, till: Till, flush_everything: Any) -> None:
    till.send()
    flush_everything()
    archive_day(past_day.day)
    verdict = reconcile([])
    assert (verdict.faults(), verdict.blocks, verdict.records) == ([], 4, 8)


def test_blocks_are_listed_by_day_and_by_number(past_day: PastDay, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    archive_day(past_day.day)
    shard = shard_of(till.number)
    monkeypatch.setattr(packs, "CHUNK_BLOCKS", 1)
    assert [block.number for block in blocks_of(past_day.day, shard)] == [1, 2]
    assert [block.number for block in blocks_between(shard, 2, 9)] == [2]
    assert list(blocks_between(shard, 3, 9)) == []
    assert find_archived(past_day.day, shard, 3) is None
    assert find_archived(past_day.day - timedelta(days=1), shard, 1) is None


def test_an_archive_that_is_away_is_said_and_alarmed_once_a_minute(
    past_day: PastDay, till: Till, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive_day(past_day.day)
    path = pack_path(past_day.day)
    path.rename(path.with_suffix(".elsewhere"))
    monkeypatch.setattr(packs, "_alarmed_s", [])
    viewer = make_cast().viewer
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            assert Client().get(f"/r/{past_day.codes[0]}").status_code == 503
        assert Client().get(f"/api/v1/receipts/{past_day.codes[0]}").status_code == 503
        assert Client().get(f"/api/v1/receipts{full_address(past_day.codes[0])}/proof").status_code == 503
        assert (
            "cannot be read: it is not there"
            in viewer.get("/admin/ledger/entry/", {"code": past_day.codes[0]}).content.decode()
        )
        listed: dict[str, Any] = {"shard": shard_of(till.number), "day": past_day.day.isoformat()}
        assert "cannot be read: it is not there" in viewer.get("/admin/ledger/block/", listed).content.decode()
        assert viewer.get(f"/admin/ledger/block/{past_day.day}/{shard_of(till.number)}/2/").status_code == 404
    assert [record.message for record in caplog.records if "ALARM" in record.message] == [
        f"ALARM the archive's file blocks-{past_day.day}.sqlite cannot be read: it is not there; "
        "receipts of that day cannot be shown"
    ]
    till.send_batch(till.sales(20))
    assert till.send(past_day.sales[0]).status == 503
    path.write_bytes(b"no database at all")
    assert Client().get(f"/r/{past_day.codes[0]}").status_code == 503
    path.unlink()
    path.with_suffix(".elsewhere").rename(path)
    assert Client().get(f"/r/{past_day.codes[0]}").status_code == 200


def test_a_replaced_file_is_read_anew(past_day: PastDay, till: Till) -> None:
    archive_day(past_day.day)
    path = pack_path(past_day.day)
    assert Client().get(f"/r/{past_day.codes[0]}").status_code == 200
    other = path.with_suffix(".new")
    shutil.copy(path, other)
    with sqlite3.connect(other) as found:
        found.execute("UPDATE block SET count = 99 WHERE number = 2")
    found.close()
    other.replace(path)
    block = find_archived(past_day.day, shard_of(till.number), 2)
    assert block is not None
    assert block.count == 99


def test_the_file_is_read_by_any_tool(past_day: PastDay) -> None:
    kept = {row[0]: row for row in rows_of(past_day.day)}
    archive_day(past_day.day)
    with sqlite3.connect(pack_path(past_day.day)) as found:
        about = dict(found.execute("SELECT name, value FROM about"))
        assert about == {"format": "1", "day": past_day.day.isoformat(), "blocks": "3", "records": "7"}
        rows = found.execute("SELECT shard, number, header, body FROM block").fetchall()
    assert {block_key(row[0], row[1]) for row in rows} == set(kept)
    assert all(
        (row[2], row[3]) == (bytes(kept[block_key(*row[:2])][9]), bytes(kept[block_key(*row[:2])][11])) for row in rows
    )


def test_checkpoints_go_on_over_archived_days(past_day: PastDay, till: Till, flush_everything: Any) -> None:
    archive_day(past_day.day)
    till.send()
    flush_everything()
    done = catch_up()
    assert (done.faults, done.appended) == ([], 1)
    assert Block.objects.count() == 1
    assert Checkpoint.objects.order_by("-size").values_list("size", flat=True)[0] == LogHead.objects.get().size
