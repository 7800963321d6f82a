"""The command's exit code, words and JSON; the sample; processes of their own; the line of progress."""

import io
import json
import logging
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger.blocks import RECORDS_MAX
from ledger.log.models import Checkpoint, VerificationRun
from ledger.shards import ALL_SHARDS
from ledger.tasks import check_sample
from ledger.verification.entries import place_key
from ledger.verification.progress import Progress, spoken
from ledger.verification.run import verify
from ledger.verification.scope import Scope, _drawn
from ledger.verification.tally import Tally
from ledger.verification.tests.sealed import Sealed, execute
from possys.clock import now_ms, utc


def run_command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `manage.py verify_ledger`."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("verify_ledger", "--workers", "1", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    except CommandError as fault:
        return fault.returncode, out.getvalue(), str(fault)
    return 0, out.getvalue(), err.getvalue()


def test_a_good_ledger_ends_with_zero_and_a_table(sealed: Sealed) -> None:
    code, out, err = run_command()
    assert (code, err) == (0, "")
    assert out.endswith("all is well\n")
    assert "everything; log of 8 leaves; 1 marked, 0 removed, 0 blocks not in the log yet" in out
    kept = VerificationRun.objects.get()
    assert (kept.scope, kept.records, kept.entries, kept.log_size, kept.is_well) == ("everything", 31, 30, 8, True)
    assert run_command("--quiet") == (0, "", "")


def test_what_others_kept_is_counted(sealed: Sealed, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint"
    kept.write_text(Checkpoint.objects.get().note)
    code, out, _ = run_command("--proof", str(kept), str(kept))
    assert (code, "others kept, compared: 2\n" in out) == (0, True)


def test_damage_ends_with_one_and_its_place(sealed: Sealed) -> None:
    execute("UPDATE ledger_entry SET total = 1 WHERE shard = %s AND block = 2 AND position = 2", sealed.shard)
    code, out, err = run_command("--quiet")
    assert code == 1
    place = f"shard {sealed.shard}, block 2, position 2: entry-changed: "
    assert err.startswith(f"{place}the entry's total is 1, the record says 5100\n")
    assert out.endswith("NOT WELL: 2 faults\n")
    assert VerificationRun.objects.get().fault_count == 2
    _, out, _ = run_command("--json")
    said = json.loads(out)
    assert (said["is_well"], said["fault_kinds"]) == (False, {"entry-changed": 1, "totals-differ": 1})
    assert said["faults"][0] == {
        "place": f"shard {sealed.shard}, block 2, position 2", "kind": "entry-changed",
        "text": "the entry's total is 1, the record says 5100",
        "shard": sealed.shard, "block": 2, "position": 2, "index": None,
    }  # fmt: skip


def test_what_cannot_be_read_ends_with_two(sealed: Sealed) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_head RENAME TO hidden")
    try:
        code, _, err = run_command()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE hidden RENAME TO ledger_head")
    assert code == 2
    assert err.startswith("the ledger could not be read: ")
    assert not VerificationRun.objects.exists()


def test_processes_of_their_own_find_the_same(sealed: Sealed) -> None:
    assert [str(fault) for fault in verify(Scope(), workers=2).tally.faults] == []
    execute("UPDATE ledger_entry SET total = 1 WHERE shard = %s AND block = 2 AND position = 2", sealed.shard)
    alone, together = verify(Scope()).tally, verify(Scope(), workers=2).tally
    assert (alone.records, alone.faults) == (together.records, together.faults)


def test_since_a_day_reads_what_was_sealed_since(sealed: Sealed) -> None:
    today = utc(now_ms()).date()
    assert verify(Scope(since=today)).tally.blocks == 7
    assert verify(Scope(since=date(2999, 1, 1))).tally.blocks == 0
    code, out, _ = run_command("--since", str(today))
    assert (code, f"all blocks since {today}" in out) == (0, True)


def test_since_a_size_of_the_log_reads_what_was_logged_since(sealed: Sealed) -> None:
    assert [verify(Scope(since=size)).tally.blocks for size in (0, 1, 5, 8, 99)] == [7, 7, 3, 0, 0]


def test_a_sample_draws_blocks_and_checks_all_heads(sealed: Sealed) -> None:
    run = verify(Scope(sample=4))
    assert (run.is_well, run.tally.blocks, str(run.scope)) == (True, 4, "sample of 4 blocks")
    assert verify(Scope(sample=100)).tally.blocks == 7
    execute("UPDATE ledger_head SET records = records, number = 99 WHERE shard = %s", sealed.shard)
    assert not verify(Scope(sample=1)).is_well


def test_draws_reach_every_block() -> None:
    spans = {3: (5, 7), 4: (1, 0), 9: (1, 2)}
    assert _drawn(5, spans) == _drawn(99, spans) == [(3, 5), (3, 6), (3, 7), (9, 1), (9, 2)]
    assert {_drawn(1, spans)[0] for _ in range(200)} == set(_drawn(5, spans))
    assert _drawn(3, {4: (1, 0)}) == []


def test_the_scheduled_sample_keeps_its_run_and_alarms(sealed: Sealed, caplog: pytest.LogCaptureFixture) -> None:
    check_sample()
    assert VerificationRun.objects.get().is_well
    execute("UPDATE ledger_entry SET total = 1 WHERE shard = %s AND block = 2 AND position = 2", sealed.shard)
    with caplog.at_level(logging.ERROR):
        check_sample()
    kept = VerificationRun.objects.order_by("id").last()
    assert kept is not None
    assert (kept.scope, kept.fault_count) == ("sample of 20 blocks", 1)
    place = f"shard {sealed.shard}, block 2, position 2: entry-changed"
    assert f"ALARM the ledger is not as it was sealed: {place}" in caplog.text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_shows_share_rate_and_time_left_on_a_terminal_only() -> None:
    progress = Progress(Terminal())
    progress.begin(1000)
    progress.add(250, Tally(records=250_000))
    assert progress.line(10.0) == "[#####---------------]  25%  250,000 records  25,000/s  30 s left"
    progress.end()
    assert "\r\x1b[K[#####" in progress.stream.getvalue()  # type: ignore[attr-defined]
    assert progress.stream.getvalue().endswith("\r\x1b[K")  # type: ignore[attr-defined]
    for stream, quiet in ((io.StringIO(), False), (Terminal(), True)):
        silent = Progress(stream, quiet=quiet)
        silent.begin(1)
        silent.add(1, Tally())
        silent.end()
        assert stream.getvalue() == ""


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (125, "2 min 5 s"), (12_000, "3 h 20 min")])
def test_spans_of_time_are_spoken(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


def test_places_fit_into_their_number() -> None:
    places = [(0, 1, 0), (0, 1, RECORDS_MAX - 1), (0, 2, 0), (ALL_SHARDS[-1], 2**31 - 1, RECORDS_MAX - 1)]
    keys = [place_key(*place) for place in places]
    assert sorted(set(keys)) == keys
    assert keys[-1] < 2**63
