"""The rules of the ledger's soundness, each alone and in each verdict; and the facts as they are read."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command, load_command_class

from ledger import evidence
from ledger.facts import CONFIRM_DELAY, WITNESS_LATE, Facts, Run, Signed, WitnessFact
from ledger.log.appending import append, new_leaf
from ledger.log.checkpointer import catch_up
from ledger.log.leaves import FORMAT_VERSION, ArchiveLeaf
from ledger.log.models import ArchiveMove, Checkpoint, LogHead, VerificationRun, WitnessContact
from ledger.log.notes import WITNESS_KEY, new_signer
from ledger.models import Block, Head
from ledger.soundness import CHECKPOINT_LATE, FULL_LATE, SAMPLE_LATE, Severity, Verdict, judge
from ledger.soundness_text import as_json, as_text
from ledger.soundness_text import evidence as evidence_rows
from ledger.witness.client import LogContradicted
from possys.clock import iso_utc, lasting, now_ms, utc
from tests.tampering import triggers_off
from tests.tills import Till

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NEWEST = Signed(101, NOW - 4 * SECOND)
SAMPLE = Run(8, "sample of 20 blocks", NOW - 40 * SECOND, 0, 20_000)
FULL = Run(7, "everything", NOW - timedelta(days=2), 0, 100_000)
WITNESS = WitnessFact(name="bank.example/witness", size=101, cosigned_at=NOW - 3 * SECOND)
WELL = Facts(
    now=NOW,
    records=123_456,
    blocks=100,
    log_size=101,
    first_signed_at=NOW - timedelta(days=90),
    checkpoint=NEWEST,
    witnesses=(WITNESS, replace(WITNESS, name="tax.example/witness")),
    quorum=2,
    confirmed=NEWEST,
    last_full=FULL,
    last_sample=SAMPLE,
)
BEHIND = replace(WITNESS, size=90, behind_since=NOW - WITNESS_LATE - SECOND)


def names(facts: Facts) -> list[str]:
    return [finding.name for finding in judge(facts).findings]


def test_a_ledger_without_findings_is_sound_as_of_the_last_check() -> None:
    found = judge(WELL)
    assert (found.verdict, found.findings) == (Verdict.SOUND, [])
    assert found.sentence == "The ledger is sound as of 2026-11-25 11:59:20 UTC, 40 s ago."
    assert found.as_of == SAMPLE.ended_at


def test_an_empty_ledger_is_sound() -> None:
    found = judge(Facts(now=NOW, witnesses=(WITNESS,)[:0]))
    assert found.verdict is Verdict.SOUND
    assert "nothing in it yet" in found.sentence
    assert [finding.severity for finding in found.findings] == [Severity.NOTE]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"damaged": replace(FULL, fault_count=3)}, "damage-found"),
        ({"shards_cut": (7, 12)}, "blocks-went-away"),
        ({"log_size": 100}, "log-was-cut"),
        ({"witnesses": (WITNESS, replace(WITNESS, size=102))}, "log-was-cut"),
        ({"shards_stopped": (5,)}, "shards-stopped"),
        ({"checkpointer_fault": "the log was cut", "checkpointer_fault_at": NOW}, "checkpointer-refuses"),
        ({"unlogged": 3, "waiting_since": NOW - CHECKPOINT_LATE - SECOND}, "checkpoints-late"),
        ({"witnesses": (WITNESS, BEHIND), "quorum": 1}, "witness-behind"),
        (
            {"witnesses": (WITNESS, replace(WITNESS, fault="no route", fault_at=NOW - 2 * WITNESS_LATE))},
            "witness-behind",
        ),
        (
            {"witnesses": (WITNESS, replace(WITNESS, fault="contradicts our log: no", fault_at=NOW, contradicts=True))},
            "witness-contradicts",
        ),
        ({"witnesses_unreadable": 1}, "witnesses-unreadable"),
    ],
)
def test_each_alarm_asks_for_attention_and_says_what_to_do(changes: dict[str, Any], name: str) -> None:
    found = judge(replace(WELL, **changes))
    assert name in [finding.name for finding in found.findings]
    assert found.verdict is Verdict.ATTENTION
    changed = {"damage-found", "blocks-went-away", "log-was-cut", "witness-contradicts"}
    begin = "There are signs that the ledger was changed: " if name in changed else "Attention is needed: "
    assert found.sentence.startswith(begin)
    assert all(finding.what and finding.remedy for finding in found.findings)


@pytest.mark.parametrize(
    "changes",
    [
        {"unlogged": 3, "waiting_since": NOW - CHECKPOINT_LATE},
        {"witnesses": (WITNESS, replace(BEHIND, behind_since=NOW - WITNESS_LATE))},
        {"witnesses": (WITNESS, replace(WITNESS, fault="no route", fault_at=NOW))},
        {"last_sample": replace(SAMPLE, ended_at=NOW - SAMPLE_LATE)},
        {"last_full": replace(FULL, ended_at=NOW - FULL_LATE)},
        {"last_sample": None, "first_signed_at": NOW - SAMPLE_LATE},
    ],
)
def test_nothing_is_said_before_its_limit_is_passed(changes: dict[str, Any]) -> None:
    assert judge(replace(WELL, **changes)).verdict is Verdict.SOUND


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"last_full": None}, "no-full-verification"),
        ({"last_full": replace(FULL, ended_at=NOW - FULL_LATE - SECOND)}, "no-full-verification"),
        ({"last_sample": replace(SAMPLE, ended_at=NOW - SAMPLE_LATE - SECOND)}, "no-sample"),
        ({"last_sample": None}, "no-sample"),
    ],
)
def test_a_ledger_that_nobody_checked_lately_is_not_called_sound(changes: dict[str, Any], name: str) -> None:
    found = judge(replace(WELL, **changes))
    assert [finding.name for finding in found.findings] == [name]
    assert found.verdict is Verdict.NOT_CHECKED_LATELY
    assert found.sentence.startswith("No fault is known as of 2026-11-")


def test_a_ledger_that_was_never_checked_has_no_time_as_of_which_it_is_sound() -> None:
    found = judge(replace(WELL, last_full=None, last_sample=None))
    assert found.sentence == "No fault is known, but the ledger has never been checked."
    assert found.as_of is None


def test_a_run_with_faults_is_nothing_as_of_which_the_ledger_is_sound() -> None:
    assert judge(replace(WELL, last_sample=replace(SAMPLE, fault_count=1))).as_of == FULL.ended_at


def test_a_late_witness_misses_the_quorum_only_when_too_few_are_left() -> None:
    assert names(replace(WELL, witnesses=(WITNESS, BEHIND), quorum=1)) == ["witness-behind"]
    assert names(replace(WELL, witnesses=(WITNESS, BEHIND), quorum=2)) == ["witness-behind", "quorum-missed"]
    false = replace(WITNESS, fault="contradicts our log: no", fault_at=NOW, contradicts=True)
    assert names(replace(WELL, witnesses=(WITNESS, false), quorum=2)) == ["witness-contradicts", "quorum-missed"]
    assert (WELL.confirming, replace(WELL, witnesses=(WITNESS, false)).confirming) == (2, 1)


def test_a_witness_is_up_to_date_for_some_seconds_after_each_signature() -> None:
    for age, count in ((CONFIRM_DELAY, 2), (CONFIRM_DELAY + SECOND, 1)):
        behind = replace(WITNESS, size=90, behind_since=NOW - age)
        facts = replace(WELL, witnesses=(WITNESS, behind), confirmed=Signed(90, NOW - 60 * SECOND))
        assert facts.confirming == count
        row = dict(evidence_rows(facts))["Confirmed by witnesses"]
        assert row.startswith(f"{count} of 2, 2 needed")
        assert ("newest confirmed" in row) == (count < 2)
    never = replace(WELL, witnesses=(replace(WITNESS, size=0, behind_since=NOW),))
    assert never.confirming == 0


def test_faults_that_a_later_full_check_did_not_find_are_a_note_and_no_alarm() -> None:
    found = judge(replace(WELL, mended=replace(SAMPLE, fault_count=2, ended_at=NOW - timedelta(days=3))))
    assert found.verdict is Verdict.SOUND
    assert [(one.name, one.severity) for one in found.findings] == [("damage-was-found", Severity.NOTE)]
    assert found.findings[0].what.startswith(
        "Faults were found on 2026-11-22 at 12:00 UTC (2 faults, sample of 20 blocks)"
    )


def test_without_witnesses_it_is_said_what_that_means_and_the_verdict_stays() -> None:
    found = judge(replace(WELL, witnesses=(), quorum=0, confirmed=None))
    assert found.verdict is Verdict.SOUND
    assert [(finding.name, finding.severity) for finding in found.findings] == [("no-witness", Severity.NOTE)]


def test_the_worst_stands_first() -> None:
    found = judge(replace(WELL, witnesses=(), quorum=0, last_full=None, shards_stopped=(5,)))
    assert [finding.severity for finding in found.findings] == [Severity.ALARM, Severity.STALE, Severity.NOTE]
    assert (found.count(Severity.ALARM), found.count(Severity.STALE)) == (1, 1)
    assert found.sentence == "Attention is needed: 1 alarm."


def test_text_and_json_say_the_same() -> None:
    found = judge(replace(WELL, witnesses=(WITNESS, BEHIND), confirmed=Signed(90, NOW - 2 * WITNESS_LATE), unlogged=2))
    text, told = as_text(found), as_json(found)
    for part in (
        "ALARM quorum-missed",
        "123,456 in 100 blocks",
        "2 blocks not in the log",
        "1 of 2, 2 needed; the newest confirmed checkpoint: 90 leaves",
        "no fault in 100,000 records (everything)",
    ):
        assert part in text
    assert told["verdict"] == "attention needed"
    assert told["checkpoint"] == {"size": 101, "signed_at": "2026-11-25T11:59:56.000Z"}
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (47 * 3600, "47 h"), (172_800, "2 days")],
)
def test_a_span_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == text


# --- The facts as they are read --------------------------------------------------------------------------------


def make_run(scope: str, *, faults: int = 0, age: timedelta = SECOND) -> VerificationRun:
    ended_at = utc(now_ms()) - age
    return VerificationRun.objects.create(
        started_at=ended_at - SECOND,
        ended_at=ended_at,
        scope=scope,
        log_size=1,
        blocks=1,
        records=1,
        entries=1,
        fault_count=faults,
    )


def test_what_is_sealed_but_not_signed_waits(till: Till, flush_everything: Callable[[], Any]) -> None:
    till.send()
    flush_everything()
    catch_up()
    facts = evidence.read_facts()
    assert (facts.records, facts.blocks, facts.log_size, facts.uncovered, facts.waiting_s) == (1, 1, 2, 0, 0)
    assert facts.checkpoint is not None
    assert facts.checkpoint.size == 2
    till.send()
    flush_everything()
    till.send()
    flush_everything()
    facts = evidence.read_facts()
    assert (facts.blocks, facts.unlogged, facts.unsigned) == (3, 2, 0)
    sealed_at = Head.objects.get(shard=till.number % 64).sealed_at
    assert facts.waiting_since is not None
    assert sealed_at is not None
    assert facts.waiting_since < sealed_at


def test_a_leaf_that_is_not_signed_waits_since_it_was_written(till: Till, flush_everything: Callable[[], Any]) -> None:
    catch_up()
    at = utc(now_ms() - 90_000)
    append([new_leaf(ArchiveLeaf(FORMAT_VERSION, "2026-11-01", 1, 1, iso_utc(round(at.timestamp() * 1000))))])
    facts = evidence.read_facts()
    assert (facts.log_size, facts.unsigned) == (2, 1)
    assert facts.waiting_s > CHECKPOINT_LATE.total_seconds()
    till.send()
    flush_everything()
    facts = evidence.read_facts()
    assert (facts.unlogged, facts.unsigned) == (1, 1)
    assert facts.waiting_since == at


def test_a_waiting_block_that_is_of_an_older_day_or_missing_has_waited_for_long(
    till: Till, flush_everything: Callable[[], Any]
) -> None:
    till.send()
    flush_everything()
    with triggers_off():
        Block.objects.all().delete()
    assert evidence.read_facts().waiting_s > 23 * 60 * 60


def test_blocks_and_leaves_that_went_away_are_seen(till: Till, flush_everything: Callable[[], Any]) -> None:
    till.send()
    flush_everything()
    catch_up()
    Head.objects.filter(shard=till.number % 64).update(block=0)
    LogHead.objects.update(size=1)
    assert names(evidence.read_facts())[:2] == ["blocks-went-away", "log-was-cut"]


def test_witnesses_are_known_by_the_settings_and_by_what_they_answered(
    till: Till, flush_everything: Callable[[], Any], settings: Any
) -> None:
    keys = [new_signer(f"{name}.example/witness", WITNESS_KEY).verifier for name in ("bank", "tax", "paper")]
    settings.WITNESSES = [f"{key.vkey} http://127.0.0.1:1/" for key in keys] + ["nonsense"]
    settings.WITNESS_QUORUM = 2
    for _ in range(2):
        till.send()
        flush_everything()
        catch_up()
    first, second = Checkpoint.objects.order_by("size")
    for key, size in zip(keys, (second.size, first.size), strict=False):
        WitnessContact.objects.create(name=key.name, size=size, cosigned_at=utc(now_ms()))
    facts = evidence.read_facts()
    assert [one.behind_since for one in facts.witnesses] == [None, second.signed_at, first.signed_at]
    assert facts.witnesses_unreadable == 1
    assert facts.confirmed == Signed(first.size, first.signed_at)
    # The second lacks what was signed just now, the third was never heard of.
    assert facts.confirming == 2
    assert [one.contradicts for one in facts.witnesses] == [False, False, False]
    WitnessContact.objects.filter(name=keys[1].name).update(fault=str(LogContradicted("it has more leaves")))
    assert [one.contradicts for one in evidence.read_facts().witnesses] == [False, True, False]
    WitnessContact.objects.update(size=second.size)
    assert evidence.read_facts().confirmed == Signed(second.size, second.signed_at)


def test_a_fault_stays_known_until_everything_was_read_again_and_found_well(ledger: Any) -> None:
    make_run("everything", age=timedelta(hours=3))
    found = make_run("sample of 20 blocks", faults=2, age=timedelta(hours=2))
    make_run("sample of 20 blocks", age=timedelta(hours=1))
    make_run("shard 5", age=timedelta(minutes=30))
    facts = evidence.read_facts()
    assert facts.damaged is not None
    assert facts.damaged.id == found.pk
    assert facts.last_sample is not None
    assert facts.last_sample.fault_count == 0
    make_run("everything")
    facts = evidence.read_facts()
    assert facts.damaged is None
    assert facts.mended is not None
    assert facts.mended.id == found.pk


def test_the_archive_is_counted_by_days_that_are_there_now(ledger: Any) -> None:
    for day, is_restored in (("2026-11-01", False), ("2026-11-02", False), ("2026-11-01", True), ("2026-11-02", False)):
        ArchiveMove.objects.create(
            day=day, is_restored=is_restored, blocks=1, records=1, bytes=1, file_name="x", moved_at=utc(now_ms())
        )
    assert evidence.read_facts().archived_days == 1


def test_the_command_exits_with_1_when_attention_is_needed(ledger: Any) -> None:
    out = StringIO()
    call_command("soundness", stdout=out)
    assert "nothing in it yet" in out.getvalue()
    LogHead.objects.update(fault="the log was cut", fault_at=utc(now_ms()))
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("soundness", json=True, stdout=out)
    assert ended.value.code == 1
    assert json.loads(out.getvalue())["findings"][0]["name"] == "checkpointer-refuses"


def test_a_witness_that_cannot_be_read_is_a_finding_and_keeps_no_command_from_answering(
    ledger: Any, settings: Any
) -> None:
    settings.WITNESSES = ["nonsense"]
    for name, said in (("soundness", "ALARM witnesses-unreadable"), ("health", "capture store: reachable")):
        out = StringIO()
        command = load_command_class("ledger", name)
        # As from a shell: call_command would leave out the system checks, which refuse this setting.
        options = vars(command.create_parser("manage.py", name).parse_args([]))
        with suppress(SystemExit):
            command.execute(**{**options, "stdout": out})
        assert said in out.getvalue()
