"""Cosignatures are collected from each witness by itself, kept once, and whoever does not give one is named."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection

from ledger.log.models import Cosignature, WitnessContact
from ledger.log.notes import Note, read_signature
from ledger.log.tree import LogDamagedError
from ledger.tests.small_log import SmallLog
from ledger.tests.witness_rows import forget_checkpoints, setting, signed
from ledger.tests.witness_servers import GoodWitness, answering, dead_witness, serving, slow_witness
from ledger.witness.client import ANSWER_LIMIT_S, Client
from ledger.witness.collecting import Collector, ask_witnesses, bring_up
from ledger.witness.configured import Witness
from possys.clock import now_ms
from tests.roles import as_role, make_roles

pytestmark = pytest.mark.django_db(transaction=True)

LOG = SmallLog()
LIMIT_S = 60


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.fixture
def good(tmp_path: Path) -> GoodWitness:
    return GoodWitness(tmp_path, LOG.signer.verifier)


@pytest.fixture
def witness(good: GoodWitness) -> Iterator[Witness]:
    with good.serving() as served:
        yield served


@contextmanager
def asked(good: GoodWitness, app: Any) -> Iterator[Client]:
    """A client of the good witness's name and key, at whose address this answers."""
    with serving(app) as url, Client(Witness(good.signer.verifier, url)) as client:
        yield client


def test_a_good_witness_is_not_delayed_by_a_dead_and_a_slow_one(
    good: GoodWitness, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    with slow_witness() as slow:
        collector = Collector(LOG.path, [dead_witness(), slow, witness], retry_s=0.05)
        for size in (7, 9, 20):
            begun_s = time.monotonic()
            collector.submit(signed(LOG, size))
            assert time.monotonic() - begun_s < ANSWER_LIMIT_S
            until(Cosignature.objects.filter(checkpoint_size=size).exists)
        collector.close()
    for row in Cosignature.objects.all():
        note = Note(LOG.head(row.checkpoint_size).text, (read_signature(row.line),))
        assert witness.verifier.time_s(note) == int(row.cosigned_at.timestamp())
    contact = WitnessContact.objects.get(name="good.example/1")
    assert (contact.size, contact.fault, contact.fault_at) == (20, "", None)
    dead = WitnessContact.objects.get(name="dead.example/1")
    assert dead.fault.startswith("gave no cosignature: ")
    assert dead.size == 0
    # Retried every 50 ms, alarmed once.
    assert caplog.text.count("ALARM the witness dead.example/1") == 1


def test_the_newest_checkpoint_wins_and_one_question_is_asked_at_a_time(good: GoodWitness, witness: Witness) -> None:
    asking = threading.Event()
    go_on = threading.Event()

    def prove(old: int, new: int) -> list[bytes]:
        asking.set()
        assert go_on.wait(LIMIT_S)
        return LOG.path(old, new)

    collector = Collector(prove, [witness])
    collector.submit(signed(LOG, 7))
    assert asking.wait(LIMIT_S)
    for size in (8, 9, 10, 20):
        collector.submit(signed(LOG, size))
    go_on.set()
    until(Cosignature.objects.filter(checkpoint_size=20).exists)
    collector.close()
    assert set(Cosignature.objects.values_list("checkpoint_size", flat=True)) == {7, 20}


def test_a_witness_that_comes_back_gets_the_newest_checkpoint_without_a_new_one(
    good: GoodWitness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    dead = dead_witness(good.signer)
    collector = Collector(LOG.path, [dead], retry_s=0.05)
    collector.submit(signed(LOG, 7))
    until(lambda: WitnessContact.objects.exclude(fault="").exists())
    with serving(good.app, port=int(dead.url.rpartition(":")[2])):
        until(lambda: WitnessContact.objects.filter(size=7, fault="", fault_at=None).exists())
    collector.close()
    assert "cosigns again" in caplog.text


def test_a_checkpoint_that_was_cosigned_is_not_asked_for_again(good: GoodWitness, witness: Witness) -> None:
    asked: list[tuple[int, int]] = []

    def prove(old: int, new: int) -> list[bytes]:
        asked.append((old, new))
        return LOG.path(old, new)

    checkpoint = signed(LOG, 7)
    collector = Collector(prove, [witness])
    for _ in range(5):
        collector.submit(checkpoint)
        until(WitnessContact.objects.filter(size=7).exists)
        time.sleep(0.05)
    collector.submit(signed(LOG, 8))
    until(WitnessContact.objects.filter(size=8).exists)
    collector.close()
    assert asked == [(0, 7), (7, 8)]


def test_closing_breaks_off_what_is_being_asked_and_blames_nobody() -> None:
    with slow_witness() as slow:
        collector = Collector(LOG.path, [slow])
        collector.submit(signed(LOG, 7))
        time.sleep(0.2)
        begun_s = time.monotonic()
        collector.close()
    assert time.monotonic() - begun_s < ANSWER_LIMIT_S
    until(lambda: not any(thread.name.startswith("witness ") for thread in threading.enumerate()))
    assert not WitnessContact.objects.exists()


def database_connections() -> int:
    """This one, and those that servers of other tests keep."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        (count,) = cursor.fetchone()
    return int(count)


def test_threads_outlive_a_fault_of_ours_and_leave_no_database_connection(
    good: GoodWitness, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    faults: list[Exception] = [RuntimeError("a mistake"), DatabaseError("away"), LogDamagedError("leaf 3 is gone")]

    def prove(old: int, new: int) -> list[bytes]:
        if faults:
            raise faults.pop(0)
        return LOG.path(old, new)

    before = database_connections()
    collector = Collector(prove, [witness], retry_s=0.05)
    collector.submit(signed(LOG, 7))
    until(WitnessContact.objects.filter(size=7).exists)
    collector.close()
    assert "ALARM the witness good.example/1 could not be asked" in caplog.text
    assert "cannot be shown that the log only grew: leaf 3 is gone" in caplog.text
    until(lambda: not any(thread.name.startswith("witness ") for thread in threading.enumerate()))
    assert database_connections() == before


def test_the_checkpointers_role_is_all_that_collecting_needs(good: GoodWitness, witness: Witness) -> None:
    checkpoint, newer = signed(LOG, 7), signed(LOG, 9)
    make_roles()
    with as_role("log"):
        collector = Collector(LOG.path, [dead_witness(), witness])
        for one in (checkpoint, newer):
            collector.submit(one)
            until(WitnessContact.objects.filter(size=one.size).exists)
        until(WitnessContact.objects.filter(name="dead.example/1").exclude(fault="").exists)
        collector.close()
    assert Cosignature.objects.count() == 2


def test_a_log_that_was_cut_is_an_alarm_that_names_the_witness(
    good: GoodWitness, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    with Client(witness) as client:
        assert bring_up(client, signed(LOG, 20), LOG.path)
        forget_checkpoints(above=0)
        cut = signed(LOG, 9)
        for _ in range(3):
            assert not bring_up(client, cut, LOG.path)
    contact = WitnessContact.objects.get()
    assert contact.fault == ("contradicts our log: it has cosigned 20 leaves, our log has only 9: the log was cut")
    assert contact.fault_at is not None
    assert contact.size == 20
    assert caplog.text.count("ALARM the witness good.example/1 contradicts our log") == 1


def test_a_witness_whose_memory_was_restored_is_an_alarm(
    good: GoodWitness, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    with Client(witness) as client:
        assert bring_up(client, signed(LOG, 7), LOG.path)
        backup = good.state.path.read_bytes()
        assert bring_up(client, signed(LOG, 9), LOG.path)
        good.state.path.write_bytes(backup)
        assert not bring_up(client, signed(LOG, 20), LOG.path)
    assert caplog.text.count("ALARM the witness good.example/1 forgot what it cosigned: 9 leaves") == 1
    assert good.size == 7


def test_a_log_that_was_rewritten_is_an_alarm_even_when_its_key_signed_it(
    good: GoodWitness, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    forged = SmallLog(story="forged", signer=LOG.signer)
    with Client(witness) as client:
        assert bring_up(client, signed(LOG, 7), LOG.path)
        forget_checkpoints(above=0)
        assert not bring_up(client, signed(forged, 7), forged.path)
        assert not bring_up(client, signed(forged, 9), forged.path)
    assert caplog.text.count("ALARM the witness good.example/1 contradicts our log") == 1
    assert Cosignature.objects.count() == 1


def test_an_older_checkpoint_that_another_process_overtook_is_no_alarm(
    good: GoodWitness, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    older, newer = signed(LOG, 7), signed(LOG, 9)
    with Client(witness) as client:
        assert bring_up(client, newer, LOG.path)
        assert bring_up(client, older, LOG.path)
    assert WitnessContact.objects.get().fault == ""
    assert "ALARM" not in caplog.text


def test_a_false_cosignature_is_not_kept(good: GoodWitness) -> None:
    false = good.signer.sign(LOG.head(8).text, now_ms() // 1000).line
    with asked(good, answering("200 OK", f"{false}\n")) as client:
        assert not bring_up(client, signed(LOG, 7), LOG.path)
    assert not Cosignature.objects.exists()
    contact = WitnessContact.objects.get()
    assert "its cosignature is false" in contact.fault
    assert (contact.size, contact.cosigned_at) == (0, None)


def test_a_cosignature_is_kept_once(good: GoodWitness, witness: Witness) -> None:
    checkpoint = signed(LOG, 7)
    with Client(witness) as client:
        bring_up(client, checkpoint, LOG.path)
        kept = Cosignature.objects.get()
        bring_up(client, checkpoint, LOG.path)
    assert Cosignature.objects.get().line == kept.line


def test_another_kind_of_fault_is_a_new_alarm_and_the_same_kind_is_not(
    good: GoodWitness, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = signed(LOG, 7)
    for body in ("one", "two", "two"):
        with asked(good, answering("500 Internal Server Error", body)) as client:
            bring_up(client, checkpoint, LOG.path)
    first = WitnessContact.objects.get()
    assert "two" in first.fault
    assert caplog.text.count("ALARM") == 1
    with asked(good, answering("422 Unprocessable Entity", "no")) as client:
        bring_up(client, checkpoint, LOG.path)
    assert caplog.text.count("ALARM") == 2
    assert WitnessContact.objects.get().fault.startswith("contradicts our log: ")


def test_each_witness_is_named_with_what_is_wrong(good: GoodWitness, witness: Witness) -> None:
    signed(LOG, 7)
    with setting(witness, dead_witness()):
        said = dict(ask_witnesses(LOG.path))
    assert said["good.example/1"] is None
    assert str(said["dead.example/1"]).startswith("gave no cosignature: ")
    assert not WitnessContact.objects.exists()


def test_a_cut_log_is_found(good: GoodWitness, witness: Witness) -> None:
    signed(LOG, 20)
    with setting(witness):
        assert ask_witnesses(LOG.path) == [("good.example/1", None)]
        forget_checkpoints(above=0)
        signed(LOG, 9)
        ((_, fault),) = ask_witnesses(LOG.path)
    assert fault == "contradicts our log: it has cosigned 20 leaves, our log has only 9: the log was cut"


def test_without_witnesses_or_checkpoints_there_is_nothing_to_ask(witness: Witness) -> None:
    with setting(witness):
        assert ask_witnesses(LOG.path) == []
    signed(LOG, 7)
    with setting():
        assert ask_witnesses(LOG.path) == []
