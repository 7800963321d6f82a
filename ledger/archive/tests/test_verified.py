"""`verify_ledger` reads archived days out of their files, and knows which records were removed."""

import sqlite3
from datetime import timedelta

import pytest
from django.db import OperationalError

from ledger.archive.moving import archive_day
from ledger.archive.packs import pack_path
from ledger.archive.restoring import restore_day
from ledger.archive.tests.looking import removed
from ledger.archive.tests.past_days import PastDay
from ledger.log.checkpointer import catch_up
from ledger.verification.run import verify
from ledger.verification.scope import Scope

SCOPES = (Scope(), Scope(sample=9), Scope(since=1))


def faults(scope: Scope) -> list[str]:
    return [str(fault) for fault in verify(scope).tally.faults]


def test_an_archived_day_is_well_and_read_out_of_its_file(past_day: PastDay) -> None:
    archive_day(past_day.day)
    assert catch_up().faults == []
    for scope in (*SCOPES, Scope(since=past_day.day)):
        run = verify(scope)
        assert [str(fault) for fault in run.tally.faults] == []
        assert (run.tally.blocks, run.tally.records) == (3, 7)
    assert verify(Scope(since=past_day.day + timedelta(days=1))).tally.blocks == 0
    restore_day(past_day.day)
    assert catch_up().faults == []
    assert faults(Scope()) == []


def test_a_record_that_was_removed_by_law_is_well_in_database_and_file(past_day: PastDay) -> None:
    removed(past_day.codes[0])
    assert [faults(scope) for scope in SCOPES] == [[], [], []]
    archive_day(past_day.day)
    removed(past_day.codes[4])
    assert catch_up().faults == []
    assert [faults(scope) for scope in SCOPES] == [[], [], []]
    run = verify(Scope())
    assert (run.tally.removed, run.tally.entries) == (2, 7)


def test_a_changed_block_in_a_file_is_named(past_day: PastDay) -> None:
    archive_day(past_day.day)
    with sqlite3.connect(pack_path(past_day.day)) as pack:
        pack.execute("UPDATE block SET body = x'00' WHERE number = 2")
    assert any("block 2: record-unreadable: the body cannot be unpacked" in fault for fault in faults(Scope()))


def test_a_file_that_is_away_is_no_verdict(past_day: PastDay) -> None:
    archive_day(past_day.day)
    pack_path(past_day.day).unlink()
    with pytest.raises(OperationalError, match="archive"):
        verify(Scope())
